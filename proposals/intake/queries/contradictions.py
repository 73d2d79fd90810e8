"""Where an edit of a call contradicts what partners have already submitted; asked before it is saved."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from django.db import models
from django.utils.translation import ngettext

from proposals.calls.models import Asked, Call, Phase, Question, Topic
from proposals.calls.states import Level
from proposals.intake.models import Answer, Proposal, Version
from proposals.intake.queries.askable import asked_label
from proposals.intake.states import CLOSED


def contradictions(call: Call, rows: Iterable[models.Model] = (), removed: Iterable[models.Model] = ()) -> list[str]:
    """One sentence for each contradiction between the unsaved edit and the live submitted proposals; writes nothing.

    `call` carries the new values; `rows` are its changed or new rows, `removed` those to be deleted.
    """
    held = Call.objects.filter(pk=call.pk).first()
    if held is None:
        return []
    found = list(_of_call(held, call))
    for row in rows:
        if isinstance(row, Phase) and row.pk:
            found += _of_phase(row)
        elif isinstance(row, Question):
            found += _of_question(row)
        elif isinstance(row, Asked) and row.required:
            found += _of_asked(row)
    for row in removed:
        if isinstance(row, Topic):
            found += _of_topic(row)
    return found


def _submitted(call: Call) -> "models.QuerySet[Proposal]":
    return Proposal.objects.filter(call=call).submitted().exclude(status__in=sorted(CLOSED))


def _of_call(held: Call, call: Call) -> Iterator[str]:
    """Levels, forms and caps that submitted proposals would no longer meet, and references that would not match."""
    submitted = _submitted(held)
    for level in sorted(set(held.levels) - set(call.levels)):
        n = submitted.filter(level=level).count()
        if n:
            yield ngettext(
                "%(n)d submitted proposal is at a level that would no longer be allowed: %(level)s.",
                "%(n)d submitted proposals are at a level that would no longer be allowed: %(level)s.",
                n,
            ) % {"n": n, "level": Level(level).label}
    gone = sorted(set(held.forms) - set(call.forms))
    n = submitted.filter(forms__overlap=gone).count() if gone else 0
    if n:
        yield ngettext(
            "%(n)d submitted proposal ticks a form of cooperation that would no longer be allowed.",
            "%(n)d submitted proposals tick a form of cooperation that would no longer be allowed.",
            n,
        ) % {"n": n}
    yield from _of_caps(held, call, submitted.exclude(level=Level.MISSION))
    n = submitted.count() if call.code != held.code else 0
    if n:
        yield ngettext(
            "%(n)d reference already given begins with %(code)s.", "%(n)d references already given begin with %(code)s.", n
        ) % {"n": n, "code": held.code}


def _lower(new: Decimal | None, old: Decimal | None) -> bool:
    return new is not None and (old is None or new < old)


def _of_caps(held: Call, call: Call, payloads: "models.QuerySet[Proposal]") -> Iterator[str]:
    """Submitted payload proposals above a lowered cap, or weighed in another way (kg)."""
    if _lower(call.module_mass_kg, held.module_mass_kg):
        n = payloads.filter(largest_module_kg__gt=call.module_mass_kg).count()
        if n:
            yield ngettext(
                "%(n)d submitted proposal has a module above %(cap)s kg.",
                "%(n)d submitted proposals have a module above %(cap)s kg.",
                n,
            ) % {"n": n, "cap": call.module_mass_kg}
    if _lower(call.total_mass_kg, held.total_mass_kg):
        n = payloads.filter(mass_kg__gt=call.total_mass_kg).count()
        if n:
            yield ngettext(
                "%(n)d submitted proposal weighs more than %(cap)s kg in all.",
                "%(n)d submitted proposals weigh more than %(cap)s kg in all.",
                n,
            ) % {"n": n, "cap": call.total_mass_kg}
    weighed = (held.cap_basis, held.system_margin_percent) != (call.cap_basis, call.system_margin_percent)
    n = payloads.count() if weighed else 0
    if n:
        yield ngettext(
            "%(n)d submitted proposal was checked against the caps by the rule you are changing.",
            "%(n)d submitted proposals were checked against the caps by the rule you are changing.",
            n,
        ) % {"n": n}


def _of_phase(phase: Phase) -> Iterator[str]:
    """Versions received on time that the new instants would make early or late."""
    on_time = Version.objects.filter(phase_id=phase.pk, is_late=False)
    n = on_time.filter(frozen_at__gt=phase.closes_at).count()
    if n:
        yield ngettext(
            "%(phase)s would close before %(n)d version that was received on time.",
            "%(phase)s would close before %(n)d versions that were received on time.",
            n,
        ) % {"phase": phase.title, "n": n}
    n = Version.objects.filter(phase_id=phase.pk, frozen_at__lt=phase.opens_at).count()
    if n:
        yield ngettext(
            "%(phase)s would open after %(n)d version was received.",
            "%(phase)s would open after %(n)d versions were received.",
            n,
        ) % {"phase": phase.title, "n": n}
    held = Phase.objects.filter(pk=phase.pk).first()
    earlier = held is not None and phase.closes_at < held.closes_at
    n = phase.proposals.exclude(status__in=sorted(CLOSED)).count() if earlier else 0
    if n:
        yield ngettext(
            "%(phase)s would close earlier than published; %(n)d proposal has been begun, and nobody is told by this page.",
            "%(phase)s would close earlier than published; %(n)d proposals have been begun, and nobody is told by this page.",
            n,
        ) % {"phase": phase.title, "n": n}


def _of_question(question: Question) -> Iterator[str]:
    """A question newly required of those who submitted without it, or changed under its answers."""
    held = Question.objects.filter(pk=question.pk).first() if question.pk else None
    if question.required and question.phase_id and (held is None or not held.required):
        asked = Proposal.objects.filter(phase_id=question.phase_id, level__in=question.levels).submitted()
        answered = Answer.objects.filter(question_id=question.pk).exclude(value="", file=None).values("proposal")
        n = asked.exclude(status__in=sorted(CLOSED)).exclude(pk__in=answered).count()
        if n:
            yield ngettext(
                "%(n)d proposal was submitted without an answer to “%(question)s”, which would be required.",
                "%(n)d proposals were submitted without an answer to “%(question)s”, which would be required.",
                n,
            ) % {"n": n, "question": question.label}
    changed = held is not None and (held.kind, held.unit, held.choices) != (question.kind, question.unit, question.choices)
    n = Answer.objects.filter(question_id=question.pk).count() if changed else 0
    if n:
        yield ngettext(
            "%(n)d answer to “%(question)s” was given to its former type, unit or choices.",
            "%(n)d answers to “%(question)s” were given to its former type, unit or choices.",
            n,
        ) % {"n": n, "question": question.label}


def _of_asked(asked: Asked) -> Iterator[str]:
    """A field newly required of those who have submitted already."""
    if not asked.phase_id or (asked.pk and Asked.objects.filter(pk=asked.pk, field=asked.field, required=True).exists()):
        return
    n = Proposal.objects.filter(phase_id=asked.phase_id).submitted().exclude(status__in=sorted(CLOSED)).count()
    if n:
        yield ngettext(
            "%(n)d proposal was submitted before “%(field)s” was required.",
            "%(n)d proposals were submitted before “%(field)s” was required.",
            n,
        ) % {"n": n, "field": asked_label(asked.field)}


def _of_topic(topic: Topic) -> Iterator[str]:
    """An aim that submitted proposals name."""
    n = _submitted(topic.call).filter(aims=topic.pk).count()
    if n:
        yield ngettext(
            "%(n)d submitted proposal addresses “%(topic)s”, which would be removed from it.",
            "%(n)d submitted proposals address “%(topic)s”, which would be removed from them.",
            n,
        ) % {"n": n, "topic": topic.title}
