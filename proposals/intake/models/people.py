"""Who takes part in a proposal, and who may see it."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from proposals.intake.models.proposal import Proposal
from proposals.intake.states import TeamRole
from proposals.partners.models import Invitation, Organisation, User


class Participation(models.Model):
    """A partner organisation of a proposal, with its role and share."""

    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="participations")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="participations")
    position = models.PositiveSmallIntegerField(_("position"), default=1)
    role = models.CharField(_("role in the project"), max_length=200, blank=True)
    share_percent = models.DecimalField(
        _("share"),
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )

    class Meta:
        verbose_name = _("partner organisation")
        verbose_name_plural = _("partner organisations")
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["proposal", "organisation"], name="participation_once")]

    def __str__(self) -> str:
        return str(self.organisation)


class TeamMember(models.Model):
    """A person of the team; listed until they accept, and only then do they see the proposal and get mail."""

    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="team")
    position = models.PositiveSmallIntegerField(_("position"), default=1)
    full_name = models.CharField(_("full name"), max_length=200)
    native_name = models.CharField(_("name in native script"), max_length=200, blank=True)
    email = models.EmailField(_("e-mail address"), max_length=254, blank=True)
    role = models.CharField(_("role"), max_length=16, choices=TeamRole)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("organisation")
    )
    user = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="teams")
    invitation = models.OneToOneField(Invitation, models.SET_NULL, null=True, blank=True, related_name="team_member")
    accepted_at = models.DateTimeField(_("accepted at"), null=True, blank=True)

    class Meta:
        verbose_name = _("team member")
        verbose_name_plural = _("team members")
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(accepted_at=None, user=None) | Q(accepted_at__isnull=False, user__isnull=False),
                name="team_member_accepted_when_and_who",
            ),
        ]

    def __str__(self) -> str:
        return self.full_name


class Access(models.Model):
    """Who may see a proposal (grant) or must not (bar), and why; row-level security reads only this."""

    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="access")
    user = models.ForeignKey(User, models.CASCADE, related_name="access")
    grant = models.BooleanField(_("may see"), default=True)
    why = models.CharField(_("why"), max_length=40)
    created_at = models.DateTimeField(_("since"), auto_now_add=True)

    class Meta:
        verbose_name = _("access")
        verbose_name_plural = _("access")
        indexes = [models.Index(fields=["user", "proposal"], name="access_by_user", include=["grant"])]
        constraints = [models.UniqueConstraint(fields=["proposal", "user", "why"], name="access_once")]

    def __str__(self) -> str:
        return f"{self.user} {self.why}"
