from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proposals.outbox.calculations import GIVE_UP_AFTER, History, classify, inert, next_step, retry_at, split_subject
from proposals.outbox.states import BEFORE_THE_MAIL, Delivery, Result, SmtpPhase

T0 = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
AFTER = [phase for phase in SmtpPhase if phase not in BEFORE_THE_MAIL]


@pytest.mark.parametrize(("failures", "minutes"), [(1, 1), (2, 5), (3, 15), (4, 60), (5, 120), (30, 120)])
def test_retry_at_follows_the_table(failures, minutes):
    assert retry_at(failures, first_at=T0, now=T0, jitter=0.5) == T0 + timedelta(minutes=minutes)


def test_retry_at_spreads_by_ten_percent():
    waits = [retry_at(4, first_at=T0, now=T0, jitter=j) - T0 for j in (0, 1)]
    assert waits == [timedelta(minutes=54), timedelta(minutes=66)]


def test_retry_at_tries_last_at_72_hours_sharp():
    assert retry_at(9, first_at=T0, now=T0 + timedelta(hours=71), jitter=1) == T0 + timedelta(hours=72)
    assert retry_at(9, first_at=T0, now=T0 + timedelta(hours=72), jitter=0) is None


@given(st.lists(st.floats(0, 1), min_size=80, max_size=80))
def test_retry_at_ends_within_72_hours_whatever_the_jitter(jitters):
    now = T0
    for tries, jitter in enumerate(jitters, 1):
        due = retry_at(tries, first_at=T0, now=now, jitter=jitter)
        if due is None:
            break
        assert now < due <= T0 + GIVE_UP_AFTER
        now = due
    assert now == T0 + GIVE_UP_AFTER


@pytest.mark.parametrize("phase", AFTER)
@pytest.mark.parametrize("code", [500, 550, 554, 599])
def test_classify_5yz_to_the_mail_is_permanent(phase, code):
    assert classify(phase, code) == Result.PERMANENT


@pytest.mark.parametrize("phase", sorted(BEFORE_THE_MAIL))
@pytest.mark.parametrize("code", [501, 535, 554])
def test_classify_5yz_before_the_mail_only_puts_off(phase, code):
    assert classify(phase, code) == Result.TRANSIENT


@pytest.mark.parametrize("phase", list(SmtpPhase))
@pytest.mark.parametrize("code", [400, 421, 450, 451, 452, 499])
def test_classify_4yz_puts_off_at_any_phase(phase, code):
    assert classify(phase, code) == Result.TRANSIENT


@pytest.mark.parametrize("code", [None, 0, 199, 354, 600, 999])
def test_classify_no_sense_after_the_dot_is_uncertain(code):
    assert classify(SmtpPhase.DOT, code) == Result.UNCERTAIN


@pytest.mark.parametrize("phase", [phase for phase in SmtpPhase if phase != SmtpPhase.DOT])
@pytest.mark.parametrize("code", [None, 250, 354])
def test_classify_only_an_answer_to_the_dot_is_sent(phase, code):
    assert classify(phase, code) == Result.TRANSIENT
    assert classify(SmtpPhase.DOT, 250) == Result.SENT


@pytest.mark.parametrize(
    ("result", "history", "delivery"),
    [
        (Result.SENT, History(T0), Delivery.SENT),
        (Result.PERMANENT, History(T0, failures=1), Delivery.REFUSED),
        (Result.TRANSIENT, History(T0, failures=40), Delivery.QUEUED),
        (Result.UNCERTAIN, History(T0, failures=1, uncertain=1), Delivery.UNCERTAIN),
        (Result.TRANSIENT, History(T0, failures=2, uncertain=1), Delivery.UNCERTAIN),
        (Result.UNCERTAIN, History(T0, failures=2, uncertain=2), Delivery.DEAD),
        (Result.CRASHED, History(T0, failures=4, crashes=4), Delivery.QUEUED),
        (Result.CRASHED, History(T0, failures=5, crashes=5), Delivery.DEAD),
        (Result.TRANSIENT, History(T0 - GIVE_UP_AFTER, failures=3), Delivery.DEAD),
    ],
)
def test_next_step_ends_where_it_should(result, history, delivery):
    found, due_at = next_step(result, history, now=T0, jitter=0.5)
    assert found == delivery
    assert (due_at is None) == (delivery in {Delivery.SENT, Delivery.REFUSED, Delivery.DEAD})


@given(st.text())
def test_inert_is_one_line_without_a_live_link(text):
    made = inert(text)
    assert "://" not in made
    assert "@" not in made
    assert len(made.splitlines()) <= 1


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("See https://evil.example/x now", "See https : evil[.]example/x now"),
        ("a@b.example", "a at b[.]example"),
        ("two\r\nlines\x00\u202e", "two lines"),
        ("HTTPS:\\\\evil.example and //evil.example", "HTTPS : evil[.]example and evil[.]example"),
        ("mailto:a＠b, javascript:go()", "mailto : a at b, javascript : go()"),
        ("münchen-é.com пример.рф evil．example evil。example", "münchen-é[.]com пример[.]рф evil[.]example evil[.]example"),
        ("evil\u200b.exa\u00admple", "evil[.]example"),
        ("10.0.0.7/evil", "10[.]0[.]0[.]7/evil"),
        ("10.5 kg, v1.2.3, data: 3 and/or 4", "10.5 kg, v1.2.3, data: 3 and/or 4"),
        ("研究。分析", "研究。分析"),
        ("می‌خواهم", "می‌خواهم"),
    ],
)
def test_inert_disarms(written, kept):
    assert inert(written) == kept


def test_split_subject_takes_the_first_line():
    assert split_subject("\nA subject\n\nBody\n\nmore\n") == ("A subject", "Body\n\nmore\n")
