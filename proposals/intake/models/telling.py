"""What many people are told, and how far the telling has come: one row a fact, worked off in short transactions."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from proposals.calls.models.phase import Phase
from proposals.intake.models.talk import Clarification
from proposals.intake.states import Fact


class TellingQuerySet(models.QuerySet["Telling"]):
    """Ways to ask for tellings."""

    def open(self) -> "TellingQuerySet":
        """Somebody may still have to be told."""
        return self.filter(ended_at=None)


class Telling(models.Model):
    """One fact on its way to everyone concerned: a reminder at its threshold, an opening, an extension.

    Those up to and including `after` (a person's or a proposal's key) have been told. The key is the fact's: the same
    deadline and threshold are begun once, whoever asks what is due; a deadline that moves makes another.
    """

    key = models.CharField(max_length=120, unique=True)
    fact = models.CharField(_("fact"), max_length=16, choices=Fact)
    phase = models.ForeignKey(Phase, models.CASCADE, related_name="tellings")
    clarification = models.ForeignKey(Clarification, models.CASCADE, null=True, blank=True, related_name="tellings")
    deadline_at = models.DateTimeField(_("deadline"))
    threshold = models.CharField(_("threshold"), max_length=8, blank=True)
    details = models.JSONField(_("details"), default=dict, blank=True)
    begun_at = models.DateTimeField(_("begun at"))
    after = models.CharField(max_length=40, blank=True)
    told = models.PositiveIntegerField(_("messages"), default=0)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    objects = TellingQuerySet.as_manager()

    class Meta:
        verbose_name = _("telling")
        verbose_name_plural = _("tellings")
        ordering = ["-id"]
        indexes = [models.Index(fields=["told", "id"], name="telling_open", condition=Q(ended_at=None))]

    def __str__(self) -> str:
        return self.key
