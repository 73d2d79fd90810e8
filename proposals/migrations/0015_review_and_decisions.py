"""The tables of review and decisions, the keys of a submission, and the new moves."""

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django_countries.fields
import pgtrigger.compiler
import pgtrigger.migrations
import proposals.review.models.plan
import uuid
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """New tables; on live ones only columns with a default and triggers."""

    dependencies = [
        ("proposals", "0014_message_in_lane"),
    ]

    operations = [
        migrations.CreateModel(
            name="Agreement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("counterpart", models.CharField(blank=True, max_length=250, verbose_name="counterpart institute")),
                ("contact", models.CharField(blank=True, max_length=250, verbose_name="contact at the counterpart")),
                ("planned_on", models.DateField(blank=True, null=True, verbose_name="signature planned on")),
                ("signed_on", models.DateField(blank=True, null=True, verbose_name="signed on")),
                ("note", models.TextField(blank=True, max_length=8000, verbose_name="note")),
                ("opened_at", models.DateTimeField(verbose_name="opened at")),
                ("revision", models.PositiveIntegerField(default=1, editable=False)),
            ],
            options={
                "verbose_name": "agreement",
                "verbose_name_plural": "agreements",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="AgreementItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                ("text", models.CharField(max_length=300, verbose_name="to do")),
                ("due_on", models.DateField(blank=True, null=True, verbose_name="due")),
                ("done_at", models.DateTimeField(blank=True, null=True, verbose_name="done at")),
            ],
            options={
                "verbose_name": "item of the checklist",
                "verbose_name_plural": "items of the checklist",
                "ordering": ["position", "id"],
            },
        ),
        migrations.CreateModel(
            name="Announcement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(verbose_name="at")),
            ],
            options={
                "verbose_name": "announcement",
                "verbose_name_plural": "announcements",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Assessment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "stage",
                    models.CharField(
                        choices=[("draft", "draft"), ("submitted", "submitted")],
                        default="draft",
                        max_length=10,
                        verbose_name="stage",
                    ),
                ),
                (
                    "confidence",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        choices=[(1, "low: outside my field"), (2, "medium: near my field"), (3, "high: my field")],
                        null=True,
                        verbose_name="confidence",
                    ),
                ),
                (
                    "verdict",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("yes", "accommodatable"),
                            ("conditions", "accommodatable with conditions"),
                            ("no", "not accommodatable"),
                        ],
                        max_length=10,
                        verbose_name="verdict",
                    ),
                ),
                ("conditions", models.TextField(blank=True, max_length=8000, verbose_name="conditions")),
                ("to_panel", models.TextField(blank=True, max_length=8000, verbose_name="comments to the panel")),
                ("to_proposer", models.TextField(blank=True, max_length=8000, verbose_name="comments to the proposer")),
                ("saved_at", models.DateTimeField(verbose_name="saved at")),
                ("submitted_at", models.DateTimeField(blank=True, null=True, verbose_name="first submitted at")),
                ("revision", models.PositiveIntegerField(default=1, editable=False)),
            ],
            options={
                "verbose_name": "assessment",
                "verbose_name_plural": "assessments",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Assignment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("science", "science review"), ("technical", "accommodation review")],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                (
                    "answer",
                    models.CharField(
                        choices=[
                            ("asked", "asked"),
                            ("accepted", "accepted"),
                            ("declined", "declined"),
                            ("removed", "taken off"),
                        ],
                        default="asked",
                        max_length=10,
                        verbose_name="answer",
                    ),
                ),
                ("is_lead", models.BooleanField(default=False, verbose_name="lead reviewer")),
                ("affinity", models.DecimalField(blank=True, decimal_places=6, max_digits=9, null=True, verbose_name="affinity")),
                ("why", models.TextField(blank=True, verbose_name="why this pair")),
                ("at", models.DateTimeField(verbose_name="assigned at")),
                ("due_at", models.DateTimeField(blank=True, null=True, verbose_name="due")),
                ("answered_at", models.DateTimeField(blank=True, null=True, verbose_name="answered at")),
                ("reason", models.TextField(blank=True, max_length=2000, verbose_name="reason")),
            ],
            options={
                "verbose_name": "assignment",
                "verbose_name_plural": "assignments",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Bid",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "wish",
                    models.CharField(
                        choices=[("eager", "gladly"), ("willing", "if needed"), ("reluctant", "rather not")],
                        max_length=10,
                        verbose_name="wish",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="at")),
            ],
            options={
                "verbose_name": "wish of a reviewer",
                "verbose_name_plural": "wishes of reviewers",
            },
        ),
        migrations.CreateModel(
            name="Condition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                ("text", models.TextField(max_length=2000, verbose_name="condition")),
                ("due_on", models.DateField(blank=True, null=True, verbose_name="due")),
                ("met_at", models.DateTimeField(blank=True, null=True, verbose_name="met at")),
                ("note", models.TextField(blank=True, max_length=2000, verbose_name="how it was met")),
            ],
            options={
                "verbose_name": "condition",
                "verbose_name_plural": "conditions",
                "ordering": ["position", "id"],
            },
        ),
        migrations.CreateModel(
            name="Conflict",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("organisation", "same organisation"),
                            ("country", "same country or region"),
                            ("team", "member of the team or co-author"),
                            ("financial", "financial interest"),
                            ("institutional", "institutional tie"),
                            ("professional", "professional tie"),
                            ("family", "family tie"),
                        ],
                        max_length=14,
                        verbose_name="kind",
                    ),
                ),
                ("note", models.TextField(blank=True, max_length=2000, verbose_name="note")),
                ("at", models.DateTimeField(verbose_name="since")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="no longer so since")),
                ("overridden_at", models.DateTimeField(blank=True, null=True, verbose_name="overridden at")),
                ("override_reason", models.TextField(blank=True, max_length=2000, verbose_name="why overridden")),
            ],
            options={
                "verbose_name": "conflict",
                "verbose_name_plural": "conflicts",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Consensus",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("to_panel", models.TextField(blank=True, max_length=8000, verbose_name="to the panel")),
                ("feedback", models.TextField(blank=True, max_length=8000, verbose_name="feedback to the proposer")),
                ("at", models.DateTimeField(verbose_name="at")),
                ("revision", models.PositiveIntegerField(default=1, editable=False)),
            ],
            options={
                "verbose_name": "consensus",
                "verbose_name_plural": "consensus",
            },
        ),
        migrations.CreateModel(
            name="Decision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("preliminary", "preliminarily selected: invited to the next phase"),
                            ("selected", "selected"),
                            ("conditional", "conditionally selected"),
                            ("reserve", "on the reserve list"),
                            ("not_selected", "not selected"),
                            ("merged", "merged into another proposal"),
                        ],
                        max_length=14,
                        verbose_name="outcome",
                    ),
                ),
                ("reason", models.TextField(blank=True, max_length=8000, verbose_name="reason, for the record")),
                ("feedback", models.TextField(blank=True, max_length=12000, verbose_name="feedback to the proposer")),
                ("drafted_at", models.DateTimeField(verbose_name="drafted at")),
                ("amended_at", models.DateTimeField(blank=True, null=True, verbose_name="amended at")),
                ("released_at", models.DateTimeField(blank=True, null=True, verbose_name="released at")),
                ("dropped_at", models.DateTimeField(blank=True, null=True, verbose_name="dropped at")),
                ("revision", models.PositiveIntegerField(default=1, editable=False)),
            ],
            options={
                "verbose_name": "decision",
                "verbose_name_plural": "decisions",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Delegation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(verbose_name="at")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended at")),
            ],
            options={
                "verbose_name": "delegation",
                "verbose_name_plural": "delegations",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Expert",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("country", django_countries.fields.CountryField(blank=True, max_length=2, verbose_name="country or region")),
                (
                    "languages",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=12),
                        blank=True,
                        default=list,
                        help_text="BCP 47, such as en, zh.",
                        size=None,
                        verbose_name="languages read",
                    ),
                ),
                (
                    "max_load",
                    models.PositiveSmallIntegerField(
                        default=5,
                        validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)],
                        verbose_name="proposals at most",
                    ),
                ),
                ("away_from_on", models.DateField(blank=True, null=True, verbose_name="away from")),
                ("away_to_on", models.DateField(blank=True, null=True, verbose_name="away until")),
                ("undertaken_at", models.DateTimeField(blank=True, null=True, verbose_name="undertaking accepted at")),
                ("undertaken_sha256", models.CharField(blank=True, max_length=64, verbose_name="SHA-256 of the undertaking")),
                ("revision", models.PositiveIntegerField(default=1, editable=False)),
            ],
            options={
                "verbose_name": "expert",
                "verbose_name_plural": "experts",
                "ordering": ["user__full_name", "id"],
            },
        ),
        migrations.CreateModel(
            name="Expertise",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("topic", models.CharField(max_length=16, verbose_name="topic")),
                (
                    "weight",
                    models.DecimalField(
                        decimal_places=2,
                        max_digits=3,
                        validators=[
                            django.core.validators.MinValueValidator(Decimal("0")),
                            django.core.validators.MaxValueValidator(Decimal("1")),
                        ],
                        verbose_name="weight",
                    ),
                ),
            ],
            options={
                "verbose_name": "expertise",
                "verbose_name_plural": "expertise",
                "ordering": ["topic"],
            },
        ),
        migrations.CreateModel(
            name="Finding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("major_strength", "major strength"),
                            ("minor_strength", "minor strength"),
                            ("major_weakness", "major weakness"),
                            ("minor_weakness", "minor weakness"),
                        ],
                        max_length=14,
                        verbose_name="kind",
                    ),
                ),
                ("text", models.TextField(max_length=4000, verbose_name="text")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
            ],
            options={
                "verbose_name": "finding",
                "verbose_name_plural": "findings",
                "ordering": ["position", "id"],
            },
        ),
        migrations.CreateModel(
            name="FrozenAssessment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField(verbose_name="version")),
                ("canonical", models.TextField(verbose_name="canonical JSON")),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                ("at", models.DateTimeField(verbose_name="at")),
            ],
            options={
                "verbose_name": "submitted assessment",
                "verbose_name_plural": "submitted assessments",
                "ordering": ["number"],
            },
        ),
        migrations.CreateModel(
            name="Letter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("language", models.CharField(max_length=12, verbose_name="language")),
                ("subject", models.CharField(max_length=300, verbose_name="subject")),
                ("body", models.TextField(verbose_name="text")),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                ("written_at", models.DateTimeField(verbose_name="written at")),
            ],
            options={
                "verbose_name": "letter",
                "verbose_name_plural": "letters",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Merge",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(verbose_name="at")),
            ],
            options={
                "verbose_name": "merge",
                "verbose_name_plural": "merges",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Pairing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("science", "science review"), ("technical", "accommodation review")],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("pairs", models.JSONField(default=list, verbose_name="pairs")),
                ("result", models.JSONField(default=dict, verbose_name="result")),
                ("made_at", models.DateTimeField(verbose_name="made at")),
                ("applied_at", models.DateTimeField(blank=True, null=True, verbose_name="applied at")),
                ("revision", models.PositiveIntegerField(default=1, editable=False)),
            ],
            options={
                "verbose_name": "plan of assignment",
                "verbose_name_plural": "plans of assignment",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Panel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=200, verbose_name="title")),
                ("held_on", models.DateField(blank=True, null=True, verbose_name="held on")),
                ("present", models.TextField(blank=True, max_length=4000, verbose_name="present")),
                ("minutes", models.TextField(blank=True, max_length=40000, verbose_name="minutes")),
                ("made_at", models.DateTimeField(verbose_name="opened at")),
                ("frozen_at", models.DateTimeField(blank=True, null=True, verbose_name="frozen at")),
                ("canonical", models.TextField(blank=True, verbose_name="canonical JSON")),
                ("sha256", models.CharField(blank=True, max_length=64, verbose_name="SHA-256")),
                ("revision", models.PositiveIntegerField(default=1, editable=False)),
            ],
            options={
                "verbose_name": "panel",
                "verbose_name_plural": "panels",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="PanelItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField(verbose_name="place")),
                ("recommends", models.CharField(blank=True, max_length=14, verbose_name="recommendation")),
                ("note", models.TextField(blank=True, max_length=4000, verbose_name="note")),
            ],
            options={
                "verbose_name": "item of a panel",
                "verbose_name_plural": "items of a panel",
                "ordering": ["position", "id"],
            },
        ),
        migrations.CreateModel(
            name="Post",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("request_key", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("text", models.TextField(max_length=8000, verbose_name="text")),
                ("at", models.DateTimeField(verbose_name="at")),
            ],
            options={
                "verbose_name": "contribution",
                "verbose_name_plural": "contributions",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Release",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=200, verbose_name="title")),
                (
                    "release_at",
                    models.DateTimeField(
                        blank=True, help_text="The instant of the embargo's end.", null=True, verbose_name="released at"
                    ),
                ),
                ("prepared_at", models.DateTimeField(verbose_name="prepared at")),
                ("approved_at", models.DateTimeField(blank=True, null=True, verbose_name="approved at")),
                ("released_at", models.DateTimeField(blank=True, null=True, verbose_name="done at")),
                ("stopped_at", models.DateTimeField(blank=True, null=True, verbose_name="stopped at")),
                ("problem", models.TextField(blank=True, verbose_name="what stands in the way")),
                ("revision", models.PositiveIntegerField(default=1, editable=False)),
            ],
            options={
                "verbose_name": "release",
                "verbose_name_plural": "releases",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="ReviewPlan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "reviewers",
                    models.PositiveSmallIntegerField(
                        default=3,
                        validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(20)],
                        verbose_name="science reviewers for each proposal",
                    ),
                ),
                (
                    "assessors",
                    models.PositiveSmallIntegerField(
                        default=1,
                        validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(20)],
                        verbose_name="technical assessors for each payload proposal",
                    ),
                ),
                ("due_at", models.DateTimeField(blank=True, null=True, verbose_name="reviews due")),
                (
                    "languages",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=12),
                        default=proposals.review.models.plan.english,
                        help_text="A reviewer reads at least one of them (BCP 47, such as en, zh).",
                        size=None,
                        verbose_name="languages of the proposals",
                    ),
                ),
                ("country_conflict", models.BooleanField(default=True, verbose_name="same country or region is a conflict")),
                (
                    "exempt_countries",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=2),
                        blank=True,
                        default=list,
                        help_text="Two capital letters each, such as CN: the host country, or every reviewer there would be barred.",
                        size=None,
                        verbose_name="exempt countries or regions",
                    ),
                ),
                ("is_blind", models.BooleanField(default=True, verbose_name="blind to other reviews until one's own is in")),
                ("asks_wishes", models.BooleanField(default=False, verbose_name="reviewers say which proposals they would like")),
                (
                    "undertaking",
                    models.TextField(
                        blank=True,
                        help_text="Reviewers accept it before the first proposal opens. Empty: the standard text.",
                        verbose_name="confidentiality undertaking",
                    ),
                ),
                ("revision", models.PositiveIntegerField(default=1, editable=False)),
            ],
            options={
                "verbose_name": "review plan",
                "verbose_name_plural": "review plans",
            },
        ),
        migrations.CreateModel(
            name="Score",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("value", models.DecimalField(blank=True, decimal_places=2, max_digits=6, null=True, verbose_name="score")),
                ("unable", models.BooleanField(default=False, verbose_name="not able to judge")),
                ("comment", models.TextField(blank=True, max_length=4000, verbose_name="comment")),
            ],
            options={
                "verbose_name": "score",
                "verbose_name_plural": "scores",
            },
        ),
        migrations.CreateModel(
            name="Signature",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("release", "release of the whole by the PI"), ("part", "signature of a partner organisation")],
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                ("at", models.DateTimeField(verbose_name="at")),
                ("taken_back_at", models.DateTimeField(blank=True, null=True, verbose_name="taken back at")),
            ],
            options={
                "verbose_name": "signature",
                "verbose_name_plural": "signatures",
                "ordering": ["id"],
            },
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="proposal",
            name="allowed_moves",
        ),
        migrations.AddField(
            model_name="phase",
            name="partners_sign",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Each partner organisation signs its part before the proposal can be submitted.",
                verbose_name="partner organisations sign their part",
            ),
        ),
        migrations.AddField(
            model_name="phase",
            name="two_key",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="The PI releases the proposal; then a representative of the lead organisation submits it.",
                verbose_name="the PI releases, a representative submits",
            ),
        ),
        migrations.AlterField(
            model_name="clarification",
            name="asked_in",
            field=models.CharField(
                choices=[
                    ("draft", "draft"),
                    ("submitted", "submitted"),
                    ("late", "submitted late"),
                    ("eligibility", "eligibility check"),
                    ("returned", "returned for correction"),
                    ("clarification", "clarification requested"),
                    ("under_review", "under review"),
                    ("ineligible", "not eligible"),
                    ("withdrawn", "withdrawn"),
                    ("panel", "before the panel"),
                    ("decided", "decided, not yet released"),
                    ("preliminary", "preliminarily selected"),
                    ("selected", "selected"),
                    ("conditional", "conditionally selected"),
                    ("reserve", "on the reserve list"),
                    ("not_selected", "not selected"),
                    ("merged", "merged into another proposal"),
                    ("agreement", "agreement in preparation"),
                    ("agreed", "agreed"),
                    ("announced", "announced"),
                    ("descoped", "descoped"),
                    ("deferred", "deferred"),
                    ("transferred", "transferred to another mission"),
                    ("cancelled", "cancelled"),
                ],
                max_length=14,
                verbose_name="asked in",
            ),
        ),
        migrations.AlterField(
            model_name="move",
            name="now",
            field=models.CharField(
                choices=[
                    ("draft", "draft"),
                    ("submitted", "submitted"),
                    ("late", "submitted late"),
                    ("eligibility", "eligibility check"),
                    ("returned", "returned for correction"),
                    ("clarification", "clarification requested"),
                    ("under_review", "under review"),
                    ("ineligible", "not eligible"),
                    ("withdrawn", "withdrawn"),
                    ("panel", "before the panel"),
                    ("decided", "decided, not yet released"),
                    ("preliminary", "preliminarily selected"),
                    ("selected", "selected"),
                    ("conditional", "conditionally selected"),
                    ("reserve", "on the reserve list"),
                    ("not_selected", "not selected"),
                    ("merged", "merged into another proposal"),
                    ("agreement", "agreement in preparation"),
                    ("agreed", "agreed"),
                    ("announced", "announced"),
                    ("descoped", "descoped"),
                    ("deferred", "deferred"),
                    ("transferred", "transferred to another mission"),
                    ("cancelled", "cancelled"),
                ],
                max_length=14,
                verbose_name="now",
            ),
        ),
        migrations.AlterField(
            model_name="move",
            name="was",
            field=models.CharField(
                choices=[
                    ("draft", "draft"),
                    ("submitted", "submitted"),
                    ("late", "submitted late"),
                    ("eligibility", "eligibility check"),
                    ("returned", "returned for correction"),
                    ("clarification", "clarification requested"),
                    ("under_review", "under review"),
                    ("ineligible", "not eligible"),
                    ("withdrawn", "withdrawn"),
                    ("panel", "before the panel"),
                    ("decided", "decided, not yet released"),
                    ("preliminary", "preliminarily selected"),
                    ("selected", "selected"),
                    ("conditional", "conditionally selected"),
                    ("reserve", "on the reserve list"),
                    ("not_selected", "not selected"),
                    ("merged", "merged into another proposal"),
                    ("agreement", "agreement in preparation"),
                    ("agreed", "agreed"),
                    ("announced", "announced"),
                    ("descoped", "descoped"),
                    ("deferred", "deferred"),
                    ("transferred", "transferred to another mission"),
                    ("cancelled", "cancelled"),
                ],
                max_length=14,
                verbose_name="was",
            ),
        ),
        migrations.AlterField(
            model_name="proposal",
            name="status",
            field=models.CharField(
                choices=[
                    ("draft", "draft"),
                    ("submitted", "submitted"),
                    ("late", "submitted late"),
                    ("eligibility", "eligibility check"),
                    ("returned", "returned for correction"),
                    ("clarification", "clarification requested"),
                    ("under_review", "under review"),
                    ("ineligible", "not eligible"),
                    ("withdrawn", "withdrawn"),
                    ("panel", "before the panel"),
                    ("decided", "decided, not yet released"),
                    ("preliminary", "preliminarily selected"),
                    ("selected", "selected"),
                    ("conditional", "conditionally selected"),
                    ("reserve", "on the reserve list"),
                    ("not_selected", "not selected"),
                    ("merged", "merged into another proposal"),
                    ("agreement", "agreement in preparation"),
                    ("agreed", "agreed"),
                    ("announced", "announced"),
                    ("descoped", "descoped"),
                    ("deferred", "deferred"),
                    ("transferred", "transferred to another mission"),
                    ("cancelled", "cancelled"),
                ],
                default="draft",
                max_length=14,
                verbose_name="status",
            ),
        ),
        migrations.AlterField(
            model_name="user",
            name="staff_role",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "partner"),
                    ("secretariat", "secretariat"),
                    ("reviewer", "science reviewer"),
                    ("assessor", "technical assessor"),
                    ("chair", "panel chair"),
                    ("board", "board"),
                    ("observer", "observer"),
                ],
                default="",
                max_length=12,
                verbose_name="staff role",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="proposal",
            trigger=pgtrigger.compiler.Trigger(
                name="allowed_moves",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))',
                    func="IF OLD.status || '>' || NEW.status NOT IN ('draft>late', 'draft>submitted', 'draft>withdrawn', 'submitted>clarification', 'submitted>eligibility', 'submitted>ineligible', 'submitted>returned', 'submitted>under_review', 'submitted>withdrawn', 'late>eligibility', 'late>ineligible', 'late>withdrawn', 'eligibility>clarification', 'eligibility>ineligible', 'eligibility>returned', 'eligibility>under_review', 'eligibility>withdrawn', 'returned>ineligible', 'returned>late', 'returned>submitted', 'returned>withdrawn', 'clarification>eligibility', 'clarification>panel', 'clarification>under_review', 'clarification>withdrawn', 'under_review>clarification', 'under_review>decided', 'under_review>ineligible', 'under_review>panel', 'under_review>withdrawn', 'panel>clarification', 'panel>decided', 'panel>under_review', 'panel>withdrawn', 'decided>conditional', 'decided>merged', 'decided>not_selected', 'decided>panel', 'decided>preliminary', 'decided>reserve', 'decided>selected', 'decided>withdrawn', 'preliminary>draft', 'preliminary>withdrawn', 'selected>agreement', 'selected>cancelled', 'selected>withdrawn', 'conditional>not_selected', 'conditional>selected', 'conditional>withdrawn', 'reserve>conditional', 'reserve>merged', 'reserve>not_selected', 'reserve>preliminary', 'reserve>selected', 'reserve>withdrawn', 'agreement>agreed', 'agreement>cancelled', 'agreement>withdrawn', 'agreed>announced', 'agreed>cancelled', 'agreed>deferred', 'agreed>descoped', 'agreed>transferred', 'announced>cancelled', 'announced>deferred', 'announced>descoped', 'announced>transferred', 'descoped>announced', 'descoped>cancelled', 'descoped>deferred', 'descoped>transferred', 'deferred>agreed', 'deferred>cancelled', 'deferred>transferred') THEN RAISE EXCEPTION 'a proposal cannot move from % to %', OLD.status, NEW.status USING ERRCODE = 'check_violation'; END IF; RETURN NEW;",
                    hash="43f5ecce12b966828cfc25644581cc9d5264798d",
                    operation='UPDATE OF "status"',
                    pgid="pgtrigger_allowed_moves_929b4",
                    table="proposals_proposal",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="proposal",
            trigger=pgtrigger.compiler.Trigger(
                name="phase_by_invitation",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF (OLD.phase_id IS DISTINCT FROM NEW.phase_id) <> ((OLD.status, NEW.status) = ('preliminary', 'draft')) THEN RAISE EXCEPTION 'a proposal changes its phase by an invitation, and only so' USING ERRCODE = 'check_violation'; END IF; RETURN NEW;",
                    hash="007131d3e28caf51e9f098f1aab54dd27a225ed3",
                    operation='UPDATE OF "phase_id", "status"',
                    pgid="pgtrigger_phase_by_invitation_80e9f",
                    table="proposals_proposal",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddField(
            model_name="agreement",
            name="opened_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="opened by",
            ),
        ),
        migrations.AddField(
            model_name="agreement",
            name="proposal",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="agreement",
                to="proposals.proposal",
                verbose_name="proposal",
            ),
        ),
        migrations.AddField(
            model_name="agreementitem",
            name="agreement",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="items", to="proposals.agreement"),
        ),
        migrations.AddField(
            model_name="agreementitem",
            name="done_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="done by",
            ),
        ),
        migrations.AddField(
            model_name="announcement",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="announced by",
            ),
        ),
        migrations.AddField(
            model_name="announcement",
            name="project",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="announcement",
                to="proposals.announcedproject",
                verbose_name="public entry",
            ),
        ),
        migrations.AddField(
            model_name="announcement",
            name="proposal",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="announcement",
                to="proposals.proposal",
                verbose_name="proposal",
            ),
        ),
        migrations.AddField(
            model_name="assignment",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="assigned by",
            ),
        ),
        migrations.AddField(
            model_name="assignment",
            name="phase",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="proposals.phase", verbose_name="phase"
            ),
        ),
        migrations.AddField(
            model_name="assignment",
            name="proposal",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="assignments",
                to="proposals.proposal",
                verbose_name="proposal",
            ),
        ),
        migrations.AddField(
            model_name="assignment",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="assignments",
                to=settings.AUTH_USER_MODEL,
                verbose_name="reviewer",
            ),
        ),
        migrations.AddField(
            model_name="assessment",
            name="assignment",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="assessment", to="proposals.assignment"
            ),
        ),
        migrations.AddField(
            model_name="bid",
            name="proposal",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="bids", to="proposals.proposal"),
        ),
        migrations.AddField(
            model_name="bid",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="bids", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="condition",
            name="met_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="confirmed by",
            ),
        ),
        migrations.AddField(
            model_name="conflict",
            name="by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="declared by",
            ),
        ),
        migrations.AddField(
            model_name="conflict",
            name="overridden_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="overridden by",
            ),
        ),
        migrations.AddField(
            model_name="conflict",
            name="proposal",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="conflicts", to="proposals.proposal"
            ),
        ),
        migrations.AddField(
            model_name="conflict",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="conflicts",
                to=settings.AUTH_USER_MODEL,
                verbose_name="person",
            ),
        ),
        migrations.AddField(
            model_name="consensus",
            name="by",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name="consensus",
            name="phase",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="proposals.phase"),
        ),
        migrations.AddField(
            model_name="consensus",
            name="proposal",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="consensus", to="proposals.proposal"
            ),
        ),
        migrations.AddField(
            model_name="decision",
            name="amended_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="amended by",
            ),
        ),
        migrations.AddField(
            model_name="decision",
            name="drafted_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="drafted by",
            ),
        ),
        migrations.AddField(
            model_name="decision",
            name="merged_into",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="absorbs",
                to="proposals.proposal",
                verbose_name="merged into",
            ),
        ),
        migrations.AddField(
            model_name="decision",
            name="phase",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="proposals.phase", verbose_name="phase"
            ),
        ),
        migrations.AddField(
            model_name="decision",
            name="proposal",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="decisions",
                to="proposals.proposal",
                verbose_name="proposal",
            ),
        ),
        migrations.AddField(
            model_name="decision",
            name="released_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="released by",
            ),
        ),
        migrations.AddField(
            model_name="decision",
            name="wording",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="proposals.wordingversion",
                verbose_name="wording of the letter",
            ),
        ),
        migrations.AddField(
            model_name="condition",
            name="decision",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="conditions", to="proposals.decision"
            ),
        ),
        migrations.AddField(
            model_name="delegation",
            name="by",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name="delegation",
            name="proposal",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="delegations", to="proposals.proposal"
            ),
        ),
        migrations.AddField(
            model_name="delegation",
            name="to",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="to"
            ),
        ),
        migrations.AddField(
            model_name="expert",
            name="organisation",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="experts",
                to="proposals.organisation",
                verbose_name="organisation",
            ),
        ),
        migrations.AddField(
            model_name="expert",
            name="user",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="expert",
                to=settings.AUTH_USER_MODEL,
                verbose_name="person",
            ),
        ),
        migrations.AddField(
            model_name="expertise",
            name="expert",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="expertise", to="proposals.expert"),
        ),
        migrations.AddField(
            model_name="finding",
            name="assessment",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="findings", to="proposals.assessment"
            ),
        ),
        migrations.AddField(
            model_name="frozenassessment",
            name="assessment",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="frozen", to="proposals.assessment"
            ),
        ),
        migrations.AddField(
            model_name="letter",
            name="decision",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="letters", to="proposals.decision"),
        ),
        migrations.AddField(
            model_name="merge",
            name="decision",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="merge", to="proposals.decision"
            ),
        ),
        migrations.AddField(
            model_name="merge",
            name="into",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merges",
                to="proposals.proposal",
                verbose_name="merged into",
            ),
        ),
        migrations.AddField(
            model_name="merge",
            name="parent",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merged_as",
                to="proposals.proposal",
                verbose_name="merged proposal",
            ),
        ),
        migrations.AddField(
            model_name="pairing",
            name="applied_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="applied by",
            ),
        ),
        migrations.AddField(
            model_name="pairing",
            name="made_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="made by"
            ),
        ),
        migrations.AddField(
            model_name="pairing",
            name="phase",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="pairings", to="proposals.phase", verbose_name="phase"
            ),
        ),
        migrations.AddField(
            model_name="panel",
            name="chair",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="chair",
            ),
        ),
        migrations.AddField(
            model_name="panel",
            name="frozen_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="frozen by",
            ),
        ),
        migrations.AddField(
            model_name="panel",
            name="made_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="opened by",
            ),
        ),
        migrations.AddField(
            model_name="panel",
            name="phase",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="panels", to="proposals.phase", verbose_name="phase"
            ),
        ),
        migrations.AddField(
            model_name="panelitem",
            name="panel",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="items", to="proposals.panel"),
        ),
        migrations.AddField(
            model_name="panelitem",
            name="proposal",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="panel_items",
                to="proposals.proposal",
                verbose_name="proposal",
            ),
        ),
        migrations.AddField(
            model_name="post",
            name="answers",
            field=models.ForeignKey(
                blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="replies", to="proposals.post"
            ),
        ),
        migrations.AddField(
            model_name="post",
            name="by",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name="post",
            name="phase",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="proposals.phase"),
        ),
        migrations.AddField(
            model_name="post",
            name="proposal",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="posts", to="proposals.proposal"),
        ),
        migrations.AddField(
            model_name="release",
            name="approved_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="approved by",
            ),
        ),
        migrations.AddField(
            model_name="release",
            name="phase",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="releases", to="proposals.phase", verbose_name="phase"
            ),
        ),
        migrations.AddField(
            model_name="release",
            name="prepared_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="prepared by",
            ),
        ),
        migrations.AddField(
            model_name="release",
            name="stopped_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="stopped by",
            ),
        ),
        migrations.AddField(
            model_name="decision",
            name="release",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="decisions",
                to="proposals.release",
                verbose_name="release",
            ),
        ),
        migrations.AddField(
            model_name="reviewplan",
            name="phase",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="review_plan",
                to="proposals.phase",
                verbose_name="phase",
            ),
        ),
        migrations.AddField(
            model_name="score",
            name="assessment",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="scores", to="proposals.assessment"
            ),
        ),
        migrations.AddField(
            model_name="score",
            name="criterion",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="scores", to="proposals.criterion"),
        ),
        migrations.AddField(
            model_name="signature",
            name="by",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name="signature",
            name="organisation",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="proposals.organisation",
                verbose_name="organisation",
            ),
        ),
        migrations.AddField(
            model_name="signature",
            name="phase",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="proposals.phase"),
        ),
        migrations.AddField(
            model_name="signature",
            name="proposal",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="signatures", to="proposals.proposal"
            ),
        ),
        migrations.AddConstraint(
            model_name="agreementitem",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("done_at", None), ("done_by", None)),
                    models.Q(("done_at__isnull", False), ("done_by__isnull", False)),
                    _connector="OR",
                ),
                name="agreement_item_done_when_and_who",
            ),
        ),
        migrations.AddIndex(
            model_name="assignment",
            index=models.Index(fields=["user", "answer", "due_at"], name="assignment_by_user"),
        ),
        migrations.AddIndex(
            model_name="assignment",
            index=models.Index(
                condition=models.Q(("answer__in", ["accepted", "asked"])), fields=["due_at"], name="assignment_standing"
            ),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("answer__in", ["accepted", "asked"])),
                fields=("proposal", "phase", "user"),
                name="assignment_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("answer__in", ["accepted", "asked"]), ("is_lead", True)),
                fields=("proposal", "phase"),
                name="assignment_one_lead",
            ),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answer", "declined"), _negated=True), models.Q(("reason", ""), _negated=True), _connector="OR"
                ),
                name="assignment_declined_with_reason",
                violation_error_message="Say in a few words why you decline.",
            ),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answer", "asked"), ("answered_at", None)),
                    models.Q(models.Q(("answer", "asked"), _negated=True), ("answered_at__isnull", False)),
                    _connector="OR",
                ),
                name="assignment_answered_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="assessment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("stage", "submitted"), _negated=True), ("submitted_at__isnull", False), _connector="OR"
                ),
                name="assessment_submitted_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="bid",
            constraint=models.UniqueConstraint(fields=("proposal", "user"), name="bid_once"),
        ),
        migrations.AddIndex(
            model_name="conflict",
            index=models.Index(fields=["user", "proposal"], name="conflict_by_user"),
        ),
        migrations.AddConstraint(
            model_name="conflict",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)), fields=("proposal", "user", "kind"), name="conflict_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="conflict",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("overridden_at", None), ("overridden_by", None), ("override_reason", "")),
                    models.Q(
                        ("overridden_at__isnull", False),
                        ("overridden_by__isnull", False),
                        models.Q(("override_reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="conflict_overridden_when_who_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="conflict",
            constraint=models.CheckConstraint(
                condition=models.Q(("by__isnull", False), ("kind__in", ["country", "organisation", "team"]), _connector="OR"),
                name="conflict_declared_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="conflict",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("overridden_by", None), models.Q(("overridden_by", models.F("user")), _negated=True), _connector="OR"
                ),
                name="conflict_not_overridden_by_oneself",
            ),
        ),
        migrations.AddConstraint(
            model_name="consensus",
            constraint=models.UniqueConstraint(fields=("proposal", "phase"), name="consensus_once"),
        ),
        migrations.AddConstraint(
            model_name="condition",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("met_at", None), ("met_by", None)),
                    models.Q(("met_at__isnull", False), ("met_by__isnull", False)),
                    _connector="OR",
                ),
                name="condition_met_when_and_who",
            ),
        ),
        migrations.AddConstraint(
            model_name="delegation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)), fields=("proposal", "to"), name="delegation_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="delegation",
            constraint=models.CheckConstraint(
                condition=models.Q(("to", models.F("by")), _negated=True), name="delegation_to_another"
            ),
        ),
        migrations.AddConstraint(
            model_name="expert",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("away_from_on", None), ("away_to_on", None)),
                    ("away_to_on__gte", models.F("away_from_on")),
                    _connector="OR",
                ),
                name="expert_away_in_order",
                violation_error_message="The absence ends before it begins.",
            ),
        ),
        migrations.AddConstraint(
            model_name="expert",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("undertaken_at", None), ("undertaken_sha256", "")),
                    models.Q(("undertaken_at__isnull", False), models.Q(("undertaken_sha256", ""), _negated=True)),
                    _connector="OR",
                ),
                name="expert_undertaken_when_and_what",
            ),
        ),
        migrations.AddConstraint(
            model_name="expertise",
            constraint=models.UniqueConstraint(fields=("expert", "topic"), name="expertise_once"),
        ),
        migrations.AddConstraint(
            model_name="expertise",
            constraint=models.CheckConstraint(
                condition=models.Q(("weight__gte", 0), ("weight__lte", 1)), name="expertise_from_0_to_1"
            ),
        ),
        migrations.AddConstraint(
            model_name="frozenassessment",
            constraint=models.UniqueConstraint(fields=("assessment", "number"), name="frozen_assessment_once"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="frozenassessment",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'proposals_frozenassessment is append-only';",
                    hash="b6912bc52c4fa45080cfe3e670216dfe70281141",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_0048b",
                    table="proposals_frozenassessment",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="frozenassessment",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'proposals_frozenassessment is append-only';",
                    hash="20467c1ce4f185c16fa5206fbb9463de8f5447a1",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_28dc9",
                    table="proposals_frozenassessment",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="letter",
            constraint=models.UniqueConstraint(fields=("decision", "language"), name="letter_once"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="letter",
            trigger=pgtrigger.compiler.Trigger(
                name="letter_stays",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF EXISTS (SELECT FROM proposals_decision WHERE id = OLD.decision_id AND released_at IS NOT NULL) THEN RAISE EXCEPTION 'the letter of a released decision stays as it is' USING ERRCODE = 'check_violation'; END IF; IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW;",
                    hash="0ba5e29bf14beedcad69dd7b9bf8f5d3f77eca5b",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_letter_stays_c66d7",
                    table="proposals_letter",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="letter",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'proposals_letter is append-only';",
                    hash="fdb912010e193d02fdd9abe5323881d94d37eebe",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_e95dd",
                    table="proposals_letter",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="merge",
            constraint=models.UniqueConstraint(fields=("parent",), name="merge_once"),
        ),
        migrations.AddConstraint(
            model_name="merge",
            constraint=models.CheckConstraint(
                condition=models.Q(("parent", models.F("into")), _negated=True), name="merge_not_into_itself"
            ),
        ),
        migrations.AddConstraint(
            model_name="pairing",
            constraint=models.UniqueConstraint(
                condition=models.Q(("applied_at", None)), fields=("phase", "kind"), name="pairing_one_open"
            ),
        ),
        migrations.AddConstraint(
            model_name="pairing",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("applied_at", None), ("applied_by", None)),
                    models.Q(("applied_at__gte", models.F("made_at")), ("applied_by__isnull", False)),
                    _connector="OR",
                ),
                name="pairing_applied_when_and_who",
            ),
        ),
        migrations.AddConstraint(
            model_name="panel",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("frozen_at", None), ("frozen_by", None), ("sha256", "")),
                    models.Q(("frozen_at__isnull", False), ("frozen_by__isnull", False), models.Q(("sha256", ""), _negated=True)),
                    _connector="OR",
                ),
                name="panel_frozen_when_who_what",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="panel",
            trigger=pgtrigger.compiler.Trigger(
                name="frozen_stays",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."frozen_at" IS NOT NULL)',
                    func="RAISE EXCEPTION 'a frozen panel record stays as it is' USING ERRCODE = 'check_violation';",
                    hash="f89db4d1e1cabc7a4b7cd62004f7257c39189f30",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_frozen_stays_a1edf",
                    table="proposals_panel",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="panel",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'proposals_panel is append-only';",
                    hash="7bf5f94810df726681abd395b5b64f7dde5eea09",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_12863",
                    table="proposals_panel",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="panelitem",
            constraint=models.UniqueConstraint(fields=("panel", "proposal"), name="panel_item_once"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="panelitem",
            trigger=pgtrigger.compiler.Trigger(
                name="item_of_open_panel",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF EXISTS (SELECT FROM proposals_panel WHERE frozen_at IS NOT NULL AND id IN (CASE WHEN TG_OP = 'INSERT' THEN NULL ELSE OLD.panel_id END, CASE WHEN TG_OP = 'DELETE' THEN NULL ELSE NEW.panel_id END)) THEN RAISE EXCEPTION 'a frozen panel record stays as it is' USING ERRCODE = 'check_violation'; END IF; IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW;",
                    hash="6f05127f59c763f3159550b1bd4852692c03cfbd",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_item_of_open_panel_9d7aa",
                    table="proposals_panelitem",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="release",
            index=models.Index(
                condition=models.Q(("approved_at__isnull", False), ("released_at", None), ("stopped_at", None)),
                fields=["release_at"],
                name="release_waiting",
            ),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("approved_by", None), models.Q(("approved_by", models.F("prepared_by")), _negated=True), _connector="OR"
                ),
                name="release_two_people",
                violation_error_message="A second person approves a release.",
            ),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("approved_at", None), ("approved_by", None)),
                    models.Q(("approved_at__isnull", False), ("approved_by__isnull", False), ("release_at__isnull", False)),
                    _connector="OR",
                ),
                name="release_approved_when_and_who",
            ),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("stopped_at", None), ("stopped_by", None)),
                    models.Q(("stopped_at__isnull", False), ("stopped_by__isnull", False)),
                    _connector="OR",
                ),
                name="release_stopped_when_and_who",
            ),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("released_at", None), models.Q(("approved_at__isnull", False), ("stopped_at", None)), _connector="OR"
                ),
                name="release_was_approved",
            ),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.UniqueConstraint(
                condition=models.Q(("dropped_at", None), ("released_at", None)), fields=("proposal",), name="decision_one_open"
            ),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("released_by", None), models.Q(("released_by", models.F("drafted_by")), _negated=True), _connector="OR"
                ),
                name="decision_two_people",
                violation_error_message="Whoever drafted a decision cannot release it.",
            ),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("released_by", None),
                    ("amended_by", None),
                    models.Q(("released_by", models.F("amended_by")), _negated=True),
                    _connector="OR",
                ),
                name="decision_not_released_by_its_editor",
                violation_error_message="Whoever amended a decision cannot release it.",
            ),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("released_at", None), ("released_by", None)),
                    models.Q(
                        ("dropped_at", None),
                        ("release__isnull", False),
                        ("released_at__isnull", False),
                        ("released_by__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="decision_released_when_and_who",
            ),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("merged_into__isnull", False), ("outcome", "merged")),
                    models.Q(models.Q(("outcome", "merged"), _negated=True), ("merged_into", None)),
                    _connector="OR",
                ),
                name="decision_merge_names_the_other",
                violation_error_message="Name the proposal that it is merged into, for a merge and only then.",
            ),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("merged_into", None), models.Q(("merged_into", models.F("proposal")), _negated=True), _connector="OR"
                ),
                name="decision_not_into_itself",
                violation_error_message="A proposal cannot be merged into itself.",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="decision",
            trigger=pgtrigger.compiler.Trigger(
                name="released_stays",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."released_at" IS NOT NULL)',
                    func="RAISE EXCEPTION 'a released decision stays as it is' USING ERRCODE = 'check_violation';",
                    hash="d7f240f78996f77394047a3a323061a71056bd20",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_released_stays_90443",
                    table="proposals_decision",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="decision",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'proposals_decision is append-only';",
                    hash="09b30845efbb3465d94ae36baeb1cea03e249513",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_76835",
                    table="proposals_decision",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="score",
            constraint=models.UniqueConstraint(fields=("assessment", "criterion"), name="score_once"),
        ),
        migrations.AddConstraint(
            model_name="score",
            constraint=models.CheckConstraint(
                condition=models.Q(("unable", False), ("value", None), _connector="OR"), name="score_or_unable"
            ),
        ),
        migrations.AddConstraint(
            model_name="score",
            constraint=models.CheckConstraint(
                condition=models.Q(("value", None), ("value__gte", 0), _connector="OR"), name="score_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="signature",
            constraint=models.UniqueConstraint(
                condition=models.Q(("taken_back_at", None)),
                fields=("proposal", "phase", "kind", "organisation"),
                name="signature_stands_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="signature",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "release"), ("organisation", None)),
                    models.Q(("kind", "part"), ("organisation__isnull", False)),
                    _connector="OR",
                ),
                name="signature_part_names_organisation",
            ),
        ),
    ]
