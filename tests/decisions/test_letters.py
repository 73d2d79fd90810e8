"""The letter of a decision: filled in one pass, harmless, in each language of its wording."""

from datetime import UTC, date, datetime

import pytest
from django.core.exceptions import ValidationError

from proposals.audit.calculations import sha256
from proposals.decisions.models import Letter
from proposals.decisions.queries.letters import digest_of, letter_in, letters_of, letters_of_all
from proposals.decisions.states import Outcome
from proposals.intake.actions import draft_circular
from proposals.intake.calculations.placeholders import OF_DECISIONS, PLACEHOLDERS, unknown, used
from proposals.intake.models import TeamMember
from proposals.intake.queries.letters import needs_decision, trials
from proposals.intake.states import Status
from tests.factories import (
    NOW,
    make_call,
    make_decision,
    make_next_phase,
    make_organisation,
    make_proposal,
    make_release,
    make_staff,
    make_user,
    make_wording,
)

pytestmark = pytest.mark.django_db


def body(decision):
    return letters_of(decision)[0].body


def test_every_placeholder_has_its_value():
    every = " | ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    proposal = make_proposal(status=Status.PANEL, title="A radar", by=make_user(full_name="Ada Rossi"))
    decision = make_decision(proposal, wording=make_wording(body=every), feedback="Clear.")
    values = body(decision).split(" | ")
    filled = dict(zip(PLACEHOLDERS, values, strict=True))
    lead = proposal.lead.name
    assert (filled["name"], filled["title"], filled["organisation"], filled["lead"]) == ("Ada Rossi", "A radar", lead, lead)
    assert (filled["outcome"], filled["feedback"], filled["conditions"], filled["merged_into"]) == ("selected", "Clear.", "", "")
    assert filled["deadline"].endswith(" UTC")


def test_what_people_typed_is_harmless_and_never_filled_again():
    proposal = make_proposal(status=Status.PANEL, title="See https://evil.example {feedback}")
    wording = make_wording(body="{title}\n{feedback}")
    decision = make_decision(proposal, wording=wording, feedback="Say {reason} and {feedback}.")
    assert body(decision) == "See https : evil[.]example {feedback}\nSay {reason} and {feedback}."


def test_each_language_has_its_own_words():
    call = make_call()
    target = make_proposal(call=call, status=Status.PANEL, title="Other", lead=make_organisation(name="Lima Institute"))
    wording = make_wording(body="{outcome} {merged_into}, {lead}", fr="{outcome} {merged_into}, {lead}")
    decision = make_decision(
        make_proposal(call=call, status=Status.PANEL), outcome=Outcome.MERGED, merged_into=target, wording=wording
    )
    letters = {letter.language: letter.body for letter in letters_of(decision)}
    named = f"{target.reference}, “Other” (Lima Institute), Lima Institute"
    assert letters["en"] == f"merged into another proposal {named}"
    assert sorted(letters) == ["en", "fr"]


def test_conditions_are_numbered_with_their_days():
    terms = [{"text": "Show a test.", "due_on": date(2027, 5, 1)}, {"text": "Name the battery."}]
    decision = make_decision(outcome=Outcome.CONDITIONAL, conditions=terms, wording=make_wording(body="{conditions}"))
    assert body(decision) in {
        "1. Show a test. (by 1 May 2027)\n2. Name the battery.",
        "1. Show a test. (by May 1, 2027)\n2. Name the battery.",
    }


def test_an_invitation_names_the_next_phase_and_its_close():
    call = make_call(opens_at=datetime(2026, 1, 1, tzinfo=UTC), closes_at=datetime(2027, 1, 1, tzinfo=UTC))
    make_next_phase(call, closes_at=datetime(2027, 6, 30, 15, 59, tzinfo=UTC))
    wording = make_wording(body="{next_phase}: {deadline}")
    asked = {"wording": wording}
    invited = make_decision(make_proposal(call=call, status=Status.PANEL), outcome=Outcome.PRELIMINARY, **asked)
    refused = make_decision(make_proposal(call=call, status=Status.PANEL), outcome=Outcome.NOT_SELECTED, **asked)
    assert body(invited) == "Full proposal: 30 June 2027, 23:59 Beijing (UTC+8) = 15:59 UTC"
    assert body(refused) == "Full proposal: 1 January 2027, 08:00 Beijing (UTC+8) = 00:00 UTC"


def test_a_team_without_a_pi_is_addressed_by_its_organisation():
    proposal = make_proposal(status=Status.PANEL)
    TeamMember.objects.filter(proposal=proposal).update(role="co_i")
    assert body(make_decision(proposal, wording=make_wording(body="{name}"))) == proposal.lead.name


def test_without_a_wording_there_is_no_letter():
    decision = make_decision(wording=None)
    assert (letters_of(decision), letters_of_all([decision])) == ([], {decision.pk: []})


def test_a_kept_letter_is_what_its_digest_says():
    decision = make_decision(wording=make_wording(body="Text", fr="Texte"))
    make_release(decision, approved=False)
    english, french = Letter.objects.order_by("language")
    assert english.sha256 == digest_of(english) == sha256(f"en\n\nDecision {decision.proposal.reference}\n\nText")
    assert french.sha256 != english.sha256
    assert (letter_in(decision, "fr"), letter_in(decision, "xx", "fr"), letter_in(decision, "xx")) == (french, french, english)


def test_a_circular_is_not_written_with_the_words_of_a_decision():
    version = make_wording(body="{name}: {outcome}", fr="{feedback}")
    assert needs_decision(version) == ["outcome", "feedback"]
    proposal, key = make_proposal(status=Status.SUBMITTED), make_proposal().request_key
    with pytest.raises(ValidationError):
        draft_circular(version.wording, proposals=[proposal], request_key=key, by=make_staff(), now=NOW)


def test_a_trial_shows_where_the_words_of_a_decision_will_stand():
    letters = trials(make_wording(body="{title}: {outcome}"), make_proposal(title="A radar"), to=make_staff())
    assert [letter.body for letter in letters] == ["A radar: {outcome}"]


def test_the_table_of_placeholders_is_one():
    assert OF_DECISIONS.keys() <= PLACEHOLDERS.keys()
    assert (unknown("{ outcome } {nonsense}"), used("{ outcome } {nonsense}")) == (["nonsense"], {"outcome"})
