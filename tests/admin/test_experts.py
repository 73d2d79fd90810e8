"""The pages of experts, plans and conflicts: who opens which, what they save, what they never show."""

import pytest
from django.test import Client
from django.urls import reverse

from proposals.intake.models import Access, Proposal
from proposals.intake.states import Status
from proposals.partners.states import StaffRole
from proposals.review.actions.conflicts import declare, refresh
from proposals.review.models import Assignment, Conflict, Expert, ReviewPlan
from proposals.review.states import ConflictKind, ReviewKind
from tests.factories import NOW, make_call, make_expert, make_organisation, make_plan, make_proposal, make_staff, make_user

pytestmark = pytest.mark.django_db


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def page(model, name, *args):
    return reverse(f"admin:proposals_{model}_{name}", args=args)


@pytest.fixture
def staff():
    return signed_in(make_staff())


# Roles


def test_a_role_is_given_and_taken_on_the_persons_page(staff):
    user = make_user()
    form = staff.get(page("user", "act", user.pk, "role")).content.decode()
    assert "science reviewer: Reads the proposals assigned to them, scores and discusses them; no others." in form

    staff.post(page("user", "act", user.pk, "role"), {"role": "reviewer"})
    user.refresh_from_db()
    assert (user.staff_role, Expert.objects.filter(user=user).exists()) == ("reviewer", True)
    assert "Reads the proposals assigned to them" in staff.get(page("user", "change", user.pk)).content.decode()

    assert staff.post(page("user", "act", user.pk, "role"), {"role": "reviewer"}).status_code == 200
    staff.post(page("user", "act", user.pk, "dismiss"))
    user.refresh_from_db()
    assert user.staff_role == ""


@pytest.mark.parametrize("role", ["chair", "board", "observer"])
def test_other_staff_find_no_button_to_give_a_role(role):
    client, user = signed_in(make_staff(role=role)), make_user()
    assert "/do/role/" not in client.get(page("user", "change", user.pk)).content.decode()
    assert client.post(page("user", "act", user.pk, "role"), {"role": "reviewer"}).status_code == 403


# Profiles


def typed(**more):
    given = {"organisation": "", "country": "PE", "languages": "es, en", "max_load": "4", "away_from_on": "", "away_to_on": ""}
    return {**given, "topic_rover": "0.7", "topic_interaction": "1", **more}


def test_the_secretariat_makes_a_profile(staff):
    chair, home = make_staff(role=StaffRole.CHAIR), make_organisation()
    answer = staff.post(page("expert", "add"), typed(user=chair.pk, organisation=home.pk))
    assert answer.status_code == 302
    expert = Expert.objects.get()
    assert (expert.user, expert.organisation, expert.languages, expert.max_load) == (chair, home, ["es", "en"], 4)
    assert {row.topic: str(row.weight) for row in expert.expertise.all()} == {"rover": "0.70", "interaction": "1.00"}


def test_the_secretariat_changes_a_profile_and_the_second_of_two_is_told(staff):
    expert = make_expert(topics={"laser": "0.40"})
    first = staff.get(page("expert", "change", expert.pk)).content.decode()
    assert 'value="0.40"' in first
    assert staff.post(page("expert", "change", expert.pk), typed(seen_revision=1)).status_code == 302
    late = staff.post(page("expert", "change", expert.pk), typed(seen_revision=1, max_load="9"))
    assert late.status_code == 200
    assert "Someone saved this after you opened it" in late.content.decode()
    assert Expert.objects.get().max_load == 4


@pytest.mark.parametrize(
    ("name", "value"),
    [("languages", "spanish!"), ("topic_rover", "1.5"), ("max_load", "-1"), ("country", "XX"), ("organisation", "999999")],
)
def test_a_wrong_entry_is_named_and_nothing_saved(staff, name, value):
    expert = make_expert()
    answer = staff.post(page("expert", "change", expert.pk), typed(seen_revision=1, **{name: value}))
    assert answer.status_code == 200
    assert name in answer.context["adminform"].form.errors
    assert Expert.objects.get().revision == 1


def test_a_partner_cannot_be_made_an_expert(staff):
    assert staff.post(page("expert", "add"), typed(user=make_user().pk)).status_code == 200
    assert Expert.objects.count() == 0


@pytest.mark.parametrize("role", ["chair", "board", "observer"])
def test_other_staff_read_profiles(role):
    client, expert = signed_in(make_staff(role=role)), make_expert(topics={"laser": "0.40"})
    assert "laser and geodesy 0.4" in client.get(page("expert", "changelist")).content.decode()
    assert "laser and geodesy 0.4" in client.get(page("expert", "change", expert.pk)).content.decode()
    assert client.post(page("expert", "change", expert.pk), typed()).status_code == 403


@pytest.mark.parametrize("role", ["reviewer", "assessor"])
def test_reviewers_do_not_know_each_other(role):
    client, other = signed_in(make_staff(role=role)), make_expert()
    plan = make_plan(make_call().phases.get())
    for address in (
        page("expert", "changelist"), page("expert", "change", other.pk), page("reviewplan", "change", plan.pk),
        page("conflict", "changelist"), page("user", "changelist"),
    ):  # fmt: skip
        assert client.get(address).status_code == 403, address


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_costs_the_same_for_any_number(staff, rows, django_assert_max_num_queries):
    for _ in range(rows):
        make_expert(organisation=make_organisation(), topics={"rover": "0.5"})
    with django_assert_max_num_queries(9):
        assert staff.get(page("expert", "changelist")).status_code == 200


def test_experts_keep_their_own_profile(settings):
    expert = make_expert(country="PE")
    client = signed_in(expert.user)
    shown = client.get(page("expert", "mine")).content.decode()
    assert "Your profile" in shown
    assert f"Write to {settings.SECRETARIAT_EMAIL}." in shown
    sent = typed(seen_revision="1", country="CL", organisation=make_organisation().pk)
    assert client.post(page("expert", "mine"), sent).status_code == 302
    kept = Expert.objects.get()
    assert (str(kept.country), kept.organisation, kept.max_load, kept.languages) == ("PE", None, 4, ["es", "en"])
    assert "Someone saved this" in client.post(page("expert", "mine"), sent).content.decode()
    wrong = client.post(page("expert", "mine"), typed(away_from_on="2027-03-02", away_to_on="2027-03-01", seen_revision="2"))
    assert "The absence ends before it begins." in wrong.content.decode()


def test_a_reviewer_without_a_profile_begins_one_and_others_have_none():
    user = make_staff(role=StaffRole.ASSESSOR)
    assert signed_in(user).post(page("expert", "mine"), typed()).status_code == 302
    assert Expert.objects.get().user == user
    assert signed_in(make_staff()).get(page("expert", "mine")).status_code == 404


# The undertaking


def test_the_undertaking_is_read_accepted_and_leads_on():
    expert, plan = make_expert(undertaken=False), make_plan(make_call().phases.get(), undertaking="I keep it to myself.")
    client, address = signed_in(expert.user), page("expert", "undertake", plan.phase_id)
    shown = client.get(address + "?next=/staff/proposals/expert/mine/")
    assert "I keep it to myself." in shown.content.decode()
    sent = {"sha256": shown.context["undertaking"].sha256, "next": "/staff/proposals/expert/mine/"}
    assert client.post(address, {**sent, "sha256": "0" * 64}).status_code == 200
    assert Expert.objects.get().undertaken_at is None
    assert client.post(address, sent)["Location"] == "/staff/proposals/expert/mine/"
    assert Expert.objects.get().undertaken_sha256 == sent["sha256"]
    assert "You have accepted this text." in client.get(address).content.decode()


def test_the_undertaking_leads_nowhere_else_and_is_for_those_who_judge():
    expert, phase = make_expert(undertaken=False), make_call().phases.get()
    shown = signed_in(expert.user).get(page("expert", "undertake", phase.pk) + "?next=https://evil.example/")
    assert shown.context["next"] == "/staff/"
    assert signed_in(make_staff()).get(page("expert", "undertake", phase.pk)).status_code == 403
    hidden = make_call(is_published=False).phases.get()
    assert signed_in(expert.user).get(page("expert", "undertake", hidden.pk)).status_code == 404


# Plans


def test_the_secretariat_makes_and_changes_a_plan(staff):
    phase = make_call().phases.get()
    given = {
        "phase": phase.pk, "reviewers": "3", "assessors": "1", "due_at": "", "languages": "en, zh", "exempt_countries": "CN",
        "country_conflict": "on", "is_blind": "on", "undertaking": "",
    }  # fmt: skip
    assert staff.post(page("reviewplan", "add"), given).status_code == 302
    plan = ReviewPlan.objects.get()
    assert (plan.phase, plan.languages, plan.exempt_countries, plan.is_blind) == (phase, ["en", "zh"], ["CN"], True)
    changed = {**given, "reviewers": "4", "seen_revision": "1"}
    assert staff.post(page("reviewplan", "change", plan.pk), changed).status_code == 302
    assert "Someone saved this" in staff.post(page("reviewplan", "change", plan.pk), changed).content.decode()
    assert ReviewPlan.objects.get().reviewers == 4
    assert staff.post(page("reviewplan", "add"), given).status_code == 200


@pytest.mark.parametrize("role", ["chair", "board", "observer"])
def test_other_staff_read_plans(role):
    plan, client = make_plan(make_call().phases.get()), signed_in(make_staff(role=role))
    assert client.get(page("reviewplan", "change", plan.pk)).status_code == 200
    assert client.post(page("reviewplan", "change", plan.pk), {}).status_code == 403


# Conflicts


@pytest.fixture
def theirs():
    return make_proposal(status=Status.UNDER_REVIEW, lead=make_organisation(country="IT"))


def test_the_secretariat_accepts_for_review_and_who_is_in_conflict_is_barred(staff):
    lead = make_organisation()
    expert = make_expert(organisation=lead, country="")
    one, several = make_proposal(lead=lead, status=Status.SUBMITTED), make_proposal(lead=lead, status=Status.SUBMITTED)
    staff.post(page("proposal", "act", one.pk, "accept"))
    staff.post(reverse("admin:proposals_proposal_bulk"), {"what": "accept", "step": "do", "ids": [str(several.pk)]})
    assert set(Access.objects.filter(user=expert.user).values_list("proposal", flat=True)) == {one.pk, several.pk}


def test_the_chair_overrides_from_the_list(theirs):
    make_expert(country="IT")
    refresh([theirs], now=NOW)
    held, client = Conflict.objects.get(), signed_in(make_staff(role=StaffRole.CHAIR))
    assert page("conflict", "change", held.pk) in client.get(page("conflict", "changelist")).content.decode()
    link = page("conflict", "act", held.pk, "override")
    assert link in client.get(page("conflict", "change", held.pk)).content.decode()
    assert client.post(link, {"reason": ""}).status_code == 200
    client.post(link, {"reason": "Nobody else knows seismometers"})
    assert "Nobody else knows seismometers" in client.get(page("conflict", "change", held.pk)).content.decode()
    assert Access.objects.filter(grant=False).count() == 0


def test_the_list_is_narrowed_by_state_kind_reference_and_person(theirs, staff):
    expert = make_expert(country="IT")
    refresh([theirs], now=NOW)
    declare(theirs, user=expert.user, kind=ConflictKind.FAMILY, by=make_staff(), now=NOW)

    def kinds(**query):
        return [row.kind for row in staff.get(page("conflict", "changelist"), query).context["rows"]]

    assert kinds() == ["family", "country"]
    assert kinds(kind="family") == ["family"]
    assert kinds(state="standing", proposal=theirs.reference.lower(), person=expert.user.email) == ["family", "country"]
    assert kinds(state="ended") == kinds(state="overridden") == kinds(proposal="CE8-00000") == []


@pytest.mark.parametrize("role", ["chair", "board", "observer", "secretariat"])
def test_a_barred_member_of_staff_finds_no_conflict_over_that_proposal(theirs, role):
    other, user = make_expert(country="IT"), make_expert(role=role, country="IT").user
    refresh([theirs], now=NOW)
    client = signed_in(user)
    assert client.get(page("conflict", "changelist")).context["rows"] == []
    for conflict in Conflict.objects.all():
        gone = client.get(page("conflict", "change", conflict.pk))
        assert gone.status_code == client.get(page("conflict", "change", 999999)).status_code == 404
        assert client.post(page("conflict", "act", conflict.pk, "override"), {"reason": "x"}).status_code == 404
    assert client.get(page("conflict", "declare", theirs.pk)).status_code == 404
    assert other.user.conflicts.standing().count() == 1


def test_a_reviewer_declares_what_they_are_asked_and_nothing_else(theirs):
    user = make_expert().user
    client, link = signed_in(user), page("conflict", "declare", theirs.pk)
    assert client.get(link).status_code == 404
    Assignment.objects.create(proposal=theirs, phase=theirs.phase, user=user, kind=ReviewKind.SCIENCE, by=make_staff(), at=NOW)
    form = client.get(link).content.decode()
    assert theirs.title not in form
    assert client.post(link, {"kind": "country"}).status_code == 200
    assert (
        client.post(link, {"kind": "professional", "note": "We wrote a paper", "user": make_expert().user.pk}).status_code == 302
    )
    assert (Conflict.objects.get().user, Conflict.objects.get().note) == (user, "We wrote a paper")
    assert client.get(link).status_code == 404


def test_the_secretariat_declares_for_another_and_takes_it_back(theirs, staff):
    user = make_expert().user
    staff.post(page("conflict", "declare", theirs.pk), {"user": user.pk, "kind": "family"})
    held = Conflict.objects.get()
    assert held.user == user
    staff.post(page("conflict", "act", held.pk, "withdraw"), {"reason": "Another person"})
    assert list(Proposal.objects.visible_to(user)) == []
    assert Access.objects.filter(grant=False).count() == 0


def test_the_proposals_page_says_who_is_barred_to_those_who_see_it(theirs, staff):
    expert = make_expert(country="IT")
    refresh([theirs], now=NOW)
    shown = staff.get(page("proposal", "change", theirs.pk)).content.decode()
    assert str(expert.user) in shown
    assert page("conflict", "declare", theirs.pk) in shown


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_of_conflicts_costs_the_same_for_any_number(theirs, staff, rows, django_assert_max_num_queries):
    for _ in range(rows):
        make_expert(country="IT")
    refresh([theirs], now=NOW)
    with django_assert_max_num_queries(6):
        assert len(staff.get(page("conflict", "changelist")).context["rows"]) == rows
