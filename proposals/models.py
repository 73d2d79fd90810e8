"""An index for Django: imports every model so that the app finds them."""

from proposals.audit.models import Event, Seal
from proposals.calls import models as calls
from proposals.intake import models as intake
from proposals.outbox import models as outbox
from proposals.partners.models import CalendarKey, Invitation, Mailbox, Membership, Notice, Organisation, User

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
    "intake",
    "outbox",
]
