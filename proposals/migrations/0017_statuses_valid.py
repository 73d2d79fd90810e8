"""The rows that are there are held to the known statuses too; writers go on meanwhile."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    """One check over the table."""

    dependencies = [("proposals", "0016_statuses")]
    operations = [ValidateConstraint(model_name="proposal", name="proposal_status_known")]
