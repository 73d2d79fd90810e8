"""The command itself: which rows there are, how a verdict is told, what the exit status is."""

import smtplib
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.factories import make_message
from tests.proofs import run
from tests.proofs.sink import Fault, Received, Sink, read_fault
from tests.proofs.verdict import Verdict, line


def received(to, message_id):
    return Received("", [to], f"Message-ID: {message_id}\r\n\r\nText".encode(), 0, encrypted=False)


def test_line_says_row_state_and_figures_in_order():
    told = line("N1", "PASS", {"seed": 7, "queued": 1000, "delivered": 1000, "rate": 1 / 3, "seconds": 31})
    assert told == "N1 PASS seed=7 queued=1000 delivered=1000 rate=0.33 seconds=31"


def test_line_tells_the_reason_last_and_on_one_line():
    assert line("N1", "NOT RUN", {}, "no\n broker") == "N1 NOT RUN why=no broker"


def test_verdict_fails_for_what_it_was_required():
    verdict = Verdict()
    verdict.require(holds=True, why="never said")
    verdict.require(holds=0, why="lost 3")
    assert verdict.failures == ["lost 3"]


def test_prove_refuses_an_unknown_row_and_names_the_known(capsys):
    assert run.run(["N1", "N99"]) == 2
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "N99 is no row; these are:"
    assert [each.split()[0] for each in said[1:]] == list(run.ROWS)


def test_prove_list_starts_nothing(capsys):
    assert run.run(["--list"]) == 0
    assert [each.split()[0] for each in capsys.readouterr().out.splitlines()] == list(run.ROWS)


@pytest.mark.parametrize("row", run.ROWS)
def test_row_says_what_it_plays(row):
    path = Path(run.__file__).parent / f"{run.ROWS[row].rpartition('.')[2]}.py"
    if path.exists():
        assert path.read_text().startswith(f'"""{row}: ')


def test_written_run_keeps_what_was_there(tmp_path):
    options = run._parse(["n1", "--seed", "9", "--write", str(tmp_path / "proofs.md")])
    options.write.write_text("# Before\n")
    run._write(options, ["N1 PASS seed=9"])
    said = options.write.read_text()
    assert said.startswith(f"# Before\n\n## {datetime.now(UTC):%Y-%m-%d}")
    assert "quick form, seed 9\n" in said
    assert said.endswith("```\nN1 PASS seed=9\n```\n")


@pytest.mark.django_db
def test_tally_sets_what_was_written_against_what_came():
    from tests.proofs.tally import Tally, tally

    for name in ("kept", "twice", "lost", "renamed"):
        make_message(to=f"{name}@example.org", key=name, message_id=f"<{name}@x>")
    came = [
        received("kept@example.org", "<kept@x>"),
        received("twice@example.org", "<twice@x>"),
        received("twice@example.org", "<twice@x>"),
        received("renamed@example.org", "<other@x>"),
        received("renamed@example.org", "<renamed@x>"),
        received("nobody@example.org", "<nobody@x>"),
    ]
    assert tally(came) == Tally(queued=4, delivered=3, lost=1, strange=2, duplicates=2, same_id=1)


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("rcpt=450", Fault("rcpt", "450")),
        ("mail=450 4.2.0 Greylisted:3", Fault("mail", "450 4.2.0 Greylisted", 3)),
        ("dot=drop:1 @someone@partner.example", Fault("dot", "drop", 1, "someone@partner.example")),
    ],
)
def test_sink_reads_a_fault_as_it_is_typed(written, fault):
    assert read_fault(written) == fault


def test_sink_refuses_a_phase_that_there_is_none_of():
    with pytest.raises(ValueError, match="'lunch' is no phase"):
        read_fault("lunch=450")


def test_sink_tells_what_is_said_kept_and_broken():
    lines = []
    with Sink(tell=lines.append) as sink:
        sink.script(read_fault("rcpt=450:1"))
        for refused in (True, False):
            outcome = pytest.raises(smtplib.SMTPRecipientsRefused) if refused else nullcontext()
            with smtplib.SMTP("127.0.0.1", sink.port) as client, outcome:
                client.sendmail("us@x.example", ["you@x.example"], "Subject: News\r\nMessage-ID: <1@x>\r\n\r\nText")
    told = [line.strip() for line in lines]
    assert told.count("fault at rcpt: 450") == 1
    assert "kept for you@x.example: News <1@x> (42 bytes)" in told
    assert [line.partition(" ")[2] for line in told if "rcpt TO" in line] == ["rcpt TO:<you@x.example>"] * 2


@pytest.mark.parametrize(
    ("text", "live"),
    [
        ("see https://evil.example", True),
        ("HTTPS:\\\\evil.example", True),
        ("write to a@evil.example", True),
        ("mailto:someone", True),
        ("evil。example", True),
        ("//evil", True),
        ("https : evil[.]example, a at evil[.]example", False),
        ("https://partners.example/proposals/", False),
    ],
)
def test_judge_knows_what_a_mail_program_would_link(text, live):
    from tests.proofs.payloads import lives

    assert bool(lives(text)) is live


def test_judge_finds_what_is_not_ours_in_a_mail():
    from tests.proofs.payloads import wrongs

    head = b"From: us@x\r\nTo: you@x.example\r\nSubject: News\r\nX-Evil: 1\r\nContent-Type: text/html\r\n\r\n"
    body = b'<a href="http://evil.example">x</a><img>'
    mail = Received("us@x", ["you@x.example", "more@evil.example"], head + body, 0, encrypted=False)
    assert [told.split(" ")[0] for told in wrongs(mail)] == ["header", "to", "link", "element"]
