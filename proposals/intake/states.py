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
    PANEL = "panel", _("before the panel")
    DECIDED = "decided", _("decided, not yet released")
    PRELIMINARY = "preliminary", _("preliminarily selected")
    SELECTED = "selected", _("selected")
    CONDITIONAL = "conditional", _("conditionally selected")
    RESERVE = "reserve", _("on the reserve list")
    NOT_SELECTED = "not_selected", _("not selected")
    MERGED = "merged", _("merged into another proposal")
    AGREEMENT = "agreement", _("agreement in preparation")
    AGREED = "agreed", _("agreed")
    ANNOUNCED = "announced", _("announced")
    DESCOPED = "descoped", _("descoped")
    DEFERRED = "deferred", _("deferred")
    TRANSFERRED = "transferred", _("transferred to another mission")
    CANCELLED = "cancelled", _("cancelled")


# What the release of a decision may lead to; a place on the reserve list is decided once more.
_OUTCOMES = {Status.PRELIMINARY, Status.SELECTED, Status.CONDITIONAL, Status.RESERVE, Status.NOT_SELECTED, Status.MERGED}
# What may become of a project after the agreement.
_AFTER = {Status.DESCOPED, Status.DEFERRED, Status.TRANSFERRED, Status.CANCELLED}

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
    Status.CLARIFICATION: {Status.ELIGIBILITY, Status.UNDER_REVIEW, Status.PANEL, Status.WITHDRAWN},
    # A letter of intent may be decided without reviewers and panel; a call's plan says which it needs.
    Status.UNDER_REVIEW: {Status.CLARIFICATION, Status.INELIGIBLE, Status.PANEL, Status.DECIDED, Status.WITHDRAWN},
    Status.PANEL: {Status.UNDER_REVIEW, Status.CLARIFICATION, Status.DECIDED, Status.WITHDRAWN},
    Status.DECIDED: {Status.PANEL, *_OUTCOMES, Status.WITHDRAWN},
    Status.PRELIMINARY: {Status.DRAFT, Status.WITHDRAWN},
    Status.RESERVE: {*(_OUTCOMES - {Status.RESERVE}), Status.WITHDRAWN},
    Status.CONDITIONAL: {Status.SELECTED, Status.NOT_SELECTED, Status.WITHDRAWN},
    Status.SELECTED: {Status.AGREEMENT, Status.CANCELLED, Status.WITHDRAWN},
    Status.AGREEMENT: {Status.AGREED, Status.CANCELLED, Status.WITHDRAWN},
    Status.AGREED: {Status.ANNOUNCED, *_AFTER},
    Status.ANNOUNCED: set(_AFTER),
    Status.DESCOPED: {Status.ANNOUNCED, *(_AFTER - {Status.DESCOPED})},
    Status.DEFERRED: {Status.AGREED, Status.TRANSFERRED, Status.CANCELLED},
    Status.NOT_SELECTED: set(),
    Status.MERGED: set(),
    Status.TRANSFERRED: set(),
    Status.CANCELLED: set(),
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
    # Until the release nothing of a decision is seen.
    Status.PANEL: _("Under review"),
    Status.DECIDED: _("Under review"),
    Status.PRELIMINARY: _("Preliminarily selected"),
    Status.SELECTED: _("Selected"),
    Status.CONDITIONAL: _("Conditionally selected"),
    Status.RESERVE: _("On the reserve list"),
    Status.NOT_SELECTED: _("Not selected"),
    Status.MERGED: _("Merged into another proposal"),
    Status.AGREEMENT: _("Agreement in preparation"),
    Status.AGREED: _("Agreed"),
    Status.ANNOUNCED: _("Announced"),
    Status.DESCOPED: _("Descoped"),
    Status.DEFERRED: _("Deferred"),
    Status.TRANSFERRED: _("Transferred to another mission"),
    Status.CANCELLED: _("Cancelled"),
}

# Steps that share a word are one state to the partners' pages too: nothing there goes by the step itself.
SHOWN_STATE = {Status.ELIGIBILITY: Status.SUBMITTED, Status.PANEL: Status.UNDER_REVIEW, Status.DECIDED: Status.UNDER_REVIEW}
# The moves that partners are not shown: neither the step nor its instant.
SILENT = {(was, now) for was in Status for now in MOVES[was] if SHOWN_STATE.get(was, was) == SHOWN_STATE.get(now, now)}

EDITABLE = {Status.DRAFT, Status.RETURNED}
CLOSED = {
    Status.INELIGIBLE,
    Status.WITHDRAWN,
    Status.NOT_SELECTED,
    Status.MERGED,
    Status.TRANSFERRED,
    Status.CANCELLED,
}
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


class Signing(TextChoices):
    """What a person of the team signs before a submission: the whole, or their organisation's part."""

    RELEASE = "release", _("release of the whole by the PI")
    PART = "part", _("signature of a partner organisation")


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
