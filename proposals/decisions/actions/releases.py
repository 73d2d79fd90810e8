"""Releasing decisions: prepared by one person, approved by another, done at one instant: all of it or nothing."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from proposals.audit.actions import record
from proposals.calls.models import Phase
from proposals.decisions.actions.merging import merge
from proposals.decisions.models import Decision, Letter, Release
from proposals.decisions.queries.letters import digest_of, letters_of_all
from proposals.decisions.queries.releases import Obstacle, decisions_of, obstacles
from proposals.decisions.rules.releases import may_approve, may_prepare, may_stop
from proposals.decisions.states import LEADS_TO, Outcome
from proposals.intake import emails
from proposals.intake.models import Proposal
from proposals.outbox.gateways.bell import bell
from proposals.partners.calculations import one_line
from proposals.partners.models import User

log = structlog.get_logger(__name__)

AT_MOST = 300  # letters that one person can read, and one transaction write
FAR = timedelta(days=366)


class NotHeld(Exception):
    """The release was approved, stopped, done or prepared again meanwhile: someone was faster."""

    def __str__(self) -> str:
        return _("Someone was faster: it was approved, stopped, done or prepared again meanwhile. Look at it again.")


class Obstructed(Exception):
    """Something stands in the way; nothing was released."""

    def __init__(self, found: Sequence[Obstacle]) -> None:
        super().__init__("\n".join(str(one) for one in found))
        self.obstacles = list(found)


@transaction.atomic
def prepare(
    phase: Phase, *, decisions: Sequence[Decision], title: str, release: Release | None = None, by: User, now: datetime
) -> Release:
    """This will write the letters of decisions of one phase and hold them as a release; `release` is prepared again.

    Raises PermissionDenied, NotHeld, or ValidationError (none, too many, one that moved on or that another release holds).
    """
    if not may_prepare(by, release):
        raise PermissionDenied
    held = _again(release, title, by, now) if release else _new(phase, title, by, now)
    if not decisions or len(decisions) > AT_MOST:
        told = {"most": AT_MOST}
        raise ValidationError({"decisions": _("Choose decisions: at least one, and at most %(most)d.") % told})
    free = Decision.objects.open().filter(Q(release=None) | Q(release=held), phase=phase)
    known = free.filter(proposal__in=Proposal.objects.visible_to(by).values("pk"))
    chosen = list(known.filter(pk__in=[one.pk for one in decisions]).order_by("pk").select_for_update(of=("self",)))
    if len(chosen) != len({one.pk for one in decisions}):
        raise ValidationError({"decisions": _("One of these decisions was dropped or released, or another release holds it.")})
    keys = [one.pk for one in chosen]
    held.decisions.exclude(pk__in=keys).update(release=None)
    Decision.objects.filter(pk__in=keys).update(release=held)
    _write_letters(held, now=now)
    record("release.prepared", by=by, about=held, decisions=keys)
    return held


@transaction.atomic
def approve(release: Release, *, release_at: datetime | None, by: User, now: datetime) -> None:
    """This will approve a release as it was read, for an instant (None: at once); until then nothing is seen of it.

    Raises PermissionDenied (whoever drafted, amended or prepared it among others), NotHeld, Obstructed, or
    ValidationError for an instant more than a year away.
    """
    if not may_approve(by, release):
        raise PermissionDenied
    at = max(release_at or now, now)
    if at > now + FAR:
        raise ValidationError({"release_at": _("Choose an instant within a year.")})
    same = Release.objects.held().filter(pk=release.pk, approved_at=None, revision=release.revision)
    if not same.update(approved_by=by, approved_at=now, release_at=at, problem="", revision=F("revision") + 1):
        raise NotHeld
    if found := obstacles(decisions_of(release)):
        raise Obstructed(found)
    record("release.approved", by=by, about=release, release_at=at, decisions=_keys(release))
    if at <= now:
        transaction.on_commit(_ring, robust=True)


@transaction.atomic
def stop(release: Release, *, by: User, now: datetime) -> None:
    """This will end a release before its instant; its decisions wait for another. Raises PermissionDenied or NotHeld."""
    if not may_stop(by, release):
        raise PermissionDenied
    keys = _keys(release)
    ended = Release.objects.held().filter(pk=release.pk)
    if not ended.update(stopped_by=by, stopped_at=now, revision=F("revision") + 1):
        raise NotHeld
    release.decisions.update(release=None)
    record("release.stopped", by=by, about=release, decisions=keys)


def release_due(*, now: datetime) -> int:
    """This will do the releases whose instant has come, each whole or not at all; returns how many were done.

    However many ask at once, each is done once. One that fails leaves nothing behind but its problem, and is tried again.
    """
    done = 0
    for pk in list(Release.objects.due(now).order_by("release_at", "pk").values_list("pk", flat=True)):
        try:
            done += _release(pk, now=now)
        except Obstructed as found:
            _note_problem(pk, str(found))
        except Exception as error:  # whatever it was: staff hear of it, and the other releases go on
            log.exception("release.failed", release=pk)
            _note_problem(pk, _("The release failed (%(error)s); it is tried again.") % {"error": type(error).__name__})
    return done


@transaction.atomic
def _release(pk: int, *, now: datetime) -> bool:
    """Everything of one release in one transaction; False where another beat has it, or had it."""
    release = Release.objects.select_for_update(skip_locked=True).due(now).filter(pk=pk).first()
    if release is None:
        return False
    touched = Q(decisions__release=release) | Q(absorbs__release=release)
    keys = Proposal.objects.filter(touched).values("pk")
    list(Proposal.objects.filter(pk__in=keys).order_by("pk").select_for_update().only("pk"))
    decisions = decisions_of(release)
    if found := obstacles(decisions, read_again=False):
        raise Obstructed(found)
    by: Any = release.approved_by  # a due release has one
    Release.objects.filter(pk=release.pk).update(released_at=now, problem="")
    moves = []
    for decision in decisions:
        moves.append((decision.proposal, decision.proposal.move(LEADS_TO[Outcome(decision.outcome)], by=by, now=now)))
        Decision.objects.filter(pk=decision.pk).update(released_by=by, released_at=now)
        record("decision.released", by=by, about=decision.proposal, decision=decision.pk, release=release.pk)
    for decision in decisions:
        if decision.outcome == Outcome.MERGED:
            merge(decision, by=by, now=now)
    for proposal, move in moves:  # after the merges: who joined a team is told with it
        emails.moved(move, proposal=proposal)
    record("release.done", by=by, about=release, decisions=[one.pk for one in decisions])
    return True


@transaction.atomic
def _note_problem(pk: int, problem: str) -> None:
    """Say once what stood in the way, after everything was rolled back."""
    changed = Release.objects.held().filter(pk=pk).exclude(problem=problem)
    if changed.update(problem=problem):
        record("release.failed", by=None, about=Release.objects.get(pk=pk))


def _new(phase: Phase, title: str, by: User, now: datetime) -> Release:
    release = Release(phase=phase, title=one_line(title), prepared_by=by, prepared_at=now)
    release.clean_fields(exclude=["phase", "prepared_by"])
    release.save(force_insert=True)
    return release


def _again(release: Release, title: str, by: User, now: datetime) -> Release:
    held = Release.objects.select_for_update().held().filter(pk=release.pk, approved_at=None, revision=release.revision).first()
    if held is None:
        raise NotHeld
    held.title, held.prepared_by, held.prepared_at, held.problem = one_line(title), by, now, ""
    held.revision += 1
    held.clean_fields(exclude=["phase", "prepared_by"])
    held.save()
    return held


def _write_letters(release: Release, *, now: datetime) -> None:
    """The letters as they will be read, in place of earlier ones; a decision without a wording has none yet."""
    Letter.objects.filter(decision__release=release).delete()
    rows = [
        Letter(
            decision_id=decision,
            language=letter.language,
            subject=letter.subject,
            body=letter.body,
            sha256=digest_of(letter),
            written_at=now,
        )
        for decision, letters in letters_of_all(decisions_of(release)).items()
        for letter in letters
    ]
    Letter.objects.bulk_create(rows)


def _keys(release: Release) -> list[int]:
    return list(release.decisions.order_by("pk").values_list("pk", flat=True))


def _ring() -> None:
    bell.ring("decisions.release")
