"""What was submitted: reviews in words, and which of them a reviewer may read without their names."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from string import ascii_uppercase
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from proposals.intake.models import Proposal
from proposals.partners.gateways import unrestricted
from proposals.review.calculations.scores import Mean, weighted_mean
from proposals.review.models import Assignment, FrozenAssessment
from proposals.review.rules.assessments import may_read_others
from proposals.review.rules.discussion import APART
from proposals.review.states import Confidence, FindingKind, ReviewKind, Verdict


@dataclass(frozen=True)
class Scored:
    """One criterion as it was judged; `fails` says that the score is below what passes."""

    name: str
    weight: Decimal
    maximum: Decimal
    pass_minimum: Decimal
    value: Decimal | None
    comment: str

    @property
    def fails(self) -> bool:
        """Below the pass minimum; what was not judged does not fail."""
        return self.value is not None and self.value < self.pass_minimum


@dataclass(frozen=True)
class Review:
    """A submitted review: its last frozen version, in words; `versions` are all of them, (number, at, SHA-256)."""

    assignment: Assignment
    label: str
    at: datetime
    scores: list[Scored]
    mean: Mean
    findings: list[tuple[str, list[str]]]
    verdict: str
    verdict_word: str
    conditions: str
    confidence_word: str
    to_panel: str
    to_proposer: str
    versions: list[FrozenAssessment] = field(default_factory=list)


def reviews_of(proposal: Proposal) -> list[Review]:
    """Every review submitted on a proposal, last phase and science first; for staff who read all. Two statements."""
    frozen = FrozenAssessment.objects.filter(assessment__assignment__proposal=proposal.pk)
    return _reviews(frozen, labels(proposal))


def others_of(assignment: Assignment, *, reader: Any) -> list[Review]:
    """The others' submitted reviews in the same phase, as far as this reviewer may read them now; their names are not said."""
    if not may_read_others(reader, assignment):
        return []
    kinds = [assignment.kind] if assignment.proposal.status in APART else list(ReviewKind)
    with unrestricted():  # row security shows a reviewer their own rows only; the rule has been asked
        frozen = FrozenAssessment.objects.filter(
            assessment__assignment__proposal=assignment.proposal_id,
            assessment__assignment__phase=assignment.phase_id,
            assessment__assignment__kind__in=kinds,
        ).exclude(assessment__assignment=assignment.pk)
        return _reviews(frozen, labels(assignment.proposal))


def own_review(assignment: Assignment) -> Review | None:
    """A reviewer's own review as it was last submitted."""
    found = _reviews(FrozenAssessment.objects.filter(assessment__assignment=assignment.pk), {})
    return found[0] if found else None


def labels(proposal: Proposal) -> dict[int, str]:
    """What reviewers call each other, by assignment: "Reviewer A", "Assessor B"; in the order asked, for good.

    Reads over all assignments of the proposal: the caller steps past row-level security where it must.
    """
    rows = (
        Assignment.objects.filter(proposal=proposal.pk).order_by("phase_id", "kind", "pk").values_list("phase_id", "kind", "pk")
    )
    found = {}
    for (_phase, kind), group in groupby(rows, key=lambda row: row[:2]):
        for place, (_p, _k, pk) in enumerate(group):
            letter = ascii_uppercase[place % 26] * (1 + place // 26)
            says = _("Assessor %(letter)s") if kind == ReviewKind.TECHNICAL else _("Reviewer %(letter)s")
            found[pk] = says % {"letter": letter}
    return found


def _reviews(frozen: QuerySet[FrozenAssessment], names: dict[int, str]) -> list[Review]:
    rows = frozen.select_related("assessment__assignment__user", "assessment__assignment__phase").order_by(
        "-assessment__assignment__phase__position", "assessment__assignment__kind", "assessment__assignment", "number"
    )
    return [_review(list(group), names) for _pk, group in groupby(rows, key=lambda row: row.assessment_id)]


def _review(versions: list[FrozenAssessment], names: dict[int, str]) -> Review:
    last = versions[-1]
    held, assignment = json.loads(last.canonical), last.assessment.assignment
    scores = [_scored(one) for one in held["criteria"]]
    verdict, confidence = held["verdict"], held["confidence"]
    return Review(
        assignment=assignment,
        label=names.get(assignment.pk, ""),
        at=last.at,
        scores=scores,
        mean=weighted_mean((one.weight, one.maximum, one.value) for one in scores),
        findings=_by_kind(held["findings"]),
        verdict=verdict,
        verdict_word=str(Verdict(verdict).label) if verdict else "",
        conditions=held["conditions"],
        confidence_word=str(Confidence(confidence).label) if confidence else "",
        to_panel=held["to_panel"],
        to_proposer=held["to_proposer"],
        versions=versions,
    )


def _scored(held: dict[str, Any]) -> Scored:
    value = None if held["value"] is None else Decimal(held["value"])
    weight, maximum, pass_minimum = (Decimal(held[name]) for name in ("weight", "maximum", "pass_minimum"))
    return Scored(held["name"], weight, maximum, pass_minimum, value, held["comment"])


def _by_kind(findings: Iterable[dict[str, str]]) -> list[tuple[str, list[str]]]:
    """Findings under their kinds: major strengths first, minor weaknesses last; kinds without any are left out."""
    held = list(findings)
    groups = [(str(kind.label), [one["text"] for one in held if one["kind"] == kind]) for kind in FindingKind]
    return [(label, texts) for label, texts in groups if texts]
