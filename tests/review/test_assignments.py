"""From the question to its end: who is asked, what opens and closes, who is told, and what nobody may learn."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.http import urlencode

from proposals.audit.models import Event
from proposals.calls.models import Phase
from proposals.calls.states import Level
from proposals.intake.models import Access, Proposal, TeamMember
from proposals.intake.states import Status
from proposals.outbox.models import Message
from proposals.outbox.states import Kind
from proposals.partners.states import StaffRole
from proposals.review.actions.assignments import AnsweredMeanwhile, NotAskable, accept, ask, decline, extend, name_lead, take_off
from proposals.review.actions.conflicts import declare
from proposals.review.models import Assignment
from proposals.review.queries.assignments import candidates_for, invitation_of, own_assignment
from proposals.review.states import Answer, ConflictKind, ReviewKind
from tests.factories import make_assessment, make_assignment, make_expert, make_organisation, make_plan, make_proposal, make_staff
from tests.factories import make_user as make_partner
from tests.test_matrix import stripped

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC).replace(microsecond=0)
DUE = NOW + timedelta(days=20)
LIST = "/staff/proposals/assignment/"
ASKED = LIST + "asked/"


@pytest.fixture
def staff():
    return make_staff()


@pytest.fixture
def proposal():
    found = make_proposal(status=Status.UNDER_REVIEW, title="Radon meter", countries=["IT"])
    make_plan(found.phase)
    return found


def asked(proposal, staff, user=None, **fields):
    kind = fields.pop("kind", ReviewKind.SCIENCE)
    user = user or make_expert().user
    return ask(proposal, user=user, kind=kind, due_at=DUE, by=staff, now=NOW, **fields)


def sees(user, proposal):
    return Proposal.objects.visible_to(user).filter(pk=proposal.pk).exists()


def told():
    return sorted(Message.objects.values_list("template", "address"))


def test_ask_writes_and_tells_without_opening(proposal, staff):
    user = make_expert().user
    assignment = asked(proposal, staff, user, why="rover 1 × 0.8")
    assert (assignment.answer, assignment.phase, assignment.by, assignment.due_at) == (Answer.ASKED, proposal.phase, staff, DUE)
    assert not sees(user, proposal)
    mail = Message.objects.get()
    assert (mail.template, mail.recipient, mail.kind, mail.about_type) == ("review_asked", user, Kind.TEAM, "")
    assert proposal.reference not in mail.subject + mail.text + mail.html
    assert "Radon" not in mail.text + mail.html
    assert Event.objects.filter(verb="assignment.asked", subject_id=str(proposal.pk)).count() == 1


@pytest.mark.parametrize("role", [r for r in StaffRole if r != StaffRole.SECRETARIAT])
def test_only_the_secretariat_asks(proposal, role):
    with pytest.raises(PermissionDenied):
        asked(proposal, make_staff(role=role))


@pytest.mark.parametrize("status", [s for s in Status if s not in {Status.UNDER_REVIEW, Status.CLARIFICATION, Status.DRAFT}])
def test_nothing_but_what_is_under_review_is_asked_about(status, staff):
    with pytest.raises(PermissionDenied):
        asked(make_proposal(status=status), staff)


def test_barred_staff_ask_nobody(proposal, staff):
    declare(proposal, user=staff, kind=ConflictKind.FAMILY, by=staff, now=NOW)
    with pytest.raises(PermissionDenied):
        asked(proposal, staff)


def refused(proposal, staff, user, **fields):
    with pytest.raises(NotAskable) as refusal:
        asked(proposal, staff, user, **fields)
    assert Assignment.objects.filter(user=user, answer=Answer.ASKED).count() <= 1
    return refusal.value.messages[0]


def test_who_cannot_be_asked_is_refused_in_words(proposal, staff):
    maria = make_expert(user=make_staff(role=StaffRole.REVIEWER, full_name="Maria")).user
    assert refused(proposal, staff, maria, kind=ReviewKind.TECHNICAL) == "Maria is not among those who do this review."
    asked(proposal, staff, maria)
    assert refused(proposal, staff, maria) == "Maria is already asked to judge this proposal."
    same = make_expert(user=make_staff(role=StaffRole.REVIEWER, full_name="Luca"), organisation=proposal.lead, country="IT").user
    assert refused(proposal, staff, same) == "Luca has a conflict of interest with this proposal."
    busy = make_expert(user=make_staff(role=StaffRole.REVIEWER, full_name="Ada"), max_load=1).user
    make_assignment(make_proposal(status=Status.UNDER_REVIEW), user=busy)
    assert refused(proposal, staff, busy) == "Ada has 1 proposals to judge and takes 1 at most."
    closed = make_expert(user=make_staff(role=StaffRole.REVIEWER, full_name="Eva", is_active=False)).user
    assert refused(proposal, staff, closed) == "Eva is not among those who do this review."
    with pytest.raises(NotAskable, match="has passed"):
        ask(proposal, user=make_expert().user, kind=ReviewKind.SCIENCE, due_at=NOW, by=staff, now=NOW)


def test_mission_level_has_no_accommodation_review(staff):
    mission = make_proposal(status=Status.UNDER_REVIEW, level=Level.MISSION)
    assessor = make_expert(role=StaffRole.ASSESSOR).user
    assert "no accommodation review" in refused(mission, staff, assessor, kind=ReviewKind.TECHNICAL)
    assert assessor not in candidates_for(mission)


def test_what_was_judged_already_is_no_load(proposal, staff):
    expert = make_expert(max_load=1)
    make_assessment(make_assignment(make_proposal(status=Status.UNDER_REVIEW), user=expert.user))
    assert list(candidates_for(proposal)) == [expert.user]
    assert asked(proposal, staff, expert.user).pk


def test_candidates_are_who_can_be_asked(proposal, staff):
    free, busy, tied = make_expert(), make_expert(max_load=0), make_expert(organisation=proposal.lead)
    assessor = make_expert(role=StaffRole.ASSESSOR)
    taken = asked(proposal, staff)
    assert set(candidates_for(proposal)) == {free.user, assessor.user}
    assert {busy.user, tied.user, taken.user}.isdisjoint(candidates_for(proposal))


def test_accept_opens_with_the_undertaking_alone(proposal, staff):
    ready, later = make_expert(), make_expert(undertaken=False)
    for expert in (ready, later):
        accept(asked(proposal, staff, expert.user), by=expert.user, now=NOW)
    assert (sees(ready.user, proposal), sees(later.user, proposal)) == (True, False)
    mine = Assignment.objects.get(user=ready.user)
    assert (mine.answer, mine.answered_at) == (Answer.ACCEPTED, NOW)
    assert list(Access.objects.filter(user=ready.user).values_list("why", "grant")) == [(f"assignment:{mine.pk}", True)]


def test_accept_is_for_the_one_who_was_asked(proposal, staff):
    assignment = asked(proposal, staff)
    for other in (make_expert().user, staff, make_partner()):
        with pytest.raises(PermissionDenied):
            accept(assignment, by=other, now=NOW)
    accept(assignment, by=assignment.user, now=NOW)
    with pytest.raises(AnsweredMeanwhile):
        accept(assignment, by=assignment.user, now=NOW)


def test_accept_is_refused_once_the_review_has_ended(proposal, staff):
    assignment = asked(proposal, staff)
    proposal.move(Status.PANEL, by=staff, now=NOW)
    with pytest.raises(PermissionDenied):
        accept(assignment, by=assignment.user, now=NOW)


def test_accept_is_refused_across_a_bar(proposal, staff):
    assignment = asked(proposal, staff)
    Access.objects.create(proposal=proposal, user=assignment.user, grant=False, why="conflict:financial")
    with pytest.raises(PermissionDenied):
        accept(assignment, by=assignment.user, now=NOW)


def test_accept_of_an_earlier_phase_is_refused(proposal, staff):
    assignment = asked(proposal, staff)
    opens, closes = NOW + timedelta(days=40), NOW + timedelta(days=60)
    earlier = Phase.objects.create(call=proposal.call, position=9, title="Another", opens_at=opens, closes_at=closes)
    Assignment.objects.filter(pk=assignment.pk).update(phase=earlier)
    with pytest.raises(PermissionDenied):
        accept(assignment, by=assignment.user, now=NOW)


def test_barred_staff_end_nothing(proposal, staff):
    assignment = make_assignment(proposal)
    declare(proposal, user=staff, kind=ConflictKind.FAMILY, by=staff, now=NOW)
    for verb, given in ((take_off, {"reason": "Ill"}), (name_lead, {}), (extend, {"due_at": DUE})):
        with pytest.raises(PermissionDenied):
            verb(assignment, by=staff, now=NOW, **given)


def test_decline_needs_a_reason_closes_and_tells_the_secretariat(proposal, staff, settings):
    assignment = asked(proposal, staff)
    accept(assignment, by=assignment.user, now=NOW)
    with pytest.raises(ValidationError):
        decline(assignment, reason="  ", by=assignment.user, now=NOW)
    decline(assignment, reason="No time before May", by=assignment.user, now=NOW)
    assignment.refresh_from_db()
    assert (assignment.answer, assignment.reason) == (Answer.DECLINED, "No time before May")
    assert not sees(assignment.user, proposal)
    mail = Message.objects.get(template="review_declined")
    assert (mail.address, mail.kind, mail.about_id) == (settings.SECRETARIAT_EMAIL, Kind.NOTICE, str(proposal.pk))
    assert "No time" not in mail.text
    assert str(assignment.user) not in mail.text
    with pytest.raises(AnsweredMeanwhile):
        decline(assignment, reason="Again", by=assignment.user, now=NOW)


def test_decline_is_no_longer_possible_with_a_review_in(proposal):
    assignment = make_assignment(proposal)
    make_assessment(assignment)
    with pytest.raises(PermissionDenied):
        decline(assignment, reason="Too late", by=assignment.user, now=NOW)
    with pytest.raises(PermissionDenied):
        decline(make_assignment(proposal), reason="Not mine", by=assignment.user, now=NOW)


def test_take_off_closes_and_tells_the_reviewer(proposal, staff):
    assignment = make_assignment(proposal, is_lead=True)
    with pytest.raises(PermissionDenied):
        take_off(assignment, reason="Ill", by=make_staff(role=StaffRole.CHAIR), now=NOW)
    take_off(assignment, reason="Ill", by=staff, now=NOW)
    assignment.refresh_from_db()
    assert (assignment.answer, assignment.is_lead) == (Answer.REMOVED, False)
    assert not sees(assignment.user, proposal)
    assert told() == [("review_taken_off", assignment.user.email)]


def test_one_leads_and_the_other_no_longer_does(proposal, staff):
    first, second = make_assignment(proposal), make_assignment(proposal)
    name_lead(first, by=staff, now=NOW)
    name_lead(second, by=staff, now=NOW)
    assert list(Assignment.objects.filter(is_lead=True)) == [second]
    with pytest.raises(PermissionDenied):
        name_lead(first, by=make_staff(role=StaffRole.OBSERVER), now=NOW)


def test_extend_moves_the_day_and_tells_once(proposal, staff):
    assignment = make_assignment(proposal)
    with pytest.raises(ValidationError, match="has passed"):
        extend(assignment, due_at=NOW - timedelta(days=1), by=staff, now=NOW)
    for _ in range(2):
        extend(assignment, due_at=DUE, by=staff, now=NOW)
    assignment.refresh_from_db()
    assert assignment.due_at == DUE
    assert told() == [("review_due_moved", assignment.user.email)]
    with pytest.raises(PermissionDenied):
        extend(assignment, due_at=DUE + timedelta(days=1), by=assignment.user, now=NOW)


def test_conflict_ends_the_assignment_and_closes(proposal, staff, settings):
    accepted, only_asked = make_assignment(proposal), asked(proposal, staff)
    Message.objects.all().delete()
    for each in (accepted, only_asked):
        declare(proposal, user=each.user, kind=ConflictKind.FINANCIAL, by=each.user, now=NOW)
        each.refresh_from_db()
        assert (each.answer, each.reason) == (Answer.REMOVED, "conflict")
        assert not sees(each.user, proposal)
        assert own_assignment(each.user, each.pk) is None
        assert not Access.objects.filter(user=each.user, grant=True).exists()  # nor would an override alone open it again
    secretariat = ("review_declined", settings.SECRETARIAT_EMAIL)
    assert told() == [secretariat, secretariat, ("review_taken_off", accepted.user.email)]


def test_invitation_shows_what_tells_a_conflict_and_nothing_to_judge_by(proposal, staff):
    partner = make_organisation(name="Quito Institute", country="EC")
    proposal.participations.create(organisation=partner)
    TeamMember.objects.create(proposal=proposal, full_name="Rosa Quispe", role="co_i", position=9)
    found = invitation_of(own_assignment((a := asked(proposal, staff)).user, a.pk))
    assert found.organisations == (proposal.lead.name, "Quito Institute")
    assert found.people == (proposal.created_by.full_name, "Rosa Quispe")
    assert (found.reference, found.title, found.countries, found.due_at) == (proposal.reference, "Radon meter", ("IT",), DUE)
    assert not hasattr(found, "abstract")


@pytest.mark.parametrize("undertaken", [True, False])
def test_reviewer_accepts_on_the_page(client, proposal, staff, undertaken):
    expert = make_expert(undertaken=undertaken)
    assignment = asked(proposal, staff, expert.user)
    client.force_login(expert.user)
    page = client.get(f"{ASKED}{assignment.pk}/")
    assert "Radon meter" in page.content.decode()
    answer = client.post(f"{ASKED}{assignment.pk}/", {"act": "accept"})
    review = reverse("admin:review_score", args=[assignment.pk])
    undertaking = reverse("admin:proposals_expert_undertake", args=[proposal.phase_id])
    assert answer["Location"] == (review if undertaken else f"{undertaking}?{urlencode({'next': review})}")
    assert sees(expert.user, proposal) is undertaken
    page = client.get(f"{ASKED}{assignment.pk}/")
    assert (page.status_code, page.context["may_accept"], page.context["may_decline"]) == (200, False, True)


def test_reviewer_declines_on_the_page(client, proposal, staff):
    assignment = asked(proposal, staff)
    client.force_login(assignment.user)
    page = client.post(f"{ASKED}{assignment.pk}/", {"act": "decline", "no-reason": ""})
    assert page.context["decline"].errors == {"reason": ["This field is required."]}
    client.post(f"{ASKED}{assignment.pk}/", {"act": "decline", "no-reason": "No time"})
    assignment.refresh_from_db()
    assert assignment.answer == Answer.DECLINED
    assert client.get(f"{ASKED}{assignment.pk}/").status_code == 404


def test_reviewer_declares_a_conflict_on_the_page(client, proposal, staff):
    assignment = asked(proposal, staff)
    client.force_login(assignment.user)
    page = client.post(f"{ASKED}{assignment.pk}/", {"act": "conflict", "tie-kind": "organisation"})
    assert "kind" in page.context["conflict"].errors
    client.post(f"{ASKED}{assignment.pk}/", {"act": "conflict", "tie-kind": "family", "tie-note": "A cousin leads it."})
    conflict = proposal.conflicts.get()
    assert (conflict.user, conflict.kind, conflict.note) == (assignment.user, ConflictKind.FAMILY, "A cousin leads it.")
    assert client.get(f"{ASKED}{assignment.pk}/").status_code == 404


def test_barred_invitation_is_none(proposal, staff):
    assignment = asked(proposal, staff)
    Access.objects.create(proposal=proposal, user=assignment.user, grant=False, why="conflict:financial")
    assert own_assignment(assignment.user, assignment.pk) is None


@pytest.mark.parametrize("method", ["get", "post"])
def test_anothers_invitation_and_none_are_the_same(client, proposal, staff, method):
    assignment = asked(proposal, staff)
    client.force_login(make_expert().user)
    theirs = getattr(client, method)(f"{ASKED}{assignment.pk}/", {"act": "accept"})
    none = getattr(client, method)(f"{ASKED}999999999/", {"act": "accept"})
    assert theirs.status_code == none.status_code == 404
    asked_for = ((theirs, assignment.pk), (none, 999999999))
    same = [stripped(page.content).replace(f"/asked/{pk}/".encode(), b"") for page, pk in asked_for]
    assert same[0] == same[1]
    assignment.refresh_from_db()
    assert assignment.answer == Answer.ASKED


@pytest.mark.parametrize("role", [StaffRole.SECRETARIAT, StaffRole.CHAIR, StaffRole.BOARD, StaffRole.OBSERVER])
def test_reviewers_page_is_for_experts(client, proposal, role):
    client.force_login(make_staff(role=role))
    assignment = make_assignment(proposal)
    assert [client.get(f"{ASKED}{pk}/").status_code for pk in (assignment.pk, 999999999)] == [403, 403]


@pytest.mark.parametrize("role", [StaffRole.REVIEWER, StaffRole.ASSESSOR])
def test_experts_do_not_see_who_reviews(client, proposal, role):
    client.force_login(make_expert(role=role).user)
    assignment = make_assignment(proposal)
    assert client.get(LIST).status_code == 403
    assert client.get(f"{LIST}{assignment.pk}/change/").status_code in {302, 403}
    assert client.get(f"{LIST}ask/{proposal.pk}/").status_code == 404


def shown(client, query=""):
    return [row.pk for row in client.get(LIST + query).context["rows"]]


def test_list_narrows_by_its_filters_alone(client, proposal, staff):
    client.force_login(staff)
    late = make_assignment(proposal, due_at=NOW - timedelta(days=1))
    waits = asked(proposal, staff, make_expert(user=make_staff(role=StaffRole.REVIEWER, full_name="Maria Quispe")).user)
    other = make_assignment(make_proposal(status=Status.UNDER_REVIEW), kind=ReviewKind.TECHNICAL)
    assert shown(client) == [other.pk, waits.pk, late.pk]
    assert shown(client, f"?reference={proposal.reference.lower()}") == [waits.pk, late.pk]
    assert shown(client, "?reviewer=quispe") == [waits.pk]
    assert shown(client, "?kind=technical") == [other.pk]
    assert shown(client, "?answer=accepted") == [other.pk, late.pk]
    assert shown(client, "?waits=overdue") == [late.pk]
    assert shown(client, "?waits=answer") == [waits.pk]
    assert len(client.get(LIST + "?user__password=x").context["problems"]) == 1


def test_list_hides_what_bars_its_reader(client, proposal, staff):
    assignment = make_assignment(proposal)
    declare(proposal, user=staff, kind=ConflictKind.FINANCIAL, by=staff, now=NOW)
    client.force_login(staff)
    assert shown(client) == []
    there = client.get(f"{LIST}{assignment.pk}/change/")
    nowhere = client.get(f"{LIST}{assignment.pk + 999}/change/")
    assert there.status_code == nowhere.status_code == 404
    assert client.get(f"{LIST}ask/{proposal.pk}/").status_code == 404


def test_list_costs_the_same_for_one_row_and_three(client, proposal, staff):
    client.force_login(staff)
    counts = []
    for n in (1, 2):
        for _ in range(n):
            make_assessment(make_assignment(proposal))
        client.get(LIST)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(LIST)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_staff_ask_and_end_on_the_pages(client, proposal, staff):
    client.force_login(staff)
    expert = make_expert()
    page = client.get(f"{LIST}ask/{proposal.pk}/")
    assert list(page.context["form"].fields["user"].queryset) == [expert.user]
    due = (NOW + timedelta(days=9)).strftime("%Y-%m-%dT%H:%M")
    client.post(f"{LIST}ask/{proposal.pk}/", {"user": expert.user.pk, "due_at": due})
    assignment = Assignment.objects.get()
    assert (assignment.kind, assignment.answer) == (ReviewKind.SCIENCE, Answer.ASKED)
    change = client.get(f"{LIST}{assignment.pk}/change/")
    labels = [str(label) for label, _url in change.context["buttons"]]
    assert labels == ["Move the day it is due", "Name lead reviewer", "Take off"]
    client.post(f"{LIST}{assignment.pk}/do/lead/")
    client.post(f"{LIST}{assignment.pk}/do/off/", {"reason": "Ill"})
    assignment.refresh_from_db()
    assert (assignment.answer, assignment.reason) == (Answer.REMOVED, "Ill")
    assert client.post(f"{LIST}{assignment.pk}/do/off/", {"reason": "Ill"}).status_code == 403


@pytest.mark.parametrize("role", [StaffRole.CHAIR, StaffRole.BOARD, StaffRole.OBSERVER])
def test_others_read_the_list_and_change_nothing(client, proposal, role):
    client.force_login(make_staff(role=role))
    assignment = make_assignment(proposal)
    assert shown(client) == [assignment.pk]
    assert client.get(f"{LIST}{assignment.pk}/change/").context["buttons"] == []
    assert client.post(f"{LIST}{assignment.pk}/do/off/", {"reason": "Ill"}).status_code == 403
    assert client.get(f"{LIST}ask/{proposal.pk}/").status_code == 403
