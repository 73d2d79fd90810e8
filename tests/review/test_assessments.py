"""Reviews: saved while typed, submitted when whole, frozen; blind until one's own is in; never for the proposer."""

import json
from decimal import Decimal

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied, ValidationError

from proposals.audit.calculations import sha256
from proposals.audit.models import Event
from proposals.intake.calculations.numbers import NotANumber
from proposals.intake.calculations.reference import draw
from proposals.intake.models import Access
from proposals.intake.states import Status
from proposals.review.actions.assessments import NotComplete, SavedElsewhere, Written, save, submit_assessment
from proposals.review.calculations.feedback import names_another
from proposals.review.calculations.scores import Mean, minutes, read_score, weighted_mean
from proposals.review.models import Assessment, FrozenAssessment, Score
from proposals.review.queries.assessments import as_written, criteria_of, in_force
from proposals.review.queries.due import progress, work_of
from proposals.review.queries.reviews import labels, others_of, own_review, reviews_of
from proposals.review.rules.assessments import may_read_all
from proposals.review.states import Answer, Confidence, FindingKind, ReviewKind, Stage, Verdict
from tests.factories import (
    NOW,
    make_assessment,
    make_assignment,
    make_criteria,
    make_expert,
    make_plan,
    make_proposal,
    make_staff,
    make_user,
)
from tests.intake.conftest import eyes_of

pytestmark = pytest.mark.django_db
MAJOR, MINOR = FindingKind.MAJOR_STRENGTH, FindingKind.MINOR_WEAKNESS


@pytest.fixture
def proposal():
    found = make_proposal(status=Status.UNDER_REVIEW)
    make_criteria(found.phase, "10", "5")
    return found


@pytest.fixture
def mine(proposal):
    return make_assignment(proposal)


def whole(assignment, *values):
    """All that a science review needs."""
    given = zip(criteria_of(assignment), values or ("8", "4.5"), strict=True)
    scores = {c.pk: {"value": None if v is None else Decimal(v), "unable": v is None, "comment": ""} for c, v in given}
    return Written(scores=scores, columns={"confidence": Confidence.HIGH, "to_panel": "Sound."})


def keep(assignment, written, revision, by=None):
    return save(assignment, written=written, revision=revision, by=by or assignment.user, now=NOW)


def submit(assignment, written=None, revision=0, by=None):
    return submit_assessment(
        assignment, written=written or whole(assignment), revision=revision, by=by or assignment.user, now=NOW
    )


def test_first_save_makes_the_draft(mine):
    first, second = criteria_of(mine)
    written = Written({first.pk: {"value": Decimal("7.50")}, second.pk: {"unable": True}}, [(MAJOR, "New.")], {"to_panel": "A"})
    with eyes_of(mine.user, "lp_reviewer"):
        made = keep(mine, written, 0)
    assert (made.stage, made.revision, made.submitted_at, made.to_panel) == (Stage.DRAFT, 1, None, "A")
    scores = {s.criterion_id: (s.value, s.unable) for s in made.scores.all()}
    assert scores == {first.pk: (Decimal("7.50"), False), second.pk: (None, True)}
    assert [(f.kind, f.text) for f in made.findings.all()] == [(MAJOR, "New.")]


def test_save_keeps_what_a_page_does_not_name(mine):
    first, second = criteria_of(mine)
    keep(mine, Written({first.pk: {"value": Decimal(7), "comment": "Yes"}}, [(MAJOR, "New.")], {"to_panel": "A"}), 0)
    keep(mine, Written({second.pk: {"value": Decimal(3)}}, None, {"to_proposer": "B"}), 1)
    held = in_force(Assessment.objects.get(), criteria_of(mine))
    assert held == {
        "scores": {
            str(first.pk): {"value": "7", "unable": False, "comment": "Yes"},
            str(second.pk): {"value": "3", "unable": False, "comment": ""},
        },
        "findings": [[MAJOR, "New."]],
        "columns": {"verdict": "", "conditions": "", "confidence": None, "to_panel": "A", "to_proposer": "B"},
    }


def test_not_able_to_judge_takes_the_score_away(mine):
    first, _second = criteria_of(mine)
    keep(mine, Written({first.pk: {"value": Decimal(7)}}), 0)
    keep(mine, Written({first.pk: {"unable": True}}), 1)
    keep(mine, Written({first.pk: {"comment": "Not my field"}}), 2)
    assert Score.objects.values_list("value", "unable", "comment").get() == (None, True, "Not my field")
    keep(mine, Written({first.pk: {"value": Decimal(2)}}), 3)
    assert Score.objects.values_list("value", "unable").get() == (Decimal(2), False)


def test_a_stale_window_overwrites_nothing(mine):
    keep(mine, Written(columns={"to_panel": "First"}), 0)
    keep(mine, Written(columns={"to_panel": "Second"}), 1)
    with pytest.raises(SavedElsewhere):
        keep(mine, Written(columns={"to_panel": "Stale"}), 1)
    with pytest.raises(SavedElsewhere):
        keep(mine, Written(columns={"to_panel": "Stale"}), 0)
    assert Assessment.objects.get().to_panel == "Second"


def test_a_stale_window_that_says_the_same_is_no_conflict(mine):
    keep(mine, Written(columns={"to_panel": "First"}), 0)
    again = keep(mine, Written(columns={"to_panel": "First"}), 0)
    assert (again.revision, Assessment.objects.count()) == (1, 1)


@pytest.mark.parametrize("value", ["-1", "10.01", "7.005"])
def test_scores_outside_their_limits_are_refused(mine, value):
    first, _second = criteria_of(mine)
    with pytest.raises(ValidationError) as refusal:
        keep(mine, Written({first.pk: {"value": Decimal(value)}}), 0)
    assert list(refusal.value.message_dict) == [f"score-{first.pk}"]
    assert not Assessment.objects.exists()


def test_a_score_and_not_able_to_judge_exclude_each_other(mine):
    first, _second = criteria_of(mine)
    with pytest.raises(ValidationError):
        keep(mine, Written({first.pk: {"value": Decimal(1), "unable": True}}), 0)


def test_what_is_no_part_of_this_review_is_refused(mine):
    foreign = make_criteria(make_proposal().phase)[0]
    for written in (
        Written({foreign.pk: {"value": Decimal(1)}}),
        Written({criteria_of(mine)[0].pk: {"stage": "submitted"}}),
        Written(columns={"stage": "submitted"}),
        Written(columns={"confidence": 9}),
        Written(findings=[("praise", "Good.")]),
        Written(findings=[(MAJOR, "x" * 4001)]),
    ):
        with pytest.raises(ValidationError):
            keep(mine, written, 0)
    assert not Assessment.objects.exists()


def test_what_is_missing_is_named_and_what_was_typed_stays(mine):
    first, second = criteria_of(mine)
    with pytest.raises(NotComplete) as refusal:
        submit(mine, Written({first.pk: {"value": Decimal(3)}}, None, {"to_panel": "Kept"}))
    assert [each.field for each in refusal.value.missing] == [f"score-{second.pk}", "confidence"]
    assert (Assessment.objects.get().to_panel, FrozenAssessment.objects.count()) == ("Kept", 0)


def test_technical_review_needs_a_verdict_and_its_conditions(proposal):
    technical = make_assignment(proposal, kind=ReviewKind.TECHNICAL)
    sure = {"confidence": Confidence.LOW}
    for columns, lacking in (
        (sure, ["verdict"]),
        ({"verdict": Verdict.CONDITIONS}, ["conditions"]),
    ):
        revision = Assessment.objects.filter(assignment=technical).values_list("revision", flat=True).first() or 0
        with pytest.raises(NotComplete) as refusal:
            submit(technical, Written(columns=columns), revision)
        assert [each.field for each in refusal.value.missing] == lacking
    kept = submit(technical, Written(columns={"conditions": "Lower the mast."}), 2)
    held = json.loads(kept.canonical)
    assert (held["verdict"], held["conditions"], held["criteria"]) == ("conditions", "Lower the mast.", [])


def test_feedback_that_names_another_proposal_is_not_submitted(mine):
    written = whole(mine)
    own, other = mine.proposal.reference, draw(mine.proposal.call.code)
    with pytest.raises(NotComplete) as refusal:
        submit(mine, Written(written.scores, None, {**written.columns, "to_proposer": f"{own} is weaker than {other}."}))
    assert [(each.field, other in each.says) for each in refusal.value.missing] == [("to_proposer", True)]


def test_submitting_freezes_the_review_and_says_so_in_the_trail(mine):
    with eyes_of(mine.user, "lp_reviewer"):
        kept = submit(mine)
    assessment = Assessment.objects.get()
    assert (assessment.stage, assessment.submitted_at) == (Stage.SUBMITTED, NOW)
    assert (kept.number, kept.sha256) == (1, sha256(kept.canonical))
    first = json.loads(kept.canonical)["criteria"][0]
    assert {name: first[name] for name in ("weight", "maximum", "pass_minimum", "value", "unable")} == {
        "weight": "25.00",
        "maximum": "10.00",
        "pass_minimum": "5.00",
        "value": "8",
        "unable": False,
    }
    event = Event.objects.get(verb="assessment.submitted")
    assert (event.actor_id, event.data) == (
        mine.user_id,
        {"assignment": mine.pk, "version": 1, "sha256": kept.sha256},
    )


def test_a_second_click_submits_once(mine):
    first = submit(mine)
    assert (submit(mine), FrozenAssessment.objects.count(), Event.objects.filter(verb="assessment.submitted").count()) == (
        first,
        1,
        1,
    )


def test_a_revision_waits_until_it_is_submitted(mine):
    first, _second = criteria_of(mine)
    submit(mine)
    revised = keep(mine, Written({first.pk: {"value": Decimal(2)}}, None, {"to_panel": "Changed"}), 2)
    assert (revised.stage, Score.objects.get(criterion=first).value) == (Stage.SUBMITTED, Decimal(8))
    fresh = Assessment.objects.get()
    assert (fresh.to_panel, as_written(fresh, criteria_of(mine))["columns"]["to_panel"]) == ("Sound.", "Changed")
    assert own_review(mine).to_panel == "Sound."
    kept = submit(mine, Written(), fresh.revision)
    assert (kept.number, own_review(mine).to_panel, Score.objects.get(criterion=first).value) == (2, "Changed", Decimal(2))
    assert Assessment.objects.get().unsent is None


def test_a_revision_that_lacks_something_changes_nothing_that_counts(mine):
    first, _second = criteria_of(mine)
    submit(mine)
    with pytest.raises(NotComplete):
        submit(mine, Written({first.pk: {"value": None, "unable": False}}), 2)
    assert (Score.objects.get(criterion=first).value, FrozenAssessment.objects.count()) == (Decimal(8), 1)


def test_a_revision_taken_back_leaves_nothing_waiting(mine):
    submit(mine)
    keep(mine, Written(columns={"to_panel": "Changed"}), 2)
    assert keep(mine, Written(columns={"to_panel": "Sound."}), 3).unsent is None


@pytest.mark.parametrize("status", [Status.PANEL, Status.DECIDED, Status.CLARIFICATION, Status.WITHDRAWN])
def test_reviews_close_when_the_proposal_leaves_review(mine, status):
    submit(mine)
    mine.proposal.move(status, by=make_staff(), now=NOW)
    for act in (lambda: keep(mine, Written(columns={"to_panel": "Late"}), 2), lambda: submit(mine, Written(), 2)):
        with pytest.raises(PermissionDenied):
            act()


def test_nobody_else_writes_a_review(mine):
    other = make_assignment(mine.proposal).user
    for by in (other, make_staff(), mine.proposal.created_by, make_user()):
        with pytest.raises(PermissionDenied):
            keep(mine, whole(mine), 0, by)
    assert not Assessment.objects.exists()


@pytest.mark.parametrize("answer", [Answer.ASKED, Answer.DECLINED, Answer.REMOVED])
def test_only_who_accepted_writes(proposal, answer):
    assignment = make_assignment(proposal, answer=answer)
    Access.objects.create(proposal=proposal, user=assignment.user, why=f"assignment:{assignment.pk}")
    with pytest.raises(PermissionDenied):
        keep(assignment, whole(assignment), 0)


def test_a_bar_or_a_missing_grant_closes_a_review(mine):
    Access.objects.create(proposal=mine.proposal, user=mine.user, grant=False, why="conflict:family")
    with pytest.raises(PermissionDenied):
        keep(mine, whole(mine), 0)
    Access.objects.filter(proposal=mine.proposal, user=mine.user).delete()
    with pytest.raises(PermissionDenied):
        keep(mine, whole(mine), 0)


def test_a_review_of_an_earlier_phase_is_closed(mine):
    later = mine.proposal.call.phases.create(position=2, title="Full", opens_at=NOW, closes_at=NOW.replace(year=2028))
    type(mine).objects.filter(pk=mine.pk).update(phase=later)
    mine.refresh_from_db()
    with pytest.raises(PermissionDenied):
        keep(mine, Written(columns={"to_panel": "x"}), 0)


def test_others_are_hidden_until_ones_own_is_in(mine):
    other = make_assignment(mine.proposal)
    make_assessment(other, "9", "1")
    with eyes_of(mine.user, "lp_reviewer"):
        assert others_of(mine, reader=mine.user) == []
        submit(mine)
        assert [(review.label, review.mean.percent) for review in others_of(mine, reader=mine.user)] == [
            ("Reviewer B", Decimal("55.0"))
        ]


def test_a_plan_that_is_not_blind_shows_others_at_once(mine):
    make_assessment(make_assignment(mine.proposal), "9", "1")
    make_plan(mine.phase, is_blind=False)
    assert [review.label for review in others_of(mine, reader=mine.user)] == ["Reviewer B"]
    assert others_of(mine, reader=make_expert().user) == []


def test_drafts_are_nobodys_but_their_authors(mine):
    make_assessment(make_assignment(mine.proposal), "9", "1", submitted=False)
    submit(mine)
    assert (others_of(mine, reader=mine.user), len(reviews_of(mine.proposal))) == ([], 1)


def test_science_and_accommodation_are_apart_until_the_panel(mine):
    technical = make_assignment(mine.proposal, kind=ReviewKind.TECHNICAL)
    make_assessment(technical)
    submit(mine)
    assert (others_of(mine, reader=mine.user), others_of(technical, reader=technical.user)) == ([], [])
    mine.proposal.move(Status.PANEL, by=make_staff(), now=NOW)
    assert [review.label for review in others_of(mine, reader=mine.user)] == ["Assessor A"]
    technical.proposal = mine.proposal
    assert [review.label for review in others_of(technical, reader=technical.user)] == ["Reviewer A"]


def test_labels_stay_when_somebody_is_taken_off(proposal):
    one, two, three = (make_assignment(proposal) for _ in range(3))
    before = labels(proposal)
    type(two).objects.filter(pk=two.pk).update(answer=Answer.REMOVED)
    assert before == labels(proposal) == {one.pk: "Reviewer A", two.pk: "Reviewer B", three.pk: "Reviewer C"}


def test_row_security_shows_a_reviewer_their_own_reviews_only(mine):
    other = make_assignment(mine.proposal)
    make_assessment(other, "9", "1").findings.create(kind=MAJOR, text="Theirs")
    make_assessment(mine, "1", "1")
    with eyes_of(mine.user, "lp_reviewer"):
        found = {name: apps.get_model("proposals", name).objects.count() for name in ("Assignment", "Assessment", "Score")}
        assert found == {"Assignment": 1, "Assessment": 1, "Score": 2}
        assert (FrozenAssessment.objects.count(), apps.get_model("proposals", "Finding").objects.count()) == (1, 0)


def test_row_security_shows_a_proposer_nothing_of_the_review(mine):
    made = make_assessment(mine, "9", "1")
    made.findings.create(kind=MINOR, text="Heavy")
    names = ("Assignment", "Assessment", "Score", "Finding", "FrozenAssessment")
    with eyes_of(mine.proposal.created_by):
        assert {name: apps.get_model("proposals", name).objects.count() for name in names} == dict.fromkeys(names, 0)
    assert not may_read_all(mine.proposal.created_by)


def test_weighted_mean_leaves_out_what_was_not_judged():
    ten, five = Decimal(10), Decimal(5)
    rows = [(Decimal(30), ten, Decimal(8)), (Decimal(10), five, Decimal(5)), (Decimal(60), ten, None)]
    assert weighted_mean(rows) == Mean(Decimal("85.0"), 2, 3)
    assert weighted_mean([(Decimal(60), ten, None)]) == Mean(None, 0, 1)
    assert weighted_mean([(Decimal(0), ten, Decimal(3))]) == Mean(None, 0, 1)
    assert weighted_mean([(Decimal(1), ten, Decimal(0))]) == Mean(Decimal("0.0"), 1, 1)


@pytest.mark.parametrize(("typed", "value"), [("7.5", "7.5"), ("7,5", "7.5"), (" 10 ", "10"), ("٧٫٥", "7.5"), ("0", "0")])
def test_scores_are_read_as_people_write_them(typed, value):
    assert read_score(typed, Decimal(10)) == Decimal(value)


@pytest.mark.parametrize("typed", ["11", "-0.5", "7.123", "good", "1e99", "NaN", "8/10"])
def test_what_is_no_score_is_said(typed):
    with pytest.raises(NotANumber):
        read_score(typed, Decimal(10))
    assert read_score("  ", Decimal(10)) is None


def test_a_reference_in_feedback_is_found_by_its_shape():
    own, other = draw("CE8"), draw("CE8")

    def find(text):
        return names_another(text, code="CE8", own=own)

    assert find(f"{own} is sound.") == ""
    assert find(f"See {own.lower()}; better than ({other}).") == other
    assert find("The CE8-based design") == ""


def test_estimate_is_of_reading_and_of_judging():
    assert (minutes(0, 0), minutes(18_000, 4), minutes(100_001, 1)) == ((0, 10), (20, 30), (105, 15))


def test_work_says_what_waits_soonest_first(proposal):
    user = make_expert().user
    call = proposal.call
    later = make_assignment(proposal, user=user, due_at=NOW.replace(year=2040))
    late = make_assignment(make_proposal(call=call, status=Status.UNDER_REVIEW), user=user, due_at=NOW.replace(year=2020))
    done = make_assignment(make_proposal(call=call, status=Status.UNDER_REVIEW), user=user)
    make_assessment(done, "1", None)
    paused = make_assignment(make_proposal(call=call, status=Status.CLARIFICATION), user=user)
    asked = make_assignment(make_proposal(call=call, status=Status.UNDER_REVIEW), user=user, answer=Answer.ASKED)
    locked = make_assignment(make_proposal(call=call, status=Status.UNDER_REVIEW), user=user)
    Access.objects.filter(why=f"assignment:{locked.pk}").delete()
    barred = make_assignment(make_proposal(call=call, status=Status.UNDER_REVIEW), user=user, answer=Answer.ASKED)
    Access.objects.create(proposal=barred.proposal, user=user, grant=False, why="conflict:team")
    with eyes_of(user, "lp_reviewer"):
        work = work_of(user, now=NOW)
    assert (work.asked, work.locked) == ([asked], [locked])
    assert [(task.assignment, task.overdue) for task in work.due] == [(late, True), (later, False)]
    assert [task.assignment for task in work.paused] == [paused]
    assert [(task.assignment, task.answered, task.criteria) for task in work.done] == [(done, 2, 2)]


def test_progress_counts_what_its_reader_may_know_of(proposal):
    secretary = make_staff()
    make_assessment(make_assignment(proposal), "1", "1")
    make_assignment(proposal, due_at=NOW.replace(year=2020))
    make_assignment(proposal, answer=Answer.ASKED, due_at=None)
    make_assignment(proposal, answer=Answer.DECLINED)
    hidden = make_proposal(call=proposal.call, status=Status.UNDER_REVIEW)
    make_assignment(hidden)
    Access.objects.create(proposal=hidden, user=secretary, grant=False, why="conflict:family")
    found = [(one.code, one.submitted, one.wanted, one.overdue, one.unanswered) for one in progress(secretary, now=NOW)]
    assert found == [(proposal.call.code, 1, 3, 1, 1)]
