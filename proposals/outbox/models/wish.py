"""What a person wants to be told, and how."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from proposals.outbox.states import CHOSEN_BY_READER, Kind, Way


class Preference(models.Model):
    """One person's wish about one kind of message; without a row it is told at once."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="mail_preferences")
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    way = models.CharField(_("way"), max_length=8, choices=Way, default=Way.AT_ONCE)
    changed_at = models.DateTimeField(_("changed at"))

    class Meta:
        verbose_name = _("preference")
        verbose_name_plural = _("preferences")
        constraints = [
            models.UniqueConstraint(fields=["user", "kind"], name="preference_once"),
            models.CheckConstraint(
                condition=Q(kind__in=sorted(CHOSEN_BY_READER)),
                name="preference_of_what_can_be_chosen",
                violation_error_message=_("Receipts, status changes, deadlines and letters always come at once."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.way}"
