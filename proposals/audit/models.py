"""The trail: one event per write that matters, and the seals that chain them."""

import pgtrigger
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _


class AppendOnly(pgtrigger.Trigger):
    """Refuses UPDATE and DELETE, whoever asks."""

    name = "append_only"
    when = pgtrigger.Before
    operation = pgtrigger.Update | pgtrigger.Delete

    def get_func(self, model: models.Model) -> str:
        """The body: an error that names the table."""
        return f"RAISE EXCEPTION '{model._meta.db_table} is append-only';"


class NoTruncate(pgtrigger.Trigger):
    """Refuses TRUNCATE, which row triggers do not see."""

    name = "no_truncate"
    when = pgtrigger.Before
    level = pgtrigger.Statement
    operation = pgtrigger.Truncate

    def get_func(self, model: models.Model) -> str:
        """The body: an error that names the table."""
        return f"RAISE EXCEPTION '{model._meta.db_table} is append-only';"


class Event(models.Model):
    """One thing that happened: who, what, to what, when, and its digest."""

    at = models.DateTimeField(_("at"), db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.DO_NOTHING, null=True, blank=True, related_name="+", db_constraint=False
    )
    actor_label = models.CharField(_("actor"), max_length=200)
    verb = models.CharField(_("verb"), max_length=60)
    subject_type = models.CharField(_("subject"), max_length=40)
    subject_id = models.CharField(max_length=64)
    data = models.JSONField(_("data"), default=dict, encoder=DjangoJSONEncoder)
    digest = models.CharField(_("SHA-256"), max_length=64)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = [models.Index(fields=["subject_type", "subject_id", "at"], name="event_subject")]
        triggers = [AppendOnly(), NoTruncate()]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject_type}:{self.subject_id}"


class Seal(models.Model):
    """A link of the chain over the events up to `last_event_id`."""

    at = models.DateTimeField(_("at"))
    first_event_id = models.BigIntegerField()
    last_event_id = models.BigIntegerField(unique=True)
    count = models.PositiveIntegerField()
    digest = models.CharField(_("SHA-256"), max_length=64)

    class Meta:
        verbose_name = _("seal")
        verbose_name_plural = _("seals")
        triggers = [AppendOnly(), NoTruncate()]

    def __str__(self) -> str:
        return f"{self.first_event_id}-{self.last_event_id}"
