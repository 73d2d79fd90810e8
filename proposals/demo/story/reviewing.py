"""What the experts found: seeded scores and findings, and what the lead reviewers say together."""

from datetime import timedelta
from decimal import Decimal
from functools import cache
from random import Random

from proposals.calls.models import Criterion, Phase
from proposals.demo.reference import load
from proposals.demo.story.stage import Stage
from proposals.intake.models import Proposal
from proposals.intake.states import Status
from proposals.review.actions.assessments import Written, submit_assessment
from proposals.review.actions.assignments import name_lead
from proposals.review.actions.discussion import conclude
from proposals.review.models import Assignment
from proposals.review.states import Answer, Confidence, FindingKind, ReviewKind, Verdict

MADE_UP = "(synthetic review)"
HALF = Decimal("0.5")


def review_all(stage: Stage, phase: Phase, *, first_day: float, last_day: float) -> None:
    """Everyone submits what they accepted, spread over the days; then the lead of each proposal writes the consensus."""
    criteria = list(phase.criteria.all())
    rows = Assignment.objects.filter(phase=phase, answer=Answer.ACCEPTED, proposal__status=Status.UNDER_REVIEW)
    assignments = list(rows.select_related("proposal", "phase__call", "user").order_by("pk"))
    for number, assignment in enumerate(assignments):
        day = first_day + (last_day - first_day) * number / max(len(assignments), 1)
        written = _technical(assignment) if assignment.kind == ReviewKind.TECHNICAL else _science(assignment, criteria)
        submit_assessment(assignment, written=written, revision=0, by=assignment.user, now=stage.clock.at(day))
    _conclude(stage, assignments, day=last_day)


def _chance(*words: object) -> Random:
    """The same for every playing of the story."""
    return Random(" ".join(map(str, words)))  # noqa: S311  # a story, not a secret


@cache
def _strong() -> frozenset[str]:
    """Titles of two partners whose login is printed: with them one sees a proposal go all the way."""
    return frozenset(entry["title"] for entry in load("synthetic_proposals") if entry["key"] in {"U01", "U14"})


def _science(assignment: Assignment, criteria: list[Criterion]) -> Written:
    """Scores about the proposal's own quality, bent by the reviewer's lean; now and then one cannot be judged."""
    proposal, said = assignment.proposal, load("story")
    quality = _chance("quality", proposal.title).gauss(0.66, 0.14) + (0.25 if proposal.title in _strong() else 0)
    lean = _chance("lean", assignment.user.email).gauss(0, 0.05)
    chance = _chance(proposal.title, assignment.user.email, assignment.phase.position)
    scores = {}
    for criterion in criteria:
        share = min(max(quality + lean + chance.gauss(0, 0.07), 0.05), 1)
        value = (Decimal(share) * criterion.maximum / HALF).quantize(Decimal(1)) * HALF
        scores[criterion.pk] = {"unable": True} if chance.random() < 0.03 else {"value": value}
    findings = [(kind.value, chance.choice(said["findings"][kind.value])) for kind in FindingKind]
    columns = {
        "confidence": chance.choice([Confidence.MEDIUM, Confidence.HIGH, Confidence.HIGH]),
        "to_panel": f"{chance.choice(said['to_panel'])} {MADE_UP}",
        "to_proposer": f"{chance.choice(said['to_proposer'])} {MADE_UP}",
    }
    return Written(scores=scores, findings=findings, columns=columns)


def _technical(assignment: Assignment) -> Written:
    """Independent of the science: most can be carried, some with conditions, a few not."""
    said, chance = load("story"), _chance("verdict", assignment.proposal.title)
    verdict = chance.choices([Verdict.YES, Verdict.CONDITIONS, Verdict.NO], [6, 3, 1])[0]
    conditions = f"{said['verdict_conditions']} {MADE_UP}" if verdict == Verdict.CONDITIONS else ""
    columns = {"confidence": Confidence.HIGH, "verdict": verdict, "conditions": conditions, "to_panel": MADE_UP}
    return Written(columns=columns)


def _conclude(stage: Stage, assignments: list[Assignment], *, day: float) -> None:
    leads: dict[object, Assignment] = {}
    for assignment in assignments:
        if assignment.kind == ReviewKind.SCIENCE:
            leads.setdefault(assignment.proposal_id, assignment)
    for number, lead in enumerate(leads.values()):
        now = stage.clock.at(day, hour=1 + number / 10)
        name_lead(lead, by=stage.desk, now=now)
        proposal = Proposal.objects.select_related("call").get(pk=lead.proposal_id)
        said, chance = load("story"), _chance("consensus", proposal.title)
        conclude(
            proposal,
            to_panel=f"{chance.choice(said['to_panel'])} {MADE_UP}",
            feedback=f"{chance.choice(said['findings']['major_strength'])} {chance.choice(said['to_proposer'])} {MADE_UP}",
            revision=0,
            by=lead.user,
            now=now + timedelta(minutes=30),
        )
