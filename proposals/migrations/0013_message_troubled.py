"""One index for all that staff look at, uncertain mails too, made while mail goes on."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models import Q

TROUBLED = ["bounced", "dead", "refused", "uncertain"]


class Migration(migrations.Migration):
    """The new index first, then the one it replaces goes."""

    atomic = False
    dependencies = [("proposals", "0012_message_lanes")]
    operations = [
        AddIndexConcurrently(
            "message", models.Index(fields=["delivery"], name="message_troubled", condition=Q(delivery__in=TROUBLED))
        ),
        RemoveIndexConcurrently("message", "message_undelivered"),
    ]
