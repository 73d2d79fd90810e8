"""One proposal goes into another: its team, organisations and files go along, its history stays, and there is one lead."""

import uuid
from datetime import datetime

from django.utils.translation import gettext as _

from proposals.audit.actions import record
from proposals.decisions.emails.merging import joined
from proposals.decisions.models import Decision, Merge
from proposals.intake.actions.drafts import touch
from proposals.intake.models import Access, Attachment, Participation, Proposal, TeamMember
from proposals.intake.queries.at_hand import partners_of
from proposals.intake.queries.content import countries_of
from proposals.intake.states import TeamRole
from proposals.partners.models import User
from proposals.review.actions import conflicts


def merge(decision: Decision, *, by: User, now: datetime) -> Merge:
    """This will carry a merged proposal into the other one, within the transaction of its release.

    The other one's page may be closed for editing: a release writes there what its two people have read. Whoever leads
    it leads the whole. A team that was answered before is told of those who join; else its own letter says so.
    """
    parent, into = decision.proposal, Proposal.objects.select_related("call", "phase", "lead").get(absorbs=decision)
    made = Merge.objects.create(decision=decision, parent=parent, into=into, at=now)
    told_by_letter = into.decisions.filter(released_at=now).exists()
    if not told_by_letter:
        joined(made, into=into)  # before they join: they have a letter of their own
    _join_teams(parent, into, now)
    _join_organisations(parent, into)
    _carry_files(parent, into, now)
    touch(into, now=now, countries=countries_of([into.lead, *(row.organisation for row in partners_of(into))]))
    conflicts.refresh([into], now=now, by=by)
    record("proposal.merged", by=by, about=parent, into=str(into.pk))
    record("proposal.absorbed", by=by, about=into, parent=str(parent.pk))
    return made


def _join_teams(parent: Proposal, into: Proposal, now: datetime) -> None:
    """Everyone of the one team joins the other, once, as Co-I; who had accepted sees it from now on."""
    there = list(into.team.all())
    users, names = {one.user_id for one in there}, {(one.full_name, one.email) for one in there}
    last, joining = max((one.position for one in there), default=0), []
    for one in parent.team.order_by("position", "id"):
        if (one.user_id in users) if one.user_id else ((one.full_name, one.email) in names):
            continue
        users.add(one.user_id)
        names.add((one.full_name, one.email))
        last += 1
        joining.append(
            TeamMember(
                proposal=into,
                position=last,
                full_name=one.full_name,
                native_name=one.native_name,
                email=one.email,
                role=TeamRole.CO_I,
                organisation=one.organisation,
                user=one.user,
                accepted_at=now if one.user_id else None,
            )
        )
    TeamMember.objects.bulk_create(joining)
    why = f"merged:{parent.reference}"
    accepted = parent.team.exclude(user=None).values_list("user", flat=True)
    Access.objects.bulk_create(
        [Access(proposal=into, user_id=user, why=why) for user in dict.fromkeys(accepted)], ignore_conflicts=True
    )


def _join_organisations(parent: Proposal, into: Proposal) -> None:
    """The lead and the partners of the one become partners of the other, behind those it has."""
    rows = partners_of(into)
    there = {into.lead_id, *(row.organisation_id for row in rows)}
    last, joining = max((row.position for row in rows), default=0), []
    coming = [(parent.lead, _("lead of %(reference)s") % {"reference": parent.reference})] if parent.lead else []
    coming += [(row.organisation, row.role) for row in partners_of(parent)]
    for organisation, role in coming:
        if organisation.pk in there:
            continue
        there.add(organisation.pk)
        last += 1
        joining.append(Participation(proposal=into, organisation=organisation, position=last, role=role))
    Participation.objects.bulk_create(joining)


def _carry_files(parent: Proposal, into: Proposal, now: datetime) -> None:
    """New rows that point to the same bytes; the parent's own stay, so the bytes are never cleared away between."""
    length = Attachment._meta.get_field("title").max_length
    Attachment.objects.bulk_create(
        Attachment(
            proposal=into,
            request_key=uuid.uuid5(into.pk, str(file.pk)),
            kind=file.kind,
            title=f"{parent.reference}: {file}"[:length],
            name=file.name,
            size=file.size,
            content_type=file.content_type,
            sha256=file.sha256,
            scan=file.scan,
            uploaded_by=file.uploaded_by,
            uploaded_at=now,
        )
        for file in parent.attachments.filter(removed_at=None).select_related("uploaded_by")
    )
