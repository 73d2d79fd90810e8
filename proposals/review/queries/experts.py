"""What is known of experts: the topics they may know, and the undertaking they accept before a proposal opens."""

import hashlib
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from proposals.audit.models import Event
from proposals.calls.models import Phase
from proposals.calls.states import Form
from proposals.intake.models import Proposal
from proposals.intake.states import PayloadClass
from proposals.partners.models import User
from proposals.partners.states import EXPERTS, StaffRole
from proposals.review.models import Expert, ReviewPlan

STANDARD: Promise = _(
    "I will treat everything I read here in confidence: the proposals, who filed them, the reviews of others and what the "
    "panel says.\n\n"
    "I will use it for this review only, neither for my own work nor for that of my organisation. I will not copy it, pass "
    "it on, or put it into any service that keeps or learns from what it is given.\n\n"
    "I will not speak of it with the proposers or with anyone else. Questions go through the secretariat.\n\n"
    "I will say at once when I find that I have an interest in a proposal: financial, institutional, professional or of "
    "family. I will then neither read it further nor judge it.\n\n"
    "When the review has ended I will keep no copy. This undertaking holds on after that."
)


@dataclass(frozen=True)
class Undertaking:
    """What is accepted: its text as the reader sees it, and the SHA-256 that says which text it is in any language."""

    text: str
    sha256: str


def topics() -> list[tuple[str, str | Promise]]:
    """What an expert may know: the payload classes, then the forms of mission level, each with its label."""
    return [*PayloadClass.choices, *Form.choices]


def topics_of(proposal: Proposal) -> dict[str, Decimal]:
    """What a proposal is about: its payload class, or each of its forms at mission level, with weight 1."""
    named = proposal.forms or ([proposal.payload_class] if proposal.payload_class else [])
    return dict.fromkeys(named, Decimal(1))


def undertaking_of(phase: Phase) -> Undertaking:
    """The text of the phase's plan; without one the standard text, in the reader's language."""
    plan = ReviewPlan.objects.filter(phase=phase).only("undertaking").first()
    own = (plan.undertaking if plan else "").strip()
    with translation.override("en"):
        source = own or str(STANDARD)
    return Undertaking(text=own or str(STANDARD), sha256=hashlib.sha256(source.encode()).hexdigest())


def has_undertaken(expert: Expert | None, phase: Phase) -> bool:
    """Whether this expert accepted the text that this phase asks, now or for an earlier phase."""
    if expert is None or expert.undertaken_at is None:
        return False
    asked = undertaking_of(phase).sha256
    if expert.undertaken_sha256 == asked:
        return True
    accepted = Event.objects.filter(subject_type="expert", subject_id=str(expert.pk), verb="expert.undertook")
    return accepted.filter(data__sha256=asked).exists()


def expert_of(user: Any) -> Expert | None:
    """A person's own profile."""
    return Expert.objects.filter(user=user.pk).select_related("user", "organisation").first()


def available(role: StaffRole) -> QuerySet[Expert]:
    """The experts of a role who have an open account, with their topics: those who can be asked."""
    found = Expert.objects.filter(user__is_active=True, user__staff_role=role).select_related("user", "organisation")
    return found.prefetch_related("expertise").order_by("user_id")


def judges() -> QuerySet[User]:
    """Everyone whom a conflict could bar: staff, each with the profile if they have one; closed accounts too."""
    return User.objects.exclude(staff_role="").select_related("expert__organisation").order_by("pk")


def is_judge(user: Any) -> bool:
    """Whether this person judges by trade: a reviewer or assessor, or another of staff with a profile."""
    return user.staff_role in EXPERTS or hasattr(user, "expert")
