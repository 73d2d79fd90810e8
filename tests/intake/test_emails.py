"""Every message of a proposal renders, in both forms, for a reader with a zone of their own."""

from datetime import UTC, datetime

import pytest

from proposals.intake.emails import TEMPLATE
from proposals.outbox.actions import render
from proposals.partners.models import User

AT = datetime(2026, 12, 31, 15, 59, tzinfo=UTC)


@pytest.mark.parametrize("template", [*TEMPLATE.values(), "team_invitation"])
def test_mail_renders_reference_and_link(template: str) -> None:
    reader = User(email="reader@example.org", full_name="Reader", time_zone="America/Lima")
    context = {
        "reference": "CE8-7KQ4M",
        "title": "Seismometer",
        "call_title": "Synthetic call",
        "phase_title": "letter of intent",
        "zone": "Asia/Shanghai",
        "at": AT,
        "received_at": AT,
        "correct_by": AT,
        "due_at": AT,
        "expires_at": AT,
        "version": 1,
        "sha256": "ab" * 32,
        "role": "PI",
        "invited_by": "Someone",
        "link": "https://example.org/here",
    }
    subject, text, html = render(template, context, to=reader)
    assert subject
    assert ("CE8-7KQ4M" in subject) == (template != "team_invitation")
    assert "https://example.org/here" in text
    assert 'href="https://example.org/here"' in html


def test_receipt_shows_both_zones() -> None:
    reader = User(email="reader@example.org", full_name="Reader", time_zone="America/Lima")
    context = {"received_at": AT, "zone": "Asia/Shanghai", "reference": "CE8-7KQ4M", "sha256": "ab" * 32, "version": 2}
    _subject, text, _html = render("received", context, to=reader)
    assert "31 December 2026, 23:59" in text
    assert "10:59" in text
