"""Rows for tests, made by plain functions; what a test does not name is plausible and valid."""

import hashlib
import itertools
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password

from proposals.audit.calculations import canonical, sha256
from proposals.calls.models import Call, Criterion, MarginClass, Phase, Topic
from proposals.calls.states import Level, PhaseKind, TopicKind
from proposals.decisions.actions.deciding import decide
from proposals.decisions.actions.releases import approve, prepare
from proposals.decisions.models import Decision, Release
from proposals.decisions.states import Outcome
from proposals.intake.actions import save_wording
from proposals.intake.models import Access, MassElement, Module, Proposal, TeamMember
from proposals.intake.states import ElementKind, Status, TeamRole
from proposals.outbox.models import Message, Wording, WordingVersion
from proposals.outbox.states import Kind, Priority
from proposals.partners.models import Mailbox, Membership, Organisation, User
from proposals.partners.states import OrganisationKind, Role, StaffRole
from proposals.review.models import Assessment, Assignment, Expert, Expertise, FrozenAssessment, ReviewPlan, Score
from proposals.review.queries.assessments import criteria_of, document, in_force
from proposals.review.queries.experts import STANDARD
from proposals.review.states import Answer, Confidence, ReviewKind, Stage, Verdict

STANDARD_UNDERTAKING = hashlib.sha256(str(STANDARD).encode()).hexdigest()
NOW = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
PASSWORD = "correct horse battery staple"
_numbers = itertools.count(1)

# The shortest legal way from a draft to each status.
WAY: dict[Status, list[Status]] = {
    Status.DRAFT: [],
    Status.SUBMITTED: [Status.SUBMITTED],
    Status.LATE: [Status.LATE],
    Status.ELIGIBILITY: [Status.SUBMITTED, Status.ELIGIBILITY],
    Status.RETURNED: [Status.SUBMITTED, Status.RETURNED],
    Status.CLARIFICATION: [Status.SUBMITTED, Status.CLARIFICATION],
    Status.UNDER_REVIEW: [Status.SUBMITTED, Status.UNDER_REVIEW],
    Status.INELIGIBLE: [Status.SUBMITTED, Status.INELIGIBLE],
    Status.WITHDRAWN: [Status.SUBMITTED, Status.WITHDRAWN],
}
_REVIEWED = [Status.SUBMITTED, Status.UNDER_REVIEW]
WAY |= {Status.PANEL: [*_REVIEWED, Status.PANEL], Status.DECIDED: [*_REVIEWED, Status.DECIDED]}
WAY |= {
    outcome: [*WAY[Status.DECIDED], outcome]
    for outcome in (
        Status.PRELIMINARY,
        Status.SELECTED,
        Status.CONDITIONAL,
        Status.RESERVE,
        Status.NOT_SELECTED,
        Status.MERGED,
    )
}
WAY[Status.AGREEMENT] = [*WAY[Status.SELECTED], Status.AGREEMENT]
WAY[Status.AGREED] = [*WAY[Status.AGREEMENT], Status.AGREED]
WAY |= {
    after: [*WAY[Status.AGREED], after]
    for after in (Status.ANNOUNCED, Status.DESCOPED, Status.DEFERRED, Status.TRANSFERRED, Status.CANCELLED)
}


@cache
def hashed(password: str) -> str:
    """The real hash, reckoned once: Argon2 is slow by design, and a suite makes thousands of people."""
    return make_password(password)


def make_user(*, verified: bool = True, password: str = PASSWORD, **fields: Any) -> User:
    """A partner who can sign in with PASSWORD."""
    n = next(_numbers)
    fields.setdefault("email", f"person{n}@example.org")
    fields.setdefault("full_name", f"Person {n}")
    user = User(password=hashed(password), **fields)
    user.save(force_insert=True)
    EmailAddress.objects.create(user=user, email=user.email, verified=verified, primary=True)
    return user


def make_staff(*, role: StaffRole = StaffRole.SECRETARIAT, **fields: Any) -> User:
    """A member of the secretariat."""
    return make_user(staff_role=role, **fields)


def make_expert(
    *, role: StaffRole = StaffRole.REVIEWER, topics: dict[str, str] | None = None, undertaken: bool = True, **fields: Any
) -> Expert:
    """A science reviewer of no organisation in Peru who has accepted the undertaking; `topics` are weights by topic."""
    user = fields.pop("user", None) or make_staff(role=role)
    fields.setdefault("country", "PE")
    fields.setdefault("languages", ["en"])
    if undertaken:
        fields |= {"undertaken_at": NOW, "undertaken_sha256": STANDARD_UNDERTAKING}
    expert = Expert.objects.create(user=user, **fields)
    for topic, weight in (topics or {}).items():
        Expertise.objects.create(expert=expert, topic=topic, weight=Decimal(weight))
    return expert


def make_plan(phase: Phase, **fields: Any) -> ReviewPlan:
    """The review of a phase: three reviewers, one assessor, due in thirty days."""
    fields.setdefault("due_at", datetime.now(UTC) + timedelta(days=30))
    return ReviewPlan.objects.create(phase=phase, **fields)


def make_criteria(phase: Phase, *maxima: str) -> list[Criterion]:
    """Criteria of the phase, each of the weight 25, with these maxima; two of 10 unless told otherwise."""
    return [
        Criterion.objects.create(
            phase=phase, position=place, name=f"Criterion {place}", weight=25, maximum=Decimal(maximum), pass_minimum=Decimal(5)
        )
        for place, maximum in enumerate(maxima or ("10", "10"), 1)
    ]


def make_assignment(
    proposal: Proposal,
    *,
    user: User | None = None,
    kind: ReviewKind = ReviewKind.SCIENCE,
    answer: Answer = Answer.ACCEPTED,
    **fields: Any,
) -> Assignment:
    """An assignment of the proposal's present phase, due in ten days; accepted, it opens the proposal to its reviewer."""
    role = StaffRole.ASSESSOR if kind == ReviewKind.TECHNICAL else StaffRole.REVIEWER
    now = datetime.now(UTC)
    fields.setdefault("due_at", now + timedelta(days=10))
    if answer != Answer.ASKED:
        fields.setdefault("answered_at", now)
    if answer == Answer.DECLINED:
        fields.setdefault("reason", "No time.")
    assignment = Assignment.objects.create(
        proposal=proposal,
        phase=proposal.phase,
        user=user or make_expert(role=role).user,
        kind=kind,
        answer=answer,
        by=fields.pop("by", None) or make_staff(),
        at=now,
        **fields,
    )
    if answer == Answer.ACCEPTED:
        Access.objects.create(proposal=proposal, user=assignment.user, why=f"assignment:{assignment.pk}")
    return assignment


def make_assessment(assignment: Assignment, *points: str | None, submitted: bool = True, **fields: Any) -> Assessment:
    """What a reviewer found: `points` are the scores of the phase's criteria in their order, None for not able to judge.

    Submitted unless told otherwise, and then frozen.
    """
    now = datetime.now(UTC)
    fields.setdefault("confidence", Confidence.HIGH)
    if assignment.kind == ReviewKind.TECHNICAL:
        fields.setdefault("verdict", Verdict.YES)
    assessment = Assessment.objects.create(
        assignment=assignment,
        saved_at=now,
        stage=Stage.SUBMITTED if submitted else Stage.DRAFT,
        submitted_at=now if submitted else None,
        **fields,
    )
    criteria = criteria_of(assignment)
    for criterion, value in zip(criteria, points, strict=False):
        score = None if value is None else Decimal(value)
        Score.objects.create(assessment=assessment, criterion=criterion, value=score, unable=value is None)
    if submitted:
        text = canonical(document(in_force(assessment, criteria), assignment, criteria))
        FrozenAssessment.objects.create(assessment=assessment, number=1, canonical=text, sha256=sha256(text), at=now)
    return assessment


def make_organisation(**fields: Any) -> Organisation:
    """A synthetic institute in Italy."""
    n = next(_numbers)
    fields.setdefault("name", f"Synthetic Institute {n}")
    fields.setdefault("kind", OrganisationKind.INSTITUTE)
    fields.setdefault("country", "IT")
    return Organisation.objects.create(is_synthetic=True, **fields)


def make_member(
    user: User, organisation: Organisation, *, role: Role = Role.REPRESENTATIVE, confirmed: bool = True
) -> Membership:
    """A membership, confirmed unless told otherwise."""
    return Membership.objects.create(user=user, organisation=organisation, role=role, confirmed_at=NOW if confirmed else None)


def make_mailbox(organisation: Organisation, *, confirmed: bool = True, **fields: Any) -> Mailbox:
    """A role mailbox, confirmed unless told otherwise."""
    n = next(_numbers)
    fields.setdefault("address", f"mailbox{n}@example.org")
    fields.setdefault("token_digest", f"{n:064d}")
    by = User.objects.filter(memberships__organisation=organisation).first() or make_user()
    return Mailbox.objects.create(
        organisation=organisation, added_by=by, added_at=NOW, confirmed_at=NOW if confirmed else None, **fields
    )


def make_call(*, opens_at: datetime | None = None, closes_at: datetime | None = None, **fields: Any) -> Call:
    """A published call with one open phase (LoI), 200 kg in all and 100 kg a module."""
    n = next(_numbers)
    fields.setdefault("code", f"T{n}")
    fields.setdefault("slug", f"call-{n}")
    fields.setdefault("title", f"Synthetic call {n}")
    fields.setdefault("summary", "A synthetic call.")
    fields.setdefault("total_mass_kg", Decimal("200.000"))
    fields.setdefault("module_mass_kg", Decimal("100.000"))
    fields.setdefault("is_published", True)
    call = Call.objects.create(is_synthetic=True, **fields)
    now = datetime.now(UTC)
    Phase.objects.create(
        call=call,
        kind=PhaseKind.LOI,
        title="Letter of intent",
        opens_at=opens_at or now - timedelta(days=30),
        closes_at=closes_at or now + timedelta(days=30),
    )
    for code, label, percent in (("A", "off the shelf", 5), ("C", "minor change", 10), ("D", "new design", 20)):
        MarginClass.objects.create(call=call, code=code, label=label, percent=percent)
    Topic.objects.create(call=call, kind=TopicKind.AIM, title="Regional geological profile")
    return call


def make_proposal(
    *,
    call: Call | None = None,
    status: Status = Status.DRAFT,
    by: User | None = None,
    lead: Organisation | None = None,
    level: Level = Level.UNIT,
    at: datetime | None = None,
    **fields: Any,
) -> Proposal:
    """A proposal in the status wanted, walked there by legal moves; its author is on the team and sees it."""
    call = call or make_call()
    phase = call.phases.get(position=1)
    by = by or make_user()
    at = at or datetime.now(UTC)
    fields.setdefault("title", f"Synthetic seismometer {next(_numbers)}")
    proposal = Proposal.objects.create(
        id=uuid.uuid4(),
        call=call,
        phase=phase,
        level=level,
        lead=lead or make_organisation(),
        created_by=by,
        created_at=at,
        updated_at=at,
        moved_at=at,
        **fields,
    )
    Access.objects.create(proposal=proposal, user=by, why="author")
    TeamMember.objects.create(
        proposal=proposal, full_name=by.full_name, email=by.email, role=TeamRole.PI, user=by, accepted_at=at
    )
    for step in WAY[status]:
        first = {"reference": f"{call.code}-T{next(_numbers):05d}", "submitted_at": at}
        proposal.move(step, by=by, now=at, also=first if proposal.reference is None else None)
    return proposal


def make_module(proposal: Proposal, *masses_kg: str, margin_percent: str = "0") -> Module:
    """A module with one payload element a mass given."""
    module = Module.objects.create(proposal=proposal, position=proposal.modules.count() + 1, name="Module")
    for n, mass in enumerate(masses_kg, 1):
        MassElement.objects.create(
            module=module,
            position=n,
            name=f"Element {n}",
            kind=ElementKind.PAYLOAD,
            cbe_kg=Decimal(mass),
            margin_percent=Decimal(margin_percent),
        )
    return module


def make_message(*, to: str = "", now: datetime | None = None, **fields: Any) -> Message:
    """A message that waits to be sent, due now."""
    n = next(_numbers)
    fields.setdefault("key", f"message-{n}")
    fields.setdefault("kind", Kind.STATUS)
    fields.setdefault("priority", Priority.STATUS)
    fields.setdefault("subject", f"[CE8-T{n:05d}] News")
    fields.setdefault("text", "What is new.\n")
    fields.setdefault("html", "<p>What is new.</p>")
    fields.setdefault("message_id", f"<message-{n}@lunar-partners.example>")
    fields.setdefault("due_at", now or datetime.now(UTC))
    return Message.objects.create(address=to or f"person{n}@example.org", language="en", template="news", **fields)


def make_next_phase(call: Call, **fields: Any) -> Phase:
    """The call's phase of full proposals, open for a month more than the first."""
    first = call.phases.get(position=1)
    fields.setdefault("closes_at", first.closes_at + timedelta(days=30))
    return Phase.objects.create(
        call=call, kind=PhaseKind.FULL, position=2, title="Full proposal", opens_at=first.opens_at, **fields
    )


def make_wording(*, body: str = "Dear {name},\n\n{outcome}.\n\n{feedback}\n\n{conditions}", **texts: str) -> WordingVersion:
    """A wording for the letters of decisions, in English and in the languages named (`fr="..."`: its text)."""
    kept = {code: {"subject": "Decision {reference}", "body": text} for code, text in {"en": body, **texts}.items()}
    wording = Wording(name=f"Decision {next(_numbers)}")
    return save_wording(wording, texts=kept, by=make_staff(), now=datetime.now(UTC))


def make_decision(proposal: Proposal | None = None, *, by: User | None = None, **fields: Any) -> Decision:
    """A drafted decision with a wording: selected, unless told otherwise."""
    fields.setdefault("outcome", Outcome.SELECTED)
    fields.setdefault("reason", "By the order of the panel.")
    fields.setdefault("now", datetime.now(UTC))
    if "wording" not in fields:
        fields["wording"] = make_wording()
    return decide(proposal or make_proposal(status=Status.PANEL), by=by or make_staff(), **fields)


def make_release(*decisions: Decision, by: User | None = None, at: datetime | None = None, approved: bool = True) -> Release:
    """A release of these decisions, prepared by one and approved by another for an instant (at once)."""
    now = datetime.now(UTC)
    phase = decisions[0].phase
    release = prepare(phase, decisions=decisions, title="Synthetic release", by=by or make_staff(), now=now)
    if approved:
        approve(release, release_at=at, by=make_staff(role=StaffRole.BOARD), now=now)
        release.refresh_from_db()
    return release
