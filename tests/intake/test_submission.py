"""Submitting: what is received is frozen, numbered, hashed and receipted once; what is not is kept as it was."""

import hashlib
import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction

from proposals.audit.models import Event
from proposals.intake import actions
from proposals.intake.calculations.reference import is_valid
from proposals.intake.models import MoveNotAllowed, Proposal, Version
from proposals.intake.queries import content, differences, gaps, mass_report
from proposals.intake.states import MOVES, Status, TeamRole
from proposals.outbox.models import Message
from proposals.partners.states import StaffRole
from tests.factories import NOW, make_module, make_proposal, make_staff, make_user
from tests.intake.conftest import eyes_of, fill

pytestmark = pytest.mark.django_db


def submit(proposal, now=NOW, by=None):
    return actions.submit(proposal, by=by or proposal.created_by, now=now)


def test_submit_freezes_numbers_and_receipts(draft):
    draft.team.create(full_name="Listed Only", email="listed@example.org", role=TeamRole.CO_I)
    version = submit(draft)
    assert (draft.status, draft.submitted_at, draft.is_late) == (Status.SUBMITTED, NOW, False)
    assert draft.reference.startswith("CE9-")
    assert is_valid(draft.reference)
    frozen = json.loads(version.canonical)
    assert (version.number, version.sha256) == (1, hashlib.sha256(version.canonical.encode()).hexdigest())
    assert (frozen["reference"], frozen["version"], frozen["late"]) == (draft.reference, 1, False)
    assert (frozen["fields"]["title"], frozen["totals"]) == (draft.title, {"cbe_kg": "10.000", "mass_kg": "10.000"})
    move = draft.moves.get()
    assert (move.was, move.now, move.at, move.by) == ("draft", "submitted", NOW, draft.created_by)
    receipt = Message.objects.get()
    assert (receipt.address, receipt.template) == ("pi@example.org", "received")
    assert draft.reference in receipt.subject
    assert version.sha256 in receipt.text
    assert Event.objects.filter(verb="proposal.submitted", subject_id=str(draft.pk)).count() == 1


def test_submit_twice_gives_one_version_and_one_receipt(draft):
    submit(draft)
    for again in (draft, Proposal.objects.get(pk=draft.pk)):
        with pytest.raises(MoveNotAllowed):
            submit(again)
    assert (draft.versions.count(), draft.moves.count(), Message.objects.count()) == (1, 1, 1)


def test_submit_from_a_stale_page_meets_move_not_allowed(draft):
    stale = Proposal.objects.get(pk=draft.pk)
    submit(draft)
    with pytest.raises(MoveNotAllowed):
        submit(stale)


def test_submit_is_refused_while_something_is_missing(draft):
    Proposal.objects.filter(pk=draft.pk).update(abstract="", trl=None)
    draft.team.filter(role=TeamRole.PI).update(role=TeamRole.CO_I)
    with pytest.raises(actions.Incomplete) as found:
        submit(draft)
    missing = [(gap.section, gap.field) for gap in found.value.gaps]
    assert missing == [("summary", "abstract"), ("team", "pi"), ("maturity", "trl")]
    draft.refresh_from_db()
    assert (draft.status, draft.reference, Version.objects.count(), Message.objects.count()) == (Status.DRAFT, None, 0, 0)


@pytest.mark.parametrize(
    ("masses", "said"),
    [
        (("100.000",), []),
        (("60.000", "40.001"), ["Module is 100.001 kg; the call allows 100.000 kg a module."]),
        (("99.9994",), []),
    ],
)
def test_module_mass_is_held_to_the_gram(call, masses, said):
    proposal = fill(make_proposal(call=call), *masses)
    assert [gap.message[: len(one)] for gap, one in zip(gaps(proposal), said, strict=True)] == said
    if said:
        with pytest.raises(actions.Incomplete):
            submit(proposal)
    else:
        assert submit(proposal).number == 1


def test_margin_counts_towards_the_cap(call):
    proposal = make_proposal(call=call)
    make_module(proposal, "83.334", margin_percent="20")
    report = mass_report(proposal)
    assert (report.total.cbe_kg, report.total.mass_kg, report.blocks) == (Decimal("83.334"), Decimal("100.001"), True)


def test_total_mass_is_held_over_all_modules(call):
    proposal = make_proposal(call=call)
    for mass in ("100.000", "100.000"):
        make_module(proposal, mass)
    assert mass_report(proposal).sentences() == []
    make_module(proposal, "0.001")
    assert mass_report(proposal).sentences() == [
        "All modules together are 200.001 kg; the call offers 200.000 kg. Lower a mass or leave out a module."
    ]


def test_mission_level_has_no_mass_and_unpublished_caps_no_check(call):
    mission = make_proposal(call=call, level="mission", forms=["surface"])
    make_module(mission, "5000.000")
    assert (mass_report(mission).modules, mass_report(mission).blocks) == ([], False)
    call.total_mass_kg = call.module_mass_kg = None
    call.save()
    heavy = make_proposal(call=call)
    make_module(heavy, "5000.000")
    assert mass_report(heavy).excesses == []


def test_a_flagging_call_takes_what_is_over_its_cap(call):
    call.cap_effect = "flag"
    call.save()
    proposal = fill(make_proposal(call=call), "100.001")
    submit(proposal)
    assert proposal.status == Status.SUBMITTED


def test_late_is_strictly_after_the_instant(draft, call):
    closes = call.phases.get().closes_at
    version = submit(draft, now=closes)
    assert (draft.status, version.is_late, draft.is_late) == (Status.SUBMITTED, False, False)


def test_late_is_kept_marked_and_said(draft, call):
    closes = call.phases.get().closes_at
    version = submit(draft, now=closes + timedelta(microseconds=1))
    assert (draft.status, version.is_late, draft.is_late) == (Status.LATE, True, True)
    assert json.loads(version.canonical)["late"] is True
    assert Message.objects.get().template == "received_late"


@pytest.mark.parametrize("days", [-31, 32])
def test_outside_the_phase_it_is_turned_away_and_kept(draft, days):
    with pytest.raises(actions.CallClosed):
        submit(draft, now=NOW + timedelta(days=days))
    draft.refresh_from_db()
    assert (draft.status, draft.title != "") == (Status.DRAFT, True)


def test_only_the_team_submits(draft):
    for stranger in (make_user(), make_staff(), make_staff(role=StaffRole.OBSERVER)):
        with pytest.raises(PermissionDenied):
            submit(draft, by=stranger)
    draft.access.create(user=draft.created_by, grant=False, why="conflict")
    with pytest.raises(PermissionDenied):
        submit(draft)


def test_correction_is_a_new_version_with_its_difference(draft):
    first = submit(draft)
    actions.return_for_correction(draft, reason="Say more.", correct_by=NOW + timedelta(days=40), by=make_staff(), now=NOW)
    assert (draft.status, draft.correct_by) == (Status.RETURNED, NOW + timedelta(days=40))
    actions.save_section(draft, key="summary", values={"abstract": "We say more."}, revision=0, by=draft.created_by, now=NOW)
    late_but_asked = NOW + timedelta(days=39)
    second = submit(draft, now=late_but_asked)
    assert (second.number, second.is_late, draft.status, draft.correct_by) == (2, False, Status.SUBMITTED, None)
    assert draft.reference == json.loads(first.canonical)["reference"]
    changed = {change.path: (change.before, change.after) for change in differences(second)}
    assert changed["fields", "abstract"] == ("What we do.", "We say more.")
    assert [path[0] for path in changed if path[0] not in {"received_at", "version"}] == ["fields"]
    assert differences(first) == []


def test_correction_after_its_day_is_late(draft, call):
    submit(draft)
    due = call.phases.get().closes_at + timedelta(days=3)
    actions.return_for_correction(draft, reason="Say more.", correct_by=due, by=make_staff(), now=NOW)
    assert submit(draft, now=due + timedelta(seconds=1)).is_late is True


def test_content_is_the_same_text_every_time(draft):
    draft.refresh_from_db()
    assert content(draft) == content(Proposal.objects.get(pk=draft.pk))


FORCE = "UPDATE proposals_proposal SET status = %s, phase_id = %s, reference = 'X', submitted_at = now() WHERE id = %s"


@pytest.mark.parametrize("was", list(Status))
def test_database_refuses_every_illegal_move(was):
    proposal = make_proposal(status=was)
    later = _next_phase(proposal)
    for to in Status:
        if to == was:
            continue
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                invited = (was, to) == (Status.PRELIMINARY, Status.DRAFT)
                cursor.execute(FORCE, [to, later.pk if invited else proposal.phase_id, proposal.pk])
                cursor.execute("SELECT status FROM proposals_proposal WHERE id = %s", [proposal.pk])
                assert cursor.fetchone() == (to,)
                allowed = True
                transaction.set_rollback(True)
        except DatabaseError:
            allowed = False
        assert allowed is (to in MOVES[was]), (was, to)


def _next_phase(proposal):
    first = proposal.phase
    return proposal.call.phases.create(position=2, title="Full proposal", opens_at=first.opens_at, closes_at=first.closes_at)


@pytest.mark.parametrize(("was", "to"), [(Status.PRELIMINARY, Status.DRAFT), (Status.SELECTED, Status.AGREEMENT)])
def test_database_changes_the_phase_by_an_invitation_and_only_so(was, to):
    proposal = make_proposal(status=was)
    later = _next_phase(proposal)
    invited = was == Status.PRELIMINARY
    wrong = proposal.phase_id if invited else later.pk
    with pytest.raises(DatabaseError, match="by an invitation"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(FORCE, [to, wrong, proposal.pk])
    with pytest.raises(DatabaseError, match="by an invitation"), transaction.atomic():
        Proposal.objects.filter(pk=proposal.pk).update(phase=later)
    proposal.move(to, by=None, now=NOW, also={"phase": later} if invited else None)
    proposal.refresh_from_db()
    assert (proposal.status, proposal.phase_id == later.pk) == (to, invited)


def test_database_takes_new_proposals_as_drafts_only():
    proposal = make_proposal()
    proposal.pk, proposal.request_key, proposal.status = None, proposal.pk, Status.WITHDRAWN
    with pytest.raises(DatabaseError, match="begins as a draft"), transaction.atomic():
        Proposal.objects.bulk_create([proposal])


@pytest.mark.parametrize("table", ["version", "move"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "TRUNCATE {} CASCADE", "UPDATE {} SET phase_id = phase_id"])
def test_versions_and_moves_are_for_good(draft, table, statement):
    submit(draft)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(f"proposals_{table}"))


@pytest.mark.parametrize("table", ["version", "move", "event"])
def test_roles_may_not_even_try_to_rewrite(draft, table):
    submit(draft)
    for role in ("lp_partner", "lp_staff"):
        with eyes_of(draft.created_by, role), pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"DELETE FROM proposals_{table}")


def test_submit_works_with_the_partners_own_eyes(draft):
    with eyes_of(draft.created_by):
        version = submit(Proposal.objects.get(pk=draft.pk))
    assert Version.objects.get().sha256 == version.sha256
    assert Message.objects.get().address == "pi@example.org"


def test_submitted_proposal_is_found_by_its_words(draft):
    from django.contrib.postgres.search import SearchQuery

    from proposals.intake.calculations.search import as_tsquery

    submit(draft)
    for words in ("principal", draft.reference.lower()[4:], "synth"):
        query = SearchQuery(as_tsquery(words), search_type="raw", config="simple")
        assert list(Proposal.objects.filter(search=query)) == [draft], words


@pytest.mark.django_db(transaction=True)
def test_parallel_submissions_give_one_version_and_one_receipt(draft):
    """Twenty clicks at once, each with a connection of its own."""
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connections

    def click(_n):
        try:
            return actions.submit(Proposal.objects.get(pk=draft.pk), by=draft.created_by, now=NOW).number
        except MoveNotAllowed:
            return 0
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as clicks:
        numbers = sorted(clicks.map(click, range(20)))
    assert numbers == [0] * 19 + [1]
    assert (draft.versions.count(), draft.moves.count(), Message.objects.count()) == (1, 1, 1)
