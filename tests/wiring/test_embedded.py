"""The private database and broker: started, stopped, kept, and locked."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg
import pytest

from lunarpartners.bootstrap import ROOT
from lunarpartners.broker import ping
from lunarpartners.embedded import EmbeddedError, Postgres, one_line
from lunarpartners.processes import SOCKET_PATH_LIMIT, Account, socket_folder
from lunarpartners.stack import Stack


@pytest.fixture(scope="module")
def stack():
    with Stack.throw_away() as running:
        yield running


@pytest.fixture
def folder():
    made = Path(tempfile.mkdtemp(prefix="lp-test-"))  # the database's user must reach it: not under pytest's own
    made.chmod(0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def ask(stack, role, query, *, options=""):
    with psycopg.connect(stack.database.url(role), options=options, autocommit=True) as connection:
        return connection.execute(query).fetchone()


def test_app_logs_in_as_the_group_it_takes_on(stack):
    assert ask(stack, "lp_app", "SELECT session_user, current_user", options="-c role=lp_partner") == ("lp_app", "lp_partner")


def test_app_owns_nothing_and_passes_by_nothing(stack):
    query = "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolinherit FROM pg_roles WHERE rolname = 'lp_app'"
    assert ask(stack, "lp_app", query) == (False, False, False, False, False)


@pytest.mark.parametrize("role", ["lp_partner", "lp_staff"])
def test_app_may_not_make_tables(stack, role):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ask(stack, "lp_app", "CREATE TABLE mine (id int)", options=f"-c role={role}")


def test_owner_owns_database_and_schema(stack):
    query = """SELECT pg_get_userbyid(datdba), pg_get_userbyid(nspowner) FROM pg_database, pg_namespace
               WHERE datname = current_database() AND nspname = 'public'"""
    assert ask(stack, "lp_owner", query) == ("lp_owner", "lp_owner")


def test_database_folds_case_in_every_script(stack):
    assert ask(stack, "lp_app", "SELECT lower('ÅÉИΔ'), upper('ñжδ')") == ("åéиδ", "ÑЖΔ")


def test_database_listens_on_no_network(stack):
    assert ask(stack, "lp_app", "SHOW listen_addresses") == ("",)


def test_sockets_are_shut_to_others(stack):
    assert (stack.database.sockets.stat().st_mode & 0o777, stack.broker.socket.parent.stat().st_mode & 0o777) == (0o700, 0o700)


def test_broker_answers(stack):
    assert ping(stack.broker.socket)


def test_second_stack_on_the_folder_is_refused(stack):
    with pytest.raises(EmbeddedError, match=r"already runs on .*STATE_DIR=") as refusal:
        Stack(stack.state)
    assert "\n" not in str(refusal.value)


def test_throw_away_leaves_nothing():
    with Stack.throw_away() as running:
        pids = [server.process.pid for server in (running.database, running.broker)]
        state = running.state
    assert not state.exists()
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []


def test_data_is_kept_for_the_next_start(folder):
    for statement in ("CREATE TABLE kept AS SELECT 41 AS n", "UPDATE kept SET n = n + 1"):
        database = Postgres(folder / "pg")
        database.start()
        with psycopg.connect(database.url("lp_owner"), autocommit=True) as connection:
            connection.execute(statement)
            kept = connection.execute("SELECT n FROM kept").fetchone()
        database.stop()
    assert kept == (42,)


def test_leftover_server_is_stopped_before_the_next_starts(folder):
    left = Postgres(folder / "pg")
    left.start()  # and its supervisor forgets it
    assert left.process is not None
    again = Postgres(folder / "pg")
    again.start()
    try:
        assert (left.process.wait(5), again.process is not None and again.process.poll()) == (0, None)
    finally:
        again.stop()


def test_initdb_failure_is_one_line(folder):
    database = Postgres(folder / "pg")
    database.data.write_text("not a folder")
    with pytest.raises(EmbeddedError, match="could not make its cluster") as failure:
        database.start()
    assert "\n" not in str(failure.value)


def test_kill_minus_nine_takes_the_servers_along(folder):
    code = (
        "import sys, time; from pathlib import Path; from lunarpartners.stack import Stack\n"
        "with Stack(Path(sys.argv[1]), ephemeral=True) as s: print('up', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, folder], cwd=ROOT, stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout.readline() == "up\n"
        pid = int((folder / "pg" / "data" / "postmaster.pid").read_text().split()[0])
        supervisor.kill()
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline and (Path(f"/proc/{pid}").exists() or ping(folder / "redis" / "redis.sock")):
        time.sleep(0.05)
    assert (Path(f"/proc/{pid}").exists(), ping(folder / "redis" / "redis.sock")) == (False, False)


def test_socket_folder_is_short_where_the_state_is_deep(folder, monkeypatch):
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    account = Account(os.geteuid(), os.getegid(), differs=False)
    deep = folder / ("d" * 60) / ("e" * 60)
    found = socket_folder(deep, account)
    try:
        assert (found.parent, found.stat().st_mode & 0o777) == (Path("/tmp"), 0o700)
        assert len(str(found)) < SOCKET_PATH_LIMIT - 20
        assert socket_folder(deep, account) == found  # the next start takes the same
    finally:
        found.rmdir()


def test_socket_folder_of_somebody_else_is_refused(folder, monkeypatch):
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    account = Account(os.geteuid(), os.getegid(), differs=False)
    deep = folder / ("d" * 60) / ("e" * 60)
    found = socket_folder(deep, account)
    found.chmod(0o777)
    try:
        with pytest.raises(SystemExit, match="exists and is not ours alone"):
            socket_folder(deep, account)
    finally:
        found.rmdir()


@pytest.mark.parametrize(
    ("text", "line"),
    [("a\nb\n", "b"), ("initdb: error: no room\nhint: tidy up\n", "initdb: error: no room"), ("", "no reason given")],
)
def test_one_line_finds_the_telling_one(text, line):
    assert one_line(text) == line


def test_open_session_does_not_hold_up_the_stop(folder):
    database = Postgres(folder / "pg", ephemeral=True)
    database.start()
    assert database.process is not None
    session = psycopg.connect(database.url("lp_app"))
    begun = time.monotonic()
    database.stop()
    session.close()
    assert (database.process.returncode, time.monotonic() - begun < 5) == (0, True)
