"""Indexes and the check of messages for the new states, made while mail goes on."""

from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    AddIndexConcurrently,
    RemoveIndexConcurrently,
    ValidateConstraint,
)
from django.db import migrations, models
from django.db.models import Q

CLOSED = ["bounced", "dead", "digest", "refused", "sent", "site"]
SENT_WHEN = models.CheckConstraint(
    condition=Q(delivery="sent", sent_at__isnull=False)
    | Q(delivery="bounced")
    | (~Q(delivery__in=["sent", "bounced"]) & Q(sent_at__isnull=True)),
    name="message_sent_at_when_sent",
    violation_error_message="A sent message says when it was sent.",
)


class Migration(migrations.Migration):
    """New indexes first, then the ones they replace go; the check is added unread, then read."""

    atomic = False
    dependencies = [("proposals", "0007_notifications")]
    operations = [
        AddIndexConcurrently(
            "message", models.Index(fields=["priority", "due_at", "id"], name="message_open", condition=~Q(delivery__in=CLOSED))
        ),
        AddIndexConcurrently(
            "message",
            models.Index(
                fields=["delivery"], name="message_undelivered", condition=Q(delivery__in=["bounced", "dead", "refused"])
            ),
        ),
        AddIndexConcurrently(
            "message",
            models.Index(
                fields=["recipient", "id"], name="message_for_digest", condition=Q(delivery="digest", carried_by=None)
            ),
        ),
        AddIndexConcurrently(
            "message",
            models.Index(fields=["carried_by"], name="message_carried", condition=Q(carried_by__isnull=False)),
        ),
        RemoveIndexConcurrently("message", "message_due"),
        RemoveIndexConcurrently("message", "message_failed"),
        AddConstraintNotValid("message", SENT_WHEN),
        ValidateConstraint("message", "message_sent_at_when_sent"),
        migrations.RemoveConstraint("message", "message_sent_when"),
    ]
