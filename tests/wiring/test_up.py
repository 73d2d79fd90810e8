"""`manage.py up` from the outside: what it says, what it survives, and that nothing of it is left."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import psycopg
import pytest

from lunarpartners.bootstrap import ROOT
from tests.running import RunningSite, clean_environment


@pytest.fixture(scope="module")
def site():
    running = RunningSite()
    yield running.start()
    running.forget()


def wait_for(condition, seconds=15):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def start_beside(**given):
    return subprocess.run(
        [sys.executable, "manage.py", "up"], cwd=ROOT, env=clean_environment(**given), capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip


def test_up_says_where_everything_is(site):
    lines = [line.split()[:2] for line in site.printed().splitlines() if line.startswith("  ")][:4]
    url = site.environment["SITE_URL"]
    assert lines == [
        ["Site", f"{url}/"], ["Staff", f"{url}/staff/"], ["Mail", f"{site.environment['MAIL_PAGE']}/"], ["Data", str(site.state)],
    ]  # fmt: skip


def test_up_prints_the_logins_and_how_to_stop(site):
    logins = site.manage("seed", "--print-logins").stdout.strip()
    assert (logins in site.printed(), "Ctrl-C stops everything" in site.printed(), logins != "") == (True, True, True)


def test_livez_and_readyz_answer(site):
    found = {}
    for page in ("livez", "readyz"):
        with urllib.request.urlopen(f"{site.environment['SITE_URL']}/{page}", timeout=5) as answer:
            found[page] = (answer.status, answer.read())
    assert found == {
        "livez": (200, b"ok"),
        "readyz": (200, b'{"ready": true, "database": "ok", "migrations": "ok", "disk": "ok"}'),
    }


def test_doctor_finds_all_well(site):
    assert wait_for(lambda: site.manage("doctor", "beat").returncode == 0, seconds=20)
    done = site.manage("doctor")
    parts = [line[:16].split(maxsplit=1) for line in done.stdout.splitlines()]
    assert [(state, part.strip()) for state, part in parts] == [
        ("ok", part)
        for part in (
            "database", "migrations", "broker", "worker", "beat", "mail relay", "mail queue", "disk", "secrets",
                "static files", "clock",
        )
    ]  # fmt: skip
    assert done.returncode == 0


def test_second_up_on_the_folder_is_refused(site):
    done = start_beside(STATE_DIR=str(site.state))
    assert (done.returncode, done.stdout, done.stderr) == (
        1,
        "",
        (
            f"Lunar Partners already runs on {site.state} at {site.environment['SITE_URL']}: "
            "stop it, or give this one a folder with STATE_DIR=...\n"
        ),
    )


def test_taken_port_is_one_line(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = start_beside(STATE_DIR=str(tmp_path / "state"), PORT=str(port))
    assert (done.returncode, done.stderr) == (
        1,
        f"Port {port} is taken: choose another with `PORT={port + 1} python3 manage.py up`\n",
    )


def test_port_that_is_no_number_is_one_line(tmp_path):
    done = start_beside(STATE_DIR=str(tmp_path / "state"), PORT="http")
    assert (done.returncode, done.stderr) == (1, "PORT is 'http': it must be a number from 1 to 65535.\n")


@pytest.mark.parametrize("name", ["worker", "beat"])
def test_dead_process_is_started_again(site, name):
    def pids():
        return {pid for pid, command in site.processes().items() if f"lunarpartners.celery {name}" in command}

    before = pids()
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    assert wait_for(lambda: f"The {name} ended (status -9); starting it again." in site.printed())
    assert wait_for(lambda: pids() - before)


def test_signals_stop_everything_and_the_next_start_keeps_the_data():
    running = RunningSite(seed=False)
    try:
        running.start()
        with psycopg.connect(running.environment["MIGRATION_DATABASE_URL"], autocommit=True) as owner:
            owner.execute("CREATE TABLE kept AS SELECT 42 AS n")
        assert (running.stop(signal.SIGINT), running.processes()) == (0, {})
        running.start()
        with psycopg.connect(running.environment["MIGRATION_DATABASE_URL"], autocommit=True) as owner:
            assert owner.execute("SELECT n FROM kept").fetchone() == (42,)
        assert (running.stop(signal.SIGTERM), running.processes()) == (0, {})
    finally:
        running.forget()


def test_taken_mail_port_moves_the_catcher_and_kill_minus_nine_leaves_nothing():
    running = RunningSite(seed=False)
    port = int(running.given["PORT"])
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port + 26))
        taken.listen()
        try:
            page = running.start().environment["MAIL_PAGE"]
            assert (page != f"http://127.0.0.1:{port + 26}", f"{page}/" in running.printed()) == (True, True)
            assert running.mails("nobody@nowhere.example") == []
            assert wait_for(
                lambda: len(running.processes()) > 8
            )  # supervisor, web and worker, celery and its two, beat, catcher, servers
            running.stop(signal.SIGKILL)
            assert wait_for(lambda: not running.processes(), seconds=2), running.processes()
        finally:
            running.forget()


def test_dead_database_ends_the_site_with_one_line():
    running = RunningSite(seed=False)
    try:
        running.start()
        (pid,) = [pid for pid, command in running.processes().items() if "postgres -D" in command]
        os.kill(pid, signal.SIGKILL)
        assert running.process is not None
        assert (running.process.wait(20), running.processes()) == (1, {})
        assert f"The database ended (status -9); see {running.state}/pg/postgres.log" in running.printed()
    finally:
        running.forget()
