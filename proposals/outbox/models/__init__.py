"""What people are told, how they want to hear it, what came back, and the wordings of staff."""

from proposals.outbox.models.message import Attempt, Heartbeat, Message, MessageQuerySet
from proposals.outbox.models.relay import Bounce, Pace
from proposals.outbox.models.wish import Preference
from proposals.outbox.models.wording import Wording, WordingVersion

__all__ = [
    "Attempt",
    "Bounce",
    "Heartbeat",
    "Message",
    "MessageQuerySet",
    "Pace",
    "Preference",
    "Wording",
    "WordingVersion",
]
