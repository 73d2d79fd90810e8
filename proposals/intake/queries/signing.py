"""The keys of a submission: which signatures a phase asks for, which of them stand for what is typed now, who may give them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from proposals.audit.calculations import canonical, sha256
from proposals.calls.models import Phase
from proposals.intake.calculations.signing import REPRESENTATIVE, part_of
from proposals.intake.models import Access, Delegation, Participation, Proposal, ProposalQuerySet, Signature
from proposals.intake.queries.at_hand import members_of, partners_of
from proposals.intake.queries.content import content
from proposals.intake.states import Signing, TeamRole
from proposals.partners.models import Membership, Organisation, User
from proposals.partners.rules import may_see_members
from proposals.partners.states import Role

MISSING, STALE, STANDS = "missing", "stale", "stands"


@dataclass(frozen=True)
class Key:
    """One signature that a phase asks for: of what it would be now, and the one that was given, if any."""

    kind: Signing
    sha256: str
    organisation: Organisation | None = None
    signature: Signature | None = None

    @property
    def state(self) -> str:
        """Not given, given for another text, or standing for what is typed now."""
        if self.signature is None:
            return MISSING
        return STANDS if self.signature.sha256 == self.sha256 else STALE


@dataclass(frozen=True)
class Keys:
    """What a phase asks to be signed before a submission: the release of the whole by the PI, and each partner's part."""

    release: Key | None = None
    parts: list[Key] = field(default_factory=list)
    pis: list[str] = field(default_factory=list)

    @property
    def are_asked(self) -> bool:
        """Whether the phase asks for any signature."""
        return self.release is not None or bool(self.parts)

    @property
    def is_released(self) -> bool:
        """Whether the PI's word stands for what is typed now."""
        return self.release is not None and self.release.state == STANDS

    def waits(self) -> list[str]:
        """What must still be signed, and by whom, in words; nothing where all stands."""
        found = [_says(key) for key in self.parts if key.state != STANDS]
        if self.release is not None and not self.is_released:
            found.insert(0, _says_release(self.release, ", ".join(self.pis)))
        return found


def _says_release(key: Key, names: str) -> str:
    if not names:
        return _("It waits for the release by the principal investigator (PI), who has not joined the team yet.")
    if key.state == STALE:
        return _("It was released, and changed since: the PI has to release it anew (%(names)s).") % {"names": names}
    return _("It waits for the release by the PI (%(names)s).") % {"names": names}


def _says(key: Key) -> str:
    said = {"organisation": key.organisation}
    if key.state == STALE:
        return _("The part of %(organisation)s was signed, and changed since: its representative has to sign anew.") % said
    return _("It waits for the signature of a representative of %(organisation)s.") % said


def keys_of(proposal: Proposal, document: dict[str, Any] | None = None) -> Keys:
    """The signatures that the proposal's phase asks for. No query where it asks for none.

    `document` is the proposal's content where the caller has it at hand. A release holds for the round it was given in: after
    the secretariat has returned a proposal, the PI releases it anew.
    """
    phase = proposal.phase
    if not (phase.two_key or phase.partners_sign):
        return Keys()
    document = document or content(proposal)
    rows = Signature.objects.filter(proposal=proposal.pk, phase=phase.pk, taken_back_at=None).select_related("by")
    given = {(row.kind, row.organisation_id): row for row in rows}
    release = release_of(proposal, document, given) if phase.two_key else None
    parts = [_part(row, document, given) for row in partners_of(proposal)] if phase.partners_sign else []
    pis = [one.full_name for one in members_of(proposal) if one.role == TeamRole.PI and one.user_id] if release else []
    return Keys(release, parts, pis)


def release_of(proposal: Proposal, document: dict[str, Any], given: dict[Any, Signature] | None = None) -> Key:
    """The PI's key: over the whole document, as it would be frozen."""
    if given is None:
        rows = Signature.objects.filter(proposal=proposal.pk, phase=proposal.phase_id, taken_back_at=None)
        given = {(row.kind, row.organisation_id): row for row in rows}
    held = given.get((Signing.RELEASE, None))
    return Key(Signing.RELEASE, sha256(canonical(document)), signature=held if held and held.at >= proposal.moved_at else None)


def _part(row: Participation, document: dict[str, Any], given: dict[Any, Signature]) -> Key:
    digest = sha256(canonical(part_of(document, row.organisation_id)))
    return Key(Signing.PART, digest, row.organisation, given.get((Signing.PART, row.organisation_id)))


_TRUSTED = Q(confirmed_at__isnull=False) | Q(organisation__in_directory=False)


def _standing(organisations: Any) -> QuerySet[Membership]:
    """The memberships by which somebody `stands_for` one of these organisations."""
    return Membership.objects.filter(
        _TRUSTED, organisation__in=organisations, organisation__merged_into=None, role=Role.REPRESENTATIVE
    )


def stood_for(user: Any, keys: Keys) -> set[int]:
    """The organisations, of those whose part is to be signed, for which this person stands. One query, or none."""
    asked = [key.organisation.pk for key in keys.parts if key.organisation]
    if not asked or user.is_staff:
        return set()
    return set(_standing(asked).filter(user=user.pk).values_list("organisation", flat=True))


def representatives(organisations: Iterable[int | None]) -> QuerySet[User]:
    """Whoever `stands_for` one of these organisations, each once."""
    rows = _standing([one for one in organisations if one is not None])
    return User.objects.filter(is_active=True, staff_role="", pk__in=rows.values("user")).order_by("pk")


def delegations_of(proposal: Proposal) -> list[Delegation]:
    """Who may submit in a representative's place: as long as the one who said so stands for the lead, and the other is here."""
    rows = Delegation.objects.filter(
        proposal=proposal.pk,
        ended_at=None,
        by__in=representatives([proposal.lead_id]).values("pk"),
        to__in=proposal.team.filter(accepted_at__isnull=False).values("user"),
    )
    return list(rows.select_related("to", "by"))


def readers_of(proposal: Proposal, organisations: Iterable[int | None]) -> list[User]:
    """Those who stand for these organisations and were given the proposal to read, less whom something bars. One query."""
    mine = Access.objects.filter(proposal=proposal.pk, user=OuterRef("pk"))
    granted = Exists(mine.filter(grant=True, why=REPRESENTATIVE))
    return list(representatives(organisations).filter(granted, ~Exists(mine.filter(grant=False))))


def who_submits(proposal: Proposal, reader: Any) -> list[str]:
    """The people who may submit, by name, as far as this reader may know them: an organisation's people are its own affair."""
    names = [str(one.to) for one in delegations_of(proposal)]
    if proposal.lead is not None and may_see_members(reader, proposal.lead):
        names = [*(str(one) for one in representatives([proposal.lead_id])), *names]
    return list(dict.fromkeys(names))


def with_keys(proposals: ProposalQuerySet, user: Any) -> ProposalQuerySet:
    """Each with `released_at` (of a release that was not taken back; whether it still holds its own page says), and what the
    reader is to it: `reads_only` (not of the team), `leads` (represents its lead), `has_signed` (a part, in this phase).
    """
    given = Signature.objects.filter(proposal=OuterRef("pk"), phase=OuterRef("phase"), taken_back_at=None)
    released = given.filter(kind=Signing.RELEASE, phase__two_key=True, at__gte=OuterRef("moved_at"))
    own = Access.objects.filter(proposal=OuterRef("pk"), user=user.pk, grant=True).exclude(why=REPRESENTATIVE)
    stands = Membership.objects.filter(organisation=OuterRef("lead"), user=user.pk, role=Role.REPRESENTATIVE)
    return proposals.annotate(
        released_at=Subquery(released.values("at")[:1]),
        reads_only=~Exists(own),
        leads=Exists(stands),
        has_signed=Exists(given.filter(kind=Signing.PART, by=user.pk)),
    )


def lapsed() -> QuerySet[Access]:
    """The views of those who no longer stand for an organisation of the proposal: of two-key or consortium calls alone."""
    calls = Phase.objects.filter(Q(two_key=True) | Q(partners_sign=True)).values("call")
    takes_part = Q(organisation=OuterRef("proposal__lead")) | Q(
        organisation__in=Participation.objects.filter(proposal=OuterRef(OuterRef("proposal"))).values("organisation")
    )
    stands = Membership.objects.filter(takes_part, _TRUSTED, user=OuterRef("user"), role=Role.REPRESENTATIVE)
    mine = Access.objects.filter(why=REPRESENTATIVE, grant=True, proposal__call__in=calls)
    return mine.filter(~Exists(stands.filter(organisation__merged_into=None)))
