"""An index for Celery: imports every package's tasks."""

from proposals.audit import tasks as audit
from proposals.decisions import tasks as decisions
from proposals.intake import tasks as intake
from proposals.outbox import tasks as outbox
from proposals.review import tasks as review

__all__ = ["audit", "decisions", "intake", "outbox", "review"]
