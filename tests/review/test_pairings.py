"""Plans of assignment: what the database says becomes a case, a worker solves it, staff edit it, one act applies it."""

import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from proposals.audit.models import Event
from proposals.calls.states import Level
from proposals.intake.models import Access
from proposals.intake.states import PayloadClass, Status
from proposals.outbox.models import Message
from proposals.partners.states import StaffRole
from proposals.review.actions import pairings as actions
from proposals.review.actions.conflicts import declare
from proposals.review.actions.pairings import ChangedMeanwhile, apply_pairing, choose, make_pairing, solve
from proposals.review.calculations.case import Conflict, Impossible
from proposals.review.calculations.preview import LOAD_FULL, next_best, shortages
from proposals.review.models import Assignment, Bid, Pairing
from proposals.review.queries.pairings import CONFLICT, Bar, draw
from proposals.review.queries.previews import candidates, in_words, overview
from proposals.review.states import Answer, Choice, ConflictKind, PairingState, ReviewKind, Wish
from proposals.review.tasks import pair as task
from tests.factories import (
    make_assessment,
    make_assignment,
    make_call,
    make_expert,
    make_organisation,
    make_plan,
    make_proposal,
    make_staff,
)

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC).replace(microsecond=0)
PAGE = "/staff/proposals/pairing/"
D = Decimal


@pytest.fixture
def staff():
    return make_staff()


@pytest.fixture
def phase():
    phase = make_call().phases.get()
    make_plan(phase, reviewers=2, due_at=NOW + timedelta(days=20))
    return phase


def filed(phase, **fields):
    fields.setdefault("status", Status.UNDER_REVIEW)
    fields.setdefault("payload_class", PayloadClass.ROVER)
    return make_proposal(call=phase.call, **fields)


def drawn(phase, staff, kind=ReviewKind.SCIENCE, **more):
    return draw(phase, kind, staff, **more)


def key(expert, proposal):
    return str(expert.user_id), proposal.reference


def made(phase, staff, kind=ReviewKind.SCIENCE):
    pairing = make_pairing(phase, kind=kind, by=staff, now=NOW)
    assert solve(now=NOW, seconds=5) is True
    pairing.refresh_from_db()
    assert pairing.result["state"] == PairingState.READY
    return pairing


def pairs(pairing):
    return {(row["user"], row["ref"]) for row in pairing.pairs}


# The case


def test_case_holds_what_is_under_review_and_who_judges_it(phase, staff):
    here = filed(phase)
    for status in (Status.SUBMITTED, Status.PANEL, Status.CLARIFICATION):
        filed(phase, status=status)
    filed(make_call().phases.get())
    expert = make_expert(topics={"rover": "0.8"})
    make_expert(role=StaffRole.ASSESSOR)
    make_expert(user=make_staff(role=StaffRole.REVIEWER, is_active=False))
    found = drawn(phase, staff)
    assert set(found.proposals) == {here.reference}
    assert set(found.experts) == {str(expert.user_id)}
    assert [(p.needed, dict(p.topics)) for p in found.case.proposals] == [(2, {"rover": 1})]
    assert [(r.max_load, dict(r.topics)) for r in found.case.reviewers] == [(5, {"rover": D("0.8")})]


def test_accommodation_is_reviewed_of_payloads_alone(phase, staff):
    payload, mission = filed(phase), filed(phase, level=Level.MISSION, forms=["surface"], payload_class="")
    assessor = make_expert(role=StaffRole.ASSESSOR, topics={"surface": "1"})
    reviewer = make_expert(topics={"surface": "1"})
    technical, science = drawn(phase, staff, ReviewKind.TECHNICAL), drawn(phase, staff)
    assert (set(technical.proposals), set(technical.experts)) == ({payload.reference}, {str(assessor.user_id)})
    assert [p.needed for p in technical.case.proposals] == [1]
    assert (set(science.proposals), set(science.experts)) == ({payload.reference, mission.reference}, {str(reviewer.user_id)})


def test_case_leaves_out_what_bars_its_reader(phase, staff):
    proposal = filed(phase)
    declare(proposal, user=staff, kind=ConflictKind.FAMILY, by=staff, now=NOW)
    assert drawn(phase, staff).proposals == {}
    assert set(drawn(phase, make_staff()).proposals) == {proposal.reference}


def test_each_bar_is_in_the_case_with_its_reason(phase, staff):
    proposal = filed(phase, lead=make_organisation(country="PE"))
    barred = {
        Bar.LANGUAGE: make_expert(languages=["fr"], country="FR"),
        Bar.AWAY: make_expert(country="FR", away_from_on=date(2000, 1, 1), away_to_on=date(2100, 1, 1)),
        Bar.DECLINED: make_assignment(proposal, answer=Answer.DECLINED, user=make_expert(country="FR").user).user.expert,
        Bar.REMOVED: make_assignment(proposal, answer=Answer.REMOVED, user=make_expert(country="FR").user).user.expert,
        Bar.NEVER: make_expert(country="FR"),
        CONFLICT: make_expert(country="PE"),
        "open": make_expert(country="FR", languages=["fr", "en-GB"], away_from_on=date(2000, 1, 1), away_to_on=date(2000, 1, 2)),
    }
    never = [key(barred[Bar.NEVER], proposal)]
    found = drawn(phase, staff, never=never)
    people = {expert.user_id: expert for expert in barred.values()}
    told = {int(name): why for (name, _ref), why in found.because.items()}
    assert told == {expert.user_id: str(why) for why, expert in barred.items() if why != "open"}
    by_id = {int(reviewer.id): reviewer for reviewer in found.case.reviewers}
    answers = {pk: found.case.conflict(by_id[pk], found.case.proposals[0]) for pk in people}
    expected = {expert.user_id: Conflict.FORBIDDEN for expert in barred.values()}
    assert answers == {**expected, barred[CONFLICT].user_id: Conflict.DECLARED, barred["open"].user_id: None}


def test_who_does_the_other_review_is_left_out(phase, staff):
    proposal = filed(phase)
    user = make_expert(role=StaffRole.REVIEWER).user
    make_assignment(proposal, user=user, kind=ReviewKind.TECHNICAL)
    assert set(drawn(phase, staff).because.values()) == {Bar.OTHER_REVIEW.value}


def test_overridden_conflict_is_none(phase, staff):
    proposal = filed(phase, lead=make_organisation(country="PE"))
    expert = make_expert()
    chair = make_staff(role=StaffRole.CHAIR)
    proposal.conflicts.create(
        user=expert.user, kind="country", at=NOW, overridden_at=NOW, overridden_by=chair, override_reason="No other knows it."
    )
    assert drawn(phase, staff).because == {}


def test_what_stands_is_fixed_and_counts(phase, staff):
    proposal, other = filed(phase), filed(phase)
    accepted, asked = make_expert(max_load=1), make_expert(max_load=3)
    make_assignment(proposal, user=accepted.user)
    make_assignment(proposal, user=asked.user, answer=Answer.ASKED)
    done = make_assignment(other, user=asked.user)
    make_assessment(done)
    found = drawn(phase, staff)
    assert found.standing == {key(accepted, proposal), key(asked, proposal), key(asked, other)} == found.case.fixed
    room = {int(each.id): each.max_load for each in found.case.reviewers}
    assert room == {accepted.user_id: 1, asked.user_id: 4}  # the one that is in is no load any more


def test_work_elsewhere_takes_room(phase, staff):
    filed(phase)
    expert = make_expert(max_load=2)
    make_assignment(make_proposal(status=Status.UNDER_REVIEW), user=expert.user)
    make_assignment(make_proposal(status=Status.WITHDRAWN), user=expert.user)
    assert [each.max_load for each in drawn(phase, staff).case.reviewers] == [1]


def test_more_standing_than_wanted_is_no_contradiction(phase, staff):
    proposal = filed(phase)
    for _ in range(3):
        make_assignment(proposal, user=make_expert(max_load=0).user)
    assert [each.needed for each in drawn(phase, staff).case.proposals] == [3]
    assert len(pairs(made(phase, staff))) == 3


def test_wishes_decide_between_equals_and_no_more(phase, staff):
    phase.review_plan.asks_wishes = True
    phase.review_plan.reviewers = 1
    phase.review_plan.save()
    proposal = filed(phase)
    eager, silent, reluctant = (make_expert(topics={"rover": "0.5"}) for _ in range(3))
    Bid.objects.create(proposal=proposal, user=eager.user, wish=Wish.EAGER, at=NOW)
    Bid.objects.create(proposal=proposal, user=reluctant.user, wish=Wish.RELUCTANT, at=NOW)
    pairing = made(phase, staff)
    assert pairs(pairing) == {(eager.user_id, proposal.reference)}
    assert pairing.pairs[0]["affinity"] == "0.70"
    assert in_words(pairing.pairs[0]["why"]) == "rover 1 × 0.5; wish 1 × 0.2"
    told = {one.expert.pk: one.told.affinity for one in candidates(drawn(phase, staff), pairing, proposal.reference)}
    assert told == {eager.pk: D("0.7"), silent.pk: D("0.6"), reluctant.pk: D("0.5")}
    better = make_expert(topics={"rover": "0.8"})
    assert pairs(made(phase, staff)) == {(better.user_id, proposal.reference)}


# The preview


def test_preview_names_the_next_best_and_why_a_place_stays_open(phase, staff):
    full, free = make_expert(max_load=1, topics={"rover": "1"}), make_expert(max_load=1, topics={"rover": "0.3"})
    first, second = filed(phase), filed(phase)
    make_expert(languages=["fr"])
    found = drawn(phase, staff)
    chosen = {key(full, first), key(free, first)}
    told = next_best(found.case, chosen)
    assert (told[second.reference].reviewer, told[second.reference].is_full) == (str(full.user_id), True)
    assert first.reference not in told
    assert shortages(found.case, chosen, found.because) == {second.reference: {LOAD_FULL: 2, Bar.LANGUAGE.value: 1}}


def test_overview_tells_the_worst_served_first(phase, staff):
    phase.review_plan.reviewers = 1
    phase.review_plan.save()
    rover, flyer = filed(phase), filed(phase, payload_class=PayloadClass.FLYER)
    expert = make_expert(topics={"rover": "0.9", "flyer": "0.2"})
    told = overview(made(phase, staff), staff)
    assert [each.proposal for each in told.shown] == [flyer, rover]
    assert (told.worst.proposal, told.worst.total, told.total) == (flyer, D("0.2"), D("1.1"))
    assert (told.loads, told.unfilled, told.new, told.experts) == ([(expert.user, 2, 5)], 0, 2, 1)
    declare(flyer, user=staff, kind=ConflictKind.FAMILY, by=staff, now=NOW)
    told = overview(Pairing.objects.get(), staff)
    assert ([each.proposal for each in told.shown], told.loads, told.new) == ([rover], [(expert.user, 1, 5)], 1)


# Making


@pytest.mark.parametrize("role", [r for r in StaffRole if r != StaffRole.SECRETARIAT])
def test_only_the_secretariat_has_a_plan_made(phase, role):
    with pytest.raises(PermissionDenied):
        make_pairing(phase, kind=ReviewKind.SCIENCE, by=make_staff(role=role), now=NOW)


def test_phase_without_a_review_plan_has_none(staff):
    with pytest.raises(ValidationError, match="no review plan"):
        make_pairing(make_call().phases.get(), kind=ReviewKind.SCIENCE, by=staff, now=NOW)


def test_second_click_makes_no_second_plan(phase, staff):
    first = make_pairing(phase, kind=ReviewKind.SCIENCE, by=staff, now=NOW)
    again = make_pairing(phase, kind=ReviewKind.SCIENCE, by=staff, now=NOW + timedelta(seconds=1))
    assert (first.pk, first.revision) == (again.pk, again.revision)
    assert Event.objects.filter(verb="pairing.asked").count() == 1


def test_worker_makes_the_plan_and_then_finds_none(phase, staff):
    proposal, expert = filed(phase), make_expert(topics={"rover": "0.8"})
    pairing = make_pairing(phase, kind=ReviewKind.SCIENCE, by=staff, now=NOW)
    task()
    pairing.refresh_from_db()
    assert pairing.result["state"] == PairingState.READY
    assert pairing.pairs == [
        {"user": expert.user_id, "ref": proposal.reference, "affinity": "0.80", "why": "rover 1 × 0.8", "how": "made"}
    ]
    assert overview(pairing, staff).unfilled == 1
    assert solve(now=NOW) is False


def test_plan_that_a_worker_died_over_is_taken_up_and_at_last_given_up(phase, staff):
    filed(phase)
    make_pairing(phase, kind=ReviewKind.SCIENCE, by=staff, now=NOW)
    at = NOW
    for _ in range(actions.MOST_TRIES):
        assert actions._taken(at) is not None
        assert actions._taken(at + actions.LEASE - timedelta(seconds=1)) is None
        at += actions.LEASE
    assert actions._taken(at) is None
    assert Pairing.objects.get().result["state"] == PairingState.FAILED
    assert made(phase, staff).result["state"] == PairingState.READY


def test_worker_that_was_overtaken_writes_nothing(phase, staff):
    filed(phase)
    make_pairing(phase, kind=ReviewKind.SCIENCE, by=staff, now=NOW)
    slow = actions._taken(NOW)
    fast = actions._taken(NOW + actions.LEASE)
    actions._keep(fast, [], {"state": PairingState.READY.value, "by": "fast"})
    actions._keep(slow, [], {"state": PairingState.READY.value, "by": "slow"})
    assert Pairing.objects.get().result["by"] == "fast"


def test_case_that_contradicts_itself_fails_the_plan_and_keeps_the_worker(phase, staff, monkeypatch):
    filed(phase)

    def impossible(case, *, seconds):
        raise Impossible("made up")

    make_pairing(phase, kind=ReviewKind.SCIENCE, by=staff, now=NOW)
    monkeypatch.setattr(actions, "assign", impossible)
    assert solve(now=NOW) is True
    assert Pairing.objects.get().result["state"] == PairingState.FAILED


def test_remade_plan_keeps_what_was_accepted_and_what_was_kept_by_hand(phase, staff):
    proposal = filed(phase)
    best, second, third = (make_expert(topics={"rover": weight}) for weight in ("0.9", "0.5", "0.1"))
    pairing = made(phase, staff)
    assert pairs(pairing) == {(best.user_id, proposal.reference), (second.user_id, proposal.reference)}
    choices = {best.user_id: Choice.NEVER, third.user_id: Choice.KEPT}
    choose(pairing, proposal=proposal, choices=choices, revision=pairing.revision, by=staff, now=NOW)
    again = made(phase, staff)
    assert again.pk == pairing.pk
    assert {(row["user"], row["how"]) for row in again.pairs} == {(third.user_id, "kept"), (second.user_id, "made")}
    make_assignment(proposal, user=second.user)
    again = made(phase, staff)
    assert {(row["user"], row["how"]) for row in again.pairs} == {(third.user_id, "kept"), (second.user_id, "standing")}


def test_case_is_drawn_in_few_statements_however_large(phase, staff, capsys):
    classes = [each.value for each in PayloadClass]
    lead = make_organisation()
    by = make_staff()
    for n in range(50):
        filed(phase, by=by, lead=lead, payload_class=classes[n % len(classes)])
    for n in range(20):
        make_expert(max_load=7, topics={classes[(n + k) % len(classes)]: f"0.{k + 3}" for k in range(5)})
    pairing = make_pairing(phase, kind=ReviewKind.SCIENCE, by=staff, now=NOW)
    begun = time.monotonic()
    with CaptureQueriesContext(connection) as queries:
        solve(now=NOW)
    with capsys.disabled():
        print(f"\n50 proposals x 20 experts from the database: {time.monotonic() - begun:.2f} s, {len(queries)} statements")
    pairing.refresh_from_db()
    assert (len(pairing.pairs), pairing.result["gap"]) == (100, None)
    assert len(queries) < 60


# Editing


def edited(pairing, proposal, choices, staff, revision=None):
    revision = pairing.revision if revision is None else revision
    choose(pairing, proposal=proposal, choices=choices, revision=revision, by=staff, now=NOW)
    pairing.refresh_from_db()


def test_swap_changes_the_plan_and_asks_nobody(phase, staff):
    proposal = filed(phase)
    best, second, third = (make_expert(topics={"rover": weight}) for weight in ("0.9", "0.5", "0.1"))
    pairing = made(phase, staff)
    edited(pairing, proposal, {best.user_id: Choice.ASSIGNED, third.user_id: Choice.ASSIGNED}, staff)
    assert pairs(pairing) == {(best.user_id, proposal.reference), (third.user_id, proposal.reference)}
    told = overview(pairing, staff).shown[0]
    assert (told.total, told.following["person"]) == (D("1.0"), second.user)
    assert (Assignment.objects.count(), Message.objects.count()) == (0, 0)


def test_edit_refuses_conflicts_bars_and_full_loads_in_words(phase, staff):
    proposal, other = filed(phase, lead=make_organisation(country="PE")), filed(phase)
    tied = make_expert(user=make_staff(role=StaffRole.REVIEWER, full_name="Ana"))
    deaf = make_expert(user=make_staff(role=StaffRole.REVIEWER, full_name="Bo"), languages=["fr"], country="FR")
    busy = make_expert(user=make_staff(role=StaffRole.REVIEWER, full_name="Cy"), max_load=1, country="FR", topics={"rover": "1"})
    pairing = made(phase, staff)
    edited(pairing, proposal, {}, staff)
    edited(pairing, other, {busy.user_id: Choice.ASSIGNED}, staff)
    before = pairing.pairs
    ref = proposal.reference
    for user, says in (
        (tied.user_id, f"Ana may not judge {ref}: same country or region."),
        (deaf.user_id, f"Bo cannot be asked to judge {ref}: reads none of the call's languages."),
        (busy.user_id, "Cy would have 2 proposals in this plan and has room for 1."),
        (staff.pk, f"Somebody you chose for {ref} is not among those who do this review."),
    ):
        with pytest.raises(ValidationError) as refusal:
            edited(pairing, proposal, {user: Choice.ASSIGNED}, staff)
        assert refusal.value.messages == [says]
    pairing.refresh_from_db()
    assert pairing.pairs == before


def test_edit_of_a_page_that_is_no_longer_so_is_refused(phase, staff):
    proposal, expert = filed(phase), make_expert()
    pairing = made(phase, staff)
    revision = pairing.revision
    edited(pairing, proposal, {}, staff)
    for verb in (
        lambda: edited(pairing, proposal, {expert.user_id: Choice.ASSIGNED}, staff, revision),
        lambda: apply_pairing(pairing, revision=revision, by=staff, now=NOW),
    ):
        with pytest.raises(ChangedMeanwhile):
            verb()
    assert (Pairing.objects.get().pairs, Assignment.objects.count()) == ([], 0)


def test_edit_and_apply_are_the_secretariats(phase, staff):
    proposal = filed(phase)
    pairing = made(phase, staff)
    for role in (StaffRole.CHAIR, StaffRole.BOARD, StaffRole.OBSERVER, StaffRole.REVIEWER):
        with pytest.raises(PermissionDenied):
            edited(pairing, proposal, {}, make_staff(role=role))
        with pytest.raises(PermissionDenied):
            apply_pairing(pairing, revision=pairing.revision, by=make_staff(role=role), now=NOW)


def test_barred_staff_cannot_edit_the_people_of_a_proposal(phase, staff):
    proposal = filed(phase)
    pairing = made(phase, staff)
    declare(proposal, user=staff, kind=ConflictKind.FAMILY, by=staff, now=NOW)
    with pytest.raises(PermissionDenied):
        edited(pairing, proposal, {}, staff)


# Applying


def test_apply_asks_everybody_as_one_act_and_mails_each_once(phase, staff):
    first, second = filed(phase), filed(phase)
    experts = [make_expert(topics={"rover": "0.8"}) for _ in range(2)]
    done = apply_pairing((pairing := made(phase, staff)), revision=pairing.revision, by=staff, now=NOW)
    assert (done.written, done.people, done.refused) == (4, 2, [])
    asked = {(a.user_id, a.proposal_id, a.answer, a.due_at, a.affinity, a.why) for a in Assignment.objects.all()}
    due = phase.review_plan.due_at
    assert asked == {(e.user_id, p.pk, Answer.ASKED, due, D("0.8"), "rover 1 × 0.8") for e in experts for p in (first, second)}
    mails = Message.objects.filter(template="review_asked")
    assert sorted(mails.values_list("recipient", flat=True)) == sorted(expert.user_id for expert in experts)
    assert {mail.subject for mail in mails} == {f"[{phase.call.code}] You are asked to review 2 proposals"}
    assert not any(p.reference in mail.text + mail.html or p.title in mail.text for mail in mails for p in (first, second))
    assert Access.objects.filter(grant=True, user__in=[expert.user for expert in experts]).count() == 0
    assert Event.objects.filter(verb="pairing.applied").count() == 1
    pairing.refresh_from_db()
    with pytest.raises(ChangedMeanwhile):
        apply_pairing(pairing, revision=pairing.revision, by=staff, now=NOW)
    assert Assignment.objects.count() == 4


def test_apply_refuses_what_has_changed_since_and_only_that(phase, staff):
    phase.review_plan.reviewers = 3
    phase.review_plan.save()
    proposal, gone = filed(phase), filed(phase)
    stays, tied, away = (
        make_expert(user=make_staff(role=StaffRole.REVIEWER, full_name=name), max_load=2) for name in ("Ana", "Bo", "Cy")
    )
    pairing = made(phase, staff)
    tied.organisation = proposal.lead
    tied.save()
    away.max_load = 0
    away.save()
    gone.move(Status.PANEL, by=staff, now=NOW)
    done = apply_pairing(pairing, revision=pairing.revision, by=staff, now=NOW)
    assert sorted(done.refused) == sorted(
        [
            *[f"{gone.reference} is no longer under review."] * 3,
            f"Bo may not judge {proposal.reference}: same country or region, same organisation.",
            "Cy would have 1 proposals in this plan and has room for 0.",
        ]
    )
    assert list(Assignment.objects.values_list("user", "proposal")) == [(stays.user_id, proposal.pk)]
    assert Access.objects.filter(user=tied.user, proposal=proposal, grant=False).exists()  # the conflict bars from now on


def test_apply_leaves_out_what_bars_whoever_applies(phase, staff):
    barred, open_one = filed(phase), filed(phase)
    make_expert()
    pairing = made(phase, staff)
    declare(barred, user=staff, kind=ConflictKind.FAMILY, by=staff, now=NOW)
    done = apply_pairing(pairing, revision=pairing.revision, by=staff, now=NOW)
    assert (done.written, done.refused) == (1, [])
    assert Assignment.objects.get().proposal == open_one


def test_apply_needs_a_day_that_is_still_to_come(phase, staff):
    filed(phase)
    make_expert()
    pairing = made(phase, staff)
    with pytest.raises(ValidationError, match="has passed"):
        apply_pairing(pairing, revision=pairing.revision, by=staff, now=phase.review_plan.due_at)
    assert Assignment.objects.count() == 0


def test_apply_keeps_what_stood_as_it_was(phase, staff):
    proposal = filed(phase)
    accepted = make_assignment(proposal, user=make_expert().user)
    make_expert()
    pairing = made(phase, staff)
    done = apply_pairing(pairing, revision=pairing.revision, by=staff, now=NOW)
    accepted.refresh_from_db()
    assert (done.written, accepted.answer, Assignment.objects.count()) == (1, Answer.ACCEPTED, 2)


# The pages


def test_pages_lead_from_the_question_to_the_act(client, phase, staff):
    proposal, expert, other = filed(phase), make_expert(topics={"rover": "0.8"}), make_expert()
    client.force_login(staff)
    begun = client.post(PAGE, {"phase": phase.pk, "kind": "science"})
    pairing = Pairing.objects.get()
    assert begun["Location"] == f"{PAGE}{pairing.pk}/change/"
    waiting = client.get(begun["Location"])
    assert 'http-equiv="refresh"' in waiting.content.decode()
    solve(now=NOW)
    ready = client.get(begun["Location"])
    assert 'http-equiv="refresh"' not in ready.content.decode()
    assert ready.context["told"].new == 2
    page = client.get(f"{PAGE}{pairing.pk}/{proposal.pk}/")
    assert [(one.expert, choice) for one, choice in page.context["rows"]] == [(expert, "assigned"), (other, "assigned")]
    form = {"revision": page.context["revision"], f"expert-{expert.user_id}": "assigned", f"expert-{other.user_id}": "open"}
    client.post(f"{PAGE}{pairing.pk}/{proposal.pk}/", form)
    sure = client.get(f"{PAGE}{pairing.pk}/apply/")
    assert (sure.context["people"], sure.context["told"].new) == (1, 1)
    client.post(f"{PAGE}{pairing.pk}/apply/", {"revision": sure.context["form"].initial["revision"]})
    assert list(Assignment.objects.values_list("user", flat=True)) == [expert.user_id]
    assert client.post(f"{PAGE}{pairing.pk}/apply/", {"revision": 99}).status_code == 403
    applied = client.get(f"{PAGE}{pairing.pk}/change/")
    assert (applied.context["may_change"], applied.context["may_pair"]) == (False, False)


def test_stale_and_bad_posts_change_nothing_and_say_so(client, phase, staff):
    proposal, expert = filed(phase), make_expert()
    pairing = made(phase, staff)
    client.force_login(staff)
    address = f"{PAGE}{pairing.pk}/{proposal.pk}/"
    for form in (
        {"revision": pairing.revision - 1},
        {"revision": "x"},
        {"revision": pairing.revision, f"expert-{expert.user_id}": "maybe"},
    ):
        page = client.post(address, form)
        assert (page.status_code, len(page.context["problems"])) == (200, 1)
    pairing.refresh_from_db()
    assert pairs(pairing) == {(expert.user_id, proposal.reference)}
    stale = client.post(f"{PAGE}{pairing.pk}/apply/", {"revision": pairing.revision - 1})
    assert stale.context["form"].non_field_errors() == [
        "Somebody has changed or applied this plan since you opened it. Look at it again."
    ]


@pytest.mark.parametrize("role", [StaffRole.CHAIR, StaffRole.BOARD, StaffRole.OBSERVER])
def test_others_read_plans_and_make_none(client, phase, staff, role):
    filed(phase)
    pairing = made(phase, staff)
    client.force_login(make_staff(role=role))
    assert client.get(PAGE).status_code == 200
    assert client.get(f"{PAGE}{pairing.pk}/change/").context["may_change"] is False
    assert client.post(PAGE, {"phase": phase.pk, "kind": "science"}).status_code == 403
    assert client.get(f"{PAGE}{pairing.pk}/apply/").status_code == 403


def test_experts_see_no_plans(client, phase, staff):
    pairing = made(phase, staff)
    client.force_login(make_expert().user)
    assert [client.get(PAGE).status_code, client.get(f"{PAGE}{pairing.pk}/change/").status_code] == [403, 403]


def test_plan_of_three_proposals_costs_what_one_does(client, phase, staff):
    client.force_login(staff)
    counts = []
    for n in (1, 2):
        for _ in range(n):
            filed(phase)
            make_expert(topics={"rover": "0.5"})
        pairing = made(phase, staff)
        for address in (f"{PAGE}{pairing.pk}/change/", PAGE):
            client.get(address)
            with CaptureQueriesContext(connection) as queries:
                client.get(address)
            counts.append(len(queries))
    assert counts[:2] == counts[2:]


def test_barred_proposal_of_a_plan_does_not_exist(client, phase, staff):
    proposal = filed(phase, title="Secret drill")
    make_expert()
    pairing = made(phase, staff)
    declare(proposal, user=staff, kind=ConflictKind.FAMILY, by=staff, now=NOW)
    client.force_login(staff)
    page = client.get(f"{PAGE}{pairing.pk}/change/").content.decode()
    assert [proposal.reference in page, "Secret drill" in page] == [False, False]
    assert client.get(f"{PAGE}{pairing.pk}/{proposal.pk}/").status_code == 404
