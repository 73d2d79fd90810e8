"""Indexes that hold what the queue's tabs count by, and one for the forms of cooperation."""

import django.contrib.postgres.indexes
from django.db import migrations, models

SEEN = ["submitted_at", "filed_by_staff"]


class Migration(migrations.Migration):
    """Two indexes take the place of narrower ones; one is new."""

    dependencies = [("proposals", "0004_queue_filters")]
    operations = [
        migrations.AddIndex(
            model_name="proposal",
            index=models.Index(fields=["-moved_at", "-id"], include=SEEN, name="proposal_in_order"),
        ),
        migrations.AddIndex(
            model_name="proposal",
            index=models.Index(
                fields=["status", "-moved_at", "-id"], include=[*SEEN, "assignee"], name="proposal_in_status"
            ),
        ),
        migrations.RemoveIndex(model_name="proposal", name="proposal_queue"),
        migrations.RemoveIndex(model_name="proposal", name="proposal_by_status"),
        migrations.AddIndex(
            model_name="proposal",
            index=django.contrib.postgres.indexes.GinIndex(fields=["forms"], name="proposal_forms"),
        ),
    ]
