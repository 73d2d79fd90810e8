from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from proposals.audit import actions, queries
from proposals.audit.models import Event, Seal
from tests.factories import make_organisation, make_staff
from tests.guards import guards_ignored

pytestmark = pytest.mark.django_db


@pytest.fixture
def trail():
    """Nine events under three seals of three."""
    subject, staff = make_organisation(), make_staff()
    for at in range(3):
        for n in range(3):
            actions.record("organisation.confirmed", by=staff, about=subject, mass_kg=Decimal("99.500"), n=n, at=at)
        assert actions.seal(now=later()).count == 3
    return list(Event.objects.order_by("id"))


def later(seconds=60):
    return timezone.now() + timedelta(seconds=seconds)


def problems(**options):
    return [str(each.row) for each in queries.verify(now=options.pop("now", timezone.now()), **options)]


def tamper(statement, *values):
    """What a person with the owner's password could do."""
    with guards_ignored(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.rowcount


def test_seal_chains_every_event_once(trail):
    seals = list(Seal.objects.order_by("last_event_id").values_list("first_event_id", "last_event_id", "count"))
    ids = [event.pk for event in trail]
    assert seals == [(ids[0], ids[2], 3), (ids[3], ids[5], 3), (ids[6], ids[8], 3)]
    assert problems() == []


def test_seal_without_new_events_makes_none(trail):
    assert actions.seal(now=later()) is None


def test_seal_leaves_the_newest_seconds():
    actions.record("organisation.confirmed", by=None, about=make_organisation())
    assert actions.seal(now=timezone.now()) is None
    assert actions.seal(now=later(11)).count == 1


def test_seal_splits_what_is_too_much_for_one(monkeypatch):
    monkeypatch.setattr(actions, "MOST_EVENTS", 2)
    subject = make_organisation()
    for _ in range(5):
        actions.record("organisation.confirmed", by=None, about=subject)
    actions.seal(now=later())
    assert list(Seal.objects.order_by("id").values_list("count", flat=True)) == [2, 2, 1]
    assert problems() == []


@pytest.mark.parametrize(
    "change",
    [
        "verb = 'organisation.refused'",
        "actor_label = 'Somebody Else'",
        "actor_id = actor_id + 1",
        "at = at - interval '1 day'",
        "subject_type = 'proposal'",
        "subject_id = subject_id || '0'",
        """data = jsonb_set(data, '{mass_kg}', '"100.500"')""",
        "digest = repeat('0', 64)",
    ],
)
def test_verify_finds_any_change_of_an_event(trail, change):
    assert tamper(f"UPDATE proposals_event SET {change} WHERE id = %s", trail[4].pk) == 1
    assert f"event {trail[4].pk}" in problems()


def test_verify_finds_a_change_whose_digest_was_made_anew(trail):
    event = trail[4]
    event.actor_label = "Somebody Else"
    tamper(
        "UPDATE proposals_event SET actor_label = %s, digest = %s WHERE id = %s",
        event.actor_label,
        actions.digest_of(event),
        event.pk,
    )
    assert problems() == [f"seal {Seal.objects.order_by('id')[1].pk}"]


def test_verify_finds_a_missing_event(trail):
    tamper("DELETE FROM proposals_event WHERE id = %s", trail[4].pk)
    assert problems() == [f"seal {Seal.objects.order_by('id')[1].pk}"] * 2


def test_verify_finds_an_event_slipped_in(trail):
    tamper("DELETE FROM proposals_event WHERE id = %s", trail[4].pk)
    event = trail[4]
    event.verb = "organisation.refused"
    event.digest = actions.digest_of(event)
    event.save(force_insert=True)
    assert problems() == [f"seal {Seal.objects.order_by('id')[1].pk}"]


def test_verify_finds_two_events_that_changed_places(trail):
    a, b = trail[3].pk, trail[4].pk
    for new, old in ((-1, a), (a, b), (b, -1)):
        tamper("UPDATE proposals_event SET id = %s WHERE id = %s", new, old)
    assert problems() == [f"seal {Seal.objects.order_by('id')[1].pk}"]


@pytest.mark.parametrize(
    "change", ["count = count + 1", "digest = repeat('0', 64)", "at = at + interval '1 s'", "first_event_id = 0"]
)
@pytest.mark.parametrize("number", [0, 1, 2])
def test_verify_finds_any_change_of_a_seal(trail, change, number):
    seal = Seal.objects.order_by("id")[number]
    tamper(f"UPDATE proposals_seal SET {change} WHERE id = %s", seal.pk)
    assert f"seal {seal.pk}" in problems()


def test_verify_finds_a_missing_seal(trail):
    _, second, third = Seal.objects.order_by("id")
    tamper("DELETE FROM proposals_seal WHERE id = %s", second.pk)
    assert set(problems()) == {f"seal {third.pk}"}


def test_verify_finds_a_missing_last_seal_within_the_hour(trail):
    tamper("DELETE FROM proposals_seal WHERE last_event_id = %s", trail[-1].pk)
    assert problems(now=later(3700)) == ["seals"]


def test_verify_finds_a_cut_tail_of_events(trail):
    tamper("DELETE FROM proposals_event WHERE id >= %s", trail[7].pk)
    assert set(problems()) == {f"seal {Seal.objects.order_by('id')[2].pk}"}


def test_verify_finds_a_tail_cut_with_its_seals_by_the_seal_kept_elsewhere(trail):
    kept = queries.last_seal()
    tamper("DELETE FROM proposals_event WHERE id > %s", trail[5].pk)
    tamper("DELETE FROM proposals_seal WHERE last_event_id > %s", trail[5].pk)
    assert problems() == []  # what is left is whole in itself
    assert problems(expect=kept) == ["seals"]


def test_verify_accepts_an_older_seal_kept_elsewhere(trail):
    kept = queries.last_seal()
    actions.record("organisation.confirmed", by=None, about=make_organisation())
    actions.seal(now=later())
    assert problems(expect=kept) == []


def test_verify_finds_a_change_of_an_event_not_sealed_yet(trail):
    event = actions.record("organisation.confirmed", by=None, about=make_organisation())
    tamper("UPDATE proposals_event SET verb = 'organisation.refused' WHERE id = %s", event.pk)
    assert problems() == [f"event {event.pk}"]


@pytest.mark.parametrize(
    "data",
    [
        {"mass_kg": Decimal("100.000"), "at": datetime(2027, 3, 1, 12, tzinfo=UTC)},
        {"seconds": 1e22, "small": 1e-7, "zero": -0.0, "whole": 1.0},
        {"by_id": {10: "a", 9: "b"}, "pair": (1, 2), "none": None, "yes": True},
        {"name": "月球 القمر \u202e"},
        {"big": 2**70},
    ],
)
def test_record_gives_a_digest_that_survives_the_database(data):
    event = actions.record("thing.done", by=None, about=make_organisation(), **data)
    event.refresh_from_db()
    assert actions.digest_of(event) == event.digest


def test_audit_verify_tells_the_seal_to_keep(trail):
    out = StringIO()
    call_command("audit_verify", stdout=out)
    assert queries.last_seal() in out.getvalue()


def test_audit_verify_fails_on_a_problem(trail):
    tamper("UPDATE proposals_event SET verb = 'x' WHERE id = %s", trail[0].pk)
    out = StringIO()
    with pytest.raises(CommandError) as caught:
        call_command("audit_verify", stdout=out)
    assert caught.value.returncode == 1
    assert f"event {trail[0].pk}: its content does not give its digest" in out.getvalue()


@pytest.mark.parametrize("role", ["lp_partner", "lp_staff"])
@pytest.mark.parametrize("table", ["proposals_event", "proposals_seal"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET digest = ''", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_sites_roles_cannot_rewrite_the_trail(trail, role, table, statement):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {role}")
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            cursor.execute(statement.format(table))
        cursor.execute("RESET ROLE")
    assert problems() == []


@pytest.mark.parametrize("table", ["proposals_event", "proposals_seal"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET digest = ''", "DELETE FROM {}", "TRUNCATE {}"])
def test_even_the_owner_meets_the_trigger(trail, table, statement):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table))


@pytest.mark.parametrize("role", ["lp_partner", "lp_staff"])
def test_the_sites_roles_can_add_to_the_trail(role):
    subject = make_organisation()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {role}")
        actions.record("organisation.confirmed", by=None, about=subject)
    assert Event.objects.count() == 1


def test_staffs_role_can_seal():
    actions.record("organisation.confirmed", by=None, about=make_organisation())
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE lp_staff")
        assert actions.seal(now=later()).count == 1


def beside():
    """A second connection, in a transaction of its own."""
    wanted = {k: v for k, v in connection.get_connection_params().items() if k in {"dbname", "user", "host", "port", "password"}}
    return psycopg.connect(**wanted)


INSERT = (
    "INSERT INTO proposals_event (at, actor_label, verb, subject_type, subject_id, data, digest) "
    "VALUES (now(), 'system', 'thing.done', 'thing', '1', '{}', '') RETURNING id"
)


@pytest.mark.django_db(transaction=True)
def test_seal_waits_for_an_open_transaction_that_drew_a_smaller_id(monkeypatch):
    monkeypatch.setattr(actions, "PATIENCE_S", 0.3)
    subject = make_organisation()
    with beside() as slow:
        early = slow.execute(INSERT).fetchone()[0]
        late = actions.record("organisation.confirmed", by=None, about=subject)
        assert late.pk > early
        assert actions.seal(now=later()) is None
        slow.commit()
    monkeypatch.setattr(actions, "PATIENCE_S", 30)  # transactions of the tests beside this one count too
    sealed = actions.seal(now=later())
    assert (sealed.first_event_id, sealed.last_event_id, sealed.count) == (early, late.pk, 2)


@pytest.mark.django_db(transaction=True)
def test_seal_passes_over_the_gap_of_a_rolled_back_event():
    subject = make_organisation()
    with beside() as undone:
        undone.execute(INSERT)
        undone.rollback()
    actions.record("organisation.confirmed", by=None, about=subject)
    assert actions.seal(now=later()).count == 1
    assert problems() == []


@pytest.mark.django_db(transaction=True)
def test_seal_gives_way_to_another_sealer():
    actions.record("organisation.confirmed", by=None, about=make_organisation())
    with beside() as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [actions.ONE_SEALER])
        assert actions.seal(now=later()) is None
    assert actions.seal(now=later()).count == 1
