"""What is said around a proposal: answers, clarifications, notes; and who saved which section."""

import uuid
from datetime import datetime
from typing import Self

from django.db import connection, models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from proposals.calls.models.phase import Question
from proposals.intake.models.papers import Attachment
from proposals.intake.models.proposal import Proposal
from proposals.intake.states import Status
from proposals.partners.models import User


class Answer(models.Model):
    """The answer to one of the call's own questions."""

    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="answers")
    question = models.ForeignKey(Question, models.PROTECT, related_name="answers")
    value = models.TextField(_("answer"), blank=True)
    file = models.ForeignKey(Attachment, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        constraints = [models.UniqueConstraint(fields=["proposal", "question"], name="answer_once")]

    def __str__(self) -> str:
        return self.value[:80]


class Section(models.Model):
    """One page of a proposal's form: its revision, and who saved it last."""

    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="sections")
    key = models.CharField(max_length=40)
    revision = models.PositiveIntegerField(default=1)
    saved_at = models.DateTimeField(_("saved at"))
    saved_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("section")
        verbose_name_plural = _("sections")
        constraints = [models.UniqueConstraint(fields=["proposal", "key"], name="section_once")]

    def __str__(self) -> str:
        return self.key

    @classmethod
    def take(cls, proposal: Proposal, *, key: str, revision: int, by: User, now: datetime) -> Self | None:
        """Compare and swap in one statement: the page as saved now, or None where `revision` (0: never saved) is not its own."""
        with connection.cursor() as cursor:
            cursor.execute(_TAKE, [proposal.pk, key, now, by.pk, revision])
            row = cursor.fetchone()
        return row and cls(id=row[0], proposal=proposal, key=key, revision=row[1], saved_at=now, saved_by=by)

    @classmethod
    def stamp(cls, proposal: Proposal, *, key: str, by: User, now: datetime) -> None:
        """Say who saved the page last, where its rows are saved one by one and no two people meet on one."""
        stamped = Section(proposal=proposal, key=key, saved_at=now, saved_by=by)
        saved, once = ["saved_at", "saved_by"], ["proposal", "key"]
        Section.objects.bulk_create([stamped], update_conflicts=True, update_fields=saved, unique_fields=once)


_TAKE = """
INSERT INTO proposals_section AS mine (proposal_id, key, revision, saved_at, saved_by_id) VALUES (%s, %s, 1, %s, %s)
ON CONFLICT (proposal_id, key) DO UPDATE
SET revision = mine.revision + 1, saved_at = excluded.saved_at, saved_by_id = excluded.saved_by_id
WHERE mine.revision = %s
RETURNING id, revision
"""


class Clarification(models.Model):
    """A question of the secretariat to the partner, and its answer."""

    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="clarifications")
    asked_in = models.CharField(_("asked in"), max_length=14, choices=Status)
    question = models.TextField(_("question"), max_length=4000)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(_("asked at"))
    due_at = models.DateTimeField(_("answer due"))
    answer = models.TextField(_("answer"), max_length=8000, blank=True)
    answered_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)

    class Meta:
        verbose_name = _("clarification")
        verbose_name_plural = _("clarifications")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["proposal"], condition=Q(answered_at=None), name="clarification_one_open"),
            models.CheckConstraint(
                condition=Q(answered_at=None, answered_by=None) | Q(answered_at__isnull=False, answered_by__isnull=False),
                name="clarification_answered_when_and_who",
            ),
        ]

    def __str__(self) -> str:
        return self.question[:80]


class Note(models.Model):
    """A note of staff for staff; partners never see it."""

    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="notes")
    request_key = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    text = models.TextField(_("note"), max_length=8000)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.text[:80]


class SavedView(models.Model):
    """A member of staff's own tab of the queue: a name and the filters behind it."""

    user = models.ForeignKey(User, models.CASCADE, related_name="saved_views")
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(_("filters"), max_length=500)

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="saved_view_once")]

    def __str__(self) -> str:
        return self.name
