"""The secretariat's queue: what was filed, narrowed, found by words, paged by key and counted up to a cap."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models import Expression, F, Func, Q, QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _
from psycopg.sql import Literal

from proposals.intake.calculations.search import as_tsquery
from proposals.intake.models import Proposal, ProposalQuerySet, TeamMember
from proposals.intake.states import CLOSED, WAITS_FOR_STAFF, Status
from proposals.partners.models import Mailbox, Organisation, User

PAGE = 50
COUNTED_TO = 1000


class View(TextChoices):
    """The built-in tabs of the queue."""

    NEEDS_ME = "needs_me", _("Needs me")
    NEW = "new", _("New")
    LATE = "late", _("Late")
    RETURNED = "returned", _("Returned")
    QUESTIONS = "questions", _("Questions out")
    REVIEW = "review", _("Under review")
    ALL = "all", _("All")


@dataclass(frozen=True)
class Wanted:
    """Which proposals are asked for; what is left empty does not narrow. `assignee` 0 means nobody."""

    view: View = View.ALL
    call: int | None = None
    levels: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    country: str = ""
    older_than_days: int = 0
    assignee: int | None = None
    over_cap: bool = False
    late: bool = False
    no_endorsement: bool = False
    unconfirmed: bool = False
    tag: str = ""
    words: str = ""


@dataclass(frozen=True)
class Key:
    """A place in the queue, between two rows: since when in its state, and which."""

    moved_at: datetime
    pk: uuid.UUID


@dataclass(frozen=True)
class Page:
    """One page of the queue; `newer` and `older` are the keys to go on from, None at an end."""

    rows: list[Proposal]
    before: Key | None
    after: Key | None


class _Holds(Func):
    """Whether a tsvector matches a text cast to a tsquery as it stands: its words are normalised already."""

    template = "(%(expressions)s::tsquery)"
    arg_joiner = " @@ "
    output_field = models.BooleanField()


class _Written(Expression):
    """A text written into the statement, quoted by the driver: PostgreSQL plans by what it says.

    As a value it would be planned once for any word: 110 ms for a common one among 100,000 proposals, instead of 6.
    """

    def __init__(self, text: str) -> None:
        super().__init__(output_field=models.TextField())
        self.text = text

    def as_sql(self, compiler: object, connection: object) -> tuple[str, Any]:  # noqa: ARG002  # Django's signature
        """The literal; Django reads a percent sign as the place of a value."""
        return Literal(self.text).as_string(None).replace("%", "%%"), []


def in_view(view: View, proposals: ProposalQuerySet, user: Any) -> ProposalQuerySet:
    """What a built-in tab holds for this reader."""
    by_status = {View.NEW: Status.SUBMITTED, View.RETURNED: Status.RETURNED}
    by_status |= {View.QUESTIONS: Status.CLARIFICATION, View.REVIEW: Status.UNDER_REVIEW}
    if view in by_status:
        return proposals.filter(status=by_status[view])
    if view == View.NEEDS_ME:
        return proposals.filter(Q(assignee=user.pk) | Q(assignee=None), status__in=sorted(WAITS_FOR_STAFF))
    if view == View.LATE:
        return proposals.filter(is_late=True).exclude(status__in=sorted(CLOSED))
    return proposals


def queue(user: Any, wanted: Wanted, *, now: datetime) -> ProposalQuerySet:
    """The proposals wanted, among those that this reader may know of; in no order yet."""
    found = in_view(wanted.view, Proposal.objects.visible_to(user), user)
    plain: dict[str, Any] = {
        "call": wanted.call,
        "level__in": wanted.levels,
        "forms__overlap": list(wanted.forms),
        "status__in": wanted.states,
        "countries__contains": [wanted.country] if wanted.country else None,
        "is_over_cap": wanted.over_cap,
        "is_late": wanted.late,
        "tags__contains": [wanted.tag] if wanted.tag else None,
    }
    found = found.filter(**{name: value for name, value in plain.items() if value})
    if wanted.older_than_days:
        found = found.filter(moved_at__lte=now - timedelta(days=wanted.older_than_days))
    if wanted.assignee is not None:
        found = found.filter(assignee=wanted.assignee or None)
    if wanted.no_endorsement:
        found = found.filter(has_endorsement=False)
    if wanted.unconfirmed:
        found = found.filter(lead__in=Organisation.objects.filter(confirmed_at=None).values("pk"))
    return with_words(found, wanted.words) if wanted.words else found


def with_words(proposals: ProposalQuerySet, words: str) -> ProposalQuerySet:
    """Those that hold every word, in any script; the last word may be a beginning. None where there is no word in it."""
    query = as_tsquery(words)
    if not query:
        return proposals.none()
    return proposals.filter(_Holds(F("search"), _Written(query)))


def few(proposals: ProposalQuerySet) -> ProposalQuerySet:
    """The same rows by their ids where they are at most a thousand.

    For the first fifty with a rare word PostgreSQL would walk the whole queue in its order: 700 ms at 100,000 rows.
    """
    ids = list(proposals.order_by().values_list("pk", flat=True)[: COUNTED_TO + 1])
    return proposals if len(ids) > COUNTED_TO else Proposal.objects.filter(pk__in=ids)


def by_reference(user: Any, text: str) -> Proposal | None:
    """The one proposal that a whole reference names, if this reader may know of it."""
    return Proposal.objects.visible_to(user).filter(reference=text.strip().upper()).only("pk").first()


def whole(proposals: ProposalQuerySet, *, limit: int) -> list[Proposal]:
    """The first so many of a list with what a letter tells of them, what moved last first."""
    ready = proposals.select_related("call", "phase", "lead").defer("search")
    return list(ready.order_by("-moved_at", "-id")[:limit])


def page(proposals: ProposalQuerySet, *, newest_first: bool = True, after: Key | None = None, before: Key | None = None) -> Page:
    """Fifty rows in the order of (in this state since, id), after or before a key; one statement."""
    backwards = before is not None
    key = before if backwards else after
    descending = newest_first != backwards
    if key is not None:
        proposals = _beyond(proposals, key, descending=descending)
    order = ("-moved_at", "-id") if descending else ("moved_at", "id")
    rows = list(_for_rows(proposals).order_by(*order)[: PAGE + 1])
    more = len(rows) > PAGE
    rows = rows[:PAGE]
    if backwards:
        rows.reverse()
    first = Key(rows[0].moved_at, rows[0].pk) if rows else None
    last = Key(rows[-1].moved_at, rows[-1].pk) if rows else None
    return Page(rows, first if (more if backwards else after) else None, last if (backwards or more) else None)


def _beyond(proposals: ProposalQuerySet, key: Key, *, descending: bool) -> ProposalQuerySet:
    """The rows past a key; the first condition is the one that the index can start from."""
    sign = "lt" if descending else "gt"
    past = Q(**{f"moved_at__{sign}": key.moved_at}) | Q(**{f"id__{sign}": key.pk})
    return proposals.filter(past, **{f"moved_at__{sign}e": key.moved_at})


def _for_rows(proposals: ProposalQuerySet) -> ProposalQuerySet:
    """With what a row shows, and without the long texts."""
    return proposals.select_related("call", "lead", "assignee").only(
        *"reference status level forms title acronym moved_at is_late mass_kg largest_module_kg is_over_cap".split(),
        *"has_endorsement endorsement_later countries tags correct_by filed_by_staff submitted_at".split(),
        *"call__code call__total_mass_kg call__module_mass_kg lead__name lead__acronym lead__confirmed_at".split(),
        *"assignee__full_name assignee__email".split(),
    )


def rows_for_export(proposals: ProposalQuerySet, *, newest_first: bool, limit: int) -> Iterable[Proposal]:
    """The rows of a whole list, read a thousand at a time."""
    order = ("-moved_at", "-id") if newest_first else ("moved_at", "id")
    return _for_rows(proposals).order_by(*order)[:limit].iterator(chunk_size=1000)


def capped_counts(lists: Sequence[ProposalQuerySet]) -> list[int]:
    """How many each list holds, counted up to 1,001 ("1,000+"): one statement for all of them."""
    parts: list[str] = []
    params: list[Any] = []
    for proposals in lists:
        try:
            sql, values = proposals.order_by().values("pk")[: COUNTED_TO + 1].query.sql_with_params()
        except EmptyResultSet:
            parts.append("0")
            continue
        parts.append(f"(SELECT count(*) FROM ({sql}) AS counted)")  # noqa: S608  # compiled by Django, values apart
        params += values
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(parts), params)
        return [int(count) for count in cursor.fetchone()]


def chosen(user: Any, ids: Iterable[uuid.UUID]) -> list[Proposal]:
    """The proposals with these ids that this reader may know of, in the queue's order."""
    rows = Proposal.objects.visible_to(user).filter(pk__in=list(ids))
    return list(rows.select_related("call", "phase", "lead", "assignee").defer("search").order_by("-moved_at", "-id"))


def teams_of(proposals: Iterable[Proposal]) -> Mapping[uuid.UUID, list[User]]:
    """Per proposal, the people who hear of its moves: those who accepted and still have an account, each once."""
    members = TeamMember.objects.filter(
        proposal__in=[proposal.pk for proposal in proposals], accepted_at__isnull=False, user__is_active=True
    )
    teams: dict[uuid.UUID, dict[int, User]] = {}
    for member in members.select_related("user").order_by("user_id"):
        if member.user is not None:
            teams.setdefault(member.proposal_id, {})[member.user.pk] = member.user
    return {key: list(people.values()) for key, people in teams.items()}


def told_of(proposals: Iterable[Proposal]) -> dict[uuid.UUID, list[User | Mailbox]]:
    """Per proposal, all who hear of its moves: its team, and its lead organisation's role mailboxes. Two statements."""
    rows = list(proposals)
    teams = teams_of(rows)
    boxes: dict[int, list[Mailbox]] = {}
    for box in Mailbox.objects.confirmed().filter(organisation__in={row.lead_id for row in rows if row.lead_id}):
        boxes.setdefault(box.organisation_id, []).append(box)
    told: dict[uuid.UUID, list[User | Mailbox]] = {}
    for row in rows:
        people = teams.get(row.pk, [])
        known = {person.email for person in people}
        told[row.pk] = [*people, *(box for box in boxes.get(row.lead_id or 0, []) if box.address not in known)]
    return told


def secretariat() -> QuerySet[User, User]:
    """Everyone to whom a proposal may be assigned, by name."""
    return User.objects.filter(is_active=True, staff_role="secretariat").order_by("full_name", "pk")
