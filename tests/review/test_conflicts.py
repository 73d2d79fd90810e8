"""Conflicts: what the data says, what is declared, the bar that follows, and the chair who alone lifts one."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction

from proposals.audit.models import Event
from proposals.intake.actions import submit
from proposals.intake.models import Access, MoveNotAllowed, Proposal
from proposals.intake.states import Status, TeamRole
from proposals.partners.actions import merge
from proposals.partners.states import OrganisationKind, StaffRole
from proposals.review.actions import conflicts
from proposals.review.actions.opening import open_review
from proposals.review.models import Assignment, Conflict
from proposals.review.queries.conflicts import conflicts_between
from proposals.review.states import Answer, ConflictKind, ReviewKind
from tests.factories import NOW, make_expert, make_member, make_organisation, make_plan, make_proposal, make_staff, make_user
from tests.intake.conftest import call, draft, eyes_of

__all__ = ["call", "draft"]  # fixtures
pytestmark = pytest.mark.django_db

ORGANISATION, COUNTRY, TEAM = ConflictKind.ORGANISATION, ConflictKind.COUNTRY, ConflictKind.TEAM


def between(user, proposal):
    return conflicts_between(proposal.phase, [user], [proposal]).get((user.pk, proposal.pk), set())


def found(expert, proposal):
    return between(expert.user, proposal)


def bars(user):
    return set(Access.objects.filter(user=user, grant=False).values_list("proposal_id", "why"))


@pytest.fixture
def lead():
    return make_organisation(name="Istituto Nazionale di Geofisica", acronym="ING", country="IT")


@pytest.fixture
def theirs(lead):
    return make_proposal(lead=lead, status=Status.UNDER_REVIEW)


# What the data says


def test_a_stranger_has_no_conflict(theirs):
    assert found(make_expert(organisation=make_organisation(country="PE")), theirs) == set()


def test_the_experts_organisation_is_a_conflict(theirs, lead):
    assert found(make_expert(organisation=lead, country="PE"), theirs) == {ORGANISATION, COUNTRY}


@pytest.mark.parametrize(
    ("name", "country", "same"),
    [
        ("ISTITUTO NAZIONALE DI GEOFISICA", "IT", True),
        ("Istituto Nazionale di Geofisíca", "PE", True),  # a whole name counts wherever its entry says it is
        ("ING", "IT", True),
        ("ING", "PE", False),  # many share an acronym
        ("Istituto Nazionale di Astrofisica", "IT", False),
    ],
)
def test_an_organisation_is_known_by_its_names(theirs, name, country, same):
    expert = make_expert(organisation=make_organisation(name=name, country=country), country="PE")
    assert (ORGANISATION in found(expert, theirs)) is same


def test_an_organisation_is_known_by_an_alias(theirs, lead):
    lead.aliases = ["National Institute of Geophysics of Italy"]
    lead.save()
    expert = make_expert(organisation=make_organisation(name="National Institute of Geophysics of Italy", country="PE"))
    assert found(expert, theirs) == {ORGANISATION}


def test_a_merged_entry_is_the_same_organisation(theirs, lead):
    old = make_organisation(name="Osservatorio Vesuviano", country="IT")
    expert = make_expert(organisation=old)
    assert ORGANISATION not in found(expert, theirs)
    merge(old, into=lead, by=make_staff(), now=NOW)
    assert ORGANISATION in found(expert, theirs)


def test_a_membership_is_a_conflict_confirmed_or_not(theirs, lead):
    expert = make_expert()
    make_member(expert.user, lead, confirmed=False)
    assert found(expert, theirs) == {ORGANISATION, COUNTRY}


def test_a_partner_organisation_counts_as_the_lead_does(theirs):
    theirs.participations.create(organisation=make_organisation(country="PE"))
    assert found(make_expert(country="PE"), theirs) == {COUNTRY}


def test_the_organisation_of_a_member_of_the_team_counts(theirs):
    home = make_organisation(country="PE")
    theirs.team.create(full_name="Somebody Else", role=TeamRole.CO_I, organisation=home)
    assert found(make_expert(organisation=home, country="CL"), theirs) == {ORGANISATION}


def test_the_country_is_switched_off_and_exempt_by_the_phases_plan(theirs):
    expert = make_expert(country="IT")
    assert found(expert, theirs) == {COUNTRY}
    plan = make_plan(theirs.phase, exempt_countries=["IT"])
    assert found(expert, theirs) == set()
    plan.exempt_countries, plan.country_conflict = [], True
    plan.save()
    assert found(expert, theirs) == {COUNTRY}
    plan.country_conflict = False
    plan.save()
    assert found(expert, theirs) == set()


def test_an_international_organisation_is_of_no_country(theirs):
    theirs.lead = make_organisation(kind=OrganisationKind.INTERNATIONAL, country="FR")
    theirs.save(update_fields=["lead"])
    assert found(make_expert(country="FR"), theirs) == set()
    learned = make_organisation(kind=OrganisationKind.INTERNATIONAL, country="FR")
    assert found(make_expert(country="", organisation=learned), make_proposal(lead=make_organisation(country="FR"))) == set()


@pytest.mark.parametrize("by", ["account", "address", "other address", "name", "turned name", "native name"])
def test_a_member_of_the_team_is_a_conflict(theirs, by):
    expert = make_expert(user=make_staff(role=StaffRole.REVIEWER, full_name="José Ñaupari Quispe", native_name="何塞"))
    user = expert.user
    EmailAddress.objects.create(user=user, email="jose@private.example.org", verified=True)
    row = {
        "account": {"full_name": "J. N.", "user": user, "accepted_at": NOW},
        "address": {"full_name": "J. N.", "email": user.email.upper()},
        "other address": {"full_name": "J. N.", "email": "jose@private.example.org"},
        "name": {"full_name": "jose naupari quispe"},
        "turned name": {"full_name": "Prof. Quispe Ñaupari, José"},
        "native name": {"full_name": "J. N.", "native_name": "何塞"},
    }[by]
    assert found(expert, theirs) == set()
    theirs.team.create(role=TeamRole.CO_I, **row)
    assert found(expert, theirs) == {TEAM}


def test_an_unverified_address_proves_nothing(theirs):
    expert = make_expert()
    EmailAddress.objects.create(user=expert.user, email="not@mine.example.org", verified=False)
    theirs.team.create(full_name="A. B.", role=TeamRole.CO_I, email="not@mine.example.org")
    assert found(expert, theirs) == set()


def test_a_team_cannot_bar_the_secretariat_by_listing_it(theirs, lead):
    staff = make_staff(full_name="Zhou Wenjing")
    theirs.team.create(full_name="Zhou Wenjing", email=staff.email, role=TeamRole.CO_I)
    assert between(staff, theirs) == set()
    make_member(staff, lead)
    assert between(staff, theirs) == {ORGANISATION}


def test_conflicts_between_takes_the_same_statements_for_many(theirs, lead, django_assert_num_queries):
    def pairs(n):
        people = [make_expert(organisation=make_organisation(country="PE")).user for _ in range(n)]
        rows = [make_proposal(lead=lead, status=Status.SUBMITTED) for _ in range(n)]
        for row in rows:
            row.participations.create(organisation=make_organisation(country="PE"))
        return people, rows

    for n in (1, 3):
        people, rows = pairs(n)
        with django_assert_num_queries(9):
            assert len(conflicts_between(theirs.phase, people, rows)) == n * n


# The bar


def test_a_review_that_opens_bars_who_is_in_conflict_in_the_same_transaction(lead):
    expert, stranger = make_expert(organisation=lead), make_expert()
    proposal = make_proposal(lead=lead, status=Status.SUBMITTED)

    open_review(proposal, by=make_staff(), now=NOW)

    assert bars(expert.user) == {(proposal.pk, "conflict:organisation"), (proposal.pk, "conflict:country")}
    assert bars(stranger.user) == set()
    event = Event.objects.get(verb="conflict.found")
    assert (event.subject_id, event.data) == (
        str(proposal.pk),
        {"people": [{"user": expert.user.pk, "kind": "country"}, {"user": expert.user.pk, "kind": "organisation"}]},
    )


def test_a_review_that_may_not_open_bars_nobody(lead):
    make_expert(organisation=lead)
    proposal = make_proposal(lead=lead, status=Status.SUBMITTED)
    with pytest.raises(PermissionDenied):
        open_review(proposal, by=make_staff(role=StaffRole.OBSERVER), now=NOW)
    with pytest.raises(MoveNotAllowed):
        open_review(make_proposal(lead=lead), by=make_staff(), now=NOW)
    assert Conflict.objects.count() == 0


def test_a_conflict_that_no_longer_is_ends_with_its_bar(theirs, lead):
    expert = make_expert(organisation=lead, country="")
    assert conflicts.refresh([theirs], now=NOW) == 2
    assert conflicts.refresh([theirs], now=NOW) == 0
    expert.organisation = None
    expert.save()

    assert conflicts.refresh([theirs], now=NOW + timedelta(days=1)) == 2

    assert bars(expert.user) == set()
    assert {row.ended_at for row in Conflict.objects.all()} == {NOW + timedelta(days=1)}
    assert list(Event.objects.values_list("verb", flat=True).order_by("pk")) == ["conflict.found", "conflict.ended"]


def test_a_bar_outlasts_a_grant(theirs, lead):
    expert = make_expert(organisation=lead)
    Access.objects.create(proposal=theirs, user=expert.user, why="assignment:1")
    assert list(Proposal.objects.visible_to(expert.user)) == [theirs]
    conflicts.refresh([theirs], now=NOW)
    assert list(Proposal.objects.visible_to(expert.user)) == []
    with eyes_of(expert.user, "lp_reviewer"):
        assert Proposal.objects.count() == 0


def test_a_bar_that_was_lost_is_put_back_and_a_stray_one_taken_away(theirs, lead):
    expert, other = make_expert(organisation=lead), make_expert()
    conflicts.refresh([theirs], now=NOW)
    Access.objects.filter(user=expert.user).delete()
    Access.objects.create(proposal=theirs, user=other.user, grant=False, why="conflict:country")
    conflicts.refresh([theirs], now=NOW)
    assert len(bars(expert.user)) == 2
    assert bars(other.user) == set()


@pytest.mark.parametrize("role", [StaffRole.CHAIR, StaffRole.BOARD, StaffRole.OBSERVER, StaffRole.SECRETARIAT])
def test_every_role_is_barred_by_its_own_conflict(theirs, lead, role):
    judge = make_expert(role=role, organisation=lead).user
    assert list(Proposal.objects.visible_to(judge)) == [theirs]
    conflicts.refresh([theirs], now=NOW)
    assert list(Proposal.objects.visible_to(judge)) == []


def test_a_reviewers_own_refresh_sees_everyone(theirs, lead):
    """It runs past row-level security, or a reviewer who declares would end the conflicts of all others."""
    expert = make_expert(organisation=lead)
    conflicts.refresh([theirs], now=NOW)
    with eyes_of(make_expert().user, "lp_reviewer"):
        assert conflicts.refresh([theirs], now=NOW) == 0
    assert len(bars(expert.user)) == 2


# The watch


@pytest.fixture
def watched():
    cache.clear()
    conflicts.watch(now=NOW)


def test_the_watch_bars_from_a_draft_before_it_is_submitted(watched, draft):
    chair = make_expert(role=StaffRole.CHAIR, organisation=draft.lead, country="").user
    assert conflicts.watch(now=NOW) == 2
    submit(draft, by=draft.created_by, now=NOW)
    assert list(Proposal.objects.visible_to(chair)) == []


def test_the_watch_sees_a_profile_a_plan_and_an_organisation_change(watched, theirs, lead):
    expert = make_expert(organisation=make_organisation(name="ING Rome", country="PE"), country="IT")
    assert conflicts.watch(now=NOW) == 1
    plan = make_plan(theirs.phase, country_conflict=False)
    assert conflicts.watch(now=NOW) == 1
    assert bars(expert.user) == set()
    expert.organisation.aliases = [lead.name]
    expert.organisation.save()
    assert conflicts.watch(now=NOW) == 1
    assert bars(expert.user) == {(theirs.pk, "conflict:organisation")}
    assert plan.country_conflict is False


def test_the_watch_looks_at_what_changed_only_and_once_an_hour_at_all(watched, theirs):
    expert = make_expert(country="CL")
    conflicts.watch(now=NOW)
    Proposal.objects.filter(pk=theirs.pk).update(updated_at=NOW - timedelta(days=1))
    theirs.participations.create(organisation=make_organisation(country="CL"))
    assert conflicts.watch(now=NOW + timedelta(minutes=1)) == 0
    assert conflicts.watch(now=NOW + timedelta(minutes=61)) == 1
    theirs.participations.all().delete()
    Proposal.objects.filter(pk=theirs.pk).update(updated_at=NOW + timedelta(minutes=61))
    assert conflicts.watch(now=NOW + timedelta(minutes=62)) == 1
    assert bars(expert.user) == set()


def test_who_leaves_the_staff_is_barred_from_nothing_found(watched, theirs, lead):
    expert = make_expert(organisation=lead)
    conflicts.watch(now=NOW)
    expert.user.staff_role = ""
    expert.user.save()
    assert conflicts.watch(now=NOW) == 2
    assert bars(expert.user) == set()


# Declared


def asked(user, proposal):
    return Assignment.objects.create(
        proposal=proposal, phase=proposal.phase, user=user, kind=ReviewKind.SCIENCE, by=make_staff(), at=NOW
    )


def test_a_reviewer_declares_a_conflict_with_what_they_are_asked(theirs):
    user = make_expert().user
    asked(user, theirs)
    with eyes_of(user, "lp_reviewer"):
        conflicts.declare(theirs, user=user, kind=ConflictKind.FINANCIAL, note=" Shares ", by=user, now=NOW)
    held = Conflict.objects.get()
    assert (held.user, held.kind, held.note, held.by, bars(user)) == (
        user, "financial", "Shares", user, {(theirs.pk, "conflict:financial")},
    )  # fmt: skip
    assert conflicts_between(theirs.phase, [user], [theirs]) == {(user.pk, theirs.pk): {ConflictKind.FINANCIAL}}


def test_nobody_declares_over_what_they_do_not_know_of(theirs):
    user, ended = make_expert().user, make_expert().user
    Assignment.objects.filter(pk=asked(ended, theirs).pk).update(answer=Answer.DECLINED, reason="No", answered_at=NOW)
    barred = make_expert(role=StaffRole.CHAIR, organisation=theirs.lead).user
    conflicts.refresh([theirs], now=NOW)
    for person in (user, ended, barred, make_user()):
        with pytest.raises(PermissionDenied):
            conflicts.declare(theirs, user=person, kind=ConflictKind.FAMILY, by=person, now=NOW)
    assert Conflict.objects.filter(kind="family").count() == 0


def test_the_secretariat_declares_for_staff_but_the_chair_does_not(theirs):
    user = make_expert().user
    for by in (make_staff(role=StaffRole.CHAIR), make_staff(role=StaffRole.OBSERVER), make_expert().user):
        with pytest.raises(PermissionDenied):
            conflicts.declare(theirs, user=user, kind=ConflictKind.FAMILY, by=by, now=NOW)
    with pytest.raises(PermissionDenied):
        conflicts.declare(theirs, user=make_user(), kind=ConflictKind.FAMILY, by=make_staff(), now=NOW)
    first = conflicts.declare(theirs, user=user, kind=ConflictKind.FAMILY, by=make_staff(), now=NOW)
    assert conflicts.declare(theirs, user=user, kind=ConflictKind.FAMILY, by=make_staff(), now=NOW) == first


def test_what_the_data_says_is_not_declared(theirs):
    with pytest.raises(ValidationError):
        conflicts.declare(theirs, user=make_expert().user, kind=ConflictKind.COUNTRY, by=make_staff(), now=NOW)


def test_a_declaration_in_error_is_taken_back_by_the_secretariat_with_a_reason(theirs):
    user, staff = make_expert().user, make_staff()
    held = conflicts.declare(theirs, user=user, kind=ConflictKind.FAMILY, by=staff, now=NOW)
    with pytest.raises(ValidationError):
        conflicts.withdraw_declaration(held, reason=" ", by=staff, now=NOW)
    for by in (user, make_staff(role=StaffRole.CHAIR), make_staff(role=StaffRole.BOARD)):
        with pytest.raises(PermissionDenied):
            conflicts.withdraw_declaration(held, reason="Another person", by=by, now=NOW)
    conflicts.withdraw_declaration(held, reason="Another person", by=staff, now=NOW)
    held.refresh_from_db()
    assert (held.ended_at, bars(user)) == (NOW, set())
    assert Event.objects.get(verb="conflict.withdrawn").data["reason"] == "Another person"
    with pytest.raises(PermissionDenied):
        conflicts.withdraw_declaration(held, reason="Again", by=staff, now=NOW)


def test_what_the_data_says_and_ones_own_are_not_taken_back(theirs, lead):
    staff = make_expert(role=StaffRole.SECRETARIAT, country="CL").user
    own = conflicts.declare(theirs, user=staff, kind=ConflictKind.FAMILY, by=staff, now=NOW)
    make_expert(organisation=lead, country="")
    conflicts.refresh([theirs], now=NOW)
    for held, by in ((own, staff), (Conflict.objects.get(kind="organisation"), make_staff())):
        with pytest.raises(PermissionDenied):
            conflicts.withdraw_declaration(held, reason="I want to", by=by, now=NOW)


# The override


@pytest.fixture
def held(theirs):
    make_expert(country="IT")
    conflicts.refresh([theirs], now=NOW)
    return Conflict.objects.get()


def test_the_chair_overrides_with_a_reason_and_the_bar_ends(theirs, held):
    chair = make_staff(role=StaffRole.CHAIR)
    with pytest.raises(ValidationError):
        conflicts.override(held, reason=" ", by=chair, now=NOW)
    assert len(bars(held.user)) == 1

    conflicts.override(held, reason="The only one who knows seismometers", by=chair, now=NOW)

    held.refresh_from_db()
    assert (held.overridden_by, held.overridden_at, held.override_reason) == (chair, NOW, "The only one who knows seismometers")
    assert bars(held.user) == set()
    event = Event.objects.get(verb="conflict.overridden")
    assert (event.subject_id, event.actor_id, event.data) == (
        str(theirs.pk), chair.pk,
        {"conflict": held.pk, "user": held.user_id, "kind": "country", "reason": "The only one who knows seismometers"},
    )  # fmt: skip
    assert between(held.user, theirs) == set()
    assert conflicts.refresh([theirs], now=NOW) == 0
    assert bars(held.user) == set()


@pytest.mark.parametrize("role", [role for role in StaffRole if role != StaffRole.CHAIR])
def test_nobody_else_overrides(held, role):
    with pytest.raises(PermissionDenied):
        conflicts.override(held, reason="Because", by=make_user(staff_role=role), now=NOW)


def test_the_chair_overrides_neither_their_own_nor_what_they_may_not_see(theirs, held):
    chair = make_expert(role=StaffRole.CHAIR, country="IT").user
    own = conflicts.declare(theirs, user=chair, kind=ConflictKind.FAMILY, by=chair, now=NOW)
    for conflict in (own, held):
        with pytest.raises(PermissionDenied):
            conflicts.override(conflict, reason="Because", by=chair, now=NOW)


def test_raw_sql_overrides_no_conflict_of_ones_own(held):
    with pytest.raises(IntegrityError), transaction.atomic():
        Conflict.objects.filter(pk=held.pk).update(overridden_by=held.user, overridden_at=NOW, override_reason="x")


def test_what_ended_and_comes_back_stands_anew_in_spite_of_the_override(theirs, held):
    conflicts.override(held, reason="Because", by=make_staff(role=StaffRole.CHAIR), now=NOW)
    expert = held.user.expert
    for country in ("PE", "IT"):
        expert.country = country
        expert.save()
        conflicts.refresh([theirs], now=NOW)
    assert bars(held.user) == {(theirs.pk, "conflict:country")}


def test_a_conflict_declared_after_its_override_stands_anew(theirs):
    user, staff = make_expert().user, make_staff()
    first = conflicts.declare(theirs, user=user, kind=ConflictKind.FAMILY, by=staff, now=NOW)
    conflicts.override(first, reason="Distant", by=make_staff(role=StaffRole.CHAIR), now=NOW)
    second = conflicts.declare(theirs, user=user, kind=ConflictKind.FAMILY, by=staff, now=NOW)
    assert second != first
    assert bars(user) == {(theirs.pk, "conflict:family")}


@pytest.mark.django_db(transaction=True)
def test_two_who_look_at_once_find_each_conflict_once(lead):
    make_expert(organisation=lead, country="")
    proposal = make_proposal(lead=lead, status=Status.SUBMITTED)

    def look(_n):
        try:
            return conflicts.refresh([proposal], now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        changed = list(pool.map(look, range(4)))
    assert sorted(changed) == [0, 0, 0, 2]
    assert Conflict.objects.count() == 2
