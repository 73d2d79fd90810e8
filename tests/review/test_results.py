"""Results: what was submitted last, of what the reader may know, in a number of statements that does not grow."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from proposals.calls.models import Phase
from proposals.intake.models import Access
from proposals.intake.states import Status
from proposals.review.models import Assessment, Assignment, ReviewPlan
from proposals.review.queries.results import results
from proposals.review.states import Answer, ReviewKind, Stage
from tests.factories import make_proposal, make_staff
from tests.review.judged import AT, assess, make_assignment, make_judged, make_phase, make_reviewer, review, submit

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader():
    return make_staff()


@pytest.fixture
def phase():
    return make_phase()


@pytest.fixture
def people():
    return [make_reviewer(f"Reviewer {n}") for n in range(3)]


def table(phase, reader, **options):
    return [(row.proposal.title, row.standing.rank) for row in results(phase, reader=reader, **options).rows]


def test_results_rank_by_weighted_means(phase, reader, people):
    low, high = make_judged(phase, "Low"), make_judged(phase, "High")
    review(low, people[0], "5", "5")
    review(high, people[0], "9", "4")
    found = results(phase, reader=reader)
    assert [(row.proposal.title, row.standing.rank, round(row.standing.percent, 6)) for row in found.rows] == [
        ("High", 1, 70.0),
        ("Low", 2, 50.0),
    ]
    assert [given.percent for given in found.rows[0].reviews] == [pytest.approx(70)]


def test_results_leave_out_what_could_not_be_judged_and_say_it(phase, reader, people):
    review(make_judged(phase, "Half"), people[0], "8", None)
    row = results(phase, reader=reader).rows[0]
    assert (row.standing.percent, row.standing.unable) == (pytest.approx(80), 1)


def test_results_count_what_was_submitted_last_and_no_draft(phase, reader, people):
    proposal = make_judged(phase, "Revised")
    assignment = make_assignment(proposal, people[0])
    submit(assignment, "2", "2")
    second = submit(assignment, "9", "9")
    draft = make_assignment(proposal, people[1])
    Assessment.objects.create(assignment=draft, saved_at=second.at)
    Assessment.objects.filter(assignment=assignment).update(stage=Stage.DRAFT)
    row = results(phase, reader=reader).rows[0]
    assert (row.standing.reviews, row.standing.percent) == (1, pytest.approx(90))
    assert [(given.version, given.sha256) for given in row.given] == [(2, second.sha256)]


@pytest.mark.parametrize("answer", [Answer.DECLINED, Answer.REMOVED])
def test_results_leave_out_who_was_taken_off(phase, reader, people, answer):
    proposal = make_judged(phase, "One")
    review(proposal, people[0], "4", "4")
    review(proposal, people[1], "10", "10")
    Assignment.objects.filter(user=people[1]).update(answer=answer, reason="ill")
    assert results(phase, reader=reader).rows[0].standing.percent == pytest.approx(40)


def test_verdicts_are_independent_of_the_ranking(phase, reader, people):
    proposal = make_judged(phase, "Fits")
    review(proposal, people[0], "6", "6")
    assess(proposal, people[1], "conditions", "A lower antenna.")
    row = results(phase, reader=reader).rows[0]
    assert [(given.verdict, given.conditions) for given in row.verdicts] == [("conditions", "A lower antenna.")]
    assert (row.standing.reviews, row.standing.percent) == (1, pytest.approx(60))


def test_what_bars_the_reader_neither_shows_nor_counts(phase, people):
    """The hidden proposal has the strictest marks: without it nobody leans, and nobody's rank has a gap."""
    barred, other = make_staff(), make_staff()
    shown, hidden = make_judged(phase, "Shown"), make_judged(phase, "Hidden")
    for proposal, marks in ((shown, ("6", "7")), (hidden, ("9", "3"))):
        for person, mark in zip(people, marks, strict=False):
            review(proposal, person, mark, mark)
    review(hidden, people[2], "9", "9")
    Access.objects.create(proposal=hidden, user=barred, grant=False, why="conflict:family")
    found = results(phase, reader=barred)
    assert [(row.proposal, row.standing.rank) for row in found.rows] == [(shown, 1)]
    assert sorted(found.people) == sorted(str(person.pk) for person in people[:2])
    assert found.ranking.leans != results(phase, reader=other).ranking.leans
    assert len(results(phase, reader=other).rows) == 2


@pytest.mark.parametrize("status", [Status.SUBMITTED, Status.ELIGIBILITY, Status.WITHDRAWN, Status.INELIGIBLE])
def test_results_begin_with_the_review_and_leave_out_what_ended(phase, reader, status):
    make_judged(phase, "Not here", status=status)
    assert table(phase, reader) == []


def test_results_keep_what_went_on_to_the_next_phase(phase, reader, people):
    """An invited proposal belongs to the next phase; what was found in the first stays there."""
    later = Phase.objects.create(
        call=phase.call, position=2, title="Full proposal", opens_at=phase.opens_at, closes_at=phase.closes_at
    )
    proposal = make_judged(phase, "Invited", status=Status.PRELIMINARY)
    review(proposal, people[0], "8", "8")
    proposal.move(Status.DRAFT, by=reader, now=AT, also={"phase": later})
    assert table(phase, reader) == [("Invited", 1)]
    assert table(later, reader) == []


def test_missing_is_told_by_plan_and_by_who_was_asked(phase, reader, people):
    proposal = make_judged(phase, "Waits")
    review(proposal, people[0], "8", "8")
    told = [(one.kind, one.have, one.need) for one in results(phase, reader=reader).rows[0].missing]
    assert told == [(ReviewKind.SCIENCE, 1, 2), (ReviewKind.TECHNICAL, 0, 1)]
    ReviewPlan.objects.update(reviewers=1, assessors=0)
    assert results(phase, reader=reader).rows[0].missing == []
    make_assignment(proposal, people[1], answer=Answer.ASKED)
    assert [(m.kind, m.have, m.need) for m in results(phase, reader=reader).rows[0].missing] == [(ReviewKind.SCIENCE, 1, 2)]


def test_mission_level_needs_no_accommodation_review(phase, reader):
    make_judged(phase, "Orbiter", level="mission", forms=["launch_orbit"])
    assert [one.kind for one in results(phase, reader=reader).rows[0].missing] == [ReviewKind.SCIENCE]


def test_the_first_places_have_their_mass_and_countries(phase, reader, people):
    for title, mark, mass, codes in (("A", "9", "10.5", ["IT"]), ("B", "8", None, ["PE", "IT"]), ("C", "1", "99", ["CN"])):
        proposal = make_judged(phase, title, mass_kg=mass and Decimal(mass), countries=codes)
        review(proposal, people[0], mark, mark)
    found = results(phase, reader=reader, places=2)
    assert (found.mass_kg, found.countries, len(found.first)) == (Decimal("10.500"), ["IT", "PE"], 2)


def test_without_one_reviewer_is_told_by_row(phase, reader, people):
    first, second = make_judged(phase, "First"), make_judged(phase, "Second")
    review(first, people[0], "10", "10")
    review(first, people[1], "5", "5")
    review(second, people[2], "7", "7")
    found = results(phase, reader=reader, places=1)
    (row,) = [row for row in found.rows if row.proposal == first]
    assert row.ranks_without == (1, 2)
    assert [change.reviewer for change in row.hangs_on] == [str(people[0].pk)]


def test_results_take_the_same_statements_for_one_and_for_three(phase, reader, people):
    def statements():
        with CaptureQueriesContext(
            connection,
        ) as caught:
            for row in results(phase, reader=reader).rows:
                assert [str(given.assignment.user) for given in row.given]
                assert str(row.proposal.lead)
        return len(caught)

    def file_one(title):
        proposal = make_judged(phase, title)
        for person in people:
            review(proposal, person, "5", "6")

    file_one("One")
    one = statements()
    file_one("Two")
    file_one("Three")
    assert statements() == one == 5


def test_a_stranger_has_no_results(phase, people):
    make_judged(phase, "Theirs")
    assert table(phase, people[0]) == []
    assert table(phase, make_proposal().created_by) == []
