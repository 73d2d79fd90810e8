"""People and organisations: who writes to us, for whom, and in which role."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField

from proposals.partners.states import READS_ALL, WITHOUT_COUNTRY, OrganisationKind, Role, StaffRole


class UserManager(BaseUserManager["User"]):
    """Makes users; the address is the name one signs in with."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A new person; addresses are kept in lower case."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        """Sign-in does not care about case."""
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser):
    """A person; one field for the full name, as names do not split the same way everywhere."""

    email = models.EmailField(_("e-mail address"), max_length=254, unique=True)
    full_name = models.CharField(_("full name"), max_length=200)
    native_name = models.CharField(_("name in native script"), max_length=200, blank=True)
    language = models.CharField(_("language"), max_length=12, default="en")
    time_zone = models.CharField(_("time zone"), max_length=60, default="UTC")
    staff_role = models.CharField(_("staff role"), max_length=12, choices=StaffRole, blank=True, default=StaffRole.NONE)
    is_active = models.BooleanField(_("active"), default=True)
    joined_at = models.DateTimeField(_("joined at"), auto_now_add=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    objects = UserManager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            models.CheckConstraint(condition=Q(email=Lower("email")), name="user_email_lower_case"),
        ]

    def __str__(self) -> str:
        return self.full_name or self.email

    @property
    def is_staff(self) -> bool:
        """Whether the admin opens at all."""
        return self.staff_role != StaffRole.NONE

    @property
    def reads_all(self) -> bool:
        """Whether every submitted proposal may be read, less those that a conflict bars."""
        return self.staff_role in READS_ALL

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Always False: permissions are the predicates of `rules.py`, never rows."""
        return False

    def has_module_perms(self, app_label: str) -> bool:
        """The admin's index is for staff."""
        return self.is_staff


class OrganisationQuerySet(models.QuerySet["Organisation"]):
    """Ways to ask for organisations."""

    def current(self) -> "OrganisationQuerySet":
        """Not merged into another."""
        return self.filter(merged_into=None)

    def directory(self) -> "OrganisationQuerySet":
        """The shipped, public directory."""
        return self.current().filter(in_directory=True)

    def visible_to(self, user: Any) -> "OrganisationQuerySet":
        """What this person may know of: the directory and their own; all current ones for staff."""
        if not user.is_active:
            return self.none()
        mine = self.model._meta.apps.get_model("proposals", "Membership").objects.filter(user=user.pk)
        return self.current().filter(Q() if user.reads_all else Q(in_directory=True) | Q(pk__in=mine.values("organisation_id")))


class Organisation(models.Model):
    """A body that files proposals; the secretariat confirms it before a first submission counts."""

    name = models.CharField(_("name"), max_length=250)
    native_name = models.CharField(_("name in native script"), max_length=250, blank=True)
    acronym = models.CharField(_("acronym"), max_length=40, blank=True)
    aliases = ArrayField(models.CharField(max_length=250), verbose_name=_("aliases"), default=list, blank=True)
    kind = models.CharField(_("kind"), max_length=14, choices=OrganisationKind)
    country = CountryField(verbose_name=_("country or region"), blank=True)
    website = models.URLField(_("website"), blank=True)
    in_directory = models.BooleanField(_("in the public directory"), default=False)
    is_synthetic = models.BooleanField(_("synthetic"), default=False)
    created_at = models.DateTimeField(_("added at"), auto_now_add=True)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)
    confirmed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="merged")

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(country="") | Q(kind__in=sorted(WITHOUT_COUNTRY)),
                name="organisation_has_country",
                violation_error_message=_(
                    "Choose a country or region; only international organisations and learned societies may have none."
                ),
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at=None, confirmed_by=None) | Q(confirmed_at__isnull=False),
                name="organisation_confirmed_when",
            ),
            models.CheckConstraint(condition=Q(merged_into=None) | ~Q(merged_into=F("id")), name="organisation_not_into_itself"),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """One person's role in one organisation."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="memberships")
    role = models.CharField(_("role"), max_length=16, choices=Role, default=Role.CONTRIBUTOR)
    joined_at = models.DateTimeField(_("joined at"), auto_now_add=True)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)
    confirmed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = [
            models.UniqueConstraint(fields=["user", "organisation"], name="membership_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user} – {self.organisation}"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Ways to ask for invitations."""

    def open(self, now: datetime) -> "InvitationQuerySet":
        """Can still be accepted."""
        return self.filter(accepted_at=None, withdrawn_at=None, expires_at__gt=now)


class Invitation(models.Model):
    """An offer by e-mail to join an organisation or a proposal's team; only the token's digest is kept."""

    email = models.EmailField(_("e-mail address"), max_length=254)
    organisation = models.ForeignKey(Organisation, models.CASCADE, null=True, blank=True, related_name="invitations")
    role = models.CharField(_("role"), max_length=16, choices=Role, default=Role.CONTRIBUTOR)
    token_digest = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("sent at"), auto_now_add=True)
    expires_at = models.DateTimeField(_("valid until"))
    accepted_at = models.DateTimeField(_("accepted at"), null=True, blank=True)
    accepted_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        indexes = [models.Index(fields=["email"], name="invitation_email")]
        constraints = [
            models.CheckConstraint(
                condition=Q(accepted_at=None, accepted_by=None) | Q(accepted_at__isnull=False, accepted_by__isnull=False),
                name="invitation_accepted_when_and_who",
            ),
        ]

    def __str__(self) -> str:
        return self.email


class Notice(models.Model):
    """A page that staff edit, such as the privacy notice, one row a language."""

    slug = models.SlugField(_("page"), max_length=40)
    language = models.CharField(_("language"), max_length=12, default="en")
    title = models.CharField(_("title"), max_length=200)
    body = models.TextField(_("text"), help_text=_("Plain text; an empty line begins a new paragraph."))
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta:
        verbose_name = _("page")
        verbose_name_plural = _("pages")
        constraints = [models.UniqueConstraint(fields=["slug", "language"], name="notice_once")]

    def __str__(self) -> str:
        return self.title


class MailboxQuerySet(models.QuerySet["Mailbox"]):
    """Ways to ask for role mailboxes."""

    def confirmed(self) -> "MailboxQuerySet":
        """Somebody who reads it has said so."""
        return self.filter(confirmed_at__isnull=False)


class Mailbox(models.Model):
    """An organisation's role mailbox, such as a registry: told what its teams are told, once it has confirmed."""

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="mailboxes")
    address = models.EmailField(_("e-mail address"), max_length=254)
    language = models.CharField(_("language"), max_length=12, default="en")
    token_digest = models.CharField(max_length=64, unique=True)
    added_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    added_at = models.DateTimeField(_("added at"))
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)

    objects = MailboxQuerySet.as_manager()

    class Meta:
        verbose_name = _("role mailbox")
        verbose_name_plural = _("role mailboxes")
        ordering = ["address"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "address"], name="mailbox_once"),
            models.CheckConstraint(condition=Q(address=Lower("address")), name="mailbox_lower_case"),
        ]

    def __str__(self) -> str:
        return self.address


class CalendarKey(models.Model):
    """The secret in the address of a person's calendar of deadlines; only its digest is kept."""

    user = models.OneToOneField(User, models.CASCADE, related_name="calendar_key")
    token_digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(_("made at"))

    class Meta:
        verbose_name = _("calendar address")
        verbose_name_plural = _("calendar addresses")

    def __str__(self) -> str:
        return str(self.user_id)
