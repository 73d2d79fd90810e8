"""`manage.py test`: pytest on a database of its own, thrown away at the end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from lunarpartners.bootstrap import ROOT
from lunarpartners.embedded import EmbeddedError
from lunarpartners.processes import die_with_parent
from lunarpartners.stack import Stack, refuse

# by file, all journeys as one (tests/conftest.py): what is dear to make, such as a running site, is made once
DEFAULTS = ["-n", "2", "--dist", "loadfile"]
# A developer's or a server's own settings must not reach a test; only TEST_DATABASE_URL may.
NEVER = ("DATABASE_URL", "MIGRATION_DATABASE_URL", "REDIS_URL", "EMAIL_URL", "SECRET_KEY", "SITE_URL", "ALLOWED_HOSTS")


class Interrupted(Exception):
    """SIGTERM came: stop the tests and the servers."""


def run(arguments: list[str]) -> int:
    """Run pytest with `arguments` (both cores if none) and give its exit status."""
    signal.signal(signal.SIGTERM, _interrupt)
    given = os.environ.get("TEST_DATABASE_URL", "")
    for name in NEVER:
        os.environ.pop(name, None)
    try:
        with Stack.throw_away(database=not given) as stack:
            environment = (
                os.environ
                | stack.folders()
                | stack.environment()
                | {"LUNARPARTNERS_MODE": "test", "LUNARPARTNERS_PROCESS": "command"}
            )
            # the tests log in as the owner, who makes the test databases and can step into every role
            owner = given or environment["MIGRATION_DATABASE_URL"]
            environment |= dict.fromkeys(("TEST_DATABASE_URL", "DATABASE_URL", "MIGRATION_DATABASE_URL"), owner)
            return _pytest(arguments or DEFAULTS, environment)
    except EmbeddedError as error:
        return refuse(error)
    except (Interrupted, KeyboardInterrupt):
        return 130


def _pytest(arguments: list[str], environment: dict[str, str]) -> int:
    command = [sys.executable, "-m", "pytest", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, preexec_fn=die_with_parent(signal.SIGTERM))
    try:
        return process.wait()
    except KeyboardInterrupt:  # Ctrl-C reached pytest too: let it print what it has
        return process.wait()
    except Interrupted:
        process.terminate()
        return process.wait()


def _interrupt(*_: object) -> None:
    raise Interrupted
