"""The verbs of intake: rule, write, audit, tell; each in one transaction."""

from proposals.intake.actions.answers import answer_with_file, save_answers
from proposals.intake.actions.circulars import NotHeld, approve_circular, draft_circular, stop_circular
from proposals.intake.actions.clarifications import answer, ask
from proposals.intake.actions.deadline import extend_deadline
from proposals.intake.actions.drafts import SavedMeanwhile, discard, save_section, start
from proposals.intake.actions.endorsement import endorse
from proposals.intake.actions.files import attach, clear_away, remove_file, scan_held
from proposals.intake.actions.organisations import merge_organisations
from proposals.intake.actions.reminders import remind, tell
from proposals.intake.actions.sheets import remove_module, save_masses
from proposals.intake.actions.signing import ask_to_sign, close_views, delegate, end_delegation, release, sign, take_back
from proposals.intake.actions.submission import CallClosed, ChangedMeanwhile, Incomplete, NotSigned, submit, withdraw
from proposals.intake.actions.team import invite_member, join_team, list_member, name_partner, remove_member, save_organisations
from proposals.intake.actions.triage import (
    accept_for_review,
    add_note,
    assign,
    declare_ineligible,
    receive,
    remove_view,
    return_for_correction,
    save_view,
    tag,
)
from proposals.intake.actions.wordings import restore_wording, retire_wording, save_wording, try_wording

__all__ = [
    "CallClosed",
    "ChangedMeanwhile",
    "Incomplete",
    "NotHeld",
    "NotSigned",
    "SavedMeanwhile",
    "accept_for_review",
    "add_note",
    "answer",
    "answer_with_file",
    "approve_circular",
    "ask",
    "ask_to_sign",
    "assign",
    "attach",
    "clear_away",
    "close_views",
    "declare_ineligible",
    "delegate",
    "discard",
    "draft_circular",
    "end_delegation",
    "endorse",
    "extend_deadline",
    "invite_member",
    "join_team",
    "list_member",
    "merge_organisations",
    "name_partner",
    "receive",
    "release",
    "remind",
    "remove_file",
    "remove_member",
    "remove_module",
    "remove_view",
    "restore_wording",
    "retire_wording",
    "return_for_correction",
    "save_answers",
    "save_masses",
    "save_organisations",
    "save_section",
    "save_view",
    "save_wording",
    "scan_held",
    "sign",
    "start",
    "stop_circular",
    "submit",
    "tag",
    "take_back",
    "tell",
    "try_wording",
    "withdraw",
]
