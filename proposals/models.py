"""An index for Django: imports every model so that the app finds them."""

from proposals.audit.models import Event, Seal
from proposals.calls import models as calls
from proposals.intake import models as intake
from proposals.outbox.models import Attempt, Heartbeat, Message
from proposals.partners.models import Invitation, Membership, Notice, Organisation, User

__all__ = [
    "Attempt",
    "Event",
    "Heartbeat",
    "Invitation",
    "Membership",
    "Message",
    "Notice",
    "Organisation",
    "Seal",
    "User",
    "calls",
    "intake",
]
