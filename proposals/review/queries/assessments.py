"""What a reviewer writes: which assignments they may open, what their review says, and what it lacks."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from proposals.calls.models import Criterion
from proposals.intake.models import Proposal, Version
from proposals.review.calculations.feedback import names_another
from proposals.review.calculations.scores import plainly, wrong_with
from proposals.review.models import Assessment, Assignment, Score
from proposals.review.states import Answer, ReviewKind, Verdict

SCHEMA = 1


def own_assignments(user: Any) -> QuerySet[Assignment]:
    """What this person accepted and may open now."""
    return Assignment.objects.filter(user=user.pk, answer=Answer.ACCEPTED, proposal__in=Proposal.objects.visible_to(user))


def criteria_of(assignment: Assignment) -> list[Criterion]:
    """What the science review scores; the accommodation review answers with a verdict and scores nothing."""
    return [] if assignment.kind == ReviewKind.TECHNICAL else list(Criterion.objects.filter(phase=assignment.phase_id))


def judged_version(assignment: Assignment) -> Version | None:
    """The version that is judged: the latest of the phase assigned, whatever its team does in a later phase."""
    versions = Version.objects.filter(proposal=assignment.proposal_id, phase=assignment.phase_id)
    return versions.order_by("-number").first()


COLUMNS = ("verdict", "conditions", "confidence", "to_panel", "to_proposer")
Content = dict[str, Any]


def in_force(assessment: Assessment | None, criteria: Sequence[Criterion]) -> Content:
    """What a review's rows say, as JSON holds it: once submitted, this is what counts. Two statements.

    `scores` by criterion {value, unable, comment}, `findings` as [kind, text], `columns` as on Assessment.
    """
    begun = assessment is not None and assessment.pk is not None
    scores = {score.criterion_id: score for score in assessment.scores.all()} if assessment and begun else {}
    return {
        "scores": {str(each.pk): _score(scores.get(each.pk)) for each in criteria},
        "findings": [[found.kind, found.text] for found in assessment.findings.all()] if assessment and begun else [],
        "columns": {name: getattr(assessment or Assessment(), name) for name in COLUMNS},
    }


def as_written(assessment: Assessment | None, criteria: Sequence[Criterion]) -> Content:
    """What its reviewer sees and goes on writing: the revision that waits, where there is one."""
    now = in_force(assessment, criteria)
    if assessment is None or assessment.unsent is None:
        return now
    known = {key: value for key, value in assessment.unsent["scores"].items() if key in now["scores"]}
    return {**assessment.unsent, "scores": now["scores"] | known}


def _score(score: Score | None) -> dict[str, Any]:
    if score is None:
        return {"value": None, "unable": False, "comment": ""}
    value = None if score.value is None else plainly(score.value)
    return {"value": value, "unable": score.unable, "comment": score.comment}


@dataclass(frozen=True)
class Missing:
    """What stops a review from being submitted: the field of the page, and words."""

    field: str
    says: str


def missing(written: Content, assignment: Assignment, criteria: Sequence[Criterion]) -> list[Missing]:
    """What is missing or wrong before a review can be submitted, in the order of the page."""
    found = []
    for each in criteria:
        score = written["scores"][str(each.pk)]
        if score["value"] is None and not score["unable"]:
            says = _("“%(criterion)s”: give a score, or say that you are not able to judge it.")
            found.append(Missing(f"score-{each.pk}", says % {"criterion": each.name}))
        elif score["value"] is not None and (problem := wrong_with(Decimal(score["value"]), each.maximum)):
            found.append(Missing(f"score-{each.pk}", problem))
    columns = written["columns"]
    if assignment.kind == ReviewKind.TECHNICAL:
        if not columns["verdict"]:
            found.append(Missing("verdict", _("Say whether the lander can accommodate it.")))
        elif columns["verdict"] == Verdict.CONDITIONS and not columns["conditions"].strip():
            found.append(Missing("conditions", _("Name the conditions of your verdict.")))
    proposal = assignment.proposal
    if other := names_another(columns["to_proposer"], code=proposal.call.code, own=proposal.reference or ""):
        says = _("The comments to the proposer name %(reference)s: feedback never speaks of another proposal.")
        found.append(Missing("to_proposer", says % {"reference": other}))
    if columns["confidence"] is None:
        found.append(Missing("confidence", _("Say how sure you are of your judgement.")))
    return found


def document(written: Content, assignment: Assignment, criteria: Sequence[Criterion]) -> dict[str, Any]:
    """A review as it is frozen, with the criteria as they are worded now and the version that it judges."""
    version = judged_version(assignment)
    limits = ("name", "weight", "maximum", "pass_minimum")
    return {
        "schema": SCHEMA,
        "kind": assignment.kind,
        "phase": assignment.phase_id,
        "version": version and {"number": version.number, "sha256": version.sha256},
        "criteria": [
            {"id": each.pk, **{name: getattr(each, name) for name in limits}, **written["scores"][str(each.pk)]}
            for each in criteria
        ],
        "findings": [{"kind": kind, "text": text} for kind, text in written["findings"]],
        **written["columns"],
    }
