"""A proposal as its own pages read it, each read compiled once: with its call and phase and what that asks; its rows."""

from functools import partial
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import Exists, OuterRef

from proposals.calls.models import Asked, Question, Topic
from proposals.calls.states import TopicKind
from proposals.intake.calculations.signing import REPRESENTATIVE
from proposals.intake.models import Access, Participation, Proposal, Section, TeamMember, Version
from proposals.partners.gateways import Compiled, Given

# What no page of a proposal shows: search words and the long texts of its call.
UNREAD = ("search", "call__summary", "call__description")
PROPOSAL = Given("proposal", models.UUIDField())
_SECTION = Compiled(
    lambda: Section.objects.filter(proposal=PROPOSAL, key=Given("key", models.CharField())).select_related("saved_by")
)
_PARTNERS = Compiled(lambda: Participation.objects.filter(proposal=PROPOSAL).select_related("organisation"))
_TEAM = Compiled(lambda: TeamMember.objects.filter(proposal=PROPOSAL).select_related("organisation", "invitation"))


_AIMS = Compiled(
    lambda: (
        Topic.objects.filter(call=Given("call"), kind=TopicKind.AIM)
        .annotate(is_chosen=Exists(Proposal.aims.through.objects.filter(topic=OuterRef("pk"), proposal=PROPOSAL)))
        .values_list("pk", "title", "is_chosen")
    )
)
_VERSION = Compiled(
    lambda: Version.objects.filter(proposal=PROPOSAL, number=Given("number")).select_related("phase", "frozen_by")
)


def _rows(*, reads_all: bool) -> "models.QuerySet[Proposal, Proposal]":
    reader = SimpleNamespace(pk=Given("reader"), is_active=True, reads_all=reads_all)
    asked = Asked.objects.filter(phase=OuterRef("phase"))
    levels = models.Func(models.F("levels"), function="unnest", set_returning=True)
    own = Access.objects.filter(proposal=OuterRef("pk"), user=reader.pk, grant=True).exclude(why=REPRESENTATIVE)
    return (
        Proposal.objects.visible_to(reader)
        .filter(pk=PROPOSAL)
        .select_related("call", "phase", "lead")
        .defer(*UNREAD)
        .annotate(
            asked_fields=ArraySubquery(asked.values("field")),
            required_fields=ArraySubquery(asked.filter(required=True).values("field")),
            reads_only=~Exists(own),
            question_levels=ArraySubquery(
                Question.objects.filter(phase=OuterRef("phase")).order_by().annotate(one=levels).values("one")
            ),
        )
    )


def _locked(*, reads_all: bool) -> "models.QuerySet[Proposal, Proposal]":
    return _rows(reads_all=reads_all).select_for_update(of=("self",))


_READ = {reads_all: Compiled(partial(_rows, reads_all=reads_all)) for reads_all in (True, False)}
_LOCK = {reads_all: Compiled(partial(_locked, reads_all=reads_all)) for reads_all in (True, False)}


def proposal_for(user: Any, pk: UUID, *, lock: bool = False) -> Proposal | None:
    """The proposal, if this person may know of it; with `lock` as it is now, until the transaction ends.

    One statement; what is read with it is not asked for again.
    """
    if not user.is_active:
        return None
    found = (_LOCK if lock else _READ)[user.reads_all](reader=user.pk, proposal=pk)
    if not found:
        return None
    proposal: Any = found[0]
    required = set(proposal.required_fields)
    proposal.phase.asks = {field: field in required for field in proposal.asked_fields}, set(proposal.question_levels)
    if not user.reads_all:
        proposal.seen_by = user.pk
    return found[0]


def section_of(proposal: Proposal, key: str) -> Section | None:
    """A page of the form as it was last saved, with who saved it. One query."""
    return next(iter(_SECTION(proposal=proposal.pk, key=key)), None)


def partners_of(proposal: Proposal) -> list[Participation]:
    """The partner organisations in their order. One query."""
    return _PARTNERS(proposal=proposal.pk)


def members_of(proposal: Proposal) -> list[TeamMember]:
    """The people of the team in their order, with their organisations and offers to join. One query."""
    return _TEAM(proposal=proposal.pk)


def aims_of(proposal: Proposal) -> list[tuple[int, str, bool]]:
    """The aims of the call in their order: key, title, and whether the proposal names it. One query."""
    return _AIMS(call=proposal.call_id, proposal=proposal.pk)


def version_of(proposal: Proposal, number: int) -> Version | None:
    """A version of the proposal, with its phase and who submitted it. One query."""
    return next(iter(_VERSION(proposal=proposal.pk, number=number)), None)
