"""Experts: roles given and taken, profiles kept, topics named, the undertaking accepted once for each text."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import call_command
from django.utils import translation

from proposals.audit.models import Event
from proposals.calls.states import Form, Level
from proposals.intake.models import Access, Proposal
from proposals.intake.rules import on_team
from proposals.intake.states import PayloadClass, Status
from proposals.outbox.models import Message
from proposals.partners.models import User
from proposals.partners.states import ROLE_MEANS, StaffRole
from proposals.review.actions import experts
from proposals.review.models import Assignment, Expert
from proposals.review.queries.experts import STANDARD, has_undertaken, topics, topics_of, undertaking_of
from proposals.review.states import Answer, ReviewKind
from tests.factories import (
    NOW,
    STANDARD_UNDERTAKING,
    make_call,
    make_expert,
    make_member,
    make_organisation,
    make_plan,
    make_proposal,
    make_staff,
    make_user,
)
from tests.intake.conftest import eyes_of

pytestmark = pytest.mark.django_db


# Topics


def test_topics_are_the_payload_classes_and_the_forms_each_once():
    codes = [code for code, _label in topics()]
    assert codes == [*PayloadClass.values, *Form.values]
    assert len(set(codes)) == len(codes)
    assert max(map(len, codes)) <= 16


def test_a_proposal_is_about_its_class_or_its_forms():
    assert topics_of(Proposal(payload_class="rover")) == {"rover": 1}
    assert topics_of(Proposal(level=Level.MISSION, forms=["interaction", "surface"])) == {"interaction": 1, "surface": 1}
    assert topics_of(Proposal()) == {}


# Roles


@pytest.mark.parametrize("role", list(ROLE_MEANS))
def test_the_command_makes_every_role_and_experts_a_profile(role):
    call_command("create_staff", "new@example.org", "--name", "New Person", "--role", role.value)
    user = User.objects.get(email="new@example.org")
    assert user.staff_role == role
    assert Expert.objects.filter(user=user).exists() is (role in {StaffRole.REVIEWER, StaffRole.ASSESSOR})


def test_the_secretariat_gives_a_role_and_the_person_is_told_what_it_means():
    staff, user = make_staff(), make_user(language="en")
    experts.give_role(user, role=StaffRole.REVIEWER, by=staff, now=NOW)
    user.refresh_from_db()
    assert (user.staff_role, user.expert.max_load) == ("reviewer", 5)
    told = Message.objects.get()
    assert (told.recipient, told.template, told.subject) == (user, "appointed", "You have a role on this site: science reviewer")
    assert "Reads the proposals assigned to them, scores and discusses them; no others." in told.text
    event = Event.objects.get(verb="person.appointed")
    assert (event.actor_id, event.subject_id, event.data) == (staff.pk, str(user.pk), {"role": "reviewer", "was": ""})


@pytest.mark.parametrize("role", [*(role for role in StaffRole if role != StaffRole.SECRETARIAT)])
def test_nobody_else_gives_or_takes_a_role(role):
    by, user, other = make_user(staff_role=role), make_user(), make_staff(role=StaffRole.BOARD)
    with pytest.raises(PermissionDenied):
        experts.give_role(user, role=StaffRole.BOARD, by=by, now=NOW)
    with pytest.raises(PermissionDenied):
        experts.dismiss(other, by=by, now=NOW)


def test_nobody_gives_a_role_to_themselves_to_a_closed_account_or_twice():
    staff = make_staff()
    for person in (staff, make_user(is_active=False)):
        with pytest.raises(PermissionDenied):
            experts.give_role(person, role=StaffRole.CHAIR, by=staff, now=NOW)
    with pytest.raises(PermissionDenied):
        experts.dismiss(staff, by=staff, now=NOW)
    for role in (StaffRole.CHAIR, StaffRole.NONE):
        with pytest.raises(ValidationError):
            experts.give_role(make_staff(role=StaffRole.CHAIR), role=role, by=staff, now=NOW)


def test_a_new_chair_is_barred_from_their_own_organisations_proposal_at_once():
    lead, user = make_organisation(), make_user()
    make_member(user, lead)
    proposal = make_proposal(lead=lead, status=Status.SUBMITTED)
    experts.give_role(user, role=StaffRole.CHAIR, by=make_staff(), now=NOW)
    user.refresh_from_db()
    assert user.reads_all
    assert list(Proposal.objects.visible_to(user)) == []
    assert Access.objects.get(user=user).proposal == proposal


def test_who_is_dismissed_sees_nothing_of_what_they_judged():
    user, proposal = make_expert(country="IT").user, make_proposal(status=Status.UNDER_REVIEW)
    Access.objects.create(proposal=proposal, user=user, why="assignment:1")
    experts.dismiss(user, by=make_staff(), now=NOW)
    user.refresh_from_db()
    assert user.staff_role == ""
    assert list(Proposal.objects.visible_to(user)) == []
    assert not on_team(user, proposal)
    assert Event.objects.get(verb="person.dismissed").data == {"was": "reviewer"}


# Profiles


def test_the_secretariat_saves_the_whole_profile():
    expert, home, staff = make_expert(topics={"rover": "0.50", "laser": "1.00"}), make_organisation(country="CL"), make_staff()
    expert.organisation, expert.country, expert.languages, expert.max_load = home, "CL", ["es", "en"], 3
    weights = {"rover": Decimal("0.70"), "laser": None, "radio": Decimal("0.00")}

    experts.save_expert(expert, weights=weights, by=staff, now=NOW, revision=1)

    kept = Expert.objects.get(pk=expert.pk)
    assert (kept.organisation, str(kept.country), kept.languages, kept.max_load, kept.revision) == (
        home,
        "CL",
        ["es", "en"],
        3,
        2,
    )
    assert dict(kept.expertise.values_list("topic", "weight")) == {"rover": Decimal("0.70")}
    assert Event.objects.get(verb="expert.saved").data == {
        "user": expert.user_id,
        "changed": ["organisation", "country", "languages", "max_load", "expertise"],
    }


def test_a_new_organisation_bars_at_once():
    lead = make_organisation(country="CL")
    proposal, expert = make_proposal(lead=lead, status=Status.SUBMITTED), make_expert()
    expert.organisation = lead
    experts.save_expert(expert, weights={}, by=make_staff(), now=NOW)
    assert set(Access.objects.filter(user=expert.user).values_list("proposal", "grant", "why")) == {
        (proposal.pk, False, "conflict:organisation"),
        (proposal.pk, False, "conflict:country"),
    }


def test_a_first_profile_bars_at_once():
    proposal, user = make_proposal(status=Status.SUBMITTED), make_staff(role=StaffRole.BOARD)
    experts.save_expert(Expert(user=user, country="IT"), weights={}, by=make_staff(), now=NOW)
    assert Access.objects.get(user=user, grant=False).proposal == proposal


def test_a_profile_is_for_staff_and_by_the_secretariat():
    with pytest.raises(ValidationError):
        experts.save_expert(Expert(user=make_user()), weights={}, by=make_staff(), now=NOW)
    expert = make_expert()
    for by in (expert.user, make_staff(role=StaffRole.CHAIR), make_staff(role=StaffRole.OBSERVER)):
        with pytest.raises(PermissionDenied):
            experts.save_expert(expert, weights={}, by=by, now=NOW)


@pytest.mark.parametrize(
    ("wrong", "weights"),
    [
        ({"away_from_on": date(2027, 3, 2), "away_to_on": date(2027, 3, 1)}, {}),
        ({"max_load": 101}, {}),
        ({}, {"rover": Decimal("1.01")}),
        ({}, {"astrology": Decimal("1.00")}),
    ],
)
def test_a_wrong_profile_is_refused_whole(wrong, weights):
    expert = make_expert(topics={"rover": "0.50"})
    for name, value in wrong.items():
        setattr(expert, name, value)
    with pytest.raises(ValidationError):
        experts.save_expert(expert, weights=weights, by=make_staff(), now=NOW)
    assert Expert.objects.get(pk=expert.pk).revision == 1
    assert dict(expert.expertise.values_list("topic", "weight")) == {"rover": Decimal("0.50")}


def test_the_second_of_two_who_save_is_told():
    expert = make_expert()
    experts.save_expert(expert, weights={}, by=make_staff(), now=NOW, revision=1)
    with pytest.raises(experts.SavedMeanwhile):
        experts.save_own(expert, weights={}, by=expert.user, now=NOW, revision=1)


def test_experts_keep_their_own_profile_but_not_what_conflicts_hang_on():
    expert = make_expert(country="PE")
    expert.country, expert.organisation, expert.max_load = "CL", make_organisation(), 2
    with eyes_of(expert.user, "lp_reviewer"):
        experts.save_own(expert, weights={"rover": Decimal("0.9")}, by=expert.user, now=NOW, revision=1)
    kept = Expert.objects.get(pk=expert.pk)
    assert (str(kept.country), kept.organisation, kept.max_load, kept.revision) == ("PE", None, 2, 2)
    assert dict(kept.expertise.values_list("topic", "weight")) == {"rover": Decimal("0.90")}
    for by in (make_expert().user, make_staff()):
        with pytest.raises(PermissionDenied):
            experts.save_own(expert, weights={}, by=by, now=NOW)


# The undertaking


@pytest.fixture
def phase():
    return make_call().phases.get()


def accepted(expert, proposal):
    return Assignment.objects.create(
        proposal=proposal, phase=proposal.phase, user=expert.user, kind=ReviewKind.SCIENCE, by=make_staff(), at=NOW,
        answer=Answer.ACCEPTED, answered_at=NOW,
    )  # fmt: skip


def test_the_standard_text_is_one_text_in_every_language(phase):
    with translation.override("fr"):
        assert undertaking_of(phase).sha256 == STANDARD_UNDERTAKING
    assert undertaking_of(phase).text == str(STANDARD)
    make_plan(phase, undertaking="Our own.\n")
    assert undertaking_of(phase).text == "Our own."
    assert undertaking_of(phase).sha256 != STANDARD_UNDERTAKING


def test_accepting_opens_what_was_accepted_to_judge():
    expert, proposal = make_expert(undertaken=False), make_proposal(status=Status.UNDER_REVIEW)
    accepted(expert, proposal)
    asked = make_proposal(status=Status.UNDER_REVIEW)
    Assignment.objects.filter(pk=accepted(expert, asked).pk).update(answer=Answer.ASKED, answered_at=None)
    with eyes_of(expert.user, "lp_reviewer"):
        assert Proposal.objects.count() == 0
        experts.accept_undertaking(expert.user, phase=proposal.phase, sha256=STANDARD_UNDERTAKING, by=expert.user, now=NOW)
        assert list(Proposal.objects.visible_to(expert.user)) == [proposal]


def test_a_text_is_accepted_once_and_remembered_after_another(phase):
    expert, later = make_expert(undertaken=False), NOW + timedelta(days=1)
    user = expert.user

    def accept(at):
        return experts.accept_undertaking(user, phase=phase, sha256=undertaking_of(phase).sha256, by=user, now=at)

    assert not has_undertaken(expert, phase)
    assert accept(NOW).undertaken_at == NOW
    assert accept(later).undertaken_at == NOW
    plan = make_plan(phase, undertaking="Our own.")
    assert not has_undertaken(Expert.objects.get(), phase)
    assert accept(later).undertaken_at == later
    plan.delete()
    assert has_undertaken(Expert.objects.get(), phase)
    assert Event.objects.filter(verb="expert.undertook").count() == 2


def test_a_text_that_changed_since_it_was_shown_is_not_accepted(phase):
    expert = make_expert(undertaken=False)
    make_plan(phase, undertaking="Stricter.")
    with pytest.raises(experts.AnotherText):
        experts.accept_undertaking(expert.user, phase=phase, sha256=STANDARD_UNDERTAKING, by=expert.user, now=NOW)
    assert Expert.objects.get().undertaken_at is None


def test_nobody_accepts_for_another(phase):
    expert = make_expert(undertaken=False)
    for by in (make_expert().user, make_staff(), make_user()):
        with pytest.raises(PermissionDenied):
            experts.accept_undertaking(expert.user, phase=phase, sha256=STANDARD_UNDERTAKING, by=by, now=NOW)
