"""The people and organisations of a proposal: listing, inviting, joining, leaving."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from proposals.audit.actions import record
from proposals.intake import emails
from proposals.intake.actions.drafts import open_section, touch
from proposals.intake.models import Access, Participation, Proposal, Section, TeamMember
from proposals.intake.queries.at_hand import members_of, partners_of
from proposals.intake.queries.content import countries_of
from proposals.intake.rules import may_change_lead, may_edit
from proposals.partners.actions import found, issue
from proposals.partners.actions.invitations import INVITATION_DAYS
from proposals.partners.calculations import fold
from proposals.partners.gateways import unrestricted
from proposals.partners.models import Invitation, Organisation, User
from proposals.partners.queries import verified_addresses

TEAM_AT_MOST = 100
PARTNERS_AT_MOST = 40
SECOND_CLICK = timedelta(minutes=1)
# What a place in the team brings; other grants, such as a reviewer's, are not the team's to take.
OF_THE_TEAM = Q(why__in=["author", "team"]) | Q(why__startswith="merged:")


@transaction.atomic
def save_organisations(
    proposal: Proposal,
    *,
    lead: Organisation | None,
    partners: Sequence[Mapping[str, Any]],
    revision: int,
    by: User,
    now: datetime,
) -> Section:
    """This will save the lead and the partner organisations (each: organisation, role, share_percent in %).

    Raises PermissionDenied, SavedMeanwhile, or ValidationError (doubles, shares above 100 %, too many, another lead than
    the one that was invited).
    """
    section = open_section(proposal, key="organisations", revision=revision, by=by, now=now)
    if lead != proposal.lead and not may_change_lead(by, proposal):
        raise ValidationError({"lead": _("The organisation that was invited leads the full proposal too.")})
    ids = [line["organisation"].pk for line in partners] + ([lead.pk] if lead else [])
    if len(ids) != len(set(ids)):
        raise ValidationError(_("An organisation stands here twice; name each once."))
    if len(partners) > PARTNERS_AT_MOST:
        raise ValidationError(_("A proposal has at most %(limit)d partner organisations.") % {"limit": PARTNERS_AT_MOST})
    total = sum(line.get("share_percent") or 0 for line in partners)
    if total > 100:
        raise ValidationError(_("The partners' shares add up to %(total)s %%; 100 %% is the most.") % {"total": total})
    rows = [Participation(proposal=proposal, position=number, **line) for number, line in enumerate(partners, 1)]
    for row in rows:
        row.clean_fields(exclude=["proposal"])
    proposal.participations.all().delete()
    Participation.objects.bulk_create(rows)
    touch(proposal, now=now, lead=lead, countries=countries_of([lead, *(row.organisation for row in rows)]))
    return section


@transaction.atomic
def name_partner(
    proposal: Proposal,
    *,
    organisation: Organisation,
    role: str = "",
    share_percent: Decimal | None = None,
    is_another: bool = False,
    revision: int,
    by: User,
    now: datetime,
) -> Participation:
    """This will add an organisation that is not known here yet (an unsaved row) as a partner, still to be confirmed.

    Nobody becomes its member by being named. The second click gets the first click's. Raises PermissionDenied,
    SavedMeanwhile, ValidationError, or NearKnown when the public directory may hold it already.
    """
    if not may_edit(by, proposal):
        raise PermissionDenied
    named = fold(organisation.name)
    rows = partners_of(proposal)
    if (begun := next((row for row in rows if fold(row.organisation.name) == named), None)) is not None:
        return begun
    open_section(proposal, key="organisations", revision=revision, by=by, now=now)
    if len(rows) >= PARTNERS_AT_MOST:
        raise ValidationError(_("A proposal has at most %(limit)d partner organisations.") % {"limit": PARTNERS_AT_MOST})
    made = found(organisation, by=by, now=now, is_another=is_another, joins=False)
    row = Participation(proposal=proposal, organisation=made, position=len(rows) + 1, role=role, share_percent=share_percent)
    row.clean_fields(exclude=["proposal"])
    row.save()
    touch(proposal, now=now, countries=countries_of([proposal.lead, made, *(one.organisation for one in rows)]))
    return row


@transaction.atomic
def list_member(
    proposal: Proposal,
    *,
    full_name: str,
    role: str,
    native_name: str = "",
    email: str = "",
    organisation: Organisation | None = None,
    member: TeamMember | None = None,
    by: User,
    now: datetime,
) -> TeamMember:
    """This will list a person in the team, or correct a listed one; listing alone tells nobody and shows nothing.

    The same name, address and role again is the same line. Raises PermissionDenied, or ValidationError.
    """
    if not may_edit(by, proposal) or (member is not None and member.proposal_id != proposal.pk):
        raise PermissionDenied
    if member is None:
        address = email.strip().lower()
        held = members_of(proposal)
        for one in held:
            if (one.full_name, one.email, one.role) == (full_name, address, role):
                return one
        if len(held) >= TEAM_AT_MOST:
            raise ValidationError(_("A team has at most %(limit)d people.") % {"limit": TEAM_AT_MOST})
        member = TeamMember(proposal=proposal, position=max((one.position for one in held), default=0) + 1)
    member.full_name, member.native_name, member.role = full_name, native_name, role
    member.organisation = organisation
    if member.accepted_at is None:
        _move_offer(member, email.strip().lower(), now=now)
    member.full_clean(exclude=["proposal", "user", "invitation"], validate_unique=False)
    member.save()
    Section.stamp(proposal, key="team", by=by, now=now)
    return member


def _move_offer(member: TeamMember, email: str, *, now: datetime) -> None:
    """Another address: an offer to the one before must not let its holder in as this person."""
    if member.pk is not None and email != member.email:
        Invitation.objects.filter(team_member=member, accepted_at=None, withdrawn_at=None).update(withdrawn_at=now)
    member.email = email


@transaction.atomic
def invite_member(member: TeamMember, *, by: User, now: datetime) -> Invitation:
    """This will invite a listed person by e-mail; an earlier offer to them ends, but for the second click's own.

    Raises PermissionDenied, or ValidationError without an address or for someone who already joined.
    """
    proposal = member.proposal
    if not may_edit(by, proposal):
        raise PermissionDenied
    if member.accepted_at is not None:
        raise ValidationError(_("%(person)s has already joined.") % {"person": member})
    if not member.email:
        raise ValidationError({"email": _("Enter an e-mail address first.")})
    sent = member.invitation
    again = sent is not None and sent.withdrawn_at is None and sent.email == member.email
    if sent is not None and again and sent.expires_at > now + timedelta(days=INVITATION_DAYS) - SECOND_CLICK:
        return sent
    Invitation.objects.filter(team_member=member, accepted_at=None, withdrawn_at=None).update(withdrawn_at=now)
    invitation, token = issue(member.email, by=by, now=now)
    member.invitation = invitation
    member.save(update_fields=["invitation"])
    record("team.invited", by=by, about=proposal, member=member.pk)
    emails.invited(member, invitation, token, proposal=proposal)
    return invitation


@transaction.atomic
def join_team(invitation: Invitation, *, by: User, now: datetime) -> Proposal:
    """This will let the invited person into the proposal they were invited to.

    Raises PermissionDenied when the offer went to an address that they have not verified, or has ended.
    """
    if not by.is_active or by.is_staff or invitation.email not in verified_addresses(by):
        raise PermissionDenied
    with unrestricted():
        taken = Invitation.objects.open(now).filter(pk=invitation.pk).update(accepted_at=now, accepted_by=by)
        member = TeamMember.objects.filter(invitation=invitation, accepted_at=None).select_related("proposal").first()
        if not taken or member is None:
            raise PermissionDenied
        member.user, member.accepted_at = by, now
        member.save(update_fields=["user", "accepted_at"])
        Access.objects.bulk_create([Access(proposal=member.proposal, user=by, why="team")], ignore_conflicts=True)
        record("team.joined", by=by, about=member.proposal, member=member.pk)
        return member.proposal


@transaction.atomic
def remove_member(member: TeamMember, *, by: User, now: datetime) -> None:
    """This will take a person off the team, and with them their view of the proposal.

    Raises PermissionDenied, or ValidationError for the last person who can still sign in to it.
    """
    proposal = member.proposal
    if not may_edit(by, proposal):
        raise PermissionDenied
    user, places = member.user_id, proposal.team.exclude(pk=member.pk).filter(accepted_at__isnull=False)
    if user is not None and not places.exclude(user=user).exists():
        raise ValidationError(_("Someone must remain who can sign in: invite another person first."))
    Invitation.objects.filter(team_member=member, accepted_at=None, withdrawn_at=None).update(withdrawn_at=now)
    record("team.removed", by=by, about=proposal, member=member.pk, user=user)
    keeps_a_place = user is not None and places.filter(user=user).exists()
    member.delete()
    Section.stamp(proposal, key="team", by=by, now=now)
    # The last statement: whoever takes themselves off sees nothing of the proposal after it.
    if user is not None and not keeps_a_place:
        Access.objects.filter(OF_THE_TEAM, proposal=proposal, user=user, grant=True).delete()
