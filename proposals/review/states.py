"""The words of review: kinds of assignment and how each is answered, conflicts, findings, verdicts."""

from django.db.models import IntegerChoices, TextChoices
from django.utils.translation import gettext_lazy as _


class ReviewKind(TextChoices):
    """The two reviews, independent of each other."""

    SCIENCE = "science", _("science review")
    TECHNICAL = "technical", _("accommodation review")


class Answer(TextChoices):
    """How an assignment stands."""

    ASKED = "asked", _("asked")
    ACCEPTED = "accepted", _("accepted")
    DECLINED = "declined", _("declined")
    REMOVED = "removed", _("taken off")


# An assignment that counts against the load and towards the reviewers that a proposal needs.
STANDING = {Answer.ASKED, Answer.ACCEPTED}


class ConflictKind(TextChoices):
    """Why somebody may not judge a proposal: found in the data, or declared."""

    ORGANISATION = "organisation", _("same organisation")
    COUNTRY = "country", _("same country or region")
    TEAM = "team", _("member of the team or co-author")
    FINANCIAL = "financial", _("financial interest")
    INSTITUTIONAL = "institutional", _("institutional tie")
    PROFESSIONAL = "professional", _("professional tie")
    FAMILY = "family", _("family tie")


FOUND = {ConflictKind.ORGANISATION, ConflictKind.COUNTRY, ConflictKind.TEAM}
DECLARED = {ConflictKind.FINANCIAL, ConflictKind.INSTITUTIONAL, ConflictKind.PROFESSIONAL, ConflictKind.FAMILY}


class Wish(TextChoices):
    """What a reviewer says of a proposal before the assignment, where the plan asks for wishes."""

    EAGER = "eager", _("gladly")
    WILLING = "willing", _("if needed")
    RELUCTANT = "reluctant", _("rather not")


class Stage(TextChoices):
    """How far an assessment has come."""

    DRAFT = "draft", _("draft")
    SUBMITTED = "submitted", _("submitted")


class FindingKind(TextChoices):
    """What a finding is; feedback is written from findings."""

    MAJOR_STRENGTH = "major_strength", _("major strength")
    MINOR_STRENGTH = "minor_strength", _("minor strength")
    MAJOR_WEAKNESS = "major_weakness", _("major weakness")
    MINOR_WEAKNESS = "minor_weakness", _("minor weakness")


class Verdict(TextChoices):
    """Whether the lander can carry it."""

    YES = "yes", _("accommodatable")
    CONDITIONS = "conditions", _("accommodatable with conditions")
    NO = "no", _("not accommodatable")


class Confidence(IntegerChoices):
    """How sure a reviewer is of their own judgement."""

    LOW = 1, _("low: outside my field")
    MEDIUM = 2, _("medium: near my field")
    HIGH = 3, _("high: my field")


class PairingState(TextChoices):
    """How far the making of a plan of assignment has come."""

    WAITING = "waiting", _("waits for a worker")
    RUNNING = "running", _("is being made")
    READY = "ready", _("ready")
    FAILED = "failed", _("failed")


class Choice(TextChoices):
    """What staff say of one expert for one proposal in a plan of assignment."""

    OPEN = "open", _("not assigned")
    ASSIGNED = "assigned", _("assigned")
    KEPT = "kept", _("assigned, and kept when the plan is remade")
    NEVER = "never", _("never")
