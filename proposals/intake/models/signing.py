"""The keys of a submission: who released the whole, who signed for which organisation, who may submit in another's place."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from proposals.calls.models.phase import Phase
from proposals.intake.models.proposal import Proposal
from proposals.intake.states import Signing
from proposals.partners.models import Organisation, User


class Signature(models.Model):
    """One person's word for what was typed so far: the SHA-256 says for what; another text needs another signature."""

    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="signatures")
    phase = models.ForeignKey(Phase, models.PROTECT, related_name="+")
    kind = models.CharField(_("kind"), max_length=8, choices=Signing)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("organisation")
    )
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(_("at"))
    taken_back_at = models.DateTimeField(_("taken back at"), null=True, blank=True)

    class Meta:
        verbose_name = _("signature")
        verbose_name_plural = _("signatures")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["proposal", "phase", "kind", "organisation"],
                condition=Q(taken_back_at=None),
                nulls_distinct=False,
                name="signature_stands_once",
            ),
            models.CheckConstraint(
                condition=Q(kind=Signing.RELEASE, organisation=None) | Q(kind=Signing.PART, organisation__isnull=False),
                name="signature_part_names_organisation",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.by}"


class Delegation(models.Model):
    """A representative lets another person of the team submit one proposal in their place."""

    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="delegations")
    to = models.ForeignKey(User, models.CASCADE, related_name="+", verbose_name=_("to"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(_("at"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("delegation")
        verbose_name_plural = _("delegations")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["proposal", "to"], condition=Q(ended_at=None), name="delegation_once"),
            models.CheckConstraint(condition=~Q(to=F("by")), name="delegation_to_another"),
        ]

    def __str__(self) -> str:
        return str(self.to)
