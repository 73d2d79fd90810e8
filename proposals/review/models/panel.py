"""A panel: the proposals before it in their order, the minutes, and the record that nobody can change any more."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from proposals.audit.models import NoTruncate
from proposals.calls.models import Phase
from proposals.intake.models import Proposal
from proposals.partners.models import User


class FrozenStays(pgtrigger.Trigger):
    """A frozen panel is neither changed nor removed, by raw SQL either."""

    name = "frozen_stays"
    when = pgtrigger.Before
    operation = pgtrigger.Update | pgtrigger.Delete
    condition = pgtrigger.Q(old__frozen_at__isnull=False)

    def get_func(self, model: models.Model) -> str:
        """The body: an error."""
        return "RAISE EXCEPTION 'a frozen panel record stays as it is' USING ERRCODE = 'check_violation';"


class ItemOfOpenPanel(pgtrigger.Trigger):
    """The items of a frozen panel stay as they are too."""

    name = "item_of_open_panel"
    when = pgtrigger.Before
    operation = pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete

    def get_func(self, model: models.Model) -> str:
        """The body: look at the panel of the old and of the new row."""
        return (
            "IF EXISTS (SELECT FROM proposals_panel WHERE frozen_at IS NOT NULL AND id IN "
            "(CASE WHEN TG_OP = 'INSERT' THEN NULL ELSE OLD.panel_id END, "
            "CASE WHEN TG_OP = 'DELETE' THEN NULL ELSE NEW.panel_id END)) THEN "
            "RAISE EXCEPTION 'a frozen panel record stays as it is' USING ERRCODE = 'check_violation'; END IF; "
            "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW;"
        )


class Panel(models.Model):
    """One meeting of the panel over the proposals of a phase."""

    phase = models.ForeignKey(Phase, models.PROTECT, related_name="panels", verbose_name=_("phase"))
    title = models.CharField(_("title"), max_length=200)
    held_on = models.DateField(_("held on"), null=True, blank=True)
    chair = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("chair"))
    present = models.TextField(_("present"), max_length=4000, blank=True)
    minutes = models.TextField(_("minutes"), max_length=40000, blank=True)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("opened by"))
    made_at = models.DateTimeField(_("opened at"))
    frozen_at = models.DateTimeField(_("frozen at"), null=True, blank=True)
    frozen_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("frozen by"))
    canonical = models.TextField(_("canonical JSON"), blank=True)
    sha256 = models.CharField(_("SHA-256"), max_length=64, blank=True)
    revision = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("panel")
        verbose_name_plural = _("panels")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(frozen_at=None, frozen_by=None, sha256="")
                | (Q(frozen_at__isnull=False, frozen_by__isnull=False) & ~Q(sha256="")),
                name="panel_frozen_when_who_what",
            ),
        ]
        triggers = [FrozenStays(), NoTruncate()]

    def __str__(self) -> str:
        return self.title


class PanelItem(models.Model):
    """One proposal before a panel: its place in the order, and what the panel recommends and says of it."""

    panel = models.ForeignKey(Panel, models.CASCADE, related_name="items")
    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="panel_items", verbose_name=_("proposal"))
    position = models.PositiveSmallIntegerField(_("place"))
    recommends = models.CharField(_("recommendation"), max_length=14, blank=True)
    note = models.TextField(_("note"), max_length=4000, blank=True)

    class Meta:
        verbose_name = _("item of a panel")
        verbose_name_plural = _("items of a panel")
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["panel", "proposal"], name="panel_item_once")]
        triggers = [ItemOfOpenPanel()]

    def __str__(self) -> str:
        return str(self.position)
