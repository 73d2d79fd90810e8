"""The calendar of one's deadlines: an address made and removed on the preferences page, read without signing in."""

import re
from datetime import UTC, datetime, timedelta

import icalendar
import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from proposals.intake.states import Status
from proposals.partners.models import CalendarKey
from proposals.portal.views.calendar import READ_AN_HOUR
from tests.factories import make_call, make_proposal, make_staff, make_user

pytestmark = pytest.mark.django_db
PAGE, MAKE, REMOVE = "/preferences/", "/preferences/calendar/", "/preferences/calendar/remove/"


@pytest.fixture(autouse=True)
def _no_limits_left_over():
    cache.clear()


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def address_in(answer, settings):
    (found,) = set(re.findall(rf'value="{re.escape(settings.SITE_URL)}(/calendar/[\w-]+\.ics)"', answer.content.decode()))
    return found


def entries(answer):
    return icalendar.Calendar.from_ical(answer.content).walk("VEVENT")


def test_address_is_made_shown_once_read_and_removed(settings):
    user = make_user()
    make_proposal(call=make_call(code="CE9"), by=user)
    client, program = signed_in(user), Client()

    made = client.post(MAKE)
    path = address_in(made, settings)
    assert "no-store" in made["Cache-Control"]
    assert f'href="webcal:{settings.SITE_URL.partition(":")[2]}{path}"' in made.content.decode()
    token = path.removeprefix("/calendar/").removesuffix(".ics")
    assert CalendarKey.objects.get().token_digest != token
    assert token not in client.get(PAGE).content.decode()
    feed = program.get(path)
    assert (feed.status_code, feed["Content-Type"], feed["Cache-Control"]) == (
        200,
        "text/calendar; charset=utf-8",
        "no-store, private",
    )
    assert [str(entry["SUMMARY"]) for entry in entries(feed)] == ["CE9: Letter of intent closes"]
    assert feed.cookies == {}
    assert "Your preferences" not in client.post(REMOVE, follow=True).content.decode()
    assert program.get(path).status_code == 404


def test_new_address_ends_the_old_one(settings):
    client = signed_in(make_user())
    first, second = (address_in(client.post(MAKE), settings) for _ in range(2))
    assert [Client().get(path).status_code for path in (first, second)] == [404, 200]


def test_wrong_address_does_not_exist_like_any_other():
    pages = []
    for path in ("/nowhere/", "/calendar/wrong.ics"):
        answer = Client().get(path)
        page = re.sub(r'csrfmiddlewaretoken" value="[^"]*"', "", answer.content.decode().replace(path, ""))
        pages.append((answer.status_code, page))
    assert pages[0] == pages[1]
    assert pages[0][0] == 404


def test_feed_is_its_owners_whoever_asks(settings):
    mine, rival = make_user(language="fr"), make_user()
    proposal = make_proposal(by=mine, status=Status.CLARIFICATION)
    soon = datetime.now(UTC) + timedelta(days=3)
    proposal.clarifications.create(
        asked_in=Status.ELIGIBILITY, question="?", asked_by=make_staff(), asked_at=soon - timedelta(days=4), due_at=soon
    )
    theirs = make_proposal(by=rival, status=Status.CLARIFICATION)
    path = address_in(signed_in(mine).post(MAKE), settings)

    for client in (Client(), signed_in(rival), signed_in(make_staff())):
        (entry,) = entries(client.get(path))
        assert proposal.reference in str(entry["SUMMARY"])
    assert theirs.reference not in Client().get(path).content.decode()
    assert [str(e["SUMMARY"]) for e in entries(signed_in(rival).get(path))] == [str(entry["SUMMARY"])]


def test_feed_is_not_sent_again_while_nothing_changed(settings):
    user = make_user()
    path = address_in(signed_in(user).post(MAKE), settings)
    first = Client().get(path)
    again = Client().get(path, headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    make_proposal(by=user)
    assert Client().get(path, headers={"if-none-match": first["ETag"]}).status_code == 200
    assert Client().post(path).status_code == 405


def test_feed_slows_a_program_gone_wrong(settings):
    path, other = (address_in(signed_in(make_user()).post(MAKE), settings) for _ in range(2))
    answers = [Client().get(path).status_code for _ in range(READ_AN_HOUR + 1)]
    assert answers == [200] * READ_AN_HOUR + [429]
    assert Client().get(other).status_code == 200


@pytest.mark.parametrize("rows", [1, 3])
def test_feed_takes_the_same_number_of_statements_for_any_number(rows, settings):
    user = make_user()
    for _ in range(rows):
        make_proposal(by=user)
    path = address_in(signed_in(user).post(MAKE), settings)
    with CaptureQueriesContext(connection) as seen:
        assert len(entries(Client().get(path))) == rows
    ours = [query["sql"] for query in seen if "proposals_cache" not in query["sql"] and "SAVEPOINT" not in query["sql"]]
    assert len(ours) == 7, ours


def test_address_is_made_by_post_and_by_those_who_are_signed_in():
    assert signed_in(make_user()).get(MAKE)["Location"] == PAGE
    for path in (MAKE, REMOVE):
        assert Client().post(path)["Location"].startswith(reverse("account_login"))
    assert CalendarKey.objects.count() == 0
