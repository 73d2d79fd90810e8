"""Wordings and circulars: safe placeholders, every version kept, two people before a letter leaves."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, ProgrammingError, transaction
from hypothesis import given
from hypothesis import strategies as st

from proposals.audit.models import Event
from proposals.intake import actions
from proposals.intake.actions import circulars
from proposals.intake.calculations.placeholders import PLACEHOLDERS, fill, unknown
from proposals.intake.models import Circular, Proposal, TeamMember
from proposals.intake.queries.letters import values_of, written
from proposals.intake.states import Status, TeamRole
from proposals.outbox.models import Message, Wording, WordingVersion
from proposals.partners.states import StaffRole
from tests.factories import NOW, make_call, make_organisation, make_proposal, make_staff, make_user

TEXTS = {
    "en": {"subject": "About {title}", "body": "Dear {name},\n\n{reference} of {organisation} is {status}."},
    "fr": {"subject": "À propos de {title}", "body": "{name}, {call} : {deadline}."},
}


def make_wording(by: Any = None, texts: Any = None, name: str = "Site visit") -> WordingVersion:
    return actions.save_wording(Wording(name=name), texts=texts or TEXTS, by=by or make_staff(), now=NOW)


def draft(version: WordingVersion, proposals: list[Proposal], by: Any, **more: Any) -> Circular:
    return actions.draft_circular(version.wording, proposals=proposals, request_key=uuid.uuid4(), by=by, now=NOW, **more)


def test_unknown_names_what_is_no_placeholder_once() -> None:
    assert unknown("{title} {titel} {titel} {user.password} {} { reference }") == ["titel", "user.password", ""]


def test_fill_does_not_read_braces_within_a_value() -> None:
    assert fill("{title}: {name}", {"title": "{name}", "name": "Ada"}) == "{name}: Ada"


@given(st.text(max_size=200))
def test_text_without_faults_is_always_filled(text: str) -> None:
    if not unknown(text):
        assert isinstance(fill(text, dict.fromkeys(PLACEHOLDERS, "x")), str)


@pytest.mark.django_db
def test_every_placeholder_has_a_value() -> None:
    proposal = make_proposal(lead=None)
    assert set(values_of(proposal, to=make_user(), language="en")) == set(PLACEHOLDERS)


@pytest.mark.django_db
def test_written_speaks_the_readers_language_and_zone() -> None:
    call = make_call(title="Round A", closes_at=NOW)
    person = make_user(language="fr", time_zone="America/Lima", full_name="Zo\u00eb")
    letter = written(make_wording(), make_proposal(call=call), to=person)
    assert (letter.language, letter.body) == (
        "fr",
        "Zoë, Round A : 1 mars 2027 à 20:00, heure de Beijing (UTC+8) = 07:00, votre heure (Lima, UTC-5).",
    )


@pytest.mark.django_db
def test_written_falls_back_to_english() -> None:
    assert written(make_wording(), make_proposal(), to=make_user(language="ar")).language == "en"


@pytest.mark.django_db
def test_written_makes_typed_text_harmless() -> None:
    proposal = make_proposal(title="Win\r\nBcc: x https://evil.example/a")
    letter = written(make_wording(), proposal, to=make_user())
    assert letter.subject == "About Win Bcc: x https : evil[.]example/a"


@pytest.mark.django_db
def test_save_wording_keeps_each_version_and_none_for_the_same_text() -> None:
    staff = make_staff()
    first = make_wording(staff)
    again = actions.save_wording(first.wording, texts=TEXTS, by=staff, now=NOW)
    second = actions.save_wording(first.wording, texts={"en": {"subject": "S", "body": "B"}}, by=staff, now=NOW)
    assert (again.pk, second.number) == (first.pk, 2)
    assert list(first.wording.versions.values_list("number", "texts")) == [(2, second.texts), (1, TEXTS)]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("texts", "says"),
    [
        ({"en": {"subject": "", "body": ""}}, "English: write both the subject and the text."),
        ({"en": {"subject": "S", "body": "{titel}"}}, "English: \u201c{titel}\u201d is no placeholder. There are: {name}, "),
        ({"en": {"subject": "S", "body": "{name.__class__}"}}, "English: \u201c{name.__class__}\u201d is no placeholder."),
        ({"en": {"subject": "S" * 201, "body": "B"}}, "English: the subject may have 200 characters"),
        ({"en": {"subject": "S", "body": "B\x00"}}, "English: the text holds a character that cannot be kept."),
        ({"fr": {"subject": "S", "body": "B"}}, "Write the text in English"),
    ],
)
def test_save_wording_refuses_and_says_why(texts: Any, says: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        make_wording(texts=texts)
    assert refusal.value.messages[0].startswith(says)
    assert Wording.objects.count() == 0 or WordingVersion.objects.count() == 0


@pytest.mark.django_db
def test_a_version_cannot_be_rewritten_in_the_database() -> None:
    version = make_wording()
    with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic():
        WordingVersion.objects.filter(pk=version.pk).update(texts={"en": {}})


@pytest.mark.django_db
@pytest.mark.parametrize("role", [StaffRole.NONE, StaffRole.OBSERVER])
def test_only_the_secretariat_writes(role: StaffRole) -> None:
    person = make_user(staff_role=role)
    version = make_wording()
    held = draft(version, [make_proposal()], make_staff())
    proposal = make_proposal()
    for act in (
        lambda: actions.save_wording(version.wording, texts=TEXTS, by=person, now=NOW),
        lambda: actions.retire_wording(version.wording, by=person, now=NOW),
        lambda: actions.restore_wording(version.wording, by=person, now=NOW),
        lambda: actions.try_wording(version, proposal=proposal, language="en", request_key=uuid.uuid4(), by=person, now=NOW),
        lambda: draft(version, [proposal], person),
        lambda: actions.approve_circular(held, by=person, now=NOW),
        lambda: actions.stop_circular(held, by=person, now=NOW),
    ):
        with pytest.raises(PermissionDenied):
            act()


@pytest.mark.django_db
def test_a_circular_is_held_until_a_second_person_approves() -> None:
    author, second = make_staff(), make_staff()
    proposal = make_proposal(status=Status.SUBMITTED)
    circular = draft(make_wording(), [proposal], author)
    assert Message.objects.filter(template="letter").count() == 0
    with pytest.raises(PermissionDenied):
        actions.approve_circular(circular, by=author, now=NOW)

    assert actions.approve_circular(circular, by=second, now=NOW) == 1

    message = Message.objects.get(template="letter")
    shown = circular.mails.get()
    assert message.subject == f"[{proposal.reference}] {shown.subject}"
    assert shown.body in message.text
    assert (message.about_id, message.recipient_id, message.kind) == (str(proposal.pk), shown.person_id, "letter")


@pytest.mark.django_db
def test_the_database_asks_for_two_people_too() -> None:
    circular = draft(make_wording(), [make_proposal()], author := make_staff())
    with pytest.raises(IntegrityError), transaction.atomic():
        Circular.objects.filter(pk=circular.pk).update(approved_by=author, approved_at=NOW)


@pytest.mark.django_db
def test_what_leaves_is_what_was_read_whatever_changed_meanwhile() -> None:
    author, second = make_staff(), make_staff()
    person = make_user(language="fr")
    version = make_wording(author)
    circular = draft(version, [make_proposal(by=person)], author)
    read = circular.mails.get()
    actions.save_wording(version.wording, texts={"en": {"subject": "Other", "body": "Other"}}, by=author, now=NOW)
    type(person).objects.filter(pk=person.pk).update(language="ar")

    actions.approve_circular(circular, by=second, now=NOW)

    message = Message.objects.get(template="letter")
    assert (message.language, read.subject in message.subject, read.body in message.text) == ("fr", True, True)


@pytest.mark.django_db
def test_whoever_left_the_team_since_gets_no_mail() -> None:
    author, second = make_staff(), make_staff()
    proposal = make_proposal()
    gone, closed = make_user(), make_user()
    for person in (gone, closed):
        TeamMember.objects.create(
            proposal=proposal, full_name="X", email=person.email, role=TeamRole.CO_I, user=person, accepted_at=NOW
        )
    circular = draft(make_wording(), [proposal], author)
    TeamMember.objects.filter(user=gone).delete()
    type(closed).objects.filter(pk=closed.pk).update(is_active=False)

    assert actions.approve_circular(circular, by=second, now=NOW) == 1
    assert Event.objects.get(verb="circular.approved").data == {"mails": 1, "left_out": 2}


@pytest.mark.django_db
def test_second_approval_and_approval_of_a_stopped_one_are_refused() -> None:
    author, second, third = make_staff(), make_staff(), make_staff()
    sent, stopped = (draft(make_wording(name=name), [make_proposal()], author) for name in ("A", "B"))
    actions.approve_circular(sent, by=second, now=NOW)
    actions.stop_circular(stopped, by=author, now=NOW)
    for stale in (sent, stopped):
        with pytest.raises(actions.NotHeld):  # the copy in hand still says that it is held
            actions.approve_circular(stale, by=third, now=NOW)
        with pytest.raises(actions.NotHeld):
            actions.stop_circular(stale, by=third, now=NOW)
    assert Message.objects.filter(template="letter").count() == 1


@pytest.mark.django_db
def test_the_second_click_drafts_nothing_more() -> None:
    author, key = make_staff(), uuid.uuid4()
    version, proposals = make_wording(), [make_proposal()]
    made = [
        actions.draft_circular(version.wording, proposals=proposals, request_key=key, by=author, now=NOW).pk for _ in range(2)
    ]
    assert made == [made[0]] * 2
    assert Circular.objects.count() == 1


@pytest.mark.django_db
def test_draft_refuses_nobody_too_many_and_a_retired_wording(monkeypatch: pytest.MonkeyPatch) -> None:
    author, version = make_staff(), make_wording()
    alone = make_proposal()
    TeamMember.objects.filter(proposal=alone).update(accepted_at=None, user=None)
    for proposals, says in (([], "No proposal fits"), ([alone], "None of these proposals has a team member")):
        with pytest.raises(ValidationError, match=says):
            draft(version, proposals, author)
    monkeypatch.setattr(circulars, "MOST_PROPOSALS", 1)
    with pytest.raises(ValidationError, match="2 proposals are too many for one circular; narrow the filters to 1 or fewer"):
        draft(version, [make_proposal(), make_proposal()], author)
    monkeypatch.setattr(circulars, "MOST_MAILS", 0)
    with pytest.raises(ValidationError, match="1 mails are too many"):
        draft(version, [make_proposal()], author)
    actions.retire_wording(version.wording, by=author, now=NOW)
    version.refresh_from_db()
    with pytest.raises(ValidationError, match="retired"):
        draft(version, [make_proposal()], author)
    assert Circular.objects.count() == 0


@pytest.mark.django_db
def test_a_trial_goes_to_oneself_once_and_belongs_to_no_proposal() -> None:
    staff, key = make_staff(), uuid.uuid4()
    version, proposal = make_wording(staff), make_proposal()
    for _ in range(2):
        actions.try_wording(version, proposal=proposal, language="fr", request_key=key, by=staff, now=NOW)
    message = Message.objects.get(template="letter")
    assert (message.address, message.about_id, message.language) == (staff.email, "", "fr")
    assert message.subject.startswith("[")
    with pytest.raises(ValidationError):
        actions.try_wording(version, proposal=proposal, language="ru", request_key=uuid.uuid4(), by=staff, now=NOW)


@pytest.mark.django_db
def test_a_retired_wording_can_come_back() -> None:
    staff = make_staff()
    wording = make_wording(staff).wording
    actions.retire_wording(wording, by=staff, now=NOW)
    actions.retire_wording(wording, by=staff, now=NOW + timedelta(hours=1))
    wording.refresh_from_db()
    assert wording.retired_at == NOW
    actions.restore_wording(wording, by=staff, now=NOW)
    assert list(Wording.objects.current()) == [wording]


@pytest.mark.django_db
def test_writing_to_three_proposals_costs_no_more_statements_than_to_one(django_assert_num_queries: Any) -> None:
    author, organisation = make_staff(), make_organisation()
    call = make_call()
    three = [make_proposal(call=call, lead=organisation).pk for _ in range(3)]
    version = WordingVersion.objects.select_related("wording").get(pk=make_wording().pk)
    ready = Proposal.objects.select_related("call", "phase", "lead")
    counts = []
    for pks in (three[:1], three):
        proposals = list(ready.filter(pk__in=pks))
        with django_assert_num_queries(8, exact=False) as counted:
            draft(version, proposals, author)
        counts.append(len(counted))
    assert counts[0] == counts[1]
