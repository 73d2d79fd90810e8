"""Every instant in a mail is told in Beijing's time and the reader's own, each with its distance from UTC."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings

from proposals.outbox.actions import render
from tests.factories import make_user

MAILS = sorted((Path(settings.BASE_DIR) / "templates" / "emails").iterdir())
T0 = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("path", MAILS, ids=lambda path: path.name)
def test_mail_tells_an_instant_in_both_zones_or_how_long_is_left(path):
    text = path.read_text()
    given = dict(re.findall(r"(\w+)=(\S+?)(?=\s|%\})", text))  # of blocktranslate: its own names are what they are given
    shown = [each for each in re.findall(r"\{\{\s*([^}]+?)\s*\}\}", text) if each not in given] + list(given.values())
    instants = [each for each in shown if re.match(r"(\w+\.)*(\w+_(at|until)|at|was)\b", each)]
    assert [each for each in instants if not re.search(r"\|(moment|timeuntil)\b", each)] == []
    assert re.findall(r"\|(?:time\b|date:\S*[HGgPiT]\S*|naturaltime|localtime)", text) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("zone", "told"),
    [
        ("America/Lima", "1 March 2027, 20:00 Beijing (UTC+8) = 07:00 your time (Lima, UTC-5)"),
        ("Asia/Kolkata", "1 March 2027, 20:00 Beijing (UTC+8) = 17:30 your time (Kolkata, UTC+5:30)"),
        ("Pacific/Kiritimati", "1 March 2027, 20:00 Beijing (UTC+8) = 2 March 2027, 02:00 your time (Kiritimati, UTC+14)"),
        ("UTC", "1 March 2027, 20:00 Beijing (UTC+8) = 12:00 UTC"),
        ("Asia/Shanghai", "1 March 2027, 20:00 Beijing (UTC+8)"),
    ],
)
def test_mail_is_dated_for_its_reader(zone, told):
    context = {"reference": "CE8-1", "title": "Radon", "due_at": T0}
    _subject, text, html = render("clarification", context, to=make_user(time_zone=zone))
    assert [line.partition(": ")[2] for line in text.splitlines() if line.startswith("Answer by")] == [told]
    assert told in re.sub(r"<[^>]+>", "", html)
