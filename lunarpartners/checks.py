"""What can be wrong with a running site, part by part; `doctor` prints all of it, `/readyz` answers by three."""

from __future__ import annotations

import functools
import shutil
import smtplib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis
from django.conf import settings
from django.contrib.staticfiles import finders
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from kombu.exceptions import OperationalError

from lunarpartners.celery import app
from proposals.outbox.queries import mail_health

PATIENCE_S = 2.0
BEAT_SILENT_S = 60.0
CLOCK_DRIFT_S = 2.0
DISK_FREE_MB = 500
SECRET_KEY_LENGTH = 50


@dataclass(frozen=True)
class Finding:
    """One part: whether it is well, and one line that says so or names the command that mends it."""

    part: str
    ok: bool
    says: str


def database() -> Finding:
    """PostgreSQL answers, as a role that row-level security binds."""
    started = time.monotonic()
    version, is_super, bypasses = _row(
        "SELECT current_setting('server_version'), rolsuper, rolbypassrls FROM pg_roles WHERE rolname = session_user"
    )
    if (is_super or bypasses) and settings.PRODUCTION:
        return Finding("database", False, "the login passes by row-level security: use the role lp_app in DATABASE_URL")
    return Finding("database", True, f"PostgreSQL {str(version).split()[0]}, {1000 * (time.monotonic() - started):.0f} ms")


def migrations() -> Finding:
    """Every migration of this code is applied."""
    missing = sorted(known_migrations() - set(MigrationRecorder(connection).applied_migrations()))
    if missing:
        return Finding("migrations", False, f"{len(missing)} not applied, first {'.'.join(missing[0])}: `manage.py migrate`")
    return Finding("migrations", True, f"{len(known_migrations())} applied")


@functools.cache
def known_migrations() -> frozenset[tuple[str, str]]:
    """The migrations that ship with this code; they cannot change while it runs."""
    return frozenset(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)


def disk() -> Finding:
    """There is room for what partners upload."""
    folder = Path(settings.MEDIA_ROOT)
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free // 2**20
    if free < DISK_FREE_MB:
        return Finding("disk", False, f"{free} MB free under {folder}, {DISK_FREE_MB} are needed: make room")
    return Finding("disk", True, f"{free / 1024:.1f} GB free under {folder}")


def broker() -> Finding:
    """Redis answers."""
    started = time.monotonic()
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=PATIENCE_S, socket_connect_timeout=PATIENCE_S) as client:
        client.ping()
    return Finding("broker", True, f"{1000 * (time.monotonic() - started):.0f} ms")


def worker() -> Finding:
    """A Celery worker answers."""
    answers = app.control.ping(timeout=PATIENCE_S)
    if not answers:
        command = "celery -A lunarpartners.celery worker -c 2 --without-mingle --without-gossip"
        return Finding("worker", False, f"no worker answered in {PATIENCE_S:.0f} s: start one with `{command}`")
    return Finding("worker", True, f"{len(answers)} answered")


def beat() -> Finding:
    """The sweep that beat asks for every few seconds has run lately."""
    (age,) = _row("SELECT extract(epoch FROM now() - max(at)) FROM proposals_heartbeat")
    if age is None or age > BEAT_SILENT_S:
        since = "never ticked" if age is None else f"silent for {age:.0f} s"
        return Finding("beat", False, f"{since}: start one (and a worker) with `celery -A lunarpartners.celery beat`")
    return Finding("beat", True, f"ticked {age:.0f} s ago")


def mail_relay() -> Finding:
    """The SMTP server greets us; where a provider's API sends, its name is all that can be said."""
    if not settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"):
        return Finding("mail relay", True, f"{settings.EMAIL_BACKEND}; only a mail sent shows whether it works")
    kind = smtplib.SMTP_SSL if settings.EMAIL_USE_SSL else smtplib.SMTP
    with kind(settings.EMAIL_HOST, settings.EMAIL_PORT, timeout=PATIENCE_S) as relay:
        code, _greeting = relay.ehlo()
        if settings.EMAIL_USE_TLS and not relay.has_extn("starttls"):
            return Finding("mail relay", False, "it offers no STARTTLS: use smtps:// in EMAIL_URL, or another relay")
    return Finding("mail relay", 200 <= code < 300, f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT} answered {code}")


def mail_queue() -> Finding:
    """What is due goes out: the oldest of it has not waited for longer than OUTBOX_ALARM_AFTER_S."""
    health = mail_health(timezone.now())
    waited = health.oldest_due_s
    if health.is_late:
        says = f"a due message has waited for {waited:.0f} s: mend what is bad among broker, worker, beat and mail relay"
        return Finding("mail queue", False, f"{says}; if all are well, start more workers or raise OUTBOX_RATE")
    due = "nothing is due" if waited is None else f"the oldest due message has waited for {waited:.0f} s"
    return Finding("mail queue", True, f"{due}, {health.retrying} wait for another try")


def secrets() -> Finding:
    """The key that signs sessions is long enough; settings refuse to start without the others."""
    if not settings.PRODUCTION:
        return Finding("secrets", True, f"{settings.MODE}: the built-in key, fine on loopback only")
    if len(settings.SECRET_KEY) < SECRET_KEY_LENGTH:
        return Finding("secrets", False, f"SECRET_KEY has fewer than {SECRET_KEY_LENGTH} characters: take a longer random one")
    return Finding("secrets", True, "all set")


def static_files() -> Finding:
    """The style sheets that pages name can be served."""
    if settings.PRODUCTION:
        found = (Path(settings.STATIC_ROOT) / "staticfiles.json").exists()
        says = f"collected in {settings.STATIC_ROOT}" if found else "not collected: `manage.py collectstatic --no-input`"
        return Finding("static files", found, says)
    found = finders.find("admin/css/base.css") is not None
    return Finding(
        "static files", found, "served from the sources" if found else "Django's own are missing: remove .venv, start again"
    )


def clock() -> Finding:
    """Our clock and the database's agree: deadlines are told by both."""
    before = time.time()
    (theirs,) = _row("SELECT extract(epoch FROM clock_timestamp())")
    drift = abs(float(theirs) - (before + time.time()) / 2)
    if drift > CLOCK_DRIFT_S:
        return Finding("clock", False, f"{drift:.1f} s away from the database's: `timedatectl set-ntp true` on both machines")
    return Finding("clock", True, f"within {max(drift, 0.01):.2f} s of the database's")


ALL: dict[str, Callable[[], Finding]] = {
    "database": database,
    "migrations": migrations,
    "broker": broker,
    "worker": worker,
    "beat": beat,
    "mail relay": mail_relay,
    "mail queue": mail_queue,
    "disk": disk,
    "secrets": secrets,
    "static files": static_files,
    "clock": clock,
}
# What a web process needs to take a proposal. Not the broker and not the mail relay: mail waits in the database.
READY = ("database", "migrations", "disk")
REMEDIES = {
    "database": "start PostgreSQL, or mend DATABASE_URL",
    "broker": "start Redis, or mend REDIS_URL",
    "worker": "start Redis, or mend REDIS_URL",
    "mail relay": "start the relay, or mend EMAIL_URL",
}


def examine(part: str) -> Finding:
    """The finding on one part; whatever goes wrong in asking is itself the finding."""
    try:
        return ALL[part]()
    except (
        DatabaseError,
        OSError,
        redis.RedisError,
        smtplib.SMTPException,
        OperationalError,
    ) as error:
        remedy = REMEDIES.get(part, REMEDIES["database"])
        return Finding(part, False, f"{_first_line(error)}: {remedy}")


def _row(query: str) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        found = cursor.fetchone()
    return tuple(found) if found else (None,)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
