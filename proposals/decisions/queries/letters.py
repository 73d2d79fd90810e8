"""The letter of a decision: what it says in each language, and what its team reads of it once it is released."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Q, Subquery
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from proposals.audit.calculations import sha256
from proposals.calls.models import Phase
from proposals.decisions.models import Decision, Letter, Merge
from proposals.decisions.queries.inviting import next_phase
from proposals.decisions.states import LEADS_TO, Outcome
from proposals.intake.calculations.placeholders import fill
from proposals.intake.models import Proposal
from proposals.intake.queries.letters import Written, languages_of, moment_of, values_of
from proposals.intake.states import TeamRole
from proposals.outbox.calculations import inert
from proposals.partners.gateways import unrestricted


@dataclass(frozen=True)
class Reader:
    """Whom a letter addresses: a team, by the name of its principal investigator; instants in Beijing's time and UTC."""

    name: str
    language: str = "en"
    time_zone: str = "UTC"

    def __str__(self) -> str:
        return self.name


def addressed_to(proposal: Proposal) -> Reader:
    """The principal investigator, else the lead organisation."""
    first = next((one for one in proposal.team.all() if one.role == TeamRole.PI), None)
    return Reader(first.full_name if first else str(proposal.lead or proposal.call))


def letters_of(decision: Decision) -> list[Written]:
    """The letter in each language that its wording has, English first; none without a wording."""
    return letters_of_all([decision])[decision.pk]


def letters_of_all(decisions: Sequence[Decision]) -> dict[int, list[Written]]:
    """The letters of decisions by their keys; what they share is asked for once."""
    following = {phase.pk: next_phase(phase) for phase in {one.phase_id: one.phase for one in decisions}.values()}
    joining = _joining([one.proposal_id for one in decisions])
    return {one.pk: _letters(one, following[one.phase_id], joining.get(one.proposal_id, [])) for one in decisions}


def _letters(decision: Decision, following: Phase | None, joining: Sequence[Proposal]) -> list[Written]:
    version = decision.wording
    if version is None:
        return []
    reader, found = addressed_to(decision.proposal), []
    for language in languages_of(version):
        values = {**values_of(decision.proposal, to=reader, language=language), **_said(decision, following, joining, language)}
        text = version.texts[language]
        found.append(Written(language, fill(text["subject"], values)[:300], fill(text["body"], values)))
    return found


def digest_of(letter: Written | Letter) -> str:
    """The SHA-256 of a letter: of its language, subject and text, each after an empty line."""
    return sha256(f"{letter.language}\n\n{letter.subject}\n\n{letter.body}")


def _joining(proposals: Sequence[UUID]) -> dict[UUID, list[Proposal]]:
    """What is to be merged into each of these proposals, by decisions that wait."""
    waiting = Decision.objects.open().filter(outcome=Outcome.MERGED, merged_into__in=proposals)
    found: dict[UUID, list[Proposal]] = {}
    for one in waiting.select_related("proposal__lead").order_by("proposal__reference"):
        if one.merged_into_id:
            found.setdefault(one.merged_into_id, []).append(one.proposal)
    return found


def _said(decision: Decision, following: Phase | None, joining: Sequence[Proposal], language: str) -> dict[str, str]:
    """What the placeholders of a decision stand for."""
    leads = decision.merged_into or decision.proposal
    with translation.override(language):
        said = {
            "outcome": str(LEADS_TO[Outcome(decision.outcome)].label),
            "feedback": decision.feedback,
            "conditions": "\n".join(_line(number, one) for number, one in enumerate(decision.conditions.all(), 1)),
            "lead": inert(leads.lead.name) if leads.lead else "",
            "merged_into": named(decision.merged_into) if decision.merged_into else "",
            "merged": "\n".join(named(one) for one in joining),
            "next_phase": inert(following.title) if following else "",
        }
    if decision.outcome == Outcome.PRELIMINARY and following is not None:
        said["deadline"] = moment_of(following.closes_at, language=language)
    return said


def _line(number: int, condition: Any) -> str:
    if condition.due_on is None:
        return f"{number}. {condition.text}"
    told = {"number": number, "condition": condition.text, "day": date_format(condition.due_on, "DATE_FORMAT")}
    return _("%(number)d. %(condition)s (by %(day)s)") % told


def named(proposal: Proposal) -> str:
    """A proposal by its reference, title and lead organisation; what people typed is made harmless."""
    told = {"reference": proposal.reference, "title": inert(proposal.title), "lead": inert(str(proposal.lead or "–"))}
    return _("%(reference)s, “%(title)s” (%(lead)s)") % told


def last_letter() -> Subquery:
    """The newest released decision of a proposal, as an annotation of proposals."""
    released = Decision.objects.filter(proposal=OuterRef("pk"), released_at__isnull=False)
    return Subquery(released.order_by("-released_at").values("pk")[:1])


def answers_to(proposal: Proposal) -> list[Decision]:
    """What was decided of a proposal and released, newest first, with conditions and letters. Three statements."""
    released = Decision.objects.filter(proposal=proposal, released_at__isnull=False).select_related("phase")
    return list(released.prefetch_related("conditions", "letters").order_by("-released_at", "-pk"))


def answer_to(proposal: Proposal, pk: int) -> Decision | None:
    """One of them."""
    return next((one for one in answers_to(proposal) if one.pk == pk), None)


def letter_in(decision: Decision, *languages: str) -> Letter | None:
    """The letter in the first of these languages that there is, else in English."""
    by_language = {one.language: one for one in decision.letters.all()}
    return next((by_language[code] for code in (*languages, "en") if code in by_language), None)


@dataclass(frozen=True)
class Joined:
    """The other side of a merge; `opens` says whether this reader may open it."""

    reference: str
    title: str
    lead: str
    pk: UUID
    opens: bool


@dataclass(frozen=True)
class Kin:
    """What a proposal was merged into, and what was merged into it, as one reader may know of them."""

    into: Joined | None
    parents: list[Joined]


def kin_of(proposal: Proposal, *, user: Any) -> Kin:
    """The other sides of a proposal's merges; whoever may not open one still reads its name. Two statements.

    The reader's right is to `proposal`; the names of the others stand in its letters.
    """
    with unrestricted():
        about = Merge.objects.filter(Q(parent=proposal) | Q(into=proposal)).select_related("parent__lead", "into__lead")
        merges = list(about.defer("parent__search", "into__search").order_by("pk"))
    keys = [one.pk for merge in merges for one in (merge.parent, merge.into)]
    visible = set(Proposal.objects.visible_to(user).filter(pk__in=keys).values_list("pk", flat=True))
    into = next((_joined(one.into, visible) for one in merges if one.parent_id == proposal.pk), None)
    return Kin(into, [_joined(one.parent, visible) for one in merges if one.into_id == proposal.pk])


def released_to(proposal: Proposal, user: Any) -> dict[str, Any]:
    """What a proposal's own page shows of its answers: the letters, what is still open of conditions, and merges.

    Nothing is asked about a draft of a first phase.
    """
    if proposal.submitted_at is None:
        return {"answers": [], "terms": [], "kin": None}
    answers = answers_to(proposal)
    return {"answers": answers, "terms": list(answers[0].conditions.all()) if answers else [], "kin": kin_of(proposal, user=user)}


def _joined(other: Proposal, visible: set[UUID]) -> Joined:
    lead = other.lead.name if other.lead else ""
    return Joined(other.reference or "", other.title, lead, other.pk, other.pk in visible)
