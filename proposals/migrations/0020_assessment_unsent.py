"""A review that is being revised keeps the revision apart until it is submitted; empty at once, no row is rewritten."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """One column of a small table, null everywhere."""

    dependencies = [("proposals", "0019_announced_change")]
    operations = [
        migrations.AddField(
            model_name="assessment",
            name="unsent",
            field=models.JSONField(blank=True, editable=False, null=True, verbose_name="revision not submitted yet"),
        ),
    ]
