"""The rules that tie tables together: they hold over an ordinary life, and each finds the row that breaks it."""

import hashlib
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from proposals.calls.models import AnnouncedProject, Criterion
from proposals.decisions.models import Agreement, Announcement, Decision, Merge, Release
from proposals.decisions.queries.invariants import RULES, TOLD, broken
from proposals.intake import actions
from proposals.intake.models import Access, Clarification, Move, Version
from proposals.intake.states import Status
from proposals.outbox.models import Message
from proposals.review.models import Assessment, Assignment, Conflict, Expert, Panel
from tests.factories import NOW, make_message, make_organisation, make_proposal, make_staff
from tests.guards import guards_ignored
from tests.intake.conftest import fill

pytestmark = pytest.mark.django_db


@pytest.fixture
def submitted():
    """One proposal that was submitted in earnest."""
    proposal = fill(make_proposal(at=NOW))
    proposal.call.phases.update(opens_at=NOW.replace(month=1), closes_at=NOW.replace(month=12))
    proposal.refresh_from_db()
    actions.submit(proposal, by=proposal.created_by, now=NOW)
    proposal.refresh_from_db()
    return proposal


def run():
    out = StringIO()
    call_command("check_invariants", stdout=out)
    return out.getvalue()


def rules_broken():
    return {each.rule for each in broken()}


def test_there_are_at_least_25_rules():
    assert len({*RULES, TOLD}) >= 25


def test_all_rules_hold_over_what_was_filed(submitted):
    desk = make_staff()
    actions.accept_for_review(submitted, by=desk, now=NOW)
    assert run() == f"All {len(RULES) + 1} rules hold.\n"


def test_list_names_every_rule_and_checks_nothing(submitted):
    Message.objects.all().delete()
    out = StringIO()
    call_command("check_invariants", "--list", stdout=out)
    assert out.getvalue().splitlines() == [*RULES, TOLD]


def test_broken_rule_is_named_with_its_rows_and_fails(submitted):
    Access.objects.filter(proposal=submitted).delete()
    member = submitted.team.get(user__isnull=False)
    out = StringIO()
    with pytest.raises(CommandError, match=r"1 of \d+ rules"):
        call_command("check_invariants", stdout=out)
    assert out.getvalue() == f"BROKEN: who accepted a place in a team may see the proposal: 1 rows: {member.pk}\n"


def forced(statement, *values):
    with guards_ignored(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def _bare_status(p):
    forced("UPDATE proposals_proposal SET status = 'panel' WHERE id = %s", p.pk)


def _move(p, was, now):
    Move.objects.create(proposal=p, phase=p.phase, was=was, now=now, by_label="raw", at=NOW)


def _wrong_start(p):
    _move(p, Status.PANEL, Status.UNDER_REVIEW)
    _bare_status(p)


def _illegal(p):
    _move(p, Status.SUBMITTED, Status.ANNOUNCED)


def _back_in_time(p):
    forced("UPDATE proposals_move SET at = at + interval '1 day' WHERE proposal_id = %s", p.pk)
    p.move(Status.UNDER_REVIEW, by=None, now=NOW)


def _other_phase(p):
    other = make_proposal().phase
    forced("UPDATE proposals_proposal SET phase_id = %s WHERE id = %s", other.pk, p.pk)


def _moved_to_a_later_phase(p):
    later = p.call.phases.create(position=2, title="Full", opens_at=NOW, closes_at=NOW + timedelta(days=1))
    Move.objects.create(proposal=p, phase=later, was=Status.SUBMITTED, now=Status.ELIGIBILITY, by_label="raw", at=NOW)


def _second_version(p):
    first = p.versions.get()
    Version.objects.create(
        proposal=p, phase=p.phase, number=3, canonical=first.canonical, sha256=first.sha256, frozen_at=NOW,
        frozen_by=p.created_by,
    )  # fmt: skip


def _rewritten(p):
    forced(
        "UPDATE proposals_version SET canonical = replace(canonical, 'What we do', 'What we did') WHERE proposal_id = %s", p.pk
    )


def _renamed(p):
    forced("UPDATE proposals_proposal SET reference = 'OTHER-7KQ4M' WHERE id = %s", p.pk)


def _open_question(p):
    Clarification.objects.create(proposal=p, asked_in="submitted", question="?", asked_by=make_staff(), asked_at=NOW, due_at=NOW)


def _staff_let_in(p):
    Access.objects.create(proposal=p, user=make_staff(), why="author")


def _endorsed_by_nobody(p):
    forced("UPDATE proposals_proposal SET has_endorsement = true WHERE id = %s", p.pk)


def _merged_lead(p):
    type(p.lead).objects.filter(pk=p.lead_id).update(merged_into=make_organisation())


def _sent_without_evidence(p):
    make_message(delivery="sent", sent_at=NOW)


def _decided_by_nobody(p):
    p.move(Status.UNDER_REVIEW, by=None, now=NOW)
    p.move(Status.DECIDED, by=None, now=NOW)


def _outcome_by_nobody(p):
    _decided_by_nobody(p)
    p.move(Status.RESERVE, by=None, now=NOW)


def _merged_into_nothing(p):
    _decided_by_nobody(p)
    p.move(Status.MERGED, by=None, now=NOW)


def _selected(p):
    _decided_by_nobody(p)
    p.move(Status.SELECTED, by=None, now=NOW)


def _conditional_on_nothing(p):
    _decided_by_nobody(p)
    p.move(Status.CONDITIONAL, by=None, now=NOW)


def _agreement_of_nothing(p):
    _selected(p)
    p.move(Status.AGREEMENT, by=None, now=NOW)


def _announced_nowhere(p):
    _agreement_of_nothing(p)
    p.move(Status.AGREED, by=None, now=NOW)
    p.move(Status.ANNOUNCED, by=None, now=NOW)


def _conflict_without_bar(p):
    Conflict.objects.create(proposal=p, user=make_staff(), kind="country", at=NOW)


def _bar_without_conflict(p):
    Access.objects.create(proposal=p, user=make_staff(), grant=False, why="conflict:country")


def _assigned(p, user=None, **fields):
    user = user or make_staff(role="reviewer")
    return Assignment.objects.create(proposal=p, phase=p.phase, user=user, kind="science", by=make_staff(), at=NOW, **fields)


def _judges_across_a_conflict(p):
    given = _assigned(p)
    Conflict.objects.create(proposal=p, user=given.user, kind="country", at=NOW)
    Access.objects.create(proposal=p, user=given.user, grant=False, why="conflict:country")


def _judges_own(p):
    _assigned(p, user=p.created_by)


def _let_in_without_accepting(p):
    given = _assigned(p)
    Expert.objects.create(user=given.user, undertaken_at=NOW, undertaken_sha256="0" * 64)
    Access.objects.create(proposal=p, user=given.user, why=f"assignment:{given.pk}")


def _let_in_without_undertaking(p):
    given = _assigned(p, answer="accepted", answered_at=NOW)
    Access.objects.create(proposal=p, user=given.user, why=f"assignment:{given.pk}")


def _assigned_in_another_call(p):
    given = _assigned(p)
    given.phase = make_proposal().phase
    given.save()


def _assessed(p, kind="science", **fields):
    given = Assignment.objects.create(
        proposal=p, phase=p.phase, user=make_staff(role="reviewer"), kind=kind, by=make_staff(), at=NOW, answer="accepted",
        answered_at=NOW,
    )  # fmt: skip
    return Assessment.objects.create(assignment=given, saved_at=NOW, **fields)


def _submitted_unfrozen(p):
    _assessed(p, stage="submitted", submitted_at=NOW)


def _without_verdict(p):
    _assessed(p, kind="technical", stage="submitted", submitted_at=NOW)


def _scored_too_high(p):
    criterion = Criterion.objects.create(phase=p.phase, name="Science", weight=1, maximum=10)
    _assessed(p).scores.create(criterion=criterion, value=11)


def _panel_rewritten(p):
    Panel.objects.create(
        phase=p.phase, title="Panel", made_by=p.created_by, made_at=NOW, frozen_at=NOW, frozen_by=p.created_by, canonical="{}",
        sha256="0" * 64,
    )  # fmt: skip


def _one_key(p):
    p.call.phases.update(two_key=True)


def _team_let_out(p):
    Access.objects.filter(proposal=p).delete()


def _decision(p, outcome="reserve", **fields):
    return Decision.objects.create(proposal=p, phase=p.phase, outcome=outcome, drafted_by=make_staff(), drafted_at=NOW, **fields)


def _release(p, **fields):
    return Release.objects.create(
        phase=p.phase, title="Release", release_at=NOW, prepared_by=make_staff(), prepared_at=NOW, approved_by=make_staff(),
        approved_at=NOW, **fields,
    )  # fmt: skip


def _released(p, outcome="reserve", **fields):
    release = _release(p, released_at=NOW)
    return _decision(p, outcome, release=release, released_by=release.approved_by, released_at=NOW, **fields)


def _released_by_the_preparer(p):
    release = _release(p, released_at=NOW)
    _decision(p, release=release, released_by=release.prepared_by, released_at=NOW)


def _half_released(p):
    _decision(p, release=_release(p, released_at=NOW))


def _merged_in_a_row(p):
    other, third = make_proposal(), make_proposal()
    earlier = NOW - timedelta(days=1)
    Merge.objects.create(decision=_released(other, "merged", merged_into=third), parent=other, into=third, at=earlier)
    Merge.objects.create(decision=_released(p, "merged", merged_into=other), parent=p, into=other, at=NOW)


def _merged_team_left_out(p):
    p.team.filter(user__isnull=False).update(accepted_at=NOW - timedelta(days=1))
    other = make_proposal()
    Merge.objects.create(decision=_released(p, "merged", merged_into=other), parent=p, into=other, at=NOW)


def _agreed_unsigned(p):
    _agreement_of_nothing(p)
    p.move(Status.AGREED, by=None, now=NOW)
    Agreement.objects.create(proposal=p, opened_by=p.created_by, opened_at=NOW)


def _public_unannounced(p):
    project = AnnouncedProject.objects.create(call=p.call, title="T", organisations="O", source="S")
    Announcement.objects.create(proposal=p, project=project, by=p.created_by, at=NOW)


BREAKS = {
    "status is where the last move led": _bare_status,
    "each move begins where the one before it ended": _wrong_start,
    "each move is one of the table": _illegal,
    "moves of a proposal follow each other in time": _back_in_time,
    "the phase is that of the last move": _other_phase,
    "the phase is one of the proposal's call": _other_phase,
    "a later phase begins with an invitation": _moved_to_a_later_phase,
    "each submission froze one version": _second_version,
    "versions are numbered without a gap": _second_version,
    "a version is what its SHA-256 says": _rewritten,
    "a version names its proposal, its number and whether it was late": _renamed,
    "a reference begins with the code of its call": _renamed,
    "a question waits where the status says so, and only there": _open_question,
    "nobody of another's staff is let in as if of the team": _staff_let_in,
    "endorsed means that there is a letter": _endorsed_by_nobody,
    "nothing belongs to an organisation that was merged away": _merged_lead,
    "a mail that was sent has the evidence of it": _sent_without_evidence,
    "decided means that a decision waits": _decided_by_nobody,
    "no outcome without a released decision": _outcome_by_nobody,
    "merged means that a merge says into what": _merged_into_nothing,
    "conditionally selected means that a condition is open": _conditional_on_nothing,
    "from the agreement on there is one": _agreement_of_nothing,
    "announced means that the public page says so": _announced_nowhere,
    "each conflict that stands bars": _conflict_without_bar,
    "each bar has a conflict that stands": _bar_without_conflict,
    "nobody judges across a conflict": _judges_across_a_conflict,
    "nobody judges what their own team proposes": _judges_own,
    "an expert is let in by an assignment that was accepted": _let_in_without_accepting,
    "nobody is let in before the undertaking": _let_in_without_undertaking,
    "an assignment is for a phase of the proposal's call": _assigned_in_another_call,
    "a score is of a criterion of the phase, and within its maximum": _scored_too_high,
    "a submitted assessment was frozen, and stays what its SHA-256 says": _submitted_unfrozen,
    "a technical assessment that was submitted has a verdict": _without_verdict,
    "a frozen panel is what its SHA-256 says": _panel_rewritten,
    "where two keys are asked, a PI released before the submission": _one_key,
    "who accepted a place in a team may see the proposal": _team_let_out,
    "a decision that waits has a proposal that can take it": _decision,
    "a released decision moved its proposal, once": _released,
    "a released decision has a letter": _released,
    "a decision is released by somebody who had no hand in it": _released_by_the_preparer,
    "a release is whole: all of it or nothing": _half_released,
    "no proposal is merged into one that was merged itself by then": _merged_in_a_row,
    "the teams of merged proposals see what they were merged into": _merged_team_left_out,
    "agreed means signed, and every line of the checklist done": _agreed_unsigned,
    "nothing is public that was not announced": _public_unannounced,
}


def test_every_rule_is_broken_once():
    assert set(BREAKS) == set(RULES)


@pytest.mark.parametrize("rule", BREAKS)
def test_rule_finds_what_breaks_it(rule, submitted):
    assert rule not in rules_broken()
    BREAKS[rule](submitted)
    assert rule in rules_broken()


def test_what_nobody_was_told_is_found(submitted):
    Message.objects.all().delete()
    assert rules_broken() == {TOLD}


def test_a_version_is_hashed_as_it_was_when_it_was_frozen(submitted):
    version = submitted.versions.get()
    assert hashlib.sha256(version.canonical.encode()).hexdigest() == version.sha256
