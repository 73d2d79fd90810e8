"""The texts that staff write to partners with: each kept in every version, in each language."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from proposals.audit.models import AppendOnly, NoTruncate


class WordingQuerySet(models.QuerySet["Wording"]):
    """Ways to ask for wordings."""

    def current(self) -> "WordingQuerySet":
        """Not retired."""
        return self.filter(retired_at=None)


class Wording(models.Model):
    """A text for letters to partners, by its name; what it says is in its versions."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    retired_at = models.DateTimeField(_("retired at"), null=True, blank=True)

    objects = WordingQuerySet.as_manager()

    class Meta:
        verbose_name = _("wording")
        verbose_name_plural = _("wordings")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class WordingVersion(models.Model):
    """What a wording said from one moment on: subject and body by language; never changed, only followed."""

    wording = models.ForeignKey(Wording, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(_("version"))
    # {"en": {"subject": "...", "body": "..."}, ...}; English is always there
    texts = models.JSONField(_("texts"))
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(_("made at"))

    class Meta:
        verbose_name = _("version of a wording")
        verbose_name_plural = _("versions of wordings")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["wording", "number"], name="wording_version_once"),
            models.CheckConstraint(condition=models.Q(texts__has_key="en"), name="wording_has_english"),
        ]
        triggers = [AppendOnly(), NoTruncate()]

    def __str__(self) -> str:
        return f"{self.wording_id}.{self.number}"
