"""Indexes for what the queue's filters look for and few rows have: tags, late ones, those over a cap."""

import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    """Three small indexes."""

    dependencies = [("proposals", "0003_message_failed")]
    operations = [
        migrations.AddIndex(
            model_name="proposal",
            index=django.contrib.postgres.indexes.GinIndex(fields=["tags"], name="proposal_tags"),
        ),
        migrations.AddIndex(
            model_name="proposal",
            index=models.Index(condition=models.Q(("is_late", True)), fields=["-moved_at", "-id"], name="proposal_late"),
        ),
        migrations.AddIndex(
            model_name="proposal",
            index=models.Index(condition=models.Q(("is_over_cap", True)), fields=["-moved_at", "-id"], name="proposal_over_cap"),
        ),
    ]
