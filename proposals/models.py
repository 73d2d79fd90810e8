"""An index for Django: imports every model so that the app finds them."""

from proposals.audit.models import Event, Seal
from proposals.calls import models as calls
from proposals.decisions import models as decisions
from proposals.intake import models as intake
from proposals.outbox import models as outbox
from proposals.partners.models import CalendarKey, Invitation, Mailbox, Membership, Notice, Organisation, User
from proposals.review import models as review

__all__ = [
    "CalendarKey",
    "Event",
    "Invitation",
    "Mailbox",
    "Membership",
    "Notice",
    "Organisation",
    "Seal",
    "User",
    "calls",
    "decisions",
    "intake",
    "outbox",
    "review",
]
