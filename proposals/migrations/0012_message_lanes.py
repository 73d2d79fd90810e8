"""The waiting messages of each domain in the order they leave, made while mail goes on."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Lower

CLOSED = ["bounced", "dead", "digest", "refused", "sent", "site"]
DOMAIN = Lower(Func(F("address"), Value("@"), Value(-1), function="split_part"))


class Migration(migrations.Migration):
    """One index, so that a domain with a limit is passed over in one step however much waits for it."""

    atomic = False
    dependencies = [("proposals", "0011_ledger_indexes")]
    operations = [
        AddIndexConcurrently(
            "message", models.Index(DOMAIN, "priority", "due_at", "id", name="message_lane", condition=~Q(delivery__in=CLOSED))
        ),
    ]
