"""The index of lanes under a condition of its own, so that a claim without limits cannot take it; made while mail goes on."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Lower

CLOSED = ["bounced", "dead", "digest", "refused", "sent", "site"]
DOMAIN = Lower(Func(F("address"), Value("@"), Value(-1), function="split_part"))
LANE = models.Index(
    DOMAIN, "priority", "due_at", "id", name="message_in_lane", condition=~Q(delivery__in=CLOSED) & Q(address__gt="")
)


class Migration(migrations.Migration):
    """The new one first, then the old one goes."""

    atomic = False
    dependencies = [("proposals", "0013_message_troubled")]
    operations = [AddIndexConcurrently("message", LANE), RemoveIndexConcurrently("message", "message_lane")]
