"""P8: fifty people decide one proposal at once, each otherwise; one of them has decided it, and everybody hears that once.

100 times 50 (quick: 10 times): fifty threads, each with a connection of its own and the proposal as it was before, let
go together: a third triage a submitted proposal (accept, return, not eligible, a question, withdrawal by its team), a third
decide one before the panel (five outcomes), a third release the decision that waits, whose instant has come. Goal:
exactly one wins; the others are told that someone was faster; one move, one event of the audit, and one mail to each of the
team, received by the sink.
"""

import random
import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import connections
from django.utils import timezone

from proposals.audit.models import Event
from proposals.decisions.actions.deciding import decide, withdraw
from proposals.decisions.actions.releases import approve, prepare, release_due
from proposals.decisions.models import Decision
from proposals.decisions.queries.invariants import broken
from proposals.decisions.states import Outcome
from proposals.intake import actions as intake
from proposals.intake.models import MoveNotAllowed, Proposal
from proposals.intake.states import Status
from proposals.outbox.models import Message, Wording, WordingVersion
from proposals.partners.models import User
from proposals.review.actions.opening import open_review
from proposals.review.actions.panels import bring_before_panel
from tests.factories import make_call, make_proposal, make_staff, make_user
from tests.intake.conftest import fill
from tests.proofs.stage import Stage
from tests.proofs.tally import drain
from tests.proofs.verdict import Verdict

ROUNDS, RIVALS, MAILED_WITHIN_S = 100, 50, 60
Attempt = Callable[[Proposal, User], Any]


def prove(stage: Stage, *, full: bool, chance: random.Random) -> Verdict:
    """Play the row."""
    verdict, counts = Verdict(), Counter[str]()
    stage.worker()
    stage.beat()
    play = _Play(chance)
    for number in range(ROUNDS if full else ROUNDS // 10):
        kind = (play.triage, play.deciding, play.releasing)[number % 3]
        kind(verdict, counts)
    drained = drain(stage, seconds=MAILED_WITHIN_S)
    mails = Counter(mail.message_id for mail in stage.sink.mails)
    written = set(Message.objects.values_list("message_id", flat=True))
    verdict.require(set(mails) == written, f"{len(written - set(mails))} mails lost, {len(set(mails) - written)} strange")
    verdict.require(max(mails.values(), default=0) == 1, "a mail came twice")
    for rule in broken():
        verdict.require(holds=False, why=f"{rule.rule}: {rule.rows[0]}")
    verdict.figures |= {
        "rounds": counts["rounds"], "rivals": RIVALS, "winners": counts["won"], "beaten": counts["beaten"],
        "audit_rows": counts["events"], "mails": len(mails), "drained_s": drained,
    }  # fmt: skip
    return verdict


class _Play:
    """The people, and the three kinds of races."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.call = make_call()
        self.desk = [make_staff() for _ in range(5)]
        self.board = [make_staff(role="board") for _ in range(2)]
        wording = Wording.objects.create(name="Decision (synthetic)")
        texts = {
            "en": {"subject": "About {reference}", "body": "Dear {name}, about {reference}: {outcome}. {feedback} {conditions}"}
        }
        self.wording = WordingVersion.objects.create(
            wording=wording, number=1, texts=texts, made_by=self.desk[0], made_at=timezone.now()
        )

    def triage(self, verdict: Verdict, counts: Counter[str]) -> None:
        """A submitted proposal, and five things that could be done with it."""
        proposal = self._proposal(Status.SUBMITTED)
        now = timezone.now()
        later = now + timedelta(days=7)
        team = proposal.created_by
        ways: list[Attempt] = [
            lambda one, by: open_review(one, by=by, now=now),
            lambda one, by: intake.return_for_correction(one, reason="The mass.", correct_by=later, by=by, now=now),
            lambda one, by: intake.declare_ineligible(one, reason="Of another kind.", by=by, now=now),
            lambda one, by: intake.ask(one, question="Which way is up?", due_at=later, by=by, now=now),
            lambda one, by: withdraw(one, reason="No funds.", by=team, now=now),
        ]
        self._race("triage", proposal, ways, verdict, counts, mails=1)

    def deciding(self, verdict: Verdict, counts: Counter[str]) -> None:
        """A proposal before the panel, and the outcomes it may have; partners hear nothing yet."""
        proposal = self._proposal(Status.PANEL)
        self._race("decide", proposal, self._outcomes(), verdict, counts, mails=0)
        open_ones = Decision.objects.open().filter(proposal=proposal).count()
        verdict.require(open_ones == 1, f"decide: {open_ones} decisions wait")

    def releasing(self, verdict: Verdict, counts: Counter[str]) -> None:
        """A decision in a release whose instant has come, and fifty beats that see it."""
        proposal = self._proposal(Status.PANEL)
        now = timezone.now()
        decision = self._outcomes()[0](proposal, self.desk[0])
        release = prepare(proposal.phase, decisions=[decision], title="Release (synthetic)", by=self.desk[1], now=now)
        approve(release, release_at=now + timedelta(seconds=1), by=self.board[0], now=now)
        due = now + timedelta(seconds=2)
        before = _told(proposal)
        _together([lambda: release_due(now=due)] * RIVALS)
        proposal.refresh_from_db()
        self._judge("release", proposal, before, verdict, counts, mails=1)
        verdict.require(proposal.status == decision.outcome, f"release: the proposal is {proposal.status}")
        counts["won"] += 1

    def _proposal(self, status: Status) -> Proposal:
        """One that came there by its verbs, so that every row tells of it."""
        proposal = fill(make_proposal(call=self.call, by=make_user()))
        intake.submit(proposal, by=proposal.created_by, now=timezone.now())
        if status == Status.PANEL:
            proposal = Proposal.objects.get(pk=proposal.pk)
            open_review(proposal, by=self.desk[0], now=timezone.now())
            bring_before_panel([proposal], by=self.desk[0], now=timezone.now(), despite_missing=True)
        return Proposal.objects.select_related("call", "phase", "lead").get(pk=proposal.pk)

    def _outcomes(self) -> list[Attempt]:
        now = timezone.now()

        def way(outcome: Outcome) -> Attempt:
            conditions: list[Any] = [{"text": "Show the mass again."}] if outcome == Outcome.CONDITIONAL else []
            return lambda one, by: decide(
                one, outcome=outcome, reason="As the panel said.", feedback="Well done.", wording=self.wording,
                merged_into=None, conditions=conditions, by=by, now=now,
            )  # fmt: skip

        return [way(outcome) for outcome in (Outcome.SELECTED, Outcome.RESERVE, Outcome.NOT_SELECTED, Outcome.CONDITIONAL)]

    def _race(
        self, what: str, proposal: Proposal, ways: list[Attempt], verdict: Verdict, counts: Counter[str], *, mails: int
    ) -> None:
        """Fifty at once, each with the proposal as it was."""
        before = _told(proposal)
        seen = [Proposal.objects.select_related("call", "phase", "lead").get(pk=proposal.pk) for _ in range(RIVALS)]
        picked = [(self.chance.choice(ways), self.chance.choice(self.desk)) for _ in seen]
        ends = _together([_attempt(way, one, by) for one, (way, by) in zip(seen, picked, strict=True)])
        told = Counter(end for end in ends)
        verdict.require(told["done"] == 1, f"{what}: {told['done']} won")
        verdict.require(told["done"] + told["faster"] == RIVALS, f"{what}: {dict(told)}")
        counts["won"] += told["done"]
        counts["beaten"] += told["faster"]
        self._judge(what, proposal, before, verdict, counts, mails=mails)

    def _judge(
        self, what: str, proposal: Proposal, before: tuple[int, int], verdict: Verdict, counts: Counter[str], *, mails: int
    ) -> None:
        """One move, one event, and one message to each of the team, or none."""
        counts["rounds"] += 1
        moves, events = (now - was for now, was in zip(_told(proposal), before, strict=True))
        counts["events"] += events
        verdict.require(moves == 1, f"{what}: {moves} moves")
        verdict.require(events == 1, f"{what}: {events} events of the audit")
        last = proposal.moves.latest("pk")
        written = Message.objects.filter(key__startswith=f"move:{last.pk}:").count()
        verdict.require(written == mails, f"{what}: {written} mails for one move and a team of one")


def _told(proposal: Proposal) -> tuple[int, int]:
    """How many moves it made, and how many events of the trail are about it."""
    return proposal.moves.count(), Event.objects.filter(subject_type="proposal", subject_id=str(proposal.pk)).count()


def _attempt(way: Attempt, proposal: Proposal, by: User) -> Callable[[], str]:
    def attempt() -> str:
        try:
            way(proposal, by)
        except MoveNotAllowed:
            return "faster"
        return "done"

    return attempt


def _together(attempts: list[Callable[[], Any]]) -> list[Any]:
    """Each in a thread of its own, all let go at once; what each gave, or the exception that ended it, in words."""
    gate = threading.Barrier(len(attempts))
    ends: list[Any] = [None] * len(attempts)

    def run(number: int) -> None:
        try:
            connections["default"].ensure_connection()
            gate.wait()
            ends[number] = attempts[number]()
        except Exception as error:  # noqa: BLE001  # it is told in the verdict
            ends[number] = f"{type(error).__name__}: {error}"
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(attempts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ends
