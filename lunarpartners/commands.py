"""Which command is ours and which is Django's, and the environment each begins with."""

from __future__ import annotations

import importlib
import os

from lunarpartners.stack import running, state_folder

OURS = {
    "up": "lunarpartners.supervisor",
    "test": "lunarpartners.testing",
    "doctor": "lunarpartners.doctor",
    "environment": "lunarpartners.environment",
    "mailcatcher": "lunarpartners.catcher",
    "bench": "tests.benchmarks.run",
    "prove": "tests.proofs.run",
}

NEEDS_NO_SITE = {"assign"}  # reads a file and prints: a checkout without settings or database will do


def run(words: list[str]) -> int:
    """Run the command line `words` (with the program's name first) and give the exit status."""
    name = words[1] if len(words) > 1 else "help"
    if name not in ("up", "test"):
        adopt_running()
    if name in OURS:
        return _ours(name, words[2:])
    if name in NEEDS_NO_SITE and "DATABASE_URL" not in os.environ:
        os.environ |= {"LUNARPARTNERS_MODE": "development", "DATABASE_URL": "postgresql:///none?host=/nonexistent"}
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lunarpartners.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(words)
    return 0


def adopt_running() -> None:
    """Without settings of its own, a command talks to the `up` that runs on this folder."""
    if "DATABASE_URL" in os.environ or os.environ.get("LUNARPARTNERS_MODE") in ("production", "test"):
        return
    for key, value in (running(state_folder()) or {}).items():
        os.environ.setdefault(key, value)


def _ours(name: str, arguments: list[str]) -> int:
    """Run one of our own commands; each module has a `run(arguments) -> int`."""
    try:
        module = importlib.import_module(OURS[name])
    except ModuleNotFoundError as error:
        if error.name is None or not OURS[name].startswith(error.name):
            raise
        print(f"`{name}` is not part of this installation: it needs the folder tests/ of the source tree.")
        return 1
    return int(module.run(arguments))
