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
