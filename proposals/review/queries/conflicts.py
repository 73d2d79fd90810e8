"""Who may not judge what: what the data says of people and proposals, and what was declared."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db.models import Exists, F, OuterRef, Prefetch, QuerySet
from django.db.models.functions import Lower

from proposals.calls.models import Phase
from proposals.intake.calculations.search import words
from proposals.intake.models import Participation, Proposal, TeamMember
from proposals.partners.calculations import fold
from proposals.partners.gateways import unrestricted
from proposals.partners.models import Membership, Organisation, User
from proposals.partners.states import OrganisationKind
from proposals.review.models import Conflict, ReviewPlan
from proposals.review.queries.experts import is_judge
from proposals.review.rules.conflicts import knows
from proposals.review.states import DECLARED, ConflictKind

Pair = tuple[int, UUID]
SHORTEST_ACRONYM = 3
TITLES = {"dr", "prof", "professor", "mr", "mrs", "ms", "ing"}


@dataclass(frozen=True)
class Facts:
    """What of a person could be a conflict: organisations under all their entries, countries, names and addresses."""

    user: int
    organisations: frozenset[int]
    countries: frozenset[str] = frozenset()
    names: frozenset[frozenset[str]] = frozenset()
    addresses: frozenset[str] = frozenset()


@dataclass
class Parties:
    """Who stands behind a proposal: organisations, their countries, and the people of the team."""

    organisations: set[int] = field(default_factory=set)
    countries: set[str] = field(default_factory=set)
    users: set[int] = field(default_factory=set)
    names: set[frozenset[str]] = field(default_factory=set)
    addresses: set[str] = field(default_factory=set)


def conflicts_between(phase: Phase, users: Iterable[User], proposals: Iterable[Proposal]) -> dict[Pair, set[ConflictKind]]:
    """What stands between these people and these proposals in this phase: found in the data or declared, not overridden.

    Pairs without a conflict are left out. About ten statements, however many there are of either.
    """
    people, rows = list(users), list(proposals)
    kinds = found_between(facts_of(people), parties_of(rows), plan=ReviewPlan.objects.filter(phase=phase).first())
    known = Conflict.objects.filter(user__in=people, proposal__in=rows, ended_at=None)
    for conflict in known:
        pair, kind = (conflict.user_id, conflict.proposal_id), ConflictKind(conflict.kind)
        if conflict.overridden_at:
            kinds.get(pair, set()).discard(kind)
        elif kind in DECLARED:
            kinds.setdefault(pair, set()).add(kind)
    return {pair: held for pair, held in kinds.items() if held}


def found_between(
    facts: Iterable[Facts], parties: dict[UUID, Parties], *, plan: ReviewPlan | None
) -> dict[Pair, set[ConflictKind]]:
    """What the data alone says under a phase's plan; without a plan the country counts, and none is exempt."""
    exempt = set(plan.exempt_countries) if plan else set()
    by_country = plan.country_conflict if plan else True
    found: dict[Pair, set[ConflictKind]] = defaultdict(set)
    for person in facts:
        countries = person.countries - exempt if by_country else frozenset()
        for pk, party in parties.items():
            kinds = {
                ConflictKind.ORGANISATION: not party.organisations.isdisjoint(person.organisations),
                ConflictKind.COUNTRY: not party.countries.isdisjoint(countries),
                ConflictKind.TEAM: person.user in party.users
                or not party.names.isdisjoint(person.names)
                or not party.addresses.isdisjoint(person.addresses),
            }
            held = {kind for kind, is_so in kinds.items() if is_so}
            if held:
                found[person.user, pk] = held
    return dict(found)


def facts_of(users: Iterable[User]) -> list[Facts]:
    """What of each of these people could be a conflict. Five statements.

    Who only runs the call is barred by their own memberships and teams; names and addresses that others write into a team
    bar those alone who judge, or a team could list the whole secretariat.
    """
    people = list(User.objects.filter(pk__in=[user.pk for user in users]).select_related("expert__organisation"))
    of: dict[int, list[Organisation]] = defaultdict(list)
    for row in Membership.objects.filter(user__in=people).select_related("organisation"):
        of[row.user_id].append(row.organisation)
    for user in people:
        if hasattr(user, "expert") and user.expert.organisation:
            of[user.pk].append(user.expert.organisation)
    addresses: dict[int, set[str]] = defaultdict(set)
    for user_id, address in EmailAddress.objects.filter(user__in=people, verified=True).values_list("user_id", Lower("email")):
        addresses[user_id].add(address)
    same = _same_entries([organisation for held in of.values() for organisation in held])
    return [_facts(user, of[user.pk], same, addresses[user.pk]) for user in people]


def _facts(user: User, organisations: list[Organisation], same: dict[int, set[int]], addresses: set[str]) -> Facts:
    entries = frozenset(entry for organisation in organisations for entry in same[organisation.pk])
    if not is_judge(user):
        return Facts(user.pk, entries)
    countries = {_country(organisation) for organisation in organisations}
    countries |= {str(user.expert.country)} if hasattr(user, "expert") else set()
    return Facts(
        user=user.pk,
        organisations=entries,
        countries=frozenset(countries - {""}),
        names=frozenset(_names(user.full_name, user.native_name)),
        addresses=frozenset({*addresses, user.email}),
    )


def _country(organisation: Organisation) -> str:
    """Where an organisation is; an international one is of no country, wherever its office stands."""
    return "" if organisation.kind == OrganisationKind.INTERNATIONAL else str(organisation.country)


def _names(*names: str) -> Iterator[frozenset[str]]:
    """Each name as its words, in no order: "Prof. Ginevra Scaltrini" is "Scaltrini, Ginevra"."""
    for name in names:
        if told := frozenset(words(name)) - TITLES:
            yield told


def _same_entries(organisations: Collection[Organisation]) -> dict[int, set[int]]:
    """For each of these organisations every entry that is the same one: merged ones, and those with one of its names.

    A whole name counts wherever the entries say they are; an acronym only in the same country, as many share one.
    """
    if not organisations:
        return {}
    columns = ("pk", "merged_into", "country", "name", "native_name", "acronym", "aliases")
    by_name: dict[tuple[str, ...], list[tuple[int, str, bool]]] = defaultdict(list)
    group: dict[int, set[int]] = defaultdict(set)
    for pk, merged_into, country, name, native, acronym, aliases in Organisation.objects.values_list(*columns):
        group[merged_into or pk].add(pk)
        for key, is_whole in _keys(name, native, acronym, aliases):
            by_name[key].append((merged_into or pk, str(country), is_whole))
    same = {}
    for one in organisations:
        roots = {one.merged_into_id or one.pk}
        for key, is_whole in _keys(one.name, one.native_name, one.acronym, one.aliases):
            for root, country, also_whole in by_name[key]:
                if (is_whole and also_whole) or country in {"", str(one.country)} or not one.country:
                    roots.add(root)
        same[one.pk] = {entry for root in roots for entry in {root, *group[root]}}
    return same


def _keys(name: str, native: str, acronym: str, aliases: Iterable[str]) -> Iterator[tuple[tuple[str, ...], bool]]:
    """The folded names of an entry, and whether each is a whole name rather than an acronym; a single word may be one."""
    for whole in (name, native, *aliases):
        if key := fold(whole):
            yield key, len("".join(key)) > 2 * SHORTEST_ACRONYM
    short = fold(acronym)
    if len("".join(short)) >= SHORTEST_ACRONYM:
        yield short, False


def parties_of(proposals: Iterable[Proposal]) -> dict[UUID, Parties]:
    """Who stands behind each of these proposals now. Three statements."""
    partners = Prefetch("participations", Participation.objects.select_related("organisation"))
    team = Prefetch("team", TeamMember.objects.select_related("organisation", "user"))
    rows = Proposal.objects.filter(pk__in=[proposal.pk for proposal in proposals]).select_related("lead")
    return {row.pk: _parties(row) for row in rows.only("lead").prefetch_related(partners, team)}


def _parties(proposal: Proposal) -> Parties:
    party = Parties()
    members = list(proposal.team.all())
    bodies = [proposal.lead, *(row.organisation for row in proposal.participations.all())]
    for body in bodies:
        if body is not None:
            party.organisations.add(body.pk)
            party.countries |= {_country(body)} - {""}
    party.organisations |= {member.organisation_id for member in members if member.organisation_id}
    for member in members:
        party.users |= {member.user_id} if member.user_id else set()
        party.names |= set(_names(member.full_name, member.native_name))
        party.addresses |= {member.email.lower()} if member.email else set()
    return party


def conflicts_seen_by(user: Any) -> QuerySet[Conflict]:
    """The conflicts over proposals that this reader may know of: never the reader's own that stand."""
    seen = Proposal.objects.visible_to(user).filter(pk=OuterRef("proposal"))
    related = ("proposal__call", "proposal__phase", "user", "by", "overridden_by")
    return Conflict.objects.filter(Exists(seen)).select_related(*related)


def conflicts_of(proposal: Proposal) -> QuerySet[Conflict]:
    """What was ever found or declared over a proposal, what still stands first."""
    rows = Conflict.objects.filter(proposal=proposal).select_related("user", "overridden_by")
    return rows.order_by(F("ended_at").asc(nulls_first=True), F("overridden_at").asc(nulls_first=True), "user__full_name", "pk")


def proposal_known_to(user: Any, pk: UUID) -> Proposal | None:
    """A proposal that this person sees or is asked to judge, to declare a conflict with it; None for all others."""
    with unrestricted():  # the question shows no more of it than that it is there
        found = Proposal.objects.filter(pk=pk).select_related("call", "phase").defer("search").first()
        return found if found is not None and knows(user, found) else None
