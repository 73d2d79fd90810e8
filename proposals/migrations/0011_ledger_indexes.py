"""Indexes for the ledger of mail: the messages to one address, and the moves since a moment; made while mail goes on."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Two indexes, without a lock on either table."""

    atomic = False
    dependencies = [("proposals", "0010_tellings")]
    operations = [
        AddIndexConcurrently("message", models.Index(fields=["address", "-id"], name="message_address")),
        AddIndexConcurrently("move", models.Index(fields=["at"], name="move_at")),
    ]
