"""An index for the few messages that failed: they are counted on every staff page."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """One small partial index."""

    dependencies = [("proposals", "0002_row_security")]
    operations = [
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("delivery__in", ["dead", "refused"])), fields=["delivery"], name="message_failed"
            ),
        ),
    ]
