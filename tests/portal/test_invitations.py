"""A team's invitation from its link: one page for each way it can stand, and none says what is proposed."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from proposals.intake import actions
from proposals.intake.models import Access, Proposal
from proposals.intake.states import TeamRole
from proposals.outbox.models import Message
from proposals.partners.models import Invitation
from tests.factories import make_proposal, make_staff, make_user

pytestmark = pytest.mark.django_db
TITLE = "Very Secret Seismometer"


@pytest.fixture
def proposal():
    return make_proposal(title=TITLE)


@pytest.fixture
def link(proposal):
    """The address in the mail."""
    now = timezone.now()
    me = proposal.created_by
    member = actions.list_member(proposal, full_name="Ana", role=TeamRole.CO_I, email="ana@example.org", by=me, now=now)
    actions.invite_member(member, by=me, now=now)
    return Message.objects.get(template="team_invitation").link


def test_signed_out_reader_is_told_how_to_come_back(client, link):
    page = client.get(link).content.decode()
    assert f"/account/signup/?next={link}" in page
    assert f"/account/login/?next={link}" in page
    assert TITLE not in page
    assert client.post(link).url == f"/account/login/?next={link}"
    assert Access.objects.count() == 1


def test_invited_person_joins_and_sees_the_proposal(client, link, proposal):
    ana = make_user(email="ana@example.org")
    client.force_login(ana)
    assert TITLE not in client.get(link).content.decode()
    assert Access.objects.filter(user=ana).count() == 0
    answer = client.post(link, follow=True)
    assert answer.redirect_chain[0][0] == reverse("portal:proposal", args=[proposal.pk])
    assert TITLE in answer.content.decode()
    assert list(Proposal.objects.visible_to(ana)) == [proposal]


def test_second_click_leads_to_the_proposal(client, link, proposal):
    client.force_login(make_user(email="ana@example.org"))
    client.post(link)
    assert client.get(link).url == reverse("portal:proposal", args=[proposal.pk])
    assert client.post(link).url == reverse("portal:proposal", args=[proposal.pk])


def test_account_that_verifies_the_address_later_joins_then(client, link, proposal):
    ana = make_user(email="ana@example.org", verified=False)
    client.force_login(ana)
    assert client.post(link).status_code == 403
    ana.emailaddress_set.update(verified=True)
    assert client.post(link).url == reverse("portal:proposal", args=[proposal.pk])


@pytest.mark.parametrize("who", ["another", "staff"])
def test_person_it_was_not_sent_to_joins_nothing(client, link, who):
    person = make_user() if who == "another" else make_staff(email="ana@example.org")
    client.force_login(person)
    page = client.post(link)
    assert page.status_code == 403
    assert TITLE not in page.content.decode()
    assert "ana@example.org" not in page.content.decode().replace(str(person), "")
    assert Access.objects.filter(user=person).count() == 0


@pytest.mark.parametrize(
    ("state", "status", "words"),
    [
        ({"expires_at": timezone.now() - timedelta(days=1)}, 410, "has run out"),
        ({"withdrawn_at": timezone.now()}, 410, "was taken back"),
        ({"token_digest": "0" * 64}, 404, "no such invitation"),
    ],
)
def test_link_that_has_ended_says_so(client, link, state, status, words):
    Invitation.objects.update(**state)
    ana = make_user(email="ana@example.org")
    for signed_in in (False, True):
        if signed_in:
            client.force_login(ana)
        for answer in (client.get(link), client.post(link)):
            page = answer.content.decode()
            assert (answer.status_code, TITLE in page) == (status, False)
            assert words in page
    assert Access.objects.filter(user=ana).count() == 0


def test_used_link_tells_others_nothing(client, link):
    client.force_login(make_user(email="ana@example.org"))
    client.post(link)
    client.force_login(make_user())
    answer = client.get(link)
    assert (answer.status_code, TITLE in answer.content.decode()) == (410, False)


@pytest.mark.parametrize("token", ["x", "A" * 43, "%00", "é" * 20, "x" * 2000])
def test_forged_token_is_not_found(client, link, token):
    assert client.get(f"/invitations/by-link/{token}/").status_code == 404
