"""The life of a proposal: its statuses, the moves between them, and what the partner is shown."""

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Status(TextChoices):
    """Where a proposal stands, as staff see it."""

    DRAFT = "draft", _("draft")
    SUBMITTED = "submitted", _("submitted")
    LATE = "late", _("submitted late")
    ELIGIBILITY = "eligibility", _("eligibility check")
    RETURNED = "returned", _("returned for correction")
    CLARIFICATION = "clarification", _("clarification requested")
    UNDER_REVIEW = "under_review", _("under review")
    INELIGIBLE = "ineligible", _("not eligible")
    WITHDRAWN = "withdrawn", _("withdrawn")


MOVES: dict[Status, set[Status]] = {
    Status.DRAFT: {Status.SUBMITTED, Status.LATE, Status.WITHDRAWN},
    Status.SUBMITTED: {
        Status.ELIGIBILITY,
        Status.RETURNED,
        Status.CLARIFICATION,
        Status.UNDER_REVIEW,
        Status.INELIGIBLE,
        Status.WITHDRAWN,
    },
    Status.LATE: {Status.ELIGIBILITY, Status.INELIGIBLE, Status.WITHDRAWN},
    Status.ELIGIBILITY: {
        Status.RETURNED,
        Status.CLARIFICATION,
        Status.UNDER_REVIEW,
        Status.INELIGIBLE,
        Status.WITHDRAWN,
    },
    Status.RETURNED: {Status.SUBMITTED, Status.LATE, Status.INELIGIBLE, Status.WITHDRAWN},
    Status.CLARIFICATION: {Status.ELIGIBILITY, Status.UNDER_REVIEW, Status.WITHDRAWN},
    Status.UNDER_REVIEW: {Status.CLARIFICATION, Status.INELIGIBLE, Status.WITHDRAWN},
    Status.INELIGIBLE: set(),
    Status.WITHDRAWN: set(),
}

# What the partner may see; steps that share a word are one step to them and send no message.
SHOWN_AS: dict[Status, Promise | str] = {
    Status.DRAFT: _("Draft"),
    Status.SUBMITTED: _("Submitted"),
    Status.LATE: _("Submitted after the deadline"),
    Status.ELIGIBILITY: _("Submitted"),
    Status.RETURNED: _("Returned to you for correction"),
    Status.CLARIFICATION: _("A question waits for your answer"),
    Status.UNDER_REVIEW: _("Under review"),
    Status.INELIGIBLE: _("Not eligible"),
    Status.WITHDRAWN: _("Withdrawn"),
}

EDITABLE = {Status.DRAFT, Status.RETURNED}
CLOSED = {Status.INELIGIBLE, Status.WITHDRAWN}
# What waits for the secretariat rather than for the partner.
WAITS_FOR_STAFF = {Status.SUBMITTED, Status.LATE, Status.ELIGIBILITY}


class TeamRole(TextChoices):
    """What a person does in a proposal."""

    PI = "pi", _("principal investigator (PI)")
    CO_PI = "co_pi", _("co-principal investigator (Co-PI)")
    CO_I = "co_i", _("co-investigator (Co-I)")
    TECHNICAL = "technical", _("technical contact")
    ADMINISTRATIVE = "administrative", _("administrative contact")


class ElementKind(TextChoices):
    """What a line of the mass budget is; all count against the cap."""

    PAYLOAD = "payload", _("payload")
    ADAPTER = "adapter", _("adapter")
    RELEASE = "release", _("separation or release device")
    HARNESS = "harness", _("harness and cables")


class PayloadClass(TextChoices):
    """What a payload is about."""

    SURFACE_ROBOT = "surface_robot", _("surface robot")
    ROVER = "rover", _("rover")
    FLYER = "flyer", _("flyer")
    REMOTE_SENSING = "remote_sensing", _("remote sensing")
    PARTICLES = "particles", _("particles and fields")
    GEOPHYSICS = "geophysics", _("geophysics")
    RADIO = "radio", _("radio and astronomy")
    LASER = "laser", _("laser and geodesy")
    RESOURCES = "resources", _("resource use")
    LIFE = "life", _("life and ecosystem")
    ENVIRONMENT = "environment", _("environment and dust")
    TECHNOLOGY = "technology", _("technology")
    OTHER = "other", _("other")


class AttachmentKind(TextChoices):
    """What a file is for."""

    ENDORSEMENT = "endorsement", _("letter of endorsement")
    FUNDING = "funding", _("funding letter")
    DESCRIPTION = "description", _("technical description")
    DRAWING = "drawing", _("drawing or figure")
    ANSWER = "answer", _("answer to a question of the call")
    OTHER = "other", _("other")


class Scan(TextChoices):
    """What the malware scanner said; a held file is kept from staff, never from its owner's receipt."""

    PENDING = "pending", _("being checked")
    CLEAN = "clean", _("checked")
    REFUSED = "refused", _("refused by the scanner")
    OFF = "off", _("no scanner installed")


class Fact(TextChoices):
    """What everyone concerned is told, however many they are."""

    OPENED = "opened", _("call opened")
    EXTENDED = "extended", _("deadline extended")
    DRAFT = "draft", _("draft not submitted")
    ENDORSEMENT = "endorsement", _("letter of endorsement missing")
    CLARIFICATION = "clarification", _("question not answered")
