"""The agreement: begun for a selected project, worked through line by line, concluded once everything is done."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import translation

from proposals.audit.models import Event
from proposals.decisions.actions import agreements
from proposals.decisions.models import Agreement, AgreementItem
from proposals.decisions.queries.agreements import agreements_for, checklist
from proposals.intake.models import Access, MoveNotAllowed, Proposal
from proposals.intake.states import Status
from proposals.outbox.models import Message
from proposals.partners.models import User
from proposals.partners.states import StaffRole
from tests.factories import NOW, make_proposal, make_staff

pytestmark = pytest.mark.django_db
TODAY = date(2027, 3, 1)


@pytest.fixture
def desk() -> User:
    return make_staff()


def begun(desk: User, **fields: object) -> Agreement:
    return agreements.open_agreement(make_proposal(status=Status.SELECTED), by=desk, now=NOW, **fields)  # type: ignore[arg-type]


def concluded(desk: User) -> Agreement:
    agreement = begun(desk)
    agreements.tick(agreement, items=list(agreement.items.all()), by=desk, now=NOW)
    agreements.agree(agreement, signed_on=TODAY, by=desk, now=NOW)
    return Agreement.objects.get(pk=agreement.pk)


def test_opening_copies_the_checklist_and_tells_the_team_once(desk: User) -> None:
    with translation.override("fr"):
        agreement = begun(desk, counterpart=" Institute of Lunar Things ", contact="Dr Synthetic", planned_on=TODAY)
    assert (agreement.counterpart, agreement.contact, agreement.planned_on) == (
        "Institute of Lunar Things",
        "Dr Synthetic",
        TODAY,
    )
    with translation.override("en"):
        assert [item.text for item in agreement.items.all()] == [str(line) for line in agreements.CHECKLIST]
    assert agreement.proposal.status == Status.AGREEMENT
    mail = Message.objects.get()
    assert (mail.template, mail.recipient) == ("agreement", agreement.proposal.created_by)
    assert "Institute of Lunar Things" not in mail.text
    assert list(Event.objects.values_list("verb", flat=True)) == ["agreement.opened"]


@pytest.mark.parametrize("role", [StaffRole.OBSERVER, StaffRole.CHAIR, StaffRole.BOARD, StaffRole.REVIEWER])
def test_only_the_secretariat_writes_an_agreement(role: StaffRole, desk: User) -> None:
    other, agreement = make_staff(role=role), begun(desk)
    items = list(agreement.items.all())
    with pytest.raises(PermissionDenied):
        agreements.open_agreement(make_proposal(status=Status.SELECTED), by=other, now=NOW)
    with pytest.raises(PermissionDenied):
        agreements.save(agreement, by=other, now=NOW)
    with pytest.raises(PermissionDenied):
        agreements.tick(agreement, items=items, by=other, now=NOW)
    with pytest.raises(PermissionDenied):
        agreements.take_back(agreement, items=items, by=other, now=NOW)
    with pytest.raises(PermissionDenied):
        agreements.agree(agreement, signed_on=TODAY, by=other, now=NOW)
    assert agreement.items.filter(done_at__isnull=False).count() == 0


@pytest.mark.parametrize("status", [Status.CONDITIONAL, Status.RESERVE, Status.DECIDED, Status.AGREEMENT])
def test_an_agreement_is_opened_for_a_selected_project_only(status: Status, desk: User) -> None:
    proposal = make_proposal(status=status)
    with pytest.raises(MoveNotAllowed):
        agreements.open_agreement(proposal, by=desk, now=NOW)
    assert Agreement.objects.count() == Message.objects.count() == 0


def test_ticks_say_who_and_when_and_can_be_taken_back(desk: User) -> None:
    agreement = begun(desk)
    first, second, *_others = agreement.items.all()
    agreements.tick(agreement, items=[first], by=desk, now=NOW)
    colleague = make_staff()
    agreements.tick(agreement, items=[first, second], by=colleague, now=NOW + timedelta(hours=1))
    done = [(line.done_by, line.done_at) for line in checklist(agreement) if line.done_at]
    assert done == [(desk, NOW), (colleague, NOW + timedelta(hours=1))]
    agreements.take_back(agreement, items=[first], by=colleague, now=NOW)
    assert [line.done_by for line in checklist(agreement)][:2] == [None, colleague]
    verbs = list(Event.objects.order_by("id").values_list("verb", flat=True))
    assert verbs == ["agreement.opened", "agreement.ticked", "agreement.ticked", "agreement.tick_taken_back"]


def test_a_tick_reaches_the_lines_of_its_own_agreement_only(desk: User) -> None:
    agreement, other = begun(desk), begun(desk)
    with pytest.raises(ValidationError, match="at least one"):
        agreements.tick(agreement, items=list(other.items.all()), by=desk, now=NOW)
    assert AgreementItem.objects.filter(done_at__isnull=False).count() == 0


def test_the_checklist_is_edited_but_a_ticked_line_stays(desk: User) -> None:
    agreement = begun(desk)
    first, second, third, *_others = agreement.items.all()
    agreements.tick(agreement, items=[first], by=desk, now=NOW)
    agreement.counterpart = "Another institute"
    second.text = "Scope of work, second round"
    new = AgreementItem(text="Visa letters", position=20)
    agreements.save(agreement, rows=[second, new], removed=[third], revision=1, by=desk, now=NOW)
    texts = [item.text for item in agreement.items.all()]
    assert texts[1] == "Scope of work, second round"
    assert texts[-1] == "Visa letters"
    assert len(texts) == len(agreements.CHECKLIST)
    for change in ({"rows": [first]}, {"removed": [first]}):
        with pytest.raises(ValidationError, match="ticked stays"):
            agreements.save(agreement, by=desk, now=NOW, **change)  # type: ignore[arg-type]


def test_a_stale_page_saves_nothing(desk: User) -> None:
    agreement = begun(desk)
    agreements.save(agreement, revision=1, by=desk, now=NOW)
    agreement.counterpart = "From a stale page"
    with pytest.raises(agreements.StaleAgreement):
        agreements.save(agreement, revision=1, by=desk, now=NOW)
    assert Agreement.objects.get().counterpart == ""


def test_agreeing_needs_every_line_and_a_day_that_has_come(desk: User) -> None:
    agreement = begun(desk)
    with pytest.raises(ValidationError, match="8 lines of the checklist are not done"):
        agreements.agree(agreement, signed_on=TODAY, by=desk, now=NOW)
    agreements.tick(agreement, items=list(agreement.items.all()), by=desk, now=NOW)
    with pytest.raises(ValidationError, match="still to come"):
        agreements.agree(agreement, signed_on=TODAY + timedelta(days=1), by=desk, now=NOW)
    agreements.agree(agreement, signed_on=TODAY, by=desk, now=NOW)
    held = Agreement.objects.get()
    assert (held.signed_on, held.proposal.status) == (TODAY, Status.AGREED)
    assert list(Message.objects.order_by("id").values_list("template", flat=True)) == ["agreement", "agreed"]


def test_a_concluded_agreement_stays_as_it_is(desk: User) -> None:
    agreement = concluded(desk)
    with pytest.raises(ValidationError, match="stays as it is"):
        agreements.take_back(agreement, items=list(agreement.items.all()), by=desk, now=NOW)
    with pytest.raises(ValidationError, match="stays as it is"):
        agreements.save(agreement, by=desk, now=NOW)
    with pytest.raises(ValidationError, match="stays as it is"):
        agreements.agree(agreement, signed_on=TODAY, by=desk, now=NOW)


def test_a_barred_person_finds_no_agreement(desk: User) -> None:
    agreement, chair = begun(desk), make_staff(role=StaffRole.CHAIR)
    assert list(agreements_for(chair)) == [agreement]
    Access.objects.create(proposal=agreement.proposal, user=chair, grant=False, why="conflict:country")
    assert list(agreements_for(chair)) == []
    assert list(Proposal.objects.visible_to(chair)) == []
