"""The verbs of a call: one transaction, in the trail, refused when stale; an extension moves what follows."""

import hashlib
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile

from proposals.audit.models import Event
from proposals.calls import actions
from proposals.calls.models import Call, DependentDate, Document, Phase, Topic
from proposals.calls.states import TopicKind
from proposals.partners.states import StaffRole
from tests.factories import make_call, make_proposal, make_staff, make_user

pytestmark = pytest.mark.django_db
NOW = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
CLOSES = datetime(2027, 3, 31, 15, 59, tzinfo=UTC)
PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def a_call(**fields):
    return make_call(opens_at=NOW - timedelta(days=30), closes_at=CLOSES, **fields)


def last_event(call):
    return Event.objects.filter(subject_type="call", subject_id=str(call.pk)).latest("id")


def test_save_writes_call_and_rows_and_tells_the_trail_what_changed():
    call, staff = a_call(module_mass_kg=Decimal("100.000")), make_staff()
    call.module_mass_kg = Decimal("90.000")
    topic = Topic(call=call, kind=TopicKind.SITE, title="Cabeus")

    actions.save(call, by=staff, now=NOW, revision=1, rows=[topic])

    kept = Call.objects.get(pk=call.pk)
    assert (kept.module_mass_kg, kept.revision) == (Decimal("90.000"), 2)
    assert kept.topics.get(kind=TopicKind.SITE).title == "Cabeus"
    event = last_event(call)
    assert (event.verb, event.actor_id) == ("call.changed", staff.pk)
    assert event.data["changes"] == {
        f"call:{call.pk}": {"module_mass_kg": ["100.000", "90.000"]},
        "topic:Cabeus": "added",
    }


def test_save_of_a_new_call_takes_its_phases_along():
    call = Call(code="NEW", slug="new", title="New", summary="New.")
    phase = Phase(call=call, title="Letter of intent", opens_at=NOW, closes_at=CLOSES)
    actions.save(call, by=make_staff(), now=NOW, rows=[phase])
    assert Phase.objects.get().call == Call.objects.get(code="NEW")
    assert last_event(call).verb == "call.created"


def test_save_removes_rows():
    call = a_call()
    actions.save(call, by=make_staff(), now=NOW, revision=1, removed=list(call.topics.all()))
    assert call.topics.count() == 0


def test_save_from_a_stale_page_is_refused_and_says_who_was_faster():
    call, first, second = a_call(), make_staff(full_name="Synthetic Zhao"), make_staff()
    stale = Call.objects.get(pk=call.pk)
    call.title = "Theirs"
    actions.save(call, by=first, now=NOW, revision=1)
    stale.title = "Mine"
    with pytest.raises(actions.StaleCall, match="Synthetic Zhao saved this call after you opened it"):
        actions.save(stale, by=second, now=NOW, revision=1)
    assert Call.objects.get(pk=call.pk).title == "Theirs"


@pytest.mark.parametrize("who", ["observer", "partner", "inactive"])
def test_only_the_secretariat_writes_calls(who):
    user = {
        "observer": lambda: make_staff(role=StaffRole.OBSERVER),
        "partner": make_user,
        "inactive": lambda: make_staff(is_active=False),
    }[who]()
    call = a_call(is_published=False)
    phase = call.phases.get()
    for verb in (
        lambda: actions.save(call, by=user, now=NOW, revision=1),
        lambda: actions.save_phase(phase, by=user, now=NOW, revision=1),
        lambda: actions.publish(call, by=user, now=NOW),
        lambda: actions.delete(call, by=user, now=NOW),
        lambda: actions.extend(phase, closes_at=CLOSES + timedelta(days=1), by=user, now=NOW),
    ):
        with pytest.raises(PermissionDenied):
            verb()
    kept = Call.objects.get(pk=call.pk)
    assert (kept.revision, kept.is_published, kept.phases.get().closes_at) == (1, False, CLOSES)


def test_save_cannot_extend_a_deadline_that_partners_work_towards():
    call = a_call()
    phase = call.phases.get()
    phase.closes_at += timedelta(days=1)
    with pytest.raises(ValidationError, match="Extend the deadline"):
        actions.save_phase(phase, by=make_staff(), now=NOW, revision=1)
    assert Phase.objects.get(pk=phase.pk).closes_at == CLOSES


@pytest.mark.parametrize("case", ["unpublished", "not open yet", "earlier"])
def test_save_moves_a_deadline_where_no_one_counts_on_it(case):
    call = a_call(is_published=case != "unpublished")
    phase = call.phases.get()
    now = phase.opens_at - timedelta(days=1) if case == "not open yet" else NOW
    phase.closes_at += timedelta(days=-1 if case == "earlier" else 1)
    actions.save_phase(phase, by=make_staff(), now=now, revision=1)
    assert Phase.objects.get(pk=phase.pk).closes_at == phase.closes_at != CLOSES


def test_save_does_not_publish_by_the_way():
    call = a_call(is_published=False)
    call.is_published = True
    actions.save(call, by=make_staff(), now=NOW, revision=1)
    assert Call.objects.get(pk=call.pk).is_published is False


def test_removing_a_phase_that_proposals_use_is_refused():
    proposal = make_proposal(call=a_call())
    with pytest.raises(ValidationError, match="proposals refer to it"):
        actions.save(proposal.call, by=make_staff(), now=NOW, revision=1, removed=[proposal.phase])
    assert Phase.objects.filter(pk=proposal.phase_id).exists()


def test_extend_moves_the_late_instant_and_the_days_that_follow():
    call = a_call()
    phase = call.phases.get()
    phase.late_until = CLOSES + timedelta(days=2)
    phase.save()
    moving = DependentDate.objects.create(phase=phase, label="Preliminary selection", on=date(2027, 4, 30))
    staying = DependentDate.objects.create(phase=phase, label="Launch", on=date(2029, 1, 1), moves_with_deadline=False)

    moved = actions.extend(phase, closes_at=CLOSES + timedelta(days=30), by=make_staff(), now=NOW)

    kept = Phase.objects.get(pk=phase.pk)
    assert (kept.closes_at, kept.late_until) == (CLOSES + timedelta(days=30), CLOSES + timedelta(days=32))
    moving.refresh_from_db(), staying.refresh_from_db()
    assert (moving.on, staying.on) == (date(2027, 5, 30), date(2029, 1, 1))
    assert moved == [moving]
    event = last_event(call)
    assert (event.verb, event.data["days_moved"], event.data["phase"]) == ("call.deadline_extended", 30, phase.pk)
    assert Call.objects.get(pk=call.pk).revision == 2


@pytest.mark.parametrize(
    ("closes_at", "now", "reason"),
    [
        (CLOSES - timedelta(seconds=1), NOW, "after the present one, 2027-03-31 23:59 .Asia/Shanghai."),
        (CLOSES, NOW, "after the present one"),
        (CLOSES + timedelta(days=1), CLOSES + timedelta(days=1), "already past"),
        (CLOSES + timedelta(days=1), CLOSES + timedelta(days=2), "already past"),
    ],
)
def test_extend_backwards_or_into_the_past_is_refused(closes_at, now, reason):
    call = a_call()
    with pytest.raises(actions.DeadlineNotMovable, match=reason):
        actions.extend(call.phases.get(), closes_at=closes_at, by=make_staff(), now=now)
    assert call.phases.get().closes_at == CLOSES
    assert not Event.objects.exists()


def test_extend_reopens_a_phase_that_has_closed():
    call = a_call()
    actions.extend(call.phases.get(), closes_at=CLOSES + timedelta(days=9), by=make_staff(), now=CLOSES + timedelta(days=2))
    assert call.phases.get().closes_at == CLOSES + timedelta(days=9)


def test_publish_needs_a_phase_and_happens_once():
    call, staff = a_call(is_published=False), make_staff()
    bare = Call.objects.create(code="BARE", slug="bare", title="Bare", summary="Bare.")
    with pytest.raises(ValidationError, match="Add a phase first"):
        actions.publish(bare, by=staff, now=NOW)
    actions.publish(call, by=staff, now=NOW)
    actions.publish(call, by=staff, now=NOW)
    assert call.is_published is True
    assert Event.objects.filter(verb="call.published").count() == 1


def test_delete_only_before_publication():
    staff, draft, public = make_staff(), a_call(is_published=False), a_call()
    actions.delete(draft, by=staff, now=NOW)
    with pytest.raises(ValidationError, match="published call stays"):
        actions.delete(public, by=staff, now=NOW)
    assert list(Call.objects.all()) == [public]
    assert Event.objects.get(verb="call.deleted").data["code"] == draft.code


def document(call, content, name="Guide to proposers.pdf"):
    return Document(call=call, title="Guide", file=SimpleUploadedFile(name, content, "application/pdf"))


def test_document_keeps_its_digest_and_a_safe_name(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    call = a_call()
    actions.save(call, by=make_staff(), now=NOW, revision=1, rows=[document(call, PDF, "../../指南 <b>.exe")])
    kept = Document.objects.get()
    assert kept.sha256 == hashlib.sha256(PDF).hexdigest()
    assert kept.file.read() == PDF
    assert kept.file.name == f"calls/{datetime.now(UTC).year}/指南_b.exe.pdf"


@pytest.mark.parametrize(
    "content", [b"MZ\x90\x00" + b"\0" * 200, b"<html><script>alert(1)</script></html>", b"", b"PK\x03\x04" + PDF]
)
def test_document_that_is_not_pdf_is_refused(content):
    call = a_call()
    with pytest.raises(ValidationError, match="not PDF"):
        actions.save(call, by=make_staff(), now=NOW, revision=1, rows=[document(call, content)])
    assert not Document.objects.exists()


def test_document_too_large_is_refused(settings):
    settings.ATTACHMENT_MAX_BYTES = 1_000_000
    call = a_call()
    with pytest.raises(ValidationError, match="The file has 2 MB; at most 1 MB"):
        actions.save(call, by=make_staff(), now=NOW, revision=1, rows=[document(call, PDF + b" " * 1_000_000)])
