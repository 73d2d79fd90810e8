"""Organisations through the portal's door: found, asked about, joined, run; and invitations, good and bad."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from proposals.intake.models import TeamMember
from proposals.intake.states import TeamRole
from proposals.outbox.models import Message
from proposals.partners import actions
from proposals.partners.models import Invitation, Membership, Organisation
from proposals.partners.states import Role
from tests.factories import NOW, PASSWORD, make_member, make_organisation, make_proposal, make_staff, make_user

pytestmark = pytest.mark.django_db

ENTRY = {
    "name": "Reno Institute of Lunar Physics",
    "native_name": "",
    "acronym": "IFLR",
    "aliases": "Istituto di Fisica Lunare\n\nIstituto di Fisica Lunare",
    "kind": "institute",
    "country": "IT",
    "website": "reno.example.org",
}


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def suparco():
    return make_organisation(
        name="Space and Upper Atmosphere Research Commission", acronym="SUPARCO", country="PK", kind="agency", in_directory=True
    )


def url(name, *args):
    return reverse(f"portal:{name}", args=args)


def invited(organisation=None, *, email="guest@example.org", role=Role.CONTRIBUTOR, by=None, now=None):
    return actions.issue(email, by=by or make_user(), now=now or timezone.now(), organisation=organisation, role=role)


def test_new_organisation_makes_its_maker_an_unconfirmed_representative():
    user = make_user()

    response = signed_in(user).post(url("organisation_new"), ENTRY)

    made = Organisation.objects.get()
    assert response["Location"] == url("organisation", made.pk)
    assert (made.name, made.aliases, made.website, made.in_directory, made.confirmed_at) == (
        ENTRY["name"],
        ["Istituto di Fisica Lunare"],
        "https://reno.example.org",
        False,
        None,
    )
    mine = Membership.objects.get()
    assert (mine.user, mine.role, mine.confirmed_at) == (user, Role.REPRESENTATIVE, None)


def test_new_organisation_near_to_the_directory_is_asked_about_first():
    known = suparco()
    client = signed_in(make_user())

    asked = client.post(url("organisation_new"), {**ENTRY, "name": "Pakistan SUPARCO", "country": "PK"})

    assert Organisation.objects.count() == 1
    page = asked.content.decode()
    assert "Is it one of these?" in page
    assert url("organisation_join", known.pk) in page
    assert 'value="Pakistan SUPARCO"' in page
    client.post(url("organisation_new"), {**ENTRY, "name": "Pakistan SUPARCO", "country": "PK", "is_another": "yes"})
    assert Organisation.objects.count() == 2


def test_new_organisation_says_nothing_of_what_other_users_added():
    secret = make_organisation(name="Reno Institute of Lunar Physics", acronym="IFLR")

    response = signed_in(make_user()).post(url("organisation_new"), ENTRY, follow=True)

    assert Organisation.objects.count() == 2
    assert url("organisation", secret.pk) not in response.content.decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "12 34"),
        ("name", "A\x00B"),
        ("name", "x" * 251),
        ("acronym", "x" * 41),
        ("kind", "empire"),
        ("country", "XX"),
        ("website", "javascript:alert(1)"),
        ("aliases", "\n".join(f"name {n}" for n in range(21))),
        ("aliases", "x" * 251),
    ],
)
def test_new_organisation_refuses_what_is_wrong_and_keeps_the_rest(field, value):
    response = signed_in(make_user()).post(url("organisation_new"), {**ENTRY, field: value})

    assert response.status_code == 400
    assert list(response.context["form"].errors) == [field]
    assert Organisation.objects.count() == 0
    if field != "acronym":
        assert 'value="IFLR"' in response.content.decode()


def test_new_organisation_without_country_is_refused_unless_international():
    client = signed_in(make_user())

    refused = client.post(url("organisation_new"), {**ENTRY, "country": ""})
    taken = client.post(url("organisation_new"), {**ENTRY, "country": "", "kind": "international"})

    assert refused.status_code == 400
    assert "Choose a country or region" in refused.content.decode()
    assert taken.status_code == 302


def test_form_cannot_put_an_organisation_into_the_directory_or_confirm_it():
    forged = {**ENTRY, "in_directory": "on", "confirmed_at": "2026-01-01", "is_synthetic": "on"}

    signed_in(make_user()).post(url("organisation_new"), forged)

    made = Organisation.objects.get()
    assert (made.in_directory, made.confirmed_at, made.is_synthetic) == (False, None, False)


def test_an_organisation_of_others_is_as_one_that_does_not_exist():
    other = make_organisation()
    boss = make_user()
    make_member(boss, other)
    client = signed_in(make_user())
    theirs = Membership.objects.get()
    pages = [("organisation", other.pk, 10**9), ("organisation_edit", other.pk, 10**9), ("invitation_new", other.pk, 10**9)]
    pages += [("member_remove", theirs.pk, 10**9), ("member_hand_over", theirs.pk, 10**9)]

    for name, there, nowhere in pages:
        assert client.get(url(name, there)).status_code == 404, name
        assert client.get(url(name, nowhere)).status_code == 404, name
        assert client.post(url(name, there)).status_code in {404, 405}, name
    for name, pk in (("organisation_join", other.pk), ("member_confirm", theirs.pk), ("member_role", theirs.pk)):
        assert client.post(url(name, pk), {"role": "contributor"}).status_code == 404, name
    assert Membership.objects.get().role == Role.REPRESENTATIVE


def test_directory_organisation_shows_its_entry_to_all_and_its_members_to_confirmed_ones():
    thing = suparco()
    host, asker, stranger = make_user(full_name="Host Confirmed"), make_user(), make_user()
    make_member(host, thing)
    make_member(asker, thing, role=Role.CONTRIBUTOR, confirmed=False)

    pages = {who: signed_in(who).get(url("organisation", thing.pk)).content.decode() for who in (host, asker, stranger)}

    assert ["Host Confirmed" in pages[who].split("<main")[1] for who in (host, asker, stranger)] == [True, False, False]
    assert ["Ask to join" in pages[who] for who in (host, asker, stranger)] == [False, False, True]


def test_join_asks_and_can_be_confirmed_by_a_representative():
    thing, host, asker = suparco(), make_user(), make_user()
    make_member(host, thing)

    signed_in(asker).post(url("organisation_join", thing.pk))
    member = Membership.objects.get(user=asker)
    assert (member.role, member.confirmed_at) == (Role.CONTRIBUTOR, None)
    signed_in(host).post(url("member_confirm", member.pk))

    member.refresh_from_db()
    assert member.confirmed_by == host
    assert [(m.template, m.recipient) for m in Message.objects.order_by("pk")] == [
        ("organisation_asked", host),
        ("organisation_member_confirmed", asker),
    ]


def test_join_twice_says_so_and_makes_nothing():
    thing, user = suparco(), make_user()
    client = signed_in(user)

    client.post(url("organisation_join", thing.pk))
    again = client.post(url("organisation_join", thing.pk), follow=True)

    assert Membership.objects.count() == 1
    assert "belongs to the organisation already" in again.content.decode()


def test_whoever_only_asked_to_join_can_change_nothing():
    thing, host, asker = suparco(), make_user(), make_user()
    theirs = make_member(host, thing)
    mine = make_member(asker, thing, role=Role.CONTRIBUTOR, confirmed=False)
    client = signed_in(asker)

    answers = {
        "invite": client.get(url("invitation_new", thing.pk)).status_code,
        "remove": client.post(url("member_remove", theirs.pk)).status_code,
        "demote": client.post(url("member_role", theirs.pk), {"role": "contributor"}).status_code,
        "self-confirm": client.post(url("member_confirm", mine.pk)).status_code,
        "self-promote": client.post(url("member_role", mine.pk), {"role": "representative"}).status_code,
    }

    assert answers == {"invite": 403, "remove": 404, "demote": 404, "self-confirm": 403, "self-promote": 403}
    mine.refresh_from_db()
    assert (mine.role, mine.confirmed_at) == (Role.CONTRIBUTOR, None)


def test_representative_changes_roles_and_keeps_at_least_one():
    thing, host, other = make_organisation(), make_user(), make_user()
    mine, theirs = make_member(host, thing), make_member(other, thing, role=Role.CONTRIBUTOR)
    client = signed_in(host)

    last = client.post(url("member_role", mine.pk), {"role": "contributor"}, follow=True).content.decode()
    leave = client.post(url("member_remove", mine.pk), follow=True).content.decode()
    client.post(url("member_role", theirs.pk), {"role": "representative"})
    client.post(url("member_remove", mine.pk))

    assert "keeps at least one representative" in last
    assert "keeps at least one representative" in leave
    left = Membership.objects.get()
    assert (left.user, left.role, left.confirmed_at) == (other, Role.REPRESENTATIVE, None)


def test_a_role_that_is_none_is_refused():
    thing, host, other = make_organisation(), make_user(), make_user()
    make_member(host, thing)
    theirs = make_member(other, thing, role=Role.CONTRIBUTOR)

    page = signed_in(host).post(url("member_role", theirs.pk), {"role": "emperor"}, follow=True)

    assert "Choose one of the roles" in page.content.decode()
    theirs.refresh_from_db()
    assert theirs.role == Role.CONTRIBUTOR


def test_hand_over_asks_first_then_swaps():
    thing, host, other = make_organisation(), make_user(), make_user()
    mine, theirs = make_member(host, thing), make_member(other, thing, role=Role.CONTRIBUTOR)
    client = signed_in(host)

    page = client.get(url("member_hand_over", theirs.pk))
    assert page.status_code == 200
    mine.refresh_from_db()
    assert mine.role == Role.REPRESENTATIVE
    client.post(url("member_hand_over", theirs.pk))

    mine.refresh_from_db()
    theirs.refresh_from_db()
    assert (mine.role, theirs.role, theirs.confirmed_at) == (Role.CONTRIBUTOR, Role.REPRESENTATIVE, None)


def test_get_of_a_removal_changes_nothing_and_names_the_person():
    thing, host, other = make_organisation(), make_user(), make_user(full_name="Maria Quispe")
    make_member(host, thing)
    theirs = make_member(other, thing, role=Role.CONTRIBUTOR)

    page = signed_in(host).get(url("member_remove", theirs.pk))

    assert "Remove Maria Quispe" in page.content.decode()
    assert Membership.objects.count() == 2


def test_entry_is_corrected_by_its_representative_until_confirmed():
    thing, host = make_organisation(), make_user()
    make_member(host, thing)
    client = signed_in(host)

    client.post(url("organisation_edit", thing.pk), {**ENTRY, "name": "Right Name"})
    thing.refresh_from_db()
    assert thing.name == "Right Name"
    actions.confirm_organisation(thing, by=make_staff(), now=NOW)
    client.post(url("organisation_edit", thing.pk), {**ENTRY, "name": "Changed Afterwards"})

    thing.refresh_from_db()
    assert thing.name == "Right Name"


def test_directory_is_searched_in_all_names_and_never_holds_what_users_added():
    known = suparco()
    known.native_name, known.aliases = "سپارکو", ["Pakistan space agency"]
    known.save()
    make_organisation(name="Secret Pakistan Space Club")
    client = signed_in(make_user())

    found = {
        words: [thing.pk for thing in client.get(url("organisation_list"), {"q": words}).context["found"]]
        for words in ("suparco", "سپارکو", "pakistan agency", "secret", "\x00", "' OR 1=1 --", "%")
    }

    assert found == {
        "suparco": [known.pk],
        "سپارکو": [known.pk],
        "pakistan agency": [known.pk],
        "secret": [],
        "\x00": [],
        "' OR 1=1 --": [],
        "%": [],
    }


@pytest.mark.parametrize("rows", [1, 3])
def test_organisation_list_asks_the_same_number_of_queries_for_any_number_of_rows(rows):
    user = make_user()
    for n in range(rows):
        make_member(user, make_organisation())
        make_organisation(name=f"Lunar Agency {n}", in_directory=True)

    assert queries_of(signed_in(user), url("organisation_list") + "?q=lunar") == 7


@pytest.mark.parametrize("rows", [1, 3])
def test_organisation_page_asks_the_same_number_of_queries_for_any_number_of_members(rows):
    thing, host = make_organisation(), make_user()
    make_member(host, thing)
    for n in range(rows):
        make_member(make_user(), thing, role=Role.CONTRIBUTOR)
        invited(thing, email=f"guest{n}@example.org", by=host)

    assert queries_of(signed_in(host), url("organisation", thing.pk)) == 11


def queries_of(client, page):
    with CaptureQueriesContext(connection) as seen:
        assert client.get(page).status_code == 200
    return len(seen)


def test_invitation_goes_out_by_mail_and_its_link_is_accepted_once():
    thing, host, guest = make_organisation(), make_user(), make_user(email="guest@example.org")
    make_member(host, thing)

    signed_in(host).post(url("invitation_new", thing.pk), {"email": " Guest@Example.org ", "role": "contributor"})
    message = Message.objects.get()
    assert (message.recipient, message.template, message.kind) == (guest, "organisation_invitation", "team")
    client = signed_in(guest)
    assert "Accept the invitation" in client.get(message.link).content.decode()
    accepted = client.post(message.link)

    assert accepted["Location"] == url("organisation", thing.pk)
    member = Membership.objects.get(user=guest)
    assert (member.role, member.confirmed_by) == (Role.CONTRIBUTOR, host)
    assert message.link.rsplit("/", 2)[1] not in Invitation.objects.values_list("token_digest", flat=True)
    again = client.post(message.link)
    assert again["Location"] == url("organisation", thing.pk)
    assert Membership.objects.filter(user=guest).count() == 1


def test_invitation_survives_signing_up_later():
    thing, host = make_organisation(), make_user()
    make_member(host, thing)
    _invitation, token = invited(thing, by=host, email="later@example.org")
    client, link = Client(), url("invitation", token)

    page = client.get(link).content.decode()
    assert f"{reverse('account_signup')}?next={link}" in page
    new = {"full_name": "Later Guest", "email": "later@example.org", "password1": PASSWORD, "language": "en"}
    client.post(reverse("account_signup"), {**new, "time_zone": "UTC", "next": link})
    text = Message.objects.get(template="security_verify").text
    path = next(word for word in text.split() if "/account/confirm-email/" in word).removeprefix("http://127.0.0.1:8000")
    back = client.post(path)

    assert back["Location"] == link
    client.post(link)
    assert Membership.objects.get(organisation=thing, user__email="later@example.org").role == Role.CONTRIBUTOR


def test_invitation_is_refused_to_anyone_but_the_address_invited():
    thing = make_organisation()
    _invitation, token = invited(thing)
    other = signed_in(make_user())
    unproven = make_user(email="guest@example.org", verified=False)

    page = other.get(url("invitation", token)).content.decode()
    assert "sent to another address" in page
    assert "guest@example.org" not in page
    assert other.post(url("invitation", token)).status_code == 403
    assert signed_in(unproven).post(url("invitation", token)).status_code == 403
    assert Client().post(url("invitation", token))["Location"] == f"{reverse('account_login')}?next={url('invitation', token)}"
    assert Membership.objects.count() == 0


@pytest.mark.parametrize(
    ("state", "status", "words"),
    [
        ("used", 410, "has been used"),
        ("expired", 410, "has run out"),
        ("withdrawn", 410, "was taken back"),
        ("forged", 404, "There is no such invitation"),
    ],
)
def test_invitation_that_cannot_be_used_says_why(state, status, words):
    guest, now = make_user(email="guest@example.org"), timezone.now()
    found, token = invited(make_organisation(), now=now - timedelta(days=31) if state == "expired" else now)
    if state == "used":
        found.accepted_at, found.accepted_by = now, make_user()
    if state == "withdrawn":
        found.withdrawn_at = now
    found.save()
    link = url("invitation", "forged" if state == "forged" else token)

    for answer in (Client().get(link), signed_in(guest).get(link), signed_in(guest).post(link)):
        assert answer.status_code == status
        assert words in answer.content.decode()
    assert Membership.objects.count() == 0


def test_pending_invitation_is_opened_without_its_link_by_its_address_only():
    thing = make_organisation()
    found, _token = invited(thing)
    guest = make_user(email="guest@example.org")

    assert signed_in(make_user()).get(url("invitation_pending", found.pk)).status_code == 404
    assert signed_in(make_user()).post(url("invitation_pending", found.pk)).status_code == 404
    signed_in(guest).post(url("invitation_pending", found.pk))

    assert Membership.objects.get().user == guest


def test_invitation_to_a_team_opens_the_proposal_to_its_address_alone():
    proposal = make_proposal()
    found, token = invited(None, by=proposal.created_by)
    member = TeamMember.objects.create(
        proposal=proposal, full_name="Guest", email=found.email, role=TeamRole.CO_I, position=2, invitation=found
    )
    guest, link = make_user(email=found.email), url("invitation", token)

    assert signed_in(make_user()).post(link).status_code == 403
    page = signed_in(guest).get(link).content.decode()
    assert proposal.title not in page  # nothing of the proposal before one has joined
    joined = signed_in(guest).post(link)

    assert joined["Location"] == url("proposal", proposal.pk)
    member.refresh_from_db()
    assert member.user == guest
    assert signed_in(guest).get(joined["Location"]).status_code == 200
    assert signed_in(guest).post(link)["Location"] == joined["Location"]
    assert signed_in(make_user()).post(link).status_code == 410


def test_invitation_is_withdrawn_by_a_representative_and_nobody_else():
    thing, host = make_organisation(), make_user()
    make_member(host, thing)
    found, token = invited(thing, by=host)

    assert signed_in(make_user()).post(url("invitation_withdraw", found.pk)).status_code == 404
    signed_in(host).post(url("invitation_withdraw", found.pk))

    assert Client().get(url("invitation", token)).status_code == 410


@pytest.mark.parametrize("address", ["", "no address", "a@b\nBcc: x@example.org", "x" * 250 + "@example.org"])
def test_invitation_to_what_is_no_address_is_refused(address):
    thing, host = make_organisation(), make_user()
    make_member(host, thing)

    response = signed_in(host).post(url("invitation_new", thing.pk), {"email": address, "role": "contributor"})

    assert response.status_code == 400
    assert Invitation.objects.count() == 0


def test_invitation_of_a_member_is_refused_with_words():
    thing, host = make_organisation(), make_user()
    make_member(host, thing)

    response = signed_in(host).post(url("invitation_new", thing.pk), {"email": host.email, "role": "contributor"})

    assert "belongs to the organisation already" in response.content.decode()
