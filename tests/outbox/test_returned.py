"""Reading returned mails: every form that servers use, and nothing that breaks the reader."""

import random
from datetime import UTC, datetime

import pytest

from proposals.outbox.gateways.returned import read_returned
from proposals.outbox.states import Report
from tests.outbox.returns import complaint, delivery_report, holiday_notice

TO = "bounces+7-abc@lunar-partners.example"
PLAIN = "From: {sender}\nTo: " + TO + "\nMessage-ID: <q@mx.example.org>\n\n{text}\n"


@pytest.mark.parametrize(
    ("action", "status", "report"),
    [
        ("failed", "5.1.1", Report.BOUNCED),
        ("Failed", "4.4.7", Report.BOUNCED),  # given up after days
        ("delayed", "4.2.2", Report.DELAYED),
        ("delivered", "2.0.0", None),
        ("relayed", "2.0.0", None),
        ("expanded", "2.0.0", None),
        ("", "5.7.1", Report.BOUNCED),
        ("", "4.2.0", Report.DELAYED),
    ],
)
def test_delivery_report_says_what_became_of_the_mail(action, status, report):
    assert read_returned(delivery_report(TO, action=action, status=status)).report == report


def test_delivery_report_is_read_whole():
    found = read_returned(delivery_report(TO))
    assert found.to == (TO,)
    assert found.at == datetime(2027, 3, 1, 12, 5, tzinfo=UTC)
    assert found.reply == ("rfc822; pi@example.org | 5.1.1 | smtp; 550 5.1.1 <pi@example.org>: Recipient address rejected")


def test_complaint_is_read_with_the_return_path_of_the_mail_inside():
    found = read_returned(complaint("fbl@example.org", returned_to=TO))
    assert (found.report, found.to, found.reply) == (Report.COMPLAINED, ("fbl@example.org", TO), "abuse SomeGenerator/1.0")


@pytest.mark.parametrize(
    ("sender", "text", "report"),
    [
        ("MAILER-DAEMON@mx.example.org", "Hi. This is the mail program.\n<pi@example.org>: 550 5.1.1 unknown", Report.BOUNCED),
        ("Mail Delivery <postmaster@mx.example.org>", "Still trying: 4.4.1", Report.DELAYED),
        ("MAILER-DAEMON@mx.example.org", "Something happened.", None),
        ("PI <pi@example.org>", "Our building is 5.1.1.", None),
    ],
)
def test_plain_words_count_only_from_a_server(sender, text, report):
    assert read_returned(PLAIN.format(sender=sender, text=text).encode()).report == report


def test_holiday_notice_reports_nothing():
    assert read_returned(holiday_notice(TO)).report is None


def test_same_mail_handed_over_twice_is_known_again():
    raw = delivery_report(TO)
    again = b"Received: from mx by us; now\n" + raw
    assert read_returned(raw).fingerprint == read_returned(again).fingerprint
    assert read_returned(raw).fingerprint != read_returned(raw.replace(b"report-1", b"report-2")).fingerprint


def test_broken_mails_never_break_the_reader():
    rng = random.Random(7)
    for raw in (delivery_report(TO), complaint(TO, returned_to=TO)):
        for _ in range(400):
            broken = bytearray(raw)
            for _ in range(rng.randint(1, 30)):
                broken[rng.randrange(len(broken))] = rng.randrange(256)
            found = read_returned(bytes(broken[: rng.randint(1, len(broken))]))
            assert found.reply.isprintable()
            assert "\x00" not in "".join(found.to)
