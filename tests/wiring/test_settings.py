"""Production refuses to start without its secrets, and names each."""

import subprocess
import sys

import pytest

from lunarpartners.bootstrap import ROOT
from tests.running import clean_environment

COMPLETE = {
    "SECRET_KEY": "k" * 60,
    "DATABASE_URL": "postgresql://lp_app@db.example/lunarpartners",
    "REDIS_URL": "redis://redis.example:6379/0",
    "EMAIL_URL": "smtp+tls://mail.example:587",
    "ALLOWED_HOSTS": "partners.example",
    "SITE_URL": "https://partners.example",
}


def load(**given):
    code = "import lunarpartners.settings as s; print(s.MODE, s.DEBUG, s.SESSION_COOKIE_SECURE, s.SECURE_SSL_REDIRECT)"
    environment = {name: value for name, value in clean_environment().items() if name not in COMPLETE} | given
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_production_is_the_default_and_shut():
    done = load(**COMPLETE)
    assert (done.returncode, done.stdout) == (0, "production False True True\n")


@pytest.mark.parametrize("name", sorted(COMPLETE))
def test_production_names_the_missing_secret(name):
    done = load(**{key: value for key, value in COMPLETE.items() if key != name})
    named = [line.strip().split(":")[0] for line in done.stderr.splitlines() if line.startswith("  ") and ":" in line]
    assert (done.returncode, [word for word in named if word in COMPLETE]) == (1, [name])


def test_unknown_mode_is_refused():
    done = load(LUNARPARTNERS_MODE="debug", **COMPLETE)
    assert done.stderr.splitlines()[-1].endswith("LUNARPARTNERS_MODE is 'debug'; it may be production, development or test.")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"EMAIL_TIMEOUT": "20", "OUTBOX_LEASE_S": "39"}, "OUTBOX_LEASE_S (39) must be twice EMAIL_TIMEOUT (20) or more"),
        ({"EMAIL_TIMEOUT": "0"}, "OUTBOX_LEASE_S (120) must be twice EMAIL_TIMEOUT (0) or more"),
        ({"OUTBOX_RATE": "0"}, "OUTBOX_RATE=0.0: a rate is a number of mails a second"),
        ({"OUTBOX_DOMAIN_RATES": "qq.com=1,*=-5"}, "*=-5.0: a rate is a number of mails a second"),
        ({"OUTBOX_DOMAIN_RATES": "qq.com=fast"}, "OUTBOX_DOMAIN_RATES"),
        ({"DEFAULT_FROM_EMAIL": "The Secretariat"}, "DEFAULT_FROM_EMAIL is 'The Secretariat'"),
        ({"BOUNCE_ADDRESS": "bounces"}, "BOUNCE_ADDRESS is 'bounces'"),
        ({"BOUNCE_ADDRESS": "a+b@example.org"}, "BOUNCE_ADDRESS is 'a+b@example.org'"),
    ],
)
def test_settings_that_lose_mail_are_refused(given, says):
    done = load(**COMPLETE, **given)
    assert done.returncode == 1
    assert says in done.stderr.splitlines()[-1]


def test_settings_of_mail_that_fit_are_taken():
    mail = {"EMAIL_TIMEOUT": "5", "OUTBOX_LEASE_S": "10", "OUTBOX_RATE": "0.5", "OUTBOX_DOMAIN_RATES": "qq.com=1,*=5"}
    mail |= {"BOUNCE_ADDRESS": "bounces@example.org", "DEFAULT_FROM_EMAIL": "Lunar <a+b@example.org>"}
    assert load(**COMPLETE, **mail).returncode == 0


POSTMARK = {"EMAIL_BACKEND": "anymail.backends.postmark.EmailBackend", "ANYMAIL_POSTMARK_SERVER_TOKEN": "t"}


@pytest.mark.parametrize("secret", [None, "", "secret" * 9, ":" + "s" * 30, "provider:short"])
def test_provider_without_a_secret_for_its_reports_is_refused(secret):
    done = load(**COMPLETE, **POSTMARK, **({} if secret is None else {"ANYMAIL_WEBHOOK_SECRET": secret}))
    assert done.returncode == 1
    assert "ANYMAIL_WEBHOOK_SECRET must be name:secret with 24 random characters" in done.stderr.splitlines()[-1]


def test_provider_with_its_secret_is_taken_and_reads_its_own_settings():
    code = "import lunarpartners.settings as s; print(sorted(s.ANYMAIL))"
    given = COMPLETE | POSTMARK | {"ANYMAIL_WEBHOOK_SECRET": "provider:" + "s" * 24}
    environment = {name: value for name, value in clean_environment().items() if name not in COMPLETE} | given
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout == "['POSTMARK_SERVER_TOKEN', 'WEBHOOK_SECRET']\n"


@pytest.mark.parametrize("process", ["web", "worker", "beat"])
def test_every_process_meets_the_refusal(process):
    code = (
        "import lunarpartners.wsgi"
        if process == "web"
        else "from lunarpartners.celery import app; app.loader.import_default_modules()"
    )
    wrong = {"EMAIL_TIMEOUT": "60", "OUTBOX_LEASE_S": "60", "LUNARPARTNERS_PROCESS": process}
    environment = {name: value for name, value in clean_environment().items() if name not in COMPLETE} | COMPLETE | wrong
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "OUTBOX_LEASE_S (60) must be twice EMAIL_TIMEOUT (60)" in done.stderr
