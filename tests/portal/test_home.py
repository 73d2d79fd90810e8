"""The first page: what this is, and the nearest deadline; right with any number of calls."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.factories import make_call

pytestmark = pytest.mark.django_db


def text_of(client):
    response = client.get("/")
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_home_without_any_call_says_so(client):
    text = text_of(client)
    assert "No call is open at the moment." in text
    assert "Read the earlier calls" not in text
    assert "Who may apply" in text


def test_home_with_only_closed_calls_leads_to_them(client):
    now = datetime.now(UTC)
    call = make_call(opens_at=now - timedelta(days=9), closes_at=now - timedelta(days=1))
    text = text_of(client)
    assert "Read the earlier calls" in text
    assert f"The envelope of {call.title}" in text


def test_home_counts_down_to_the_nearest_deadline(client):
    now = datetime.now(UTC)
    make_call(title="Later", closes_at=now + timedelta(days=60))
    soon = make_call(title="Soon", closes_at=now + timedelta(days=5, minutes=1))
    text = text_of(client)
    hero = text[text.index("lp-hero") : text.index("<main")]
    assert "Soon" in hero
    assert "5 days left" in hero
    assert f'href="/calls/{soon.slug}/"' in hero
    assert text.index("Soon</span>") < text.index("Later</span>")


def test_home_shows_what_is_coming(client):
    now = datetime.now(UTC)
    make_call(title="Next year", opens_at=now + timedelta(days=9), closes_at=now + timedelta(days=60))
    text = text_of(client)
    assert "No call is open at the moment." in text
    assert "Next year" in text
