"""The statuses after review, held by the database; not checked on the rows that are there, so that no writer waits."""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    """One constraint for another, in one short transaction."""

    dependencies = [("proposals", "0015_review_and_decisions")]
    operations = [
        migrations.RemoveConstraint(model_name="proposal", name="proposal_status_known"),
        AddConstraintNotValid(
            model_name="proposal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        [
                            "draft",
                            "submitted",
                            "late",
                            "eligibility",
                            "returned",
                            "clarification",
                            "under_review",
                            "ineligible",
                            "withdrawn",
                            "panel",
                            "decided",
                            "preliminary",
                            "selected",
                            "conditional",
                            "reserve",
                            "not_selected",
                            "merged",
                            "agreement",
                            "agreed",
                            "announced",
                            "descoped",
                            "deferred",
                            "transferred",
                            "cancelled",
                        ],
                    )
                ),
                name="proposal_status_known",
            ),
        ),
    ]
