"""The team's page and the organisations' page: add, invite, correct, take off; nothing of others is offered."""

import pytest
from django.urls import reverse

from proposals.intake.models import Proposal, TeamMember
from proposals.intake.states import Status, TeamRole
from proposals.outbox.models import Message
from proposals.partners.models import Invitation, Membership, Organisation
from tests.factories import make_member, make_organisation, make_proposal, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def proposal():
    me = make_user(full_name="Maria Principal")
    home = make_organisation(name="Bologna Institute")
    make_member(me, home)
    return make_proposal(by=me, lead=home)


@pytest.fixture
def me(client, proposal):
    client.force_login(proposal.created_by)
    return client


def section(proposal, key="team"):
    return reverse("portal:section", args=[proposal.pk, key])


def add(client, proposal, **data):
    return client.post(section(proposal), {"full_name": "Ana Listed", "role": "co_i", "email": "Ana@Example.org"} | data)


def act(client, name, member):
    return client.post(reverse(f"portal:team_{name}", args=[member.proposal_id, member.pk]))


def test_team_page_lists_adds_and_invites(me, proposal):
    assert "Maria Principal" in me.get(section(proposal)).content.decode()
    assert add(me, proposal, native_name="安娜").url == section(proposal)
    ana = TeamMember.objects.get(email="ana@example.org")
    assert (ana.full_name, ana.native_name, ana.role, Message.objects.count()) == ("Ana Listed", "安娜", TeamRole.CO_I, 0)
    act(me, "invite", ana)
    act(me, "invite", ana)
    assert (Message.objects.count(), Invitation.objects.count()) == (1, 1)
    page = me.get(section(proposal)).content.decode()
    assert "Invited" in page
    assert "Invite again" in page


@pytest.mark.parametrize(
    "data", [{"full_name": ""}, {"role": "boss"}, {"email": "no address"}, {"full_name": "x" * 201}, {"organisation": "1"}]
)
def test_team_page_refuses_and_keeps_what_was_typed(me, proposal, data):
    answer = add(me, proposal, native_name="Kept", **data)
    assert (answer.status_code, TeamMember.objects.count()) == (400, 1)
    assert "Kept" in answer.content.decode()


def test_team_page_says_who_is_missing(me, proposal):
    assert "Name a technical or an administrative contact." in me.get(section(proposal)).content.decode()


def test_member_is_corrected_and_taken_off(me, proposal):
    add(me, proposal)
    ana = TeamMember.objects.get(email="ana@example.org")
    url = reverse("portal:team_member", args=[proposal.pk, ana.pk])
    assert me.get(url).status_code == 200
    me.post(url, {"full_name": "Ana Right", "role": "technical", "email": "ana@example.org"})
    ana.refresh_from_db()
    assert (ana.full_name, ana.role) == ("Ana Right", TeamRole.TECHNICAL)
    assert "deleted" in me.get(reverse("portal:team_remove", args=[proposal.pk, ana.pk])).content.decode()
    assert act(me, "remove", ana).url == section(proposal)
    assert not TeamMember.objects.filter(pk=ana.pk).exists()


def test_last_one_is_not_taken_off(me, proposal):
    answer = act(me, "remove", proposal.team.get())
    assert answer.url == section(proposal)
    assert proposal.team.count() == 1


def test_taking_oneself_off_leads_home(client, proposal):
    ana = make_user()
    place = proposal.team.create(full_name="Ana", role="co_i", user=ana, accepted_at=proposal.moved_at)
    proposal.access.create(user=ana, why="team")
    client.force_login(ana)
    assert act(client, "remove", place).url == reverse("portal:dashboard")
    assert client.get(section(proposal)).status_code == 404
    assert not TeamMember.objects.filter(pk=place.pk).exists()


@pytest.mark.parametrize("name", ["member", "invite", "remove"])
def test_member_of_another_or_of_a_submitted_proposal_does_not_exist(me, proposal, name):
    other, submitted = make_proposal(), make_proposal(status=Status.SUBMITTED, by=proposal.created_by)
    for member in (other.team.get(), submitted.team.get()):
        assert act(me, name, member).status_code == 404
        crossed = reverse(f"portal:team_{name}", args=[proposal.pk, member.pk])
        assert me.post(crossed).status_code == 404


def test_team_page_costs_the_same_for_many(me, proposal, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    me.get(section(proposal))
    with CaptureQueriesContext(connection) as few:
        me.get(section(proposal))
    for n in range(6):
        proposal.team.create(full_name=f"Person {n}", role="co_i", organisation=make_organisation())
    with django_assert_num_queries(len(few)):
        me.get(section(proposal))


def save(client, proposal, **data):
    return client.post(section(proposal, "organisations"), {"lead": proposal.lead_id or "", "revision": 0} | data)


def revision(proposal):
    return proposal.sections.get(key="organisations").revision


def test_organisations_page_offers_ones_own_and_the_directory_alone(me, proposal):
    rival = make_organisation(name="Rival Space Works")
    public = make_organisation(name="Public Space Agency", in_directory=True)
    page = me.get(section(proposal, "organisations")).content.decode()
    assert "Bologna Institute" in page
    assert "Rival" not in page
    found = save(me, proposal, find="yes", words="space").content.decode()
    assert public.name in found
    assert rival.name not in found
    assert save(me, proposal, add=rival.pk).status_code == 400
    for junk in ("", "x", "9" * 30, "-1"):
        assert save(me, proposal, add=junk).status_code == 400
    assert proposal.participations.count() == 0


def test_organisations_page_adds_changes_and_takes_off_a_partner(me, proposal):
    public = make_organisation(name="Public Space Agency", in_directory=True)
    assert save(me, proposal, add=public.pk).url == section(proposal, "organisations")
    name = f"partner-{public.pk}"
    typed = {f"{name}-role": "Camera", f"{name}-share_percent": "12,5", "revision": revision(proposal)}
    assert save(me, proposal, **typed).url == reverse("portal:task_list", args=[proposal.pk])
    row = proposal.participations.get()
    assert (row.role, str(row.share_percent)) == ("Camera", "12.50")
    save(me, proposal, **typed | {f"{name}-remove": "on", "revision": revision(proposal)})
    assert proposal.participations.count() == 0


def test_organisations_page_refuses_shares_and_leads_that_cannot_be(me, proposal):
    public = make_organisation(in_directory=True)
    save(me, proposal, add=public.pk)
    typed = {f"partner-{public.pk}-share_percent": "101", "revision": revision(proposal)}
    assert save(me, proposal, **typed).status_code == 400
    assert save(me, proposal, lead=make_organisation().pk, revision=revision(proposal)).status_code == 400
    proposal.refresh_from_db()
    assert proposal.lead.name == "Bologna Institute"


def test_organisations_saved_meanwhile_are_pointed_out_and_kept(me, proposal):
    public = make_organisation(in_directory=True)
    save(me, proposal, add=public.pk)
    stale = save(me, proposal, **{f"partner-{public.pk}-role": "My words", "revision": 0})
    page = stale.content.decode()
    assert stale.status_code == 400
    assert "saved this page meanwhile" in page
    assert "My words" in page
    assert f'name="revision" value="{revision(proposal)}"' in page


def name_new(client, proposal, **data):
    typed = {"new-name": "Lima Dust Laboratory", "new-kind": "institute", "new-country": "PE", "name_new": "yes"}
    return save(client, proposal, **typed | data)


def test_new_partner_is_named_without_becoming_ones_own(me, proposal):
    assert name_new(me, proposal, **{"new-role": "Dust"}).url == section(proposal, "organisations")
    made = Organisation.objects.get(name="Lima Dust Laboratory")
    assert (proposal.participations.get().organisation, proposal.participations.get().role) == (made, "Dust")
    assert not Membership.objects.filter(organisation=made).exists()
    assert "Lima Dust Laboratory" in me.get(section(proposal, "organisations")).content.decode()


def test_new_partner_near_the_directory_is_asked_about(me, proposal):
    make_organisation(name="Lima Dust Laboratories", country="PE", in_directory=True)
    asked = name_new(me, proposal)
    assert "Is it one of these" in asked.content.decode()
    assert proposal.participations.count() == 0
    name_new(me, proposal, is_another="yes")
    assert proposal.participations.count() == 1


def test_new_partner_needs_a_country_where_its_kind_has_one(me, proposal):
    answer = name_new(me, proposal, **{"new-country": ""})
    assert answer.status_code == 400
    assert "Lima Dust Laboratory" in answer.content.decode()
    assert Proposal.objects.get(pk=proposal.pk).participations.count() == 0
