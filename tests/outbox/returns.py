"""Mails as servers send them back: delivery reports, complaints, holiday notices."""

from textwrap import dedent

OURS = """\
Return-Path: <{to}>
Message-ID: <original@lunar-partners.example>
From: Lunar Partners <secretariat@lunar-partners.example>
To: pi@example.org
Subject: [CE8-T00001] News

What is new.
"""


def delivery_report(
    to: str, *, action: str = "failed", status: str = "5.1.1", by: str = "mx.example.org", **headers: str
) -> bytes:
    """A report of RFC 3464, to one of our return addresses."""
    return _joined(
        {"To": to, "Message-ID": "<report-1@mx.example.org>", **headers},
        "delivery-status",
        f"""\
        Content-Type: message/delivery-status

        Reporting-MTA: dns; {by}
        Arrival-Date: Mon, 1 Mar 2027 12:00:00 +0000

        Original-Recipient: rfc822;pi@example.org
        Final-Recipient: rfc822; pi@example.org
        Action: {action}
        Status: {status}
        Diagnostic-Code: smtp; 550 5.1.1 <pi@example.org>: Recipient address rejected
        Last-Attempt-Date: Mon, 1 Mar 2027 12:05:00 +0000
        """,
        to,
    )


def complaint(to: str, *, returned_to: str, **headers: str) -> bytes:
    """A complaint of RFC 5965: sent to whom the provider knows, the mail complained of inside."""
    return _joined(
        {"To": to, "Message-ID": "<report-2@fbl.example.org>", **headers},
        "feedback-report",
        """\
        Content-Type: message/feedback-report

        Feedback-Type: abuse
        User-Agent: SomeGenerator/1.0
        Version: 1
        Arrival-Date: Mon, 1 Mar 2027 13:00:00 +0000
        """,
        returned_to,
    )


def holiday_notice(to: str) -> bytes:
    """An answer by a machine that reports nothing."""
    return (
        f"From: PI <pi@example.org>\nTo: {to}\nSubject: Out of office 5.1.1\nAuto-Submitted: auto-replied\n\n"
        "I am away. My office is 5.1.1.\n"
    ).encode()


def _joined(headers: dict[str, str], kind: str, report: str, returned_to: str) -> bytes:
    given = {"From": "MAILER-DAEMON@mx.example.org", "Subject": "Undelivered", "MIME-Version": "1.0"} | headers
    given["Content-Type"] = f'multipart/report; report-type={kind}; boundary="b"'
    head = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in given.items())
    parts = ["Content-Type: text/plain\n\nIt could not be delivered.\n", dedent(report)]
    parts.append("Content-Type: message/rfc822\n\n" + OURS.format(to=returned_to))
    return (head + "\n" + "".join(f"--b\n{part}\n" for part in parts) + "--b--\n").encode()
