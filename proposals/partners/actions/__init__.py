"""Verbs of people and organisations: each asks its rule, writes, records in the trail and tells, in one transaction."""

from proposals.partners.actions.calendar import make_calendar_address, remove_calendar_address
from proposals.partners.actions.invitations import (
    INVITATION_DAYS,
    InvitationClosed,
    NotInvited,
    accept,
    invite,
    issue,
    withdraw_invitation,
)
from proposals.partners.actions.mailboxes import (
    MAILBOXES_AT_MOST,
    UnknownMailbox,
    add_mailbox,
    confirm_mailbox,
    remove_mailbox,
    stop_mailbox,
)
from proposals.partners.actions.members import (
    AlreadyMember,
    LastRepresentative,
    change_role,
    confirm_member,
    hand_over,
    join,
    leave,
    remove_member,
)
from proposals.partners.actions.organisations import NearKnown, confirm_organisation, correct, found, merge
from proposals.partners.actions.pages import remove_page, save_page
from proposals.partners.actions.people import (
    AddressTaken,
    appoint,
    confirm_address,
    deactivate,
    describe,
    reactivate,
    record_sign_up,
    speak,
)

__all__ = [
    "INVITATION_DAYS",
    "MAILBOXES_AT_MOST",
    "AddressTaken",
    "AlreadyMember",
    "InvitationClosed",
    "LastRepresentative",
    "NearKnown",
    "NotInvited",
    "UnknownMailbox",
    "accept",
    "add_mailbox",
    "appoint",
    "change_role",
    "confirm_address",
    "confirm_mailbox",
    "confirm_member",
    "confirm_organisation",
    "correct",
    "deactivate",
    "describe",
    "found",
    "hand_over",
    "invite",
    "issue",
    "join",
    "leave",
    "make_calendar_address",
    "merge",
    "reactivate",
    "record_sign_up",
    "remove_calendar_address",
    "remove_mailbox",
    "remove_member",
    "remove_page",
    "save_page",
    "speak",
    "stop_mailbox",
    "withdraw_invitation",
]
