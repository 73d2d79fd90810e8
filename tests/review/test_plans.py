"""Plans of review: saved by the secretariat, guarded against the second writer, and bars that follow their rule."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from proposals.audit.models import Event
from proposals.intake.models import Access
from proposals.intake.states import Status
from proposals.partners.states import StaffRole
from proposals.review.actions.conflicts import refresh
from proposals.review.actions.experts import SavedMeanwhile
from proposals.review.actions.plans import save_plan
from proposals.review.models import ReviewPlan
from tests.factories import NOW, make_call, make_expert, make_plan, make_proposal, make_staff, make_user

pytestmark = pytest.mark.django_db


def test_a_plan_is_made_and_changed_with_its_line_in_the_trail():
    phase, staff = make_call().phases.get(), make_staff()
    plan = save_plan(ReviewPlan(phase=phase), by=staff, now=NOW)
    plan.reviewers, plan.undertaking = 5, "Our own."
    save_plan(plan, by=staff, now=NOW, revision=1)
    assert (ReviewPlan.objects.get().reviewers, ReviewPlan.objects.get().revision) == (5, 2)
    made, changed = Event.objects.filter(subject_type="reviewplan").order_by("pk")
    assert (made.verb, changed.verb, changed.data["changes"]) == (
        "plan.made",
        "plan.changed",
        {"reviewers": [3, 5], "undertaking": "changed"},
    )


@pytest.mark.parametrize("role", [role for role in StaffRole if role != StaffRole.SECRETARIAT])
def test_nobody_but_the_secretariat_saves_a_plan(role):
    with pytest.raises(PermissionDenied):
        save_plan(ReviewPlan(phase=make_call().phases.get()), by=make_user(staff_role=role), now=NOW)


def test_the_second_of_two_who_save_is_told():
    plan, staff = make_plan(make_call().phases.get()), make_staff()
    save_plan(plan, by=staff, now=NOW, revision=1)
    with pytest.raises(SavedMeanwhile):
        save_plan(plan, by=staff, now=NOW, revision=1)


def test_a_plan_stays_with_its_phase():
    plan, other = make_plan(make_call().phases.get()), make_call().phases.get()
    was = plan.phase
    plan.phase = other
    save_plan(plan, by=make_staff(), now=NOW, revision=1)
    assert ReviewPlan.objects.get().phase == was


def test_a_wrong_plan_is_refused():
    plan = make_plan(make_call().phases.get())
    plan.reviewers = 21
    with pytest.raises(ValidationError):
        save_plan(plan, by=make_staff(), now=NOW)


def test_a_new_rule_on_countries_holds_at_once_in_its_phase_alone():
    expert = make_expert(country="IT")
    proposal, elsewhere = make_proposal(status=Status.UNDER_REVIEW), make_proposal(status=Status.UNDER_REVIEW)
    refresh([proposal, elsewhere], now=NOW)
    assert Access.objects.filter(user=expert.user, grant=False).count() == 2
    save_plan(ReviewPlan(phase=proposal.phase, exempt_countries=["IT"]), by=make_staff(), now=NOW)
    assert Access.objects.get(user=expert.user, grant=False).proposal == elsewhere
