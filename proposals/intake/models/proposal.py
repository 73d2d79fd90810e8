"""The proposal: what every level is asked, and the one door through which its status changes."""

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from proposals.calls.models import Call, Topic
from proposals.calls.models.phase import Phase
from proposals.calls.states import Form, Level
from proposals.intake.states import MOVES, SHOWN_AS, SHOWN_STATE, WAITS_FOR_STAFF, PayloadClass, Status
from proposals.partners.models import Organisation, User

if TYPE_CHECKING:
    from proposals.intake.models.papers import Move

PERCENT = [MinValueValidator(0), MaxValueValidator(100)]
TRL = [MinValueValidator(1), MaxValueValidator(9)]


class MoveNotAllowed(Exception):
    """The table has no such move, or someone was faster; nothing was changed."""

    def __init__(self, was: str, to: str) -> None:
        super().__init__(f"No move from {was} to {to}.")
        self.was, self.to = was, to


class AllowedMoves(pgtrigger.Trigger):
    """Holds `MOVES` in the database, so that raw SQL cannot make an illegal move either."""

    name = "allowed_moves"
    when = pgtrigger.Before
    operation = pgtrigger.UpdateOf("status")  # type: ignore[no-untyped-call]
    condition = pgtrigger.Q(old__status__df=pgtrigger.F("new__status"))

    def get_func(self, model: models.Model) -> str:
        """The body, generated from the table."""
        pairs = ", ".join(f"'{was}>{now}'" for was in Status for now in sorted(MOVES[was]))
        return (
            f"IF OLD.status || '>' || NEW.status NOT IN ({pairs}) THEN "
            "RAISE EXCEPTION 'a proposal cannot move from % to %', OLD.status, NEW.status "
            "USING ERRCODE = 'check_violation'; END IF; RETURN NEW;"
        )


class PhaseByInvitation(pgtrigger.Trigger):
    """A proposal changes its phase only when it is invited: preliminarily selected, it becomes a draft of the next one."""

    name = "phase_by_invitation"
    when = pgtrigger.Before
    operation = pgtrigger.UpdateOf("phase_id", "status")  # type: ignore[no-untyped-call]

    def get_func(self, model: models.Model) -> str:
        """The body: both changes or neither."""
        return (
            "IF (OLD.phase_id IS DISTINCT FROM NEW.phase_id) <> "
            f"((OLD.status, NEW.status) = ('{Status.PRELIMINARY}', '{Status.DRAFT}')) THEN "
            "RAISE EXCEPTION 'a proposal changes its phase by an invitation, and only so' "
            "USING ERRCODE = 'check_violation'; END IF; RETURN NEW;"
        )


class BornAsDraft(pgtrigger.Trigger):
    """Every proposal begins as a draft."""

    name = "born_as_draft"
    when = pgtrigger.Before
    operation = pgtrigger.Insert
    condition = ~pgtrigger.Q(new__status=Status.DRAFT)

    def get_func(self, model: models.Model) -> str:
        """The body: an error."""
        return "RAISE EXCEPTION 'a proposal begins as a draft' USING ERRCODE = 'check_violation';"


class ProposalQuerySet(models.QuerySet["Proposal"]):
    """Ways to ask for proposals."""

    def visible_to(self, user: Any) -> "ProposalQuerySet":
        """What this person may know of: by the rows of Access alone; who reads all sees all but what bars them."""
        if not getattr(user, "is_active", False):
            return self.none()
        mine = self.model._meta.apps.get_model("proposals", "Access").objects.filter(proposal=OuterRef("pk"), user=user.pk)
        allowed = self.filter(~Exists(mine.filter(grant=False)))
        if user.reads_all:
            return allowed.filter(Q(submitted_at__isnull=False) | Q(filed_by_staff=True))
        return allowed.filter(Exists(mine.filter(grant=True)))

    def submitted(self) -> "ProposalQuerySet":
        """Submitted at least once."""
        return self.exclude(submitted_at=None)

    def waiting_for_staff(self) -> "ProposalQuerySet":
        """In a status in which the secretariat acts next."""
        return self.filter(status__in=sorted(WAITS_FOR_STAFF))


class Proposal(models.Model):
    """What one lead organisation proposes to one call, through all its phases."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    request_key = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    call = models.ForeignKey(Call, models.PROTECT, related_name="proposals", verbose_name=_("call"))
    phase = models.ForeignKey(Phase, models.PROTECT, related_name="proposals", verbose_name=_("phase"))
    reference = models.CharField(_("reference"), max_length=20, unique=True, null=True, blank=True)
    status = models.CharField(_("status"), max_length=14, choices=Status, default=Status.DRAFT)
    level = models.CharField(_("level"), max_length=10, choices=Level)
    forms = ArrayField(
        models.CharField(max_length=14, choices=Form), verbose_name=_("forms of cooperation"), default=list, blank=True
    )
    lead = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="led", verbose_name=_("lead organisation")
    )
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("begun by"))
    filed_by_staff = models.BooleanField(_("filed by the secretariat on the partner's behalf"), default=False)
    created_at = models.DateTimeField(_("begun at"))
    updated_at = models.DateTimeField(_("last saved at"))
    submitted_at = models.DateTimeField(_("submitted at"), null=True, blank=True)
    moved_at = models.DateTimeField(_("in this state since"))
    is_late = models.BooleanField(_("late"), default=False)
    correct_by = models.DateTimeField(_("correction due"), null=True, blank=True)
    assignee = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="assigned", verbose_name=_("handled by")
    )
    tags = ArrayField(models.CharField(max_length=40), verbose_name=_("tags"), default=list, blank=True)
    revision = models.PositiveIntegerField(default=1, editable=False)

    title = models.CharField(_("title"), max_length=250, blank=True)
    acronym = models.CharField(_("acronym"), max_length=30, blank=True)
    abstract = models.TextField(_("abstract"), max_length=4000, blank=True)
    objectives = models.TextField(_("objectives"), max_length=8000, blank=True)
    aims = models.ManyToManyField(Topic, blank=True, related_name="+", verbose_name=_("aims of the call addressed"))
    payload_class = models.CharField(_("payload class"), max_length=16, choices=PayloadClass, blank=True)
    keywords = models.CharField(_("keywords"), max_length=300, blank=True)
    trl = models.PositiveSmallIntegerField(_("technology readiness level (TRL) now"), null=True, blank=True)
    trl6_on = models.DateField(_("planned date of TRL 6"), null=True, blank=True)
    heritage = models.TextField(_("heritage"), max_length=4000, blank=True)
    critical_technology = models.TextField(_("critical technology"), max_length=4000, blank=True)
    model_philosophy = models.CharField(_("model philosophy"), max_length=120, blank=True)
    cost_amount = models.DecimalField(
        _("cost"), max_digits=14, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    cost_currency = models.CharField(_("currency (ISO 4217)"), max_length=3, blank=True)
    funding_secured_percent = models.DecimalField(
        _("funding secured"), max_digits=5, decimal_places=2, null=True, blank=True, validators=PERCENT
    )
    schedule = models.TextField(_("schedule"), max_length=4000, blank=True)
    risks = models.TextField(_("main risks"), max_length=4000, blank=True)
    export_origin = models.TextField(_("origin of controlled parts"), max_length=2000, blank=True)
    export_licence = models.CharField(_("export licence"), max_length=200, blank=True)
    planetary_category = models.CharField(_("COSPAR category"), max_length=8, blank=True)
    data_policy_agreed = models.BooleanField(_("we accept the data policy of the call"), default=False)
    publication_plan = models.TextField(_("intellectual property and publication"), max_length=4000, blank=True)
    endorsement_later = models.BooleanField(_("the endorsement will follow later"), default=False)

    # Facts for the queue, derived from the sheets at every save.
    mass_cbe_kg = models.DecimalField(_("mass, best estimate, kg"), max_digits=10, decimal_places=3, null=True)
    mass_kg = models.DecimalField(_("mass with margin, kg"), max_digits=10, decimal_places=3, null=True)
    largest_module_kg = models.DecimalField(_("largest module, kg"), max_digits=10, decimal_places=3, null=True)
    is_over_cap = models.BooleanField(_("over a cap"), default=False)
    has_endorsement = models.BooleanField(_("endorsed"), default=False)
    countries = ArrayField(models.CharField(max_length=2), verbose_name=_("countries or regions"), default=list)
    search = SearchVectorField(null=True, editable=False)
    objects = ProposalQuerySet.as_manager()
    # The partner for whom `proposal_for` read this: a partner sees by a grant without a bar, as the team is defined.
    seen_by: int | None = None

    class Meta:
        verbose_name = _("proposal")
        verbose_name_plural = _("proposals")
        indexes = [
            # With what decides who may see a row, so that the tabs are counted without reading the rows.
            models.Index(fields=["-moved_at", "-id"], name="proposal_in_order", include=["submitted_at", "filed_by_staff"]),
            models.Index(
                fields=["status", "-moved_at", "-id"],
                name="proposal_in_status",
                include=["submitted_at", "filed_by_staff", "assignee"],
            ),
            models.Index(fields=["call", "status", "-moved_at"], name="proposal_by_call"),
            models.Index(fields=["assignee", "-moved_at"], name="proposal_by_assignee"),
            GinIndex(fields=["search"], name="proposal_search"),
            GinIndex(fields=["countries"], name="proposal_countries"),
            # What is rare is found without reading all of it.
            GinIndex(fields=["tags"], name="proposal_tags"),
            GinIndex(fields=["forms"], name="proposal_forms"),
            models.Index(fields=["-moved_at", "-id"], name="proposal_late", condition=Q(is_late=True)),
            models.Index(fields=["-moved_at", "-id"], name="proposal_over_cap", condition=Q(is_over_cap=True)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(level=Level.MISSION) | Q(forms=[]),
                name="proposal_forms_only_at_mission_level",
                violation_error_message=_("Forms of cooperation belong to mission level only."),
            ),
            models.CheckConstraint(
                condition=Q(trl=None) | Q(trl__gte=1, trl__lte=9),
                name="proposal_trl_1_to_9",
                violation_error_message=_("TRL runs from 1 to 9."),
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "withdrawn"]) | Q(reference__isnull=False, submitted_at__isnull=False),
                name="proposal_submitted_has_reference",
            ),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="proposal_status_known"),
        ]
        triggers = [AllowedMoves(), PhaseByInvitation(), BornAsDraft()]

    def __str__(self) -> str:
        return f"{self.reference or _('Draft')} {self.title}".strip()

    @property
    def shown_status(self) -> str:
        """The status in the words the partner may see."""
        return str(SHOWN_AS[Status(self.status)])

    @property
    def shown_state(self) -> Status:
        """The status that the partners' pages go by: until a release nothing there tells a decided proposal from others."""
        return SHOWN_STATE.get(Status(self.status), Status(self.status))

    def move(self, to: Status, *, by: Any, now: datetime, note: str = "", also: dict[str, Any] | None = None) -> "Move":
        """Change the status: the only writer of it; returns the Move.

        `also` are columns set in the same statement. Raises MoveNotAllowed when the table has no such
        move or the row has moved on meanwhile.
        """
        was = Status(self.status)
        if to not in MOVES[was]:
            raise MoveNotAllowed(was, to)
        changes = {"status": to, "moved_at": now, "updated_at": now, "revision": F("revision") + 1, **(also or {})}
        if not Proposal.objects.filter(pk=self.pk, status=was).update(**changes):
            raise MoveNotAllowed(was, to)
        for name, value in changes.items():
            if hasattr(value, "resolve_expression"):
                vars(self).pop(name, None)  # what the database worked out is read anew, should anyone ask
            else:
                setattr(self, name, value)
        moves = self._meta.apps.get_model("proposals", "Move")
        return moves.objects.create(
            proposal=self, phase_id=self.phase_id, was=was, now=to, by=by, by_label=str(by or _("system")), note=note, at=now
        )

    def record_facts(self, **columns: Any) -> None:
        """Save derived figures of the queue and what they follow from, by column; never the status."""
        for name, value in columns.items():
            setattr(self, name, value)
        self.save(update_fields=[*columns])
