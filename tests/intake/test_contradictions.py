"""What an edit of a call would contradict is said, in figures, before it is saved."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from proposals.calls.models import Asked, Call, Question
from proposals.calls.states import CapBasis, Form, Level, QuestionKind
from proposals.intake.calculations.sections import known_fields
from proposals.intake.models import Answer, Version
from proposals.intake.queries.askable import askable
from proposals.intake.queries.contradictions import contradictions
from proposals.intake.states import Status
from tests.factories import make_call, make_proposal

pytestmark = pytest.mark.django_db
NOW = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def call():
    return make_call(opens_at=NOW - timedelta(days=30), closes_at=NOW + timedelta(days=30))


def submitted(call, **fields):
    return make_proposal(call=call, status=fields.pop("status", Status.SUBMITTED), at=NOW, **fields)


def frozen(proposal, at, **fields):
    return Version.objects.create(
        proposal=proposal,
        phase=proposal.phase,
        number=1,
        canonical="{}",
        sha256="0" * 64,
        frozen_at=at,
        frozen_by=proposal.created_by,
        **fields,
    )


def question(call, **fields):
    return Question(phase=call.phases.get(), label="Which band?", **fields)


def test_an_edit_that_contradicts_nothing_is_silent(call):
    submitted(call, level=Level.UNIT)
    call.title, call.levels = "Another title", ["unit", "mission"]
    assert contradictions(call, rows=[call.phases.get()], removed=list(call.topics.all())) == []


def test_a_new_call_contradicts_nothing():
    assert contradictions(Call(code="NEW", slug="new", title="New")) == []


def test_a_level_in_use_cannot_go_unnoticed(call):
    for _ in range(2):
        submitted(call, level=Level.UNIT)
    make_proposal(call=call, level=Level.UNIT)  # a draft has submitted nothing
    submitted(call, level=Level.UNIT, status=Status.WITHDRAWN)
    submitted(make_call(), level=Level.UNIT)
    call.levels = ["system", "mission"]
    assert contradictions(call) == [
        "2 submitted proposals are at a level that would no longer be allowed: unit level: an instrument on the lander."
    ]


def test_a_form_in_use_cannot_go_unnoticed(call):
    submitted(call, level=Level.MISSION, forms=[Form.SURFACE, Form.LAUNCH_ORBIT])
    call.forms = ["launch_orbit", "interaction"]
    assert contradictions(call) == ["1 submitted proposal ticks a form of cooperation that would no longer be allowed."]


@pytest.mark.parametrize(("cap", "found"), [("90.000", 0), ("89.999", 1)])
def test_a_lower_module_cap_counts_submitted_modules_above_it(call, cap, found):
    submitted(call, largest_module_kg=Decimal("90.000"), mass_kg=Decimal("90.000"))
    submitted(call, level=Level.MISSION, largest_module_kg=Decimal(999))
    call.module_mass_kg = Decimal(cap)
    assert contradictions(call) == ["1 submitted proposal has a module above 89.999 kg."] * found


def test_a_cap_where_there_was_none_counts_as_lower():
    call = make_call(module_mass_kg=None, total_mass_kg=None)
    submitted(call, largest_module_kg=Decimal(90), mass_kg=Decimal(120))
    call.total_mass_kg = Decimal(100)
    assert contradictions(call) == ["1 submitted proposal weighs more than 100 kg in all."]


def test_a_cap_raised_or_lifted_contradicts_nothing(call):
    submitted(call, largest_module_kg=Decimal(150), mass_kg=Decimal(250))
    call.module_mass_kg, call.total_mass_kg = Decimal(120), None
    assert contradictions(call) == []


def test_another_way_of_weighing_is_said(call):
    submitted(call)
    call.cap_basis = CapBasis.CBE
    assert contradictions(call) == ["1 submitted proposal was checked against the caps by the rule you are changing."]


def test_another_code_is_said_when_references_carry_the_old_one(call):
    submitted(call)
    was, call.code = call.code, "OTHER"
    assert contradictions(call) == [f"1 reference already given begins with {was}."]


@pytest.mark.parametrize(("seconds", "found"), [(0, 0), (-1, 1)])
def test_a_close_before_what_was_received_on_time_is_said(call, seconds, found):
    proposal = submitted(call, status=Status.WITHDRAWN)
    frozen(proposal, NOW)
    phase = call.phases.get()
    phase.closes_at = NOW + timedelta(seconds=seconds)
    assert (
        contradictions(call, rows=[phase]) == ["Letter of intent would close before 1 version that was received on time."] * found
    )


def test_a_close_before_what_came_late_anyway_is_not_said(call):
    frozen(submitted(call, status=Status.WITHDRAWN), NOW, is_late=True)
    phase = call.phases.get()
    phase.closes_at = NOW - timedelta(days=1)
    assert contradictions(call, rows=[phase]) == []


def test_an_earlier_close_counts_what_has_been_begun(call):
    make_proposal(call=call)
    phase = call.phases.get()
    phase.closes_at -= timedelta(days=1)
    assert contradictions(call, rows=[phase]) == [
        "Letter of intent would close earlier than published; 1 proposal has been begun, and nobody is told by this page."
    ]


def test_an_opening_after_what_was_received_is_said(call):
    frozen(submitted(call), NOW)
    phase = call.phases.get()
    phase.opens_at = NOW + timedelta(seconds=1)
    assert contradictions(call, rows=[phase]) == ["Letter of intent would open after 1 version was received."]


def test_a_new_required_question_counts_those_who_were_not_asked(call):
    submitted(call, level=Level.UNIT)
    submitted(call, level=Level.MISSION)
    asked = question(call, required=True, levels=["unit", "system"])
    assert contradictions(call, rows=[asked]) == [
        "1 proposal was submitted without an answer to “Which band?”, which would be required."
    ]
    assert contradictions(call, rows=[question(call, required=False)]) == []


def test_a_question_made_required_spares_those_who_answered(call):
    asked = question(call, required=False)
    asked.save()
    Answer.objects.create(proposal=submitted(call), question=asked, value="Ka")
    Answer.objects.create(proposal=submitted(call), question=asked, value="")
    asked.required = True
    assert contradictions(call, rows=[asked]) == [
        "1 proposal was submitted without an answer to “Which band?”, which would be required."
    ]


def test_another_type_under_given_answers_is_said(call):
    asked = question(call)
    asked.save()
    Answer.objects.create(proposal=submitted(call), question=asked, value="Ka")
    asked.kind = QuestionKind.NUMBER
    assert contradictions(call, rows=[asked]) == ["1 answer to “Which band?” was given to its former type, unit or choices."]


def test_a_field_made_required_counts_those_who_submitted_before(call):
    submitted(call)
    kept = Asked.objects.create(phase=call.phases.get(), field="trl", required=True)
    assert contradictions(call, rows=[kept]) == []
    new = Asked(phase=call.phases.get(), field="abstract", required=True)
    assert contradictions(call, rows=[new]) == ["1 proposal was submitted before “abstract” was required."]


def test_removing_an_aim_that_proposals_name_is_said(call):
    aim = call.topics.get()
    submitted(call).aims.add(aim)
    assert contradictions(call, removed=[aim]) == [
        "1 submitted proposal addresses “Regional geological profile”, which would be removed from it."
    ]


def test_every_field_that_a_phase_can_ask_has_a_name():
    names = [name for _page, fields in askable() for name, _label in fields]
    assert names == known_fields()
    assert all(str(label) for _page, fields in askable() for _name, label in fields)
