"""Writing a review: saved while it is typed, submitted when nothing is missing, revised until the panel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Model
from django.utils.translation import gettext as _

from proposals.audit.actions import record
from proposals.audit.calculations import canonical, sha256
from proposals.calls.models import Criterion
from proposals.intake.models import Proposal
from proposals.partners.gateways import unrestricted
from proposals.partners.models import User
from proposals.review.calculations.scores import plainly, wrong_with
from proposals.review.calculations.texts import too_long
from proposals.review.models import Assessment, Assignment, Finding, FrozenAssessment, Score
from proposals.review.queries.assessments import COLUMNS, Content, Missing, as_written, criteria_of, document, in_force, missing
from proposals.review.rules.assessments import may_write
from proposals.review.states import Stage

SCORED = {"value", "unable", "comment"}


class SavedElsewhere(Exception):
    """The review was saved in another window after this page was opened; nothing was overwritten."""

    def __init__(self) -> None:
        super().__init__(
            _("You saved this review in another window meanwhile. Your text is kept here: compare, then save again.")
        )


class NotComplete(Exception):
    """What was typed is saved, but the review cannot be submitted yet; `missing` says what is missing."""

    def __init__(self, missing: list[Missing]) -> None:
        super().__init__(_("The review is not complete yet."))
        self.missing = missing


@dataclass(frozen=True)
class Written:
    """What a page says of a review; what it does not name stays as it is.

    `scores` maps criteria to some of value (Decimal or None), unable, comment; `findings` are all of them as (kind, text);
    `columns` maps verdict, conditions, confidence, to_panel, to_proposer to values.
    """

    scores: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    findings: Sequence[tuple[str, str]] | None = None
    columns: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic
def save(assignment: Assignment, *, written: Written, revision: int, by: User, now: datetime) -> Assessment:
    """This will keep what a reviewer typed; the first time it makes the draft. What was submitted stays in force: a
    revision of it waits until it is submitted too.

    Raises PermissionDenied, SavedElsewhere when `revision` is not the review's (0: not begun) and it holds something else,
    or ValidationError by field.
    """
    held = _held(assignment, by=by)
    criteria = criteria_of(held)
    _check(written, criteria)
    assessment = Assessment.objects.filter(assignment=held).first() or Assessment(assignment=held, saved_at=now, revision=0)
    before = as_written(assessment, criteria)
    after = _with(before, written)
    if assessment.pk and after == before:
        return assessment
    if assessment.revision != revision:
        raise SavedElsewhere
    if assessment.stage == Stage.DRAFT:
        _write(assessment, after, criteria, now=now)
    else:
        assessment.unsent = None if after == in_force(assessment, criteria) else after
        _bump(assessment, now=now)
    return assessment


def submit_assessment(assignment: Assignment, *, written: Written, revision: int, by: User, now: datetime) -> FrozenAssessment:
    """This will save what is typed and, when nothing is missing, freeze it as the review that counts.

    Two transactions: what is typed stays saved when something is missing. A second click gets the first one's.
    Raises what `save` raises, and NotComplete.
    """
    saved = save(assignment, written=written, revision=revision, by=by, now=now)
    return _freeze(assignment, seen=saved.revision, by=by, now=now)


@transaction.atomic
def _freeze(assignment: Assignment, *, seen: int, by: User, now: datetime) -> FrozenAssessment:
    held = _held(assignment, by=by)
    criteria = criteria_of(held)
    assessment = Assessment.objects.get(assignment=held)
    if assessment.revision != seen:
        raise SavedElsewhere
    last = assessment.frozen.last()
    if assessment.stage == Stage.SUBMITTED and assessment.unsent is None and last is not None:
        return last
    written = as_written(assessment, criteria)
    if lacking := missing(written, held, criteria):
        raise NotComplete(lacking)
    assessment.stage, assessment.submitted_at, assessment.unsent = Stage.SUBMITTED, assessment.submitted_at or now, None
    _write(assessment, written, criteria, now=now)
    text, number = canonical(document(written, held, criteria)), last.number + 1 if last else 1
    kept = FrozenAssessment.objects.create(assessment=assessment, number=number, canonical=text, sha256=sha256(text), at=now)
    record("assessment.submitted", by=by, about=held.proposal, assignment=held.pk, version=number, sha256=kept.sha256)
    return kept


def _held(assignment: Assignment, *, by: User) -> Assignment:
    """The assignment as it is now, held against whoever moves the proposal or takes the reviewer off; then the rule."""
    with unrestricted():  # a reviewer's role may not lock a proposal's row
        proposals = Proposal.objects.select_related("call").select_for_update(of=("self",), no_key=True)
        proposal = proposals.only("status", "phase", "reference", "call", "call__code").get(pk=assignment.proposal_id)
        held = Assignment.objects.select_for_update(no_key=True).get(pk=assignment.pk)
    held.proposal = proposal
    if not may_write(by, held):
        raise PermissionDenied
    return held


def _with(before: Content, written: Written) -> Content:
    """What a review says once a page is saved, as JSON holds it."""
    scores = dict(before["scores"])
    for pk, values in written.scores.items():
        given = dict(values)
        if given.get("value") is not None:
            given |= {"value": plainly(Decimal(given["value"])), "unable": False}
        elif given.get("unable"):
            given["value"] = None
        scores[str(pk)] = scores[str(pk)] | given
    findings = before["findings"] if written.findings is None else [[str(kind), text] for kind, text in written.findings]
    return {"scores": scores, "findings": findings, "columns": before["columns"] | dict(written.columns)}


def _check(written: Written, criteria: Sequence[Criterion]) -> None:
    """Raises ValidationError, under the fields of the page, for what a review cannot hold."""
    by_pk = {each.pk: each for each in criteria}
    if not set(written.columns) <= set(COLUMNS) or not set(written.scores) <= set(by_pk):
        raise ValidationError(_("That is not a part of this review."))
    for pk, values in written.scores.items():
        value, name = values.get("value"), f"score-{pk}"
        if not set(values) <= SCORED or (value is not None and values.get("unable")):
            raise ValidationError({name: _("Give a score, or say that you are not able to judge: not both.")})
        if value is not None and (problem := wrong_with(Decimal(value), by_pk[pk].maximum)):
            raise ValidationError({name: problem})
        _check_length(f"comment-{pk}", values.get("comment"), Score, "comment")
    for kind, text in written.findings or ():
        Finding(kind=kind, text=text).clean_fields(exclude=["assessment"])
        _check_length(f"findings-{kind}", text, Finding, "text")
    for name, value in written.columns.items():
        _check_length(name, value, Assessment, name)
    others = {each.name for each in Assessment._meta.fields} - set(written.columns)
    Assessment(**written.columns).clean_fields(exclude=others)


def _check_length(name: str, text: Any, model: type[Model], column: str) -> None:
    """Raises ValidationError, under the field of the page, for a text longer than its column keeps."""
    most = getattr(model._meta.get_field(column), "max_length", None)
    if isinstance(text, str) and (problem := too_long(text, most)):
        raise ValidationError({name: problem})


def _write(assessment: Assessment, content: Content, criteria: Sequence[Criterion], *, now: datetime) -> None:
    """Write a review into its rows."""
    before = in_force(assessment, criteria)
    for name, value in content["columns"].items():
        setattr(assessment, name, value)
    _bump(assessment, now=now)
    for each in criteria:
        wanted = content["scores"][str(each.pk)]
        if wanted != before["scores"][str(each.pk)]:
            Score.objects.update_or_create(assessment=assessment, criterion=each, defaults=wanted)
    if content["findings"] != before["findings"]:
        assessment.findings.all().delete()
        Finding.objects.bulk_create(
            Finding(assessment=assessment, kind=kind, text=text, position=place)
            for place, (kind, text) in enumerate(content["findings"], 1)
        )


def _bump(assessment: Assessment, *, now: datetime) -> None:
    """The next revision of the row that `_held` guards."""
    assessment.revision, assessment.saved_at = assessment.revision + 1, now
    assessment.save()
