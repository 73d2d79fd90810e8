"""The levels and forms of cooperation, and the kinds of things a call lists."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Level(TextChoices):
    """How a partner takes part; a proposal has exactly one."""

    UNIT = "unit", _("unit level: an instrument on the lander")
    SYSTEM = "system", _("system level: a module that works on its own")
    MISSION = "mission", _("mission level: your own spacecraft")


PAYLOAD_LEVELS = {Level.UNIT, Level.SYSTEM}


class Form(TextChoices):
    """The forms of cooperation at mission level; a proposal may tick several."""

    LAUNCH_ORBIT = "launch_orbit", _("launch and orbit operation")
    INTERACTION = "interaction", _("spacecraft-to-spacecraft interaction")
    SURFACE = "surface", _("joint surface exploration")


class PhaseKind(TextChoices):
    """What a phase asks for."""

    LOI = "loi", _("letter of intent")
    FULL = "full", _("full proposal")


class DayKind(TextChoices):
    """What a day of a phase is for; on some of them people are reminded of what is missing."""

    PLAIN = "plain", _("for information")
    ENDORSEMENT = "endorsement", _("last day for letters of endorsement")


class TopicKind(TextChoices):
    """What a line of a call's text is."""

    PRIORITY = "priority", _("priority")
    AIM = "aim", _("science aim")
    SITE = "site", _("candidate site")


class CapBasis(TextChoices):
    """Which mass is held against the caps."""

    WITH_MARGIN = "with_margin", _("best estimate with margin")
    CBE = "cbe", _("current best estimate (CBE) alone")


class CapEffect(TextChoices):
    """What happens above a cap."""

    BLOCK = "block", _("cannot be submitted")
    FLAG = "flag", _("accepted and flagged")


class QuestionKind(TextChoices):
    """The seven types of a call's own questions."""

    TEXT = "text", _("one line of text")
    LONG_TEXT = "long_text", _("long text")
    NUMBER = "number", _("number with a unit")
    CHOICE = "choice", _("choice")
    YES_NO = "yes_no", _("yes or no")
    DATE = "date", _("date")
    FILE = "file", _("file")


class Standing(TextChoices):
    """Where a phase stands at an instant; the deadline rule gives it."""

    NOT_YET = "not_yet", _("not open yet")
    OPEN = "open", _("open")
    LATE = "late", _("closed, late ones are kept")
    CLOSED = "closed", _("closed")


class Change(TextChoices):
    """What became of an announced project; the public page says it beside its entry, which stays."""

    DESCOPED = "descoped", _("descoped")
    DEFERRED = "deferred", _("deferred")
    TRANSFERRED = "transferred", _("transferred to another mission")
    CANCELLED = "cancelled", _("cancelled")
