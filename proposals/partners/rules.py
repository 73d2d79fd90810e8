"""Who may do what with people and organisations, one sentence each."""

from typing import Any

from proposals.partners.models import Invitation, Membership, Organisation
from proposals.partners.states import Role, StaffRole


def may_run_the_call(user: Any, thing: Any = None) -> bool:  # noqa: ARG001  # the admin asks every rule about a thing
    """The secretariat confirms, merges and corrects people and organisations."""
    return bool(user.is_active and getattr(user, "staff_role", "") == StaffRole.SECRETARIAT)


def may_look_as_staff(user: Any, thing: Any = None) -> bool:  # noqa: ARG001  # the same
    """Staff who read every proposal also read people and organisations; reviewers do not."""
    return bool(user.is_active and getattr(user, "reads_all", False))


def may_found(user: Any) -> bool:
    """Any person with an account may add an organisation; the secretariat adds them for others."""
    return bool(user.is_authenticated and user.is_active)


def membership_of(user: Any, organisation: Organisation) -> Membership | None:
    """This person's membership of an organisation, confirmed or not."""
    return organisation.memberships.filter(user_id=user.pk).first() if user.is_active else None


def stands_for(membership: Membership | None, organisation: Organisation) -> bool:
    """A representative acts for an organisation once confirmed; for one that a person added here, at once."""
    if membership is None or membership.role != Role.REPRESENTATIVE or organisation.merged_into_id:
        return False
    return bool(membership.confirmed_at) or not organisation.in_directory


def may_manage(user: Any, organisation: Organisation) -> bool:
    """Its representatives run an organisation's membership."""
    return stands_for(membership_of(user, organisation), organisation)


def may_see_members(user: Any, organisation: Organisation) -> bool:
    """Members see each other once one of them is trusted: someone who only asked to join sees nobody."""
    membership = membership_of(user, organisation)
    return bool(membership and membership.confirmed_at) or stands_for(membership, organisation)


def may_join(user: Any, organisation: Organisation) -> bool:
    """Anyone may ask to join an organisation of the public directory, once."""
    if not may_found(user) or user.is_staff or organisation.merged_into_id:
        return False
    return organisation.in_directory and membership_of(user, organisation) is None


def may_invite(user: Any, organisation: Organisation) -> bool:
    """Representatives invite; the secretariat may on their behalf."""
    return not organisation.merged_into_id and (may_manage(user, organisation) or may_run_the_call(user))


def may_keep_mailboxes(user: Any, organisation: Organisation) -> bool:
    """Who may invite to an organisation also names the mailboxes that are told of its proposals."""
    return may_invite(user, organisation)


def may_keep_calendar(user: Any, person: Any) -> bool:
    """A person makes and removes the address of their own calendar, nobody else's."""
    return bool(user.is_active and user.pk == person.pk)


def may_confirm_member(user: Any, membership: Membership) -> bool:
    """A representative confirms contributors; only the secretariat confirms representatives."""
    if membership.confirmed_at or membership.organisation.merged_into_id:
        return False
    if may_run_the_call(user):
        return True
    return membership.role == Role.CONTRIBUTOR and may_manage(user, membership.organisation)


def may_change_member(user: Any, membership: Membership) -> bool:
    """Representatives and the secretariat change roles and remove members."""
    return may_run_the_call(user) or may_manage(user, membership.organisation)


def may_leave(user: Any, membership: Membership) -> bool:
    """Everyone may leave an organisation of their own accord."""
    return bool(user.is_active and membership.user_id == user.pk)


def may_hand_over(user: Any, membership: Membership) -> bool:
    """A representative may make another, confirmed member the representative in their own place."""
    return (
        membership.user_id != user.pk
        and membership.role == Role.CONTRIBUTOR
        and bool(membership.confirmed_at)
        and may_manage(user, membership.organisation)
    )


def may_correct(user: Any, organisation: Organisation) -> bool:
    """Its representative corrects an entry until it is confirmed; after that only the secretariat."""
    if may_run_the_call(user):
        return True
    return not organisation.confirmed_at and not organisation.in_directory and may_manage(user, organisation)


def may_confirm_organisation(user: Any, organisation: Organisation) -> bool:
    """The secretariat confirms an organisation, once, before a first submission counts."""
    return may_run_the_call(user) and not organisation.confirmed_at and not organisation.merged_into_id


def may_merge(user: Any, organisation: Organisation) -> bool:
    """The secretariat merges one entry into another; one already merged stays so."""
    return may_run_the_call(user) and not organisation.merged_into_id


def may_withdraw_invitation(user: Any, invitation: Invitation) -> bool:
    """Who may invite for the organisation, or invited for a team, may take it back."""
    if invitation.organisation is not None:
        return may_invite(user, invitation.organisation)
    return bool(user.is_active and invitation.invited_by_id == user.pk)


def may_deactivate(user: Any, person: Any) -> bool:
    """The secretariat closes another person's account, never its own."""
    return may_run_the_call(user) and person.is_active and person.pk != user.pk


def may_reactivate(user: Any, person: Any) -> bool:
    """The secretariat opens a closed account again."""
    return may_run_the_call(user) and not person.is_active


def may_appoint(user: Any, person: Any) -> bool:
    """The secretariat gives another person a staff role, never itself one."""
    return may_run_the_call(user) and person.is_active and person.pk != user.pk


def may_dismiss(user: Any, person: Any) -> bool:
    """The secretariat takes another person's staff role away, never its own."""
    return may_run_the_call(user) and person.is_staff and person.pk != user.pk
