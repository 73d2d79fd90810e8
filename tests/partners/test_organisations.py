"""The verbs of an organisation and of its people: every guard, what is written, recorded and told."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.test import Client

from proposals.audit.models import Event
from proposals.outbox.models import Message
from proposals.partners import actions, queries, rules
from proposals.partners.calculations import Names, digest
from proposals.partners.models import Invitation, Membership, Notice, Organisation, User
from proposals.partners.states import OrganisationKind, Role, StaffRole
from tests.factories import NOW, make_member, make_organisation, make_staff, make_user

pytestmark = pytest.mark.django_db


def entry(**fields):
    return Organisation(**{"name": "Reno Institute", "kind": OrganisationKind.INSTITUTE, "country": "IT", **fields})


def verbs():
    return list(Event.objects.order_by("pk").values_list("verb", flat=True))


def told():
    return list(Message.objects.order_by("pk").values_list("template", "address"))


def observer():
    return make_staff(role=StaffRole.OBSERVER)


def test_found_tells_the_secretariat_and_is_in_the_trail(settings):
    made = actions.found(entry(name="  Reno \u202e Institute "), by=make_user(), now=NOW)

    assert made.name == "Reno Institute"
    assert told() == [("organisation_found", settings.SECRETARIAT_EMAIL)]
    assert verbs() == ["organisation.found"]


def test_found_by_the_secretariat_is_confirmed_and_has_no_member():
    staff = make_staff()

    made = actions.found(entry(in_directory=True), by=staff, now=NOW)

    assert (made.confirmed_at, made.confirmed_by, made.in_directory) == (NOW, staff, True)
    assert made.memberships.count() == 0
    assert told() == []


def test_found_by_a_partner_or_observer_stays_out_of_the_directory():
    for by in (make_user(), observer()):
        made = actions.found(entry(in_directory=True), by=by, now=NOW, is_another=True)
        assert (made.in_directory, made.confirmed_at) == (False, None)


def test_found_refuses_an_inactive_person_and_a_broken_entry():
    with pytest.raises(PermissionDenied):
        actions.found(entry(), by=make_user(is_active=False), now=NOW)
    with pytest.raises(ValidationError):
        actions.found(entry(country=""), by=make_user(), now=NOW)
    assert Organisation.objects.count() == 0


def test_near_in_directory_looks_at_the_directory_alone():
    known = make_organisation(name="Agenzia Lunare", acronym="ALUN", in_directory=True)
    make_organisation(name="ALUN Club")

    assert queries.near_in_directory(Names("ALUN")) == [known]


def test_near_for_staff_looks_at_all_current_ones_of_the_country_or_none():
    mine = make_organisation(name="Reno Institute of Lunar Physics")
    same = make_organisation(name="Lunar Physics Institute of Reno")
    nowhere = make_organisation(name="Reno Lunar Physics Institute", kind=OrganisationKind.SOCIETY, country="")
    make_organisation(name="Reno Institute of Lunar Physics", country="PE")
    make_organisation(name="Reno Institute of Lunar Physics", merged_into=same)

    assert set(queries.near_for_staff(mine)) == {same, nowhere}


def test_confirm_organisation_is_the_secretariats_once_and_told():
    thing, host = make_organisation(), make_user()
    make_member(host, thing)
    for by in (host, observer(), make_user()):
        with pytest.raises(PermissionDenied):
            actions.confirm_organisation(thing, by=by, now=NOW)
    staff = make_staff()

    actions.confirm_organisation(thing, by=staff, now=NOW)

    thing.refresh_from_db()
    assert (thing.confirmed_at, thing.confirmed_by) == (NOW, staff)
    assert told() == [("organisation_confirmed", host.email)]
    with pytest.raises(PermissionDenied):
        actions.confirm_organisation(thing, by=staff, now=NOW)


def test_correct_refuses_strangers_and_keeps_the_directory_to_the_secretariat():
    thing, host = make_organisation(), make_user()
    make_member(host, thing)
    with pytest.raises(PermissionDenied):
        actions.correct(thing, by=make_user(), now=NOW)
    thing.in_directory = True

    actions.correct(thing, by=host, now=NOW)
    thing.refresh_from_db()
    assert thing.in_directory is False
    thing.in_directory = True
    actions.correct(thing, by=make_staff(), now=NOW)

    thing.refresh_from_db()
    assert thing.in_directory is True


def test_merge_carries_names_and_members_and_tells_them():
    staff, host, both, asker = make_staff(), make_user(), make_user(), make_user()
    ended = make_organisation(name="SUPARCO of Pakistan", acronym="SUP", aliases=["Old name"], confirmed_at=NOW)
    kept = make_organisation(name="SUPARCO", acronym="SUPARCO", in_directory=True)
    earlier = make_organisation(merged_into=ended)
    make_member(host, ended)
    make_member(both, ended)
    make_member(both, kept, role=Role.CONTRIBUTOR, confirmed=False)
    make_member(asker, ended, role=Role.CONTRIBUTOR, confirmed=False)
    open_one, _token = actions.issue("guest@example.org", by=host, now=NOW, organisation=ended)

    actions.merge(ended, into=kept, by=staff, now=NOW)

    for row in (ended, kept, earlier, open_one):
        row.refresh_from_db()
    assert kept.aliases == ["SUPARCO of Pakistan", "SUP", "Old name"]
    assert (ended.merged_into, earlier.merged_into, ended.in_directory) == (kept, kept, False)
    assert open_one.withdrawn_at == NOW
    now_in = {m.user: (m.role, bool(m.confirmed_at)) for m in Membership.objects.filter(organisation=kept)}
    assert now_in == {
        host: (Role.REPRESENTATIVE, True),
        both: (Role.REPRESENTATIVE, True),
        asker: (Role.CONTRIBUTOR, False),
    }
    assert Membership.objects.count() == 3
    assert {address for _template, address in told()} == {host.email, both.email, asker.email}
    assert verbs() == ["organisation.merged"]


def test_merge_of_an_unconfirmed_entry_brings_no_trust_with_it():
    rival = make_user()
    ended, kept = make_organisation(), make_organisation(in_directory=True)
    make_member(rival, ended)

    actions.merge(ended, into=kept, by=make_staff(), now=NOW)

    moved = Membership.objects.get()
    assert (moved.organisation, moved.role, moved.confirmed_at) == (kept, Role.CONTRIBUTOR, None)
    assert rules.may_see_members(rival, kept) is False


def test_merge_refuses_partners_itself_and_what_has_ended():
    one, two, ended = make_organisation(), make_organisation(), make_organisation()
    actions.merge(ended, into=two, by=make_staff(), now=NOW)
    host = make_user()
    make_member(host, one)

    for by in (host, observer()):
        with pytest.raises(PermissionDenied):
            actions.merge(one, into=two, by=by, now=NOW)
    with pytest.raises(ValidationError):
        actions.merge(one, into=one, by=make_staff(), now=NOW)
    with pytest.raises(ValidationError):
        actions.merge(one, into=ended, by=make_staff(), now=NOW)
    with pytest.raises(PermissionDenied):
        actions.merge(ended, into=one, by=make_staff(), now=NOW)


def test_merged_organisation_is_shown_to_nobody_and_acts_no_more():
    host = make_user()
    ended, kept = make_organisation(confirmed_at=NOW), make_organisation()
    make_member(host, ended)
    ended.merged_into = kept
    ended.save()

    assert list(Organisation.objects.visible_to(host)) == []
    assert rules.may_manage(host, ended) is False
    assert rules.may_invite(make_staff(), ended) is False


def test_visible_to_shows_the_directory_and_ones_own():
    user, listed, mine = make_user(), make_organisation(in_directory=True), make_organisation()
    make_member(user, mine, confirmed=False)
    other = make_organisation()

    assert set(Organisation.objects.visible_to(user)) == {listed, mine}
    assert set(Organisation.objects.visible_to(make_staff())) == {listed, mine, other}
    user.is_active = False
    assert set(Organisation.objects.visible_to(user)) == set()


def test_unconfirmed_representative_runs_only_what_people_added_here():
    user, own, listed = make_user(), make_organisation(), make_organisation(in_directory=True)
    make_member(user, own, confirmed=False)
    make_member(user, listed, confirmed=False)

    assert rules.may_manage(user, own) is True
    assert rules.may_manage(user, listed) is False


def test_join_is_for_the_directory_and_for_partners():
    listed = make_organisation(in_directory=True)
    for by, thing in ((make_user(), make_organisation()), (make_staff(), listed), (make_user(is_active=False), listed)):
        with pytest.raises(PermissionDenied):
            actions.join(thing, by=by, now=NOW)


def test_join_tells_confirmed_representatives_else_the_secretariat(settings):
    listed, pending = make_organisation(in_directory=True), make_user()
    make_member(pending, listed, confirmed=False)
    actions.join(listed, by=make_user(), now=NOW)
    assert told() == [("organisation_asked", settings.SECRETARIAT_EMAIL)]
    host = make_user()
    make_member(host, listed)

    actions.join(listed, by=make_user(), now=NOW)

    assert told()[1:] == [("organisation_asked", host.email)]


def test_representative_is_confirmed_by_the_secretariat_alone():
    thing, host, other = make_organisation(), make_user(), make_user()
    make_member(host, thing)
    waits = make_member(other, thing, confirmed=False)
    for by in (host, other, observer(), make_user()):
        with pytest.raises(PermissionDenied):
            actions.confirm_member(waits, by=by, now=NOW)
    staff = make_staff()

    actions.confirm_member(waits, by=staff, now=NOW)

    waits.refresh_from_db()
    assert (waits.confirmed_at, waits.confirmed_by) == (NOW, staff)
    assert told() == [("organisation_member_confirmed", other.email)]


def test_contributors_change_nobodys_role_and_remove_nobody():
    thing, host, other = make_organisation(), make_user(), make_user()
    theirs = make_member(host, thing)
    make_member(other, thing, role=Role.CONTRIBUTOR)

    for by in (other, observer(), make_user()):
        with pytest.raises(PermissionDenied):
            actions.change_role(theirs, role=Role.CONTRIBUTOR, by=by, now=NOW)
        with pytest.raises(PermissionDenied):
            actions.remove_member(theirs, by=by, now=NOW)
        with pytest.raises(PermissionDenied):
            actions.hand_over(theirs, by=by, now=NOW)
        with pytest.raises(PermissionDenied):
            actions.leave(theirs, by=by, now=NOW)


def test_last_representative_is_kept_even_by_the_secretariat():
    theirs = make_member(make_user(), make_organisation())
    staff = make_staff()

    with pytest.raises(actions.LastRepresentative):
        actions.change_role(theirs, role=Role.CONTRIBUTOR, by=staff, now=NOW)
    with pytest.raises(actions.LastRepresentative):
        actions.remove_member(theirs, by=staff, now=NOW)
    with pytest.raises(actions.LastRepresentative):
        actions.leave(theirs, by=theirs.user, now=NOW)


def test_representative_named_by_the_secretariat_is_confirmed_by_it():
    theirs = make_member(make_user(), make_organisation(), role=Role.CONTRIBUTOR)

    actions.change_role(theirs, role=Role.REPRESENTATIVE, by=make_staff(), now=NOW)

    theirs.refresh_from_db()
    assert (theirs.role, theirs.confirmed_at) == (Role.REPRESENTATIVE, NOW)


def test_same_role_again_tells_nobody():
    theirs = make_member(make_user(), make_organisation())

    actions.change_role(theirs, role=Role.REPRESENTATIVE, by=make_staff(), now=NOW)

    assert told() == []
    assert verbs() == []


def test_hand_over_needs_a_confirmed_contributor():
    thing, host = make_organisation(), make_user()
    mine = make_member(host, thing)
    asked = make_member(make_user(), thing, role=Role.CONTRIBUTOR, confirmed=False)
    peer = make_member(make_user(), thing)

    for member in (mine, asked, peer):
        with pytest.raises(PermissionDenied):
            actions.hand_over(member, by=host, now=NOW)


def test_hand_over_tells_both():
    thing, host, other = make_organisation(), make_user(), make_user()
    make_member(host, thing)
    theirs = make_member(other, thing, role=Role.CONTRIBUTOR)

    actions.hand_over(theirs, by=host, now=NOW)

    assert told() == [("organisation_role_changed", other.email), ("organisation_handed_over", host.email)]


def test_removed_member_is_told_and_gone_twice_is_said():
    thing, host, other = make_organisation(), make_user(), make_user()
    make_member(host, thing)
    theirs = make_member(other, thing, role=Role.CONTRIBUTOR)

    actions.remove_member(Membership.objects.get(pk=theirs.pk), by=host, now=NOW)

    assert told() == [("organisation_member_removed", other.email)]
    with pytest.raises(ValidationError, match="no longer a member"):
        actions.remove_member(theirs, by=host, now=NOW)


def test_invite_keeps_the_digest_and_not_the_token():
    thing, host = make_organisation(), make_user()
    make_member(host, thing)

    made = actions.invite(thing, email="Guest@Example.org", role=Role.CONTRIBUTOR, by=host, now=NOW)

    token = Message.objects.get().link.rsplit("/", 2)[1]
    assert len(token) == 43  # 32 bytes, base64 without padding
    assert (made.email, made.token_digest, made.expires_at) == ("guest@example.org", digest(token), NOW + timedelta(days=30))
    assert queries.by_token(token) == made
    assert token in Message.objects.get().text


def test_invite_again_takes_the_earlier_one_back():
    thing, host = make_organisation(), make_user()
    make_member(host, thing)

    first = actions.invite(thing, email="guest@example.org", role=Role.CONTRIBUTOR, by=host, now=NOW)
    actions.invite(thing, email="guest@example.org", role=Role.REPRESENTATIVE, by=host, now=NOW)

    first.refresh_from_db()
    assert first.withdrawn_at == NOW
    assert Invitation.objects.open(NOW).count() == 1


def test_invite_is_refused_to_others_and_beyond_measure():
    thing, host = make_organisation(), make_user()
    make_member(host, thing)
    contributor = make_user()
    make_member(contributor, thing, role=Role.CONTRIBUTOR)
    for by in (contributor, make_user(), observer()):
        with pytest.raises(PermissionDenied):
            actions.invite(thing, email="guest@example.org", role=Role.CONTRIBUTOR, by=by, now=NOW)
    for n in range(100):
        actions.issue(f"guest{n}@example.org", by=host, now=NOW, organisation=thing)

    with pytest.raises(ValidationError, match="Too many"):
        actions.invite(thing, email="guest@example.org", role=Role.CONTRIBUTOR, by=host, now=NOW)


def test_invitation_mail_holds_no_live_text_of_the_inviter():
    thing, host = (
        make_organisation(name="Visit http://evil.example.net now"),
        make_user(full_name="Win\nhttps://evil.example.net"),
    )
    make_member(host, thing)

    actions.invite(thing, email="guest@example.org", role=Role.CONTRIBUTOR, by=host, now=NOW)

    message = Message.objects.get()
    assert "http://evil" not in message.text + message.html + message.subject
    assert "https://evil" not in message.text + message.html


def test_accepted_representative_waits_for_the_secretariat():
    thing, guest = make_organisation(), make_user(email="guest@example.org")
    host = make_user()
    make_member(host, thing)
    made, _token = actions.issue(guest.email, by=host, now=NOW, organisation=thing, role=Role.REPRESENTATIVE)

    actions.accept(made, by=guest, now=NOW)

    member = Membership.objects.get(user=guest)
    assert (member.role, member.confirmed_at) == (Role.REPRESENTATIVE, None)


def test_accepted_contributor_of_someone_who_no_longer_stands_for_it_waits():
    thing, guest, host = make_organisation(), make_user(email="guest@example.org"), make_user()
    made, _token = actions.issue(guest.email, by=host, now=NOW, organisation=thing)

    actions.accept(made, by=guest, now=NOW)

    assert Membership.objects.get(user=guest).confirmed_at is None


def test_accept_confirms_someone_who_had_asked_to_join():
    thing, guest, host = make_organisation(in_directory=True), make_user(email="guest@example.org"), make_user()
    make_member(host, thing)
    make_member(guest, thing, role=Role.CONTRIBUTOR, confirmed=False)
    made, _token = actions.issue(guest.email, by=host, now=NOW, organisation=thing)

    actions.accept(made, by=guest, now=NOW)

    assert Membership.objects.get(user=guest).confirmed_by == host


def test_accept_works_by_a_second_verified_address_and_not_by_an_unverified_one():
    thing, guest = make_organisation(), make_user()
    made, _token = actions.issue("second@example.org", by=make_user(), now=NOW, organisation=thing)
    second = EmailAddress.objects.create(user=guest, email="second@example.org", verified=False)
    with pytest.raises(actions.NotInvited):
        actions.accept(made, by=guest, now=NOW)
    assert list(queries.pending_invitations(guest, NOW)) == []
    second.verified = True
    second.save()
    assert list(queries.pending_invitations(guest, NOW)) == [made]

    actions.accept(made, by=guest, now=NOW)

    assert list(queries.pending_invitations(guest, NOW)) == []


def test_accept_refuses_what_is_closed_and_who_is_closed():
    guest = make_user(email="guest@example.org")
    made, _token = actions.issue(guest.email, by=make_user(), now=NOW, organisation=make_organisation())
    with pytest.raises(actions.InvitationClosed, match="run out"):
        actions.accept(made, by=guest, now=NOW + timedelta(days=30))
    guest.is_active = False
    with pytest.raises(actions.NotInvited):
        actions.accept(made, by=guest, now=NOW)
    guest.is_active = True
    actions.accept(made, by=guest, now=NOW + timedelta(days=30) - timedelta(seconds=1))
    with pytest.raises(actions.InvitationClosed, match="used already"):
        actions.accept(made, by=guest, now=NOW)


def test_accept_of_a_teams_invitation_marks_it_used_and_makes_no_member():
    guest = make_user(email="guest@example.org")
    made, _token = actions.issue(guest.email, by=make_user(), now=NOW)

    accepted = actions.accept(made, by=guest, now=NOW)

    assert (accepted.accepted_by, accepted.organisation) == (guest, None)
    assert Membership.objects.count() == 0


def test_withdrawn_invitation_cannot_be_withdrawn_again_or_by_strangers():
    host, thing = make_user(), make_organisation()
    make_member(host, thing)
    made, _token = actions.issue("guest@example.org", by=host, now=NOW, organisation=thing)
    with pytest.raises(PermissionDenied):
        actions.withdraw_invitation(made, by=make_user(), now=NOW)

    actions.withdraw_invitation(made, by=host, now=NOW)

    with pytest.raises(actions.InvitationClosed, match="taken back"):
        actions.withdraw_invitation(made, by=host, now=NOW)


def test_address_is_confirmed_by_hand_by_the_secretariat_alone():
    user = make_user(verified=False)
    for by in (user, observer(), make_user()):
        with pytest.raises(PermissionDenied):
            actions.confirm_address(user, email=user.email, by=by, now=NOW)

    actions.confirm_address(user, email=user.email.upper(), by=make_staff(), now=NOW)

    assert EmailAddress.objects.get(user=user).verified is True
    assert verbs() == ["person.address_confirmed_by_hand"]
    assert told() == [("security_notice", user.email)]


def test_address_of_another_account_or_none_is_not_confirmed_by_hand():
    user, owner = make_user(), make_user()
    EmailAddress.objects.create(user=user, email=owner.email, verified=False)

    with pytest.raises(actions.AddressTaken):
        actions.confirm_address(user, email=owner.email, by=make_staff(), now=NOW)
    with pytest.raises(ValidationError):
        actions.confirm_address(user, email="never@example.org", by=make_staff(), now=NOW)


def test_closed_account_is_signed_out_and_can_be_opened_again():
    user, staff = make_user(), make_staff()
    client = Client()
    client.force_login(user)
    for by in (user, observer(), make_user()):
        with pytest.raises(PermissionDenied):
            actions.deactivate(user, by=by, now=NOW)
    with pytest.raises(PermissionDenied):
        actions.deactivate(staff, by=staff, now=NOW)

    actions.deactivate(user, by=staff, now=NOW)
    assert client.get("/preferences/").status_code == 302
    with pytest.raises(PermissionDenied):
        actions.reactivate(user, by=observer(), now=NOW)
    actions.reactivate(user, by=staff, now=NOW)

    assert User.objects.get(pk=user.pk).is_active is True
    assert verbs() == ["person.deactivated", "person.reactivated"]


def test_describe_is_ones_own_or_the_secretariats():
    user = make_user()
    with pytest.raises(PermissionDenied):
        actions.describe(user, by=make_user(), now=NOW)
    user.full_name, user.staff_role, user.email = "New Name", StaffRole.SECRETARIAT, "stolen@example.org"

    actions.describe(user, by=make_staff(), now=NOW)

    kept = User.objects.get(pk=user.pk)
    assert (kept.full_name, kept.staff_role) == ("New Name", "")
    assert kept.email != "stolen@example.org"


def test_pages_are_written_by_the_secretariat():
    for by in (make_user(), observer()):
        with pytest.raises(PermissionDenied):
            actions.save_page(Notice(slug="privacy", title="T", body="B"), by=by, now=NOW)
    page = actions.save_page(Notice(slug="privacy", title="T", body="B"), by=make_staff(), now=NOW)
    with pytest.raises(PermissionDenied):
        actions.remove_page(page, by=observer(), now=NOW)

    actions.remove_page(page, by=make_staff(), now=NOW)

    assert verbs() == ["page.saved", "page.removed"]


def test_create_staff_makes_an_account_whose_link_sets_the_password(capsys, settings):
    call_command("create_staff", "Chief@Example.org", "--name", "Chief Secretary")

    user = User.objects.get()
    assert (user.email, user.full_name, user.staff_role, user.has_usable_password()) == (
        "chief@example.org",
        "Chief Secretary",
        StaffRole.SECRETARIAT,
        False,
    )
    path = capsys.readouterr().out.strip().splitlines()[-1].removeprefix(settings.SITE_URL)
    client = Client()
    form = client.get(path, follow=True)
    client.post(form.redirect_chain[-1][0], {"password1": "a new sentence of mine", "password2": "a new sentence of mine"})
    user.refresh_from_db()
    assert user.check_password("a new sentence of mine")
    assert told()[0] == ("security_set_password", "chief@example.org")
    client.post("/account/login/", {"login": user.email, "password": "a new sentence of mine"})
    assert client.session["_auth_user_id"] == str(user.pk)


def test_create_staff_appoints_a_person_who_is_there_already():
    user = make_user(email="known@example.org", full_name="Known Person")

    call_command("create_staff", "known@example.org", "--name", "Other Name", "--role", "observer")

    user.refresh_from_db()
    assert (user.staff_role, user.full_name) == (StaffRole.OBSERVER, "Known Person")


def test_create_staff_refuses_what_is_no_address_and_appoint_what_has_no_right():
    with pytest.raises(CommandError, match="valid email"):
        call_command("create_staff", "nonsense", "--name", "Nobody")
    assert User.objects.count() == 0
    with pytest.raises(PermissionDenied):
        actions.appoint("x@example.org", full_name="X", role=StaffRole.SECRETARIAT, by=observer(), now=NOW)
