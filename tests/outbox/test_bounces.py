"""What came back: kept once, in any order, with the mail it is about; it stops nothing else."""

import io
import sys
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.db import OperationalError

from proposals.audit.models import Event
from proposals.management.commands import returned_mail
from proposals.outbox import actions
from proposals.outbox.actions.bounces import NotOurs, close_bounces, hear, take_back
from proposals.outbox.calculations import bounce_address
from proposals.outbox.calculations.reports import Heard
from proposals.outbox.models import Attempt, Bounce, Message
from proposals.outbox.states import Delivery, Kind, Report, ReportSource, Result, SmtpPhase
from proposals.partners.states import StaffRole
from tests.factories import make_message, make_staff, make_user
from tests.outbox.returns import complaint, delivery_report, holiday_notice

pytestmark = pytest.mark.django_db
T0 = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def return_address(settings):
    settings.BOUNCE_ADDRESS = "bounces@lunar-partners.example"


@pytest.fixture
def sent():
    return make_message(to="pi@example.org", now=T0, delivery=Delivery.SENT, sent_at=T0)


def heard(message, report=Report.BOUNCED, *, event="e1", at=T0 + HOUR, **fields):
    return Heard(event, report, ReportSource.WEBHOOK, at, reply="550 no such user", number=message.pk, **fields)


def now_is(message):
    message.refresh_from_db()
    return message.delivery


def evidence(message):
    return list(message.evidence.values_list("outcome", "at"))


def test_bounce_is_kept_with_its_mail_and_in_the_trail(sent):
    assert hear(heard(sent), now=T0 + 2 * HOUR) == sent
    assert now_is(sent) == Delivery.BOUNCED
    bounce = Bounce.objects.get()
    assert (bounce.message, bounce.address, bounce.report, bounce.at) == (sent, "pi@example.org", "bounced", T0 + HOUR)
    assert (sent.sent_at, sent.last_reply, evidence(sent)) == (T0, "550 no such user", [("bounced", T0 + HOUR)])
    [event] = Event.objects.all()
    assert (event.verb, event.subject_id, event.actor_label) == ("message.bounced", str(sent.pk), "system")
    assert event.data == {"bounce": bounce.pk, "source": "webhook"}


def test_the_same_report_again_changes_nothing(sent):
    for _ in range(3):
        hear(heard(sent), now=T0 + HOUR)
    assert (Bounce.objects.count(), Attempt.objects.count(), Event.objects.count()) == (1, 1, 1)


def test_report_about_no_mail_of_ours_leaves_no_trace(sent):
    Attempt.objects.create(message=sent, at=T0, phase=SmtpPhase.DOT, outcome=Result.SENT)  # the server said nothing more
    for stranger in (
        Heard("e", Report.BOUNCED, ReportSource.WEBHOOK, T0, number=sent.pk + 1),
        Heard("e", Report.BOUNCED, ReportSource.WEBHOOK, T0, message_id="<other@example.org>", address="pi@example.org"),
        Heard("e", Report.BOUNCED, ReportSource.WEBHOOK, T0, provider_id="", address="pi@example.org"),
        Heard("e", Report.BOUNCED, ReportSource.WEBHOOK, T0, provider_id="x", address="pi@example.org"),
    ):
        assert hear(stranger, now=T0) is None
    assert (now_is(sent), Bounce.objects.count(), Attempt.objects.count()) == (Delivery.SENT, 0, 1)


def test_report_finds_its_mail_by_our_id_and_by_the_providers(sent):
    other = make_message(to="pi@example.org", delivery=Delivery.SENT, sent_at=T0)
    for message, theirs in ((sent, "p-1"), (other, "p-2")):
        Attempt.objects.create(message=message, at=T0, phase=SmtpPhase.DOT, outcome=Result.SENT, reply=theirs)
    by_ours = Heard("e1", Report.DELAYED, ReportSource.WEBHOOK, T0, message_id=other.message_id)
    by_theirs = Heard("e2", Report.DELAYED, ReportSource.WEBHOOK, T0, provider_id="p-1", address="pi@example.org")
    assert (hear(by_ours, now=T0), hear(by_theirs, now=T0)) == (other, sent)


@pytest.mark.parametrize("was", [Delivery.UNCERTAIN, Delivery.DEAD, Delivery.REFUSED, Delivery.QUEUED])
def test_bounce_settles_a_mail_that_we_were_not_sure_of(was, relay):
    message = make_message(now=T0, delivery=was)
    hear(heard(message), now=T0 + HOUR)
    assert now_is(message) == Delivery.BOUNCED
    actions.deliver(now=T0 + 2 * HOUR)
    assert relay.mails == []


def test_bounce_takes_the_lease_of_a_worker_that_hangs():
    message = make_message(now=T0, delivery=Delivery.SENDING, leased_until=T0 + 9 * HOUR)
    hear(heard(message), now=T0 + HOUR)
    assert (now_is(message), message.leased_until) == (Delivery.BOUNCED, None)


def test_bounced_sign_in_mail_keeps_no_key():
    message = make_message(now=T0, delivery=Delivery.UNCERTAIN, kind=Kind.SECURITY, text="key", html="key", link="/key")
    hear(heard(message), now=T0 + HOUR)
    message.refresh_from_db()
    assert (message.delivery, message.text, message.html, message.link) == (Delivery.BOUNCED, "", "", "")


def test_bounce_of_the_try_before_does_not_stop_the_new_one(sent):
    hear(heard(sent), now=T0 + HOUR)
    actions.retry(sent, by=make_staff(), now=T0 + 3 * HOUR)
    hear(heard(sent, event="e2", at=T0 + 2 * HOUR), now=T0 + 4 * HOUR)
    assert (now_is(sent), Bounce.objects.count()) == (Delivery.QUEUED, 2)
    hear(heard(sent, event="e3", at=T0 + 5 * HOUR), now=T0 + 6 * HOUR)
    assert now_is(sent) == Delivery.BOUNCED


def test_delivered_before_bounced_whichever_comes_first(sent):
    delivered = heard(sent, None, event="d", at=T0 + HOUR)
    bounced = heard(sent, event="b", at=T0 + 2 * HOUR)
    for report in (bounced, delivered):
        hear(report, now=T0 + 3 * HOUR)
    assert (now_is(sent), Bounce.objects.open().count()) == (Delivery.BOUNCED, 1)


def test_bounced_before_delivered_whichever_comes_first(sent):
    delivered = heard(sent, None, event="d", at=T0 + 2 * HOUR)
    bounced = heard(sent, event="b", at=T0 + HOUR)
    for report in (delivered, bounced):
        hear(report, now=T0 + 3 * HOUR)
    assert now_is(sent) == Delivery.SENT


def test_delivered_settles_doubt_and_the_mail_is_not_sent_again(relay):
    message = make_message(now=T0, delivery=Delivery.UNCERTAIN)
    for _ in range(2):
        hear(heard(message, None), now=T0 + HOUR)
    assert (now_is(message), message.sent_at) == (Delivery.SENT, T0 + HOUR)
    assert evidence(message) == [("delivered", T0 + HOUR)]
    actions.deliver(now=T0 + 2 * HOUR)
    assert relay.mails == []


def test_delivered_from_before_a_new_start_does_not_stop_it(sent):
    hear(heard(sent), now=T0 + HOUR)
    actions.retry(sent, by=make_staff(), now=T0 + 3 * HOUR)
    hear(heard(sent, None, at=T0 + 2 * HOUR), now=T0 + 4 * HOUR)
    assert now_is(sent) == Delivery.QUEUED


def test_later_mail_delivered_to_the_address_closes_what_came_back(sent):
    other = make_message(to="other@example.org", delivery=Delivery.SENT, sent_at=T0)
    complained = make_message(to="pi@example.org", delivery=Delivery.SENT, sent_at=T0)
    hear(heard(sent, event="1"), now=T0 + HOUR)
    hear(heard(other, event="2"), now=T0 + HOUR)
    hear(heard(complained, Report.COMPLAINED, event="3"), now=T0 + HOUR)
    later = make_message(to="pi@example.org", delivery=Delivery.SENT, sent_at=T0)
    hear(heard(later, None, event="4", at=T0 + 2 * HOUR), now=T0 + 3 * HOUR)
    assert set(Bounce.objects.open().values_list("event_id", flat=True)) == {"2", "3"}
    assert now_is(sent) == Delivery.BOUNCED  # that mail itself never arrived


def test_older_delivery_closes_nothing(sent):
    hear(heard(sent, at=T0 + 2 * HOUR), now=T0 + 2 * HOUR)
    earlier = make_message(to="pi@example.org", delivery=Delivery.SENT, sent_at=T0)
    hear(heard(earlier, None, event="d", at=T0 + HOUR), now=T0 + 3 * HOUR)
    assert Bounce.objects.open().count() == 1


@pytest.mark.parametrize("report", [Report.DELAYED, Report.COMPLAINED])
def test_delay_and_complaint_leave_the_mail_as_sent(sent, report):
    hear(heard(sent, report), now=T0 + HOUR)
    assert (now_is(sent), Bounce.objects.get().report, evidence(sent)) == (Delivery.SENT, report, [(report, T0 + HOUR)])
    assert [event.verb for event in Event.objects.all()] == (["message.complained"] if report == Report.COMPLAINED else [])
    assert Bounce.objects.open().count() == (report == Report.COMPLAINED)


def test_report_from_the_future_counts_as_of_now(sent):
    hear(heard(sent, at=T0 + 1000 * HOUR), now=T0 + HOUR)
    assert Bounce.objects.get().at == T0 + HOUR


def test_bounced_address_is_still_written_to(relay, sent):
    hear(heard(sent), now=T0 + HOUR)
    make_message(to="pi@example.org", now=T0)
    actions.deliver(now=T0 + HOUR)
    assert [mail.to for mail in relay.mails] == [["pi@example.org"]]


def test_staff_close_what_came_back_from_one_address(sent):
    other = make_message(to="other@example.org", delivery=Delivery.SENT, sent_at=T0)
    hear(heard(sent, event="1"), now=T0 + HOUR)
    hear(heard(other, event="2"), now=T0 + HOUR)
    staff = make_staff()
    assert [close_bounces("pi@example.org", by=staff, about=sent, now=T0 + 2 * HOUR) for _ in range(2)] == [1, 0]
    closed = Bounce.objects.get(event_id="1")
    assert (closed.closed_at, closed.closed_by, Bounce.objects.open().get().event_id) == (T0 + 2 * HOUR, staff, "2")
    assert list(Event.objects.filter(verb="message.bounce_closed").values_list("actor_id", flat=True)) == [staff.pk]


@pytest.mark.parametrize("person", [make_user, lambda: make_staff(role=StaffRole.OBSERVER)])
def test_only_the_secretariat_closes(sent, person):
    hear(heard(sent), now=T0 + HOUR)
    with pytest.raises(PermissionDenied):
        close_bounces("pi@example.org", by=person(), about=sent, now=T0)
    assert Bounce.objects.open().count() == 1


def test_returned_mail_is_matched_by_its_return_address(sent):
    raw = delivery_report(bounce_address(sent.pk))
    assert [take_back(raw, recipient="", now=T0 + HOUR) for _ in range(2)] == [Report.BOUNCED] * 2
    bounce = Bounce.objects.get()
    assert (bounce.message, bounce.source, bounce.at) == (sent, "returned", T0 + timedelta(minutes=5))
    assert now_is(sent) == Delivery.BOUNCED


@pytest.mark.parametrize("header", ["Delivered-To", "X-Original-To", "To"])
def test_return_address_is_found_where_servers_write_it(sent, header):
    raw = delivery_report("postmaster@lunar-partners.example", **{header: f"<{bounce_address(sent.pk).upper()}>"})
    assert take_back(raw, recipient="", now=T0 + HOUR) == Report.BOUNCED


def test_return_address_of_the_envelope_goes_first(sent):
    other = make_message(delivery=Delivery.SENT, sent_at=T0)
    take_back(delivery_report(bounce_address(other.pk)), recipient=bounce_address(sent.pk), now=T0 + HOUR)
    assert (now_is(sent), now_is(other)) == (Delivery.BOUNCED, Delivery.SENT)


def test_forged_return_address_is_refused(sent):
    ours = bounce_address(sent.pk)
    forged = ours.replace("@", "0@").replace("00@", "1@") if ours else ""
    for address in (forged, "bounces@lunar-partners.example", "", bounce_address(sent.pk + 1)):
        with pytest.raises(NotOurs):
            take_back(delivery_report(address), recipient="", now=T0)
    assert (now_is(sent), Bounce.objects.count()) == (Delivery.SENT, 0)


def test_complaint_names_its_mail_by_the_return_path_inside(sent):
    raw = complaint("abuse@lunar-partners.example", returned_to=bounce_address(sent.pk))
    assert take_back(raw, recipient="", now=T0 + 2 * HOUR) == Report.COMPLAINED
    assert (Bounce.objects.get().message, now_is(sent)) == (sent, Delivery.SENT)


def test_holiday_notice_is_ignored(sent):
    assert take_back(holiday_notice(bounce_address(sent.pk)), recipient="", now=T0) is None
    assert (now_is(sent), Bounce.objects.count(), Attempt.objects.count()) == (Delivery.SENT, 0, 0)


def run(monkeypatch, raw, *words):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
    said = io.StringIO()
    call_command("returned_mail", *words, stdout=said)
    return said.getvalue()


def test_command_reads_what_the_mail_server_pipes(monkeypatch, sent):
    address = bounce_address(sent.pk)
    assert run(monkeypatch, delivery_report("x@example.org"), address) == "Kept: bounced.\n"
    assert run(monkeypatch, holiday_notice(address)) == "It reports nothing; ignored.\n"
    assert Message.objects.get().delivery == Delivery.BOUNCED


@pytest.mark.parametrize("raw", [b"", b"\x00\xff" * 999, b"To: a@b\n\nhello"])
def test_command_gives_junk_up(monkeypatch, raw):
    with pytest.raises(CommandError) as refusal:
        run(monkeypatch, raw)
    assert (refusal.value.returncode, Bounce.objects.count()) == (65, 0)


def test_command_asks_to_come_again_while_the_database_is_away(monkeypatch):
    def away(*_words, **_options):
        raise OperationalError("no route")

    monkeypatch.setattr(returned_mail, "take_back", away)
    with pytest.raises(CommandError) as refusal:
        run(monkeypatch, b"To: a@b\n\nhello")
    assert refusal.value.returncode == 75
