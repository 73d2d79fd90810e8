"""What doctor finds on each part when it is not well, and what the health pages answer."""

import socket
from datetime import timedelta

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from lunarpartners import checks
from lunarpartners.doctor import run
from lunarpartners.supervisor import any_port
from tests.factories import make_message

pytestmark = pytest.mark.django_db


def test_database_is_well():
    finding = checks.examine("database")
    assert (finding.ok, finding.says.startswith("PostgreSQL 1")) == (True, True)


def test_database_warns_of_a_login_that_passes_by_row_security(settings):
    settings.PRODUCTION = True
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = session_user")
        passes = cursor.fetchone()[0]
    assert checks.examine("database").ok is not passes


def test_missing_migration_is_named():
    known = sorted(checks.known_migrations())
    MigrationRecorder.Migration.objects.filter(app=known[0][0], name=known[0][1]).delete()
    finding = checks.examine("migrations")
    assert (finding.ok, finding.says) == (False, f"1 not applied, first {'.'.join(known[0])}: `manage.py migrate`")


def test_silent_broker_is_named(settings):
    settings.REDIS_URL = f"redis://127.0.0.1:{any_port()}/0"
    finding = checks.examine("broker")
    assert (finding.ok, finding.says.endswith(": start Redis, or mend REDIS_URL")) == (False, True)


def test_beat_that_never_ticked_is_named():
    finding = checks.examine("beat")
    assert (finding.ok, finding.says) == (
        False,
        "never ticked: start one (and a worker) with `celery -A lunarpartners.celery beat`",
    )


@pytest.mark.parametrize(("age_s", "ok"), [(5, True), (59, True), (90, False)])
def test_beat_is_well_while_it_ticks(age_s, ok):
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO proposals_heartbeat (name, at) VALUES ('sweep', now() - make_interval(secs => %s))", [age_s])
    assert checks.examine("beat").ok is ok


def test_absent_mail_relay_is_named(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", any_port()
    finding = checks.examine("mail relay")
    assert (finding.ok, finding.says.endswith("start the relay, or mend EMAIL_URL")) == (False, True)


def test_mute_mail_relay_is_named(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with socket.create_server(("127.0.0.1", 0)) as mute:
        settings.EMAIL_HOST, settings.EMAIL_PORT = mute.getsockname()
        assert checks.examine("mail relay").ok is False


@pytest.mark.parametrize(("waited_s", "ok"), [(None, True), (290, True), (320, False)])
def test_mail_that_waits_too_long_is_named(waited_s, ok):
    if waited_s is not None:
        make_message(now=timezone.now() - timedelta(seconds=waited_s))
    finding = checks.examine("mail queue")
    assert (finding.ok, "mend what is bad among broker, worker, beat and mail relay" in finding.says) == (ok, not ok)
    assert finding.says.startswith("nothing is due" if waited_s is None else "the oldest" if ok else "a due message has waited")


def test_full_disk_is_named(monkeypatch):
    monkeypatch.setattr(checks, "DISK_FREE_MB", 10**9)
    finding = checks.examine("disk")
    assert (finding.ok, finding.says.endswith("1000000000 are needed: make room")) == (False, True)


def test_short_key_is_named_in_production(settings):
    settings.PRODUCTION, settings.SECRET_KEY = True, "short"
    assert checks.examine("secrets").says == "SECRET_KEY has fewer than 50 characters: take a longer random one"


def test_uncollected_static_files_are_named_in_production(settings, tmp_path):
    settings.PRODUCTION, settings.STATIC_ROOT = True, tmp_path
    assert checks.examine("static files").says == "not collected: `manage.py collectstatic --no-input`"


def test_clock_agrees_with_the_database():
    assert checks.examine("clock").ok is True


def test_drifting_clock_is_named(monkeypatch):
    monkeypatch.setattr(checks, "CLOCK_DRIFT_S", -1.0)
    assert "s away from the database's" in checks.examine("clock").says


def test_doctor_prints_a_line_a_part_and_fails_on_a_bad_one(capsys):
    status = run(["database", "beat"])
    lines = capsys.readouterr().out.splitlines()
    assert (status, [line[:16] for line in lines]) == (1, ["ok  database    ", "BAD beat        "])


def test_doctor_passes_when_all_asked_are_well(capsys):
    assert (run(["clock"]), capsys.readouterr().out[:16]) == (0, "ok  clock       ")


def test_doctor_names_its_parts_when_asked_for_another(capsys):
    assert (run(["moon"]), capsys.readouterr().out.startswith("There is no part 'moon'; the parts are: database, ")) == (2, True)


def test_doctor_says_how_to_start_when_nothing_runs(capsys, monkeypatch, tmp_path):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    status = run([])
    assert (status, capsys.readouterr().out) == (
        1,
        (
            f"BAD site          nothing runs on {tmp_path}: start it with `python3 manage.py up`, "
            "or set DATABASE_URL and the rest as .env.example tells\n"
        ),
    )


def test_livez_touches_nothing(client):
    with CaptureQueriesContext(connection) as asked:
        answer = client.get("/livez")
    queries = [query["sql"] for query in asked if "set_config('role', 'none'" not in query["sql"]]  # the tests' own
    assert (answer.status_code, answer.content, queries) == (200, b"ok", [])


def test_worker_without_broker_is_named(monkeypatch):
    monkeypatch.setattr(checks.app.conf, "broker_url", f"redis://127.0.0.1:{any_port()}/0")
    assert checks.examine("worker").ok is False


def test_readyz_is_well(client):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "database": "ok", "migrations": "ok", "disk": "ok"})


def test_readyz_answers_503_and_names_the_part_only(client, monkeypatch):
    monkeypatch.setattr(checks, "DISK_FREE_MB", 10**9)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"ready": False, "database": "ok", "migrations": "ok", "disk": "bad"})


def test_readyz_asks_neither_broker_nor_relay(client, settings):
    settings.REDIS_URL = f"redis://127.0.0.1:{any_port()}/0"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", any_port()
    assert client.get("/readyz").status_code == 200
