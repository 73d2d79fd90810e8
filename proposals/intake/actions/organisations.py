"""Merging organisations: here rather than in `partners`, because proposals follow the entry that is kept."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from proposals.intake.actions.drafts import touch
from proposals.intake.models import Participation, Proposal, TeamMember
from proposals.intake.queries.at_hand import partners_of
from proposals.intake.queries.content import countries_of
from proposals.partners import actions as partners
from proposals.partners.models import Organisation


@transaction.atomic
def merge_organisations(organisation: Organisation, *, into: Organisation, by: Any, now: datetime) -> Organisation:
    """This will end one entry in favour of another, with its members and the proposals that name it.

    What was submitted stays as it was frozen. Raises PermissionDenied or ValidationError, as `partners.merge` does.
    """
    kept = partners.merge(organisation, into=into, by=by, now=now)
    joined = Participation.objects.filter(organisation=organisation).values("proposal")
    touched = list(Proposal.objects.filter(Q(lead=organisation) | Q(pk__in=joined)).order_by("pk").select_for_update())
    Proposal.objects.filter(lead=organisation).update(lead=kept)
    both = Participation.objects.filter(organisation=kept).values("proposal")
    Participation.objects.filter(organisation=organisation, proposal__in=both).delete()
    Participation.objects.filter(organisation=organisation).update(organisation=kept)
    TeamMember.objects.filter(organisation=organisation).update(organisation=kept)
    for proposal in touched:
        proposal.refresh_from_db(fields=["lead"])
        named = [proposal.lead, *(row.organisation for row in partners_of(proposal))]
        touch(proposal, now=now, countries=countries_of(named))
    return kept
