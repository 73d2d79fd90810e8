"""An announced project says what became of it; both columns have their default at once, and no row is rewritten."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Two columns of a small table."""

    dependencies = [("proposals", "0018_review_security")]
    operations = [
        migrations.AddField(
            model_name="announcedproject",
            name="change",
            field=models.CharField(
                blank=True,
                choices=[
                    ("descoped", "descoped"),
                    ("deferred", "deferred"),
                    ("transferred", "transferred to another mission"),
                    ("cancelled", "cancelled"),
                ],
                db_default="",
                default="",
                max_length=12,
                verbose_name="what became of it",
            ),
        ),
        migrations.AddField(
            model_name="announcedproject",
            name="changed_on",
            field=models.DateField(blank=True, null=True, verbose_name="changed on"),
        ),
    ]
