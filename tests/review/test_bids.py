"""Wishes: asked where the plan says so, of experts under the undertaking, never about what a conflict bars."""

from datetime import UTC, datetime

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext

from proposals.calls.states import Level
from proposals.intake.states import Status
from proposals.partners.states import StaffRole
from proposals.review.actions.bids import wish
from proposals.review.models import Bid
from proposals.review.queries.bids import asking_phases, wishes_for
from proposals.review.states import Wish
from tests.factories import make_call, make_expert, make_organisation, make_plan, make_proposal, make_staff, make_user

pytestmark = pytest.mark.django_db
NOW = datetime(2027, 5, 1, 12, 0, tzinfo=UTC)
PAGE = "/staff/proposals/bid/"


@pytest.fixture
def phase():
    phase = make_call().phases.get()
    make_plan(phase, asks_wishes=True)
    return phase


def filed(phase, **fields):
    fields.setdefault("status", Status.UNDER_REVIEW)
    return make_proposal(call=phase.call, **fields)


def offered(user, phase):
    return {each.proposal.pk for each in wishes_for(user, phase)}


def test_only_phases_that_ask_and_have_something_are_shown(phase):
    user = make_expert().user
    assert asking_phases(user) == []
    filed(phase)
    other = make_call().phases.get()
    make_plan(other)
    filed(other)
    assert asking_phases(user) == [phase]


def test_nobody_wishes_before_the_undertaking(phase):
    filed(phase)
    assert asking_phases(make_expert(undertaken=False).user) == []


def test_conflicted_proposals_are_never_offered(phase):
    open_one, theirs = filed(phase), filed(phase, lead=make_organisation(country="PE"))
    filed(phase, status=Status.SUBMITTED)
    declared = filed(phase)
    user = make_expert().user
    declared.conflicts.create(user=user, kind="family", by=user, at=NOW)
    declared.access.create(user=user, grant=False, why="conflict:family")
    assert offered(user, phase) == {open_one.pk}
    assert offered(make_expert(country="FR").user, phase) == {open_one.pk, theirs.pk, declared.pk}


def test_assessors_are_offered_payloads_alone(phase):
    payload, mission = filed(phase), filed(phase, level=Level.MISSION)
    assert offered(make_expert(role=StaffRole.ASSESSOR).user, phase) == {payload.pk}
    assert offered(make_expert().user, phase) == {payload.pk, mission.pk}


def test_wish_is_kept_changed_and_taken_back(phase):
    first, second = filed(phase), filed(phase)
    user = make_expert().user
    for wishes, changed, kept in (
        ({first.pk: "eager", second.pk: ""}, 1, {first.pk: "eager"}),
        ({first.pk: "eager", second.pk: "reluctant"}, 1, {first.pk: "eager", second.pk: "reluctant"}),
        ({first.pk: "", second.pk: "willing"}, 2, {second.pk: "willing"}),
    ):
        assert wish(phase, wishes=wishes, by=user, now=NOW) == changed
        assert dict(Bid.objects.filter(user=user).values_list("proposal", "wish")) == kept


def test_wish_about_a_barred_proposal_is_as_about_none(phase):
    filed(phase)
    theirs = filed(phase, lead=make_organisation(country="PE"))
    assert wish(phase, wishes={theirs.pk: Wish.EAGER}, by=make_expert().user, now=NOW) == 0
    assert Bid.objects.count() == 0


def test_wishes_are_asked_of_experts_where_the_plan_says_so(phase):
    proposal = filed(phase)
    phase.review_plan.asks_wishes = False
    phase.review_plan.save()
    for user in (make_expert().user, make_staff(), make_user()):
        with pytest.raises(PermissionDenied):
            wish(phase, wishes={proposal.pk: Wish.EAGER}, by=user, now=NOW)


def test_page_keeps_wishes_and_shows_them_again(client, phase):
    first, second = filed(phase, title="Radon meter", abstract="Nobody reads this yet."), filed(phase)
    user = make_expert().user
    client.force_login(user)
    page = client.get(PAGE)
    assert "Radon meter" in page.content.decode()
    assert "Nobody reads this yet." not in page.content.decode()
    answer = client.post(PAGE, {"phase": phase.pk, f"wish-{first.pk}": "eager", f"wish-{second.pk}": ""})
    assert answer["Location"] == PAGE
    rows = client.get(PAGE).context["lists"][0][1]
    assert {row.proposal.pk: row.wish for row in rows} == {first.pk: "eager", second.pk: ""}


def test_bad_posts_change_nothing(client, phase):
    proposal = filed(phase)
    client.force_login(make_expert().user)
    bad = [
        ({}, 404),
        ({"phase": "x"}, 404),
        ({"phase": 99999}, 404),
        ({"phase": phase.pk, "wish-x": "eager"}, 404),
        ({"phase": phase.pk, f"wish-{proposal.pk}": "adore"}, 302),
    ]
    assert [client.post(PAGE, form).status_code for form, _status in bad] == [status for _form, status in bad]
    assert Bid.objects.count() == 0


@pytest.mark.parametrize("role", [StaffRole.SECRETARIAT, StaffRole.CHAIR, StaffRole.BOARD, StaffRole.OBSERVER])
def test_page_is_for_experts(client, role):
    client.force_login(make_staff(role=role))
    assert [client.get(PAGE).status_code, client.post(PAGE).status_code] == [403, 403]


def test_page_costs_the_same_for_one_row_and_three(client, phase):
    client.force_login(make_expert().user)
    counts = []
    for n in (1, 2):
        for _ in range(n):
            filed(phase)
        client.get(PAGE)
        with CaptureQueriesContext(connection) as queries:
            client.get(PAGE)
        counts.append(len(queries))
    assert counts[0] == counts[1]
