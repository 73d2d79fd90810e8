"""The doors of the calls' pages: who may enter, and the extension of a deadline with its preview."""

from datetime import UTC, datetime, timedelta

import pytest

from proposals.calls.models import Call, Phase
from proposals.intake.actions.reminders import tell
from proposals.outbox.models import Message
from proposals.partners.states import StaffRole
from tests.admin.call_pages import page_of
from tests.factories import make_call, make_proposal, make_staff, make_user

pytestmark = pytest.mark.django_db
CALLS = "/staff/proposals/call/"


@pytest.fixture
def staff(client):
    user = make_staff(full_name="Synthetic Zhao")
    client.force_login(user)
    return user


def test_extension_shows_what_will_happen_then_does_it(client, staff):
    phase = make_call(closes_at=datetime(2096, 3, 31, 15, 59, tzinfo=UTC)).phases.get()
    make_proposal(call=phase.call)
    url = f"/staff/proposals/phase/{phase.pk}/do/extend/"
    assert "1 person in the team" in " ".join(client.get(url).content.decode().split())

    preview = client.post(url, {"closes_at": "2096-04-30 24:00"})
    text = preview.content.decode()
    assert preview.status_code == 200
    assert "2096-05-01 00:00" in text
    assert "2096-04-30 16:00" in text, "in UTC"
    assert Phase.objects.get(pk=phase.pk).closes_at == phase.closes_at
    assert Message.objects.count() == 0

    assert 'name="previewed" value="2096-04-30T16:00:00+00:00"' in text
    sure = {"sure": "1", "previewed": "2096-04-30T16:00:00+00:00"}
    other = client.post(url, {"closes_at": "2096-06-30 24:00"} | sure)
    assert other.context["preview"]["utc"] == "2096-06-30 16:00", "what was not shown is shown first"
    assert Phase.objects.get(pk=phase.pk).closes_at == phase.closes_at

    done = client.post(url, {"closes_at": "2096-04-30 24:00"} | sure, follow=True)
    assert [str(message) for message in done.context["messages"]] == [
        "The deadline is extended. A message to 1 person is on its way."
    ]
    assert Phase.objects.get(pk=phase.pk).closes_at == datetime(2096, 4, 30, 16, 0, tzinfo=UTC)
    again = client.post(url, {"closes_at": "2096-04-30 24:00"} | sure)
    assert again.status_code == 200, "a second click finds the deadline already there"
    assert Message.objects.count() == 0, "the workers tell, not the request"
    tell()
    assert Message.objects.count() == 1


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("2096-03-01 00:00", "The new deadline must be after the present one"),
        ("2020-01-01 00:00", "The new deadline must be after the present one"),
        ("soon", "Type year, month, day and the time"),
        ("", "This field is required."),
    ],
)
def test_extension_backwards_is_refused_in_words(client, staff, typed, reason):
    phase = make_call(closes_at=datetime(2096, 3, 31, 15, 59, tzinfo=UTC)).phases.get()
    response = client.post(f"/staff/proposals/phase/{phase.pk}/do/extend/", {"closes_at": typed, "sure": "1"})
    assert response.status_code == 200
    assert response.context["form"].errors["closes_at"][0].startswith(reason)
    assert Phase.objects.get(pk=phase.pk).closes_at == phase.closes_at


def test_extension_into_the_past_is_refused_in_words(client, staff):
    now = datetime.now(UTC)
    phase = make_call(opens_at=now - timedelta(days=90), closes_at=now - timedelta(days=30)).phases.get()
    typed = f"{now - timedelta(days=9):%Y-%m-%d %H:%M}"
    response = client.post(f"/staff/proposals/phase/{phase.pk}/do/extend/", {"closes_at": typed, "sure": "1"})
    assert response.context["form"].errors["closes_at"] == [
        "The new deadline is already past. Choose an instant that is still to come."
    ]


def test_an_observer_reads_and_cannot_save(client):
    client.force_login(make_staff(role=StaffRole.OBSERVER))
    call = make_call()
    phase = call.phases.get()
    page = client.get(page_of(call))
    assert page.status_code == 200
    assert b'name="_save"' not in page.content
    assert b"Regional geological profile" in page.content
    assert client.get(page_of(phase)).status_code == 200
    refused = [
        client.post(page_of(call), {"title": "Mine"}),
        client.get(CALLS + "add/"),
        client.post(f"{CALLS}{call.pk}/delete/", {"post": "yes"}),
        client.get(f"{CALLS}{call.pk}/do/publish/"),
        client.get(f"/staff/proposals/phase/{phase.pk}/do/extend/"),
        client.post(f"/staff/proposals/phase/{phase.pk}/do/extend/", {"closes_at": "2096-01-01 00:00", "sure": "1"}),
    ]
    assert [response.status_code for response in refused] == [403] * 6
    assert Call.objects.get(pk=call.pk).revision == 1


@pytest.mark.parametrize("path", ["", "add/", "{}/change/", "{}/do/publish/", "{}/delete/"])
def test_partners_and_strangers_do_not_get_in(client, path):
    url = CALLS + path.format(make_call().pk)
    assert client.get(url).status_code == 302
    client.force_login(make_user())
    assert client.get(url).status_code == 302


def test_deleting_is_for_calls_never_published(client, staff):
    draft, public = make_call(is_published=False), make_call()
    assert client.post(f"{CALLS}{public.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.post(f"{CALLS}{draft.pk}/delete/", {"post": "yes"}).status_code == 302
    assert list(Call.objects.all()) == [public]
