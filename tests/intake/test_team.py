"""People of a proposal: listed, invited, joined, taken off; and offers that are not theirs, or not any more."""

from datetime import timedelta
from decimal import Decimal

import pytest
from allauth.account.models import EmailAddress
from django.core.exceptions import PermissionDenied, ValidationError

from proposals.intake import actions
from proposals.intake.models import Access, Proposal, TeamMember
from proposals.intake.states import Status, TeamRole
from proposals.outbox.models import Message
from proposals.partners.actions import NearKnown
from proposals.partners.models import Membership, Organisation
from tests.factories import NOW, make_organisation, make_proposal, make_staff, make_user
from tests.intake.conftest import eyes_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def proposal():
    return make_proposal(by=make_user(full_name="Maria Principal"))


def listed(proposal, email="ana@example.org", **more):
    fields = {"full_name": "Ana Listed", "role": TeamRole.CO_I, "email": email} | more
    return actions.list_member(proposal, **fields, by=proposal.created_by, now=NOW)


def invited(proposal, email="ana@example.org", now=NOW):
    member = listed(proposal, email)
    return member, actions.invite_member(member, by=proposal.created_by, now=now)


def test_listing_tells_nobody_and_opens_nothing(proposal):
    ana = make_user(email="ana@example.org")
    listed(proposal)
    assert (Message.objects.count(), list(Proposal.objects.visible_to(ana))) == (0, [])


def test_listing_the_same_person_twice_is_one_line(proposal):
    assert listed(proposal) == listed(proposal)
    assert proposal.team.count() == 2


def test_listing_is_for_the_team_while_it_is_written():
    for stranger in (make_user(), make_staff()):
        with pytest.raises(PermissionDenied):
            actions.list_member(make_proposal(), full_name="X", role=TeamRole.PI, by=stranger, now=NOW)
    submitted = make_proposal(status=Status.SUBMITTED)
    with pytest.raises(PermissionDenied):
        listed(submitted)
    other = listed(make_proposal())
    mine = make_proposal()
    with pytest.raises(PermissionDenied):
        actions.list_member(mine, full_name="X", role=TeamRole.PI, member=other, by=mine.created_by, now=NOW)


def test_invited_person_joins_with_a_verified_address(proposal):
    member, invitation = invited(proposal)
    mail = Message.objects.get()
    assert (mail.address, mail.template) == ("ana@example.org", "team_invitation")
    assert proposal.title not in mail.text + mail.subject
    ana = make_user(email="ana@example.org")
    with eyes_of(ana):
        assert actions.join_team(invitation, by=ana, now=NOW).pk == proposal.pk
        assert list(Proposal.objects.all()) == [proposal]
    member.refresh_from_db()
    invitation.refresh_from_db()
    assert (member.user, member.accepted_at, invitation.accepted_by) == (ana, NOW, ana)
    assert list(Proposal.objects.visible_to(ana)) == [proposal]


def test_second_address_serves_once_it_is_verified(proposal):
    _member, invitation = invited(proposal, "second@example.org")
    ana = make_user(email="first@example.org")
    address = EmailAddress.objects.create(user=ana, email="second@example.org", verified=False)
    with pytest.raises(PermissionDenied):
        actions.join_team(invitation, by=ana, now=NOW)
    address.verified = True
    address.save()
    assert actions.join_team(invitation, by=ana, now=NOW) == proposal


@pytest.mark.parametrize("why", ["other address", "unverified", "staff", "inactive", "expired", "withdrawn", "removed"])
def test_offer_that_is_not_theirs_or_has_ended_opens_nothing(proposal, why):
    member, invitation = invited(proposal)
    email = "eve@example.org" if why == "other address" else "ana@example.org"
    who = make_user(email=email, verified=why != "unverified", is_active=why != "inactive")
    if why == "staff":
        who.staff_role = "secretariat"
        who.save()
    if why == "withdrawn":
        type(invitation).objects.update(withdrawn_at=NOW)
    if why == "removed":
        actions.remove_member(member, by=proposal.created_by, now=NOW)
    with pytest.raises(PermissionDenied):
        actions.join_team(invitation, by=who, now=NOW + timedelta(days=31 if why == "expired" else 0))
    assert Access.objects.filter(user=who).count() == 0


def test_offer_is_used_once(proposal):
    _member, invitation = invited(proposal)
    ana = make_user(email="ana@example.org")
    actions.join_team(invitation, by=ana, now=NOW)
    with pytest.raises(PermissionDenied):
        actions.join_team(invitation, by=ana, now=NOW)
    assert TeamMember.objects.filter(user=ana).count() == 1


def test_inviting_again_ends_the_first_offer_but_a_second_click_does_not(proposal):
    member, first = invited(proposal)
    assert actions.invite_member(member, by=proposal.created_by, now=NOW + timedelta(seconds=5)) == first
    second = actions.invite_member(member, by=proposal.created_by, now=NOW + timedelta(hours=1))
    assert second != first
    assert Message.objects.count() == 2
    ana = make_user(email="ana@example.org")
    with pytest.raises(PermissionDenied):
        actions.join_team(first, by=ana, now=NOW + timedelta(hours=2))
    assert actions.join_team(second, by=ana, now=NOW + timedelta(hours=2)) == proposal
    with pytest.raises(ValidationError):
        actions.invite_member(TeamMember.objects.get(pk=member.pk), by=proposal.created_by, now=NOW)


def test_correcting_the_address_ends_the_offer_to_the_wrong_one(proposal):
    member, invitation = invited(proposal, "wrong@example.org")
    listed(proposal, "right@example.org", member=member)
    with pytest.raises(PermissionDenied):
        actions.join_team(invitation, by=make_user(email="wrong@example.org"), now=NOW)


def test_inviting_needs_an_address(proposal):
    with pytest.raises(ValidationError):
        actions.invite_member(listed(proposal, ""), by=proposal.created_by, now=NOW)


def test_whoever_is_taken_off_sees_nothing_more(proposal):
    _member, invitation = invited(proposal)
    ana = make_user(email="ana@example.org")
    actions.join_team(invitation, by=ana, now=NOW)
    actions.remove_member(proposal.team.get(user=ana), by=proposal.created_by, now=NOW)
    assert list(Proposal.objects.visible_to(ana)) == []


def test_taking_oneself_off_with_ones_own_eyes_leaves_no_line_behind(proposal):
    _member, invitation = invited(proposal)
    ana = make_user(email="ana@example.org")
    actions.join_team(invitation, by=ana, now=NOW)
    with eyes_of(ana):
        actions.remove_member(TeamMember.objects.get(user=ana), by=ana, now=NOW)
    assert (proposal.team.filter(full_name="Ana Listed").count(), list(Proposal.objects.visible_to(ana))) == (0, [])


def test_a_second_place_and_a_reviewers_grant_survive(proposal):
    _member, invitation = invited(proposal)
    ana = make_user(email="ana@example.org")
    actions.join_team(invitation, by=ana, now=NOW)
    second = proposal.team.create(full_name="Ana", role=TeamRole.TECHNICAL, user=ana, accepted_at=NOW, position=7)
    actions.remove_member(second, by=proposal.created_by, now=NOW)
    assert list(Proposal.objects.visible_to(ana)) == [proposal]
    Access.objects.create(proposal=proposal, user=ana, why="assignment")
    actions.remove_member(proposal.team.get(user=ana), by=proposal.created_by, now=NOW)
    assert list(Access.objects.filter(user=ana).values_list("why", flat=True)) == ["assignment"]


def test_the_last_one_who_can_sign_in_stays(proposal):
    listed(proposal)
    with pytest.raises(ValidationError):
        actions.remove_member(proposal.team.get(user=proposal.created_by), by=proposal.created_by, now=NOW)


def test_organisations_are_saved_with_shares_and_countries(proposal):
    partner = make_organisation(country="PE")
    lines = [{"organisation": partner, "role": "Camera", "share_percent": Decimal("30.00")}]
    actions.save_organisations(proposal, lead=proposal.lead, partners=lines, revision=0, by=proposal.created_by, now=NOW)
    proposal.refresh_from_db()
    assert (proposal.countries, proposal.participations.get().role) == (["IT", "PE"], "Camera")


@pytest.mark.parametrize("wrong", ["twice", "too much", "above 100"])
def test_organisations_that_make_no_sense_are_refused(proposal, wrong):
    one, other = make_organisation(), make_organisation()
    lines = {
        "twice": [{"organisation": one}, {"organisation": one}],
        "too much": [{"organisation": one, "share_percent": Decimal(60)}, {"organisation": other, "share_percent": Decimal(41)}],
        "above 100": [{"organisation": one, "share_percent": Decimal(101)}],
    }[wrong]
    with pytest.raises(ValidationError):
        actions.save_organisations(proposal, lead=None, partners=lines, revision=0, by=proposal.created_by, now=NOW)
    assert proposal.participations.count() == 0


def test_organisations_saved_meanwhile_are_not_overwritten(proposal):
    actions.save_organisations(proposal, lead=proposal.lead, partners=[], revision=0, by=proposal.created_by, now=NOW)
    later = NOW + timedelta(minutes=1)
    with pytest.raises(actions.SavedMeanwhile):
        actions.save_organisations(proposal, lead=None, partners=[], revision=0, by=proposal.created_by, now=later)


def test_a_named_partner_has_no_member_and_waits_to_be_confirmed(proposal):
    def name(**more):
        thing = Organisation(name="Lima Dust Laboratory", kind="institute", country="PE")
        return actions.name_partner(proposal, organisation=thing, by=proposal.created_by, now=NOW, **({"revision": 0} | more))

    row = name(role="Dust")
    assert (row.organisation.confirmed_at, row.organisation.in_directory, Membership.objects.count()) == (None, False, 0)
    assert name() == row
    assert Message.objects.get().template == "organisation_found"


def test_a_named_partner_that_the_directory_holds_is_asked_about(proposal):
    make_organisation(name="Lima Dust Laboratory", country="PE", in_directory=True)
    thing = Organisation(name="Lima Dust Laboratories", kind="institute", country="PE")
    with pytest.raises(NearKnown):
        actions.name_partner(proposal, organisation=thing, revision=0, by=proposal.created_by, now=NOW)
    assert proposal.participations.count() == 0
