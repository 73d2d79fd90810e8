"""`manage.py doctor`: one line per part of the running site, and the command that mends what is wrong."""

from __future__ import annotations

import os

from lunarpartners.stack import state_folder

WIDTH = 12


def run(arguments: list[str]) -> int:
    """Examine the site that the environment names, or the `up` that runs on this folder; 1 if anything is wrong.

    With `arguments` only those parts: `doctor worker beat`, as the containers' health checks ask.
    """
    if not os.environ.get("DATABASE_URL"):
        advice = "start it with `python3 manage.py up`, or set DATABASE_URL and the rest as .env.example tells"
        print(_line("site", f"nothing runs on {state_folder()}: {advice}", ok=False))
        return 1
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lunarpartners.settings")
    import django
    from django.core.exceptions import ImproperlyConfigured

    try:
        django.setup()
    except ImproperlyConfigured as error:
        print(_line("secrets", " ".join(str(error).split()), ok=False))
        return 1
    return _examine(arguments)


def _examine(wanted: list[str]) -> int:
    from lunarpartners import checks  # it needs Django set up

    if unknown := [part for part in wanted if part not in checks.ALL]:
        print(f"There is no part {unknown[0]!r}; the parts are: {', '.join(checks.ALL)}.")
        return 2
    worst = 0
    for part in wanted or checks.ALL:
        finding = checks.examine(part)
        print(_line(finding.part, finding.says, ok=finding.ok), flush=True)
        worst = worst if finding.ok else 1
    return worst


def _line(part: str, says: str, *, ok: bool) -> str:
    return f"{'ok ' if ok else 'BAD'} {part:<{WIDTH}}  {says}"
