"""`manage.py environment`: the running site's variables, for a shell: `eval "$(python3 manage.py environment)"`."""

from __future__ import annotations

import shlex
import sys

from lunarpartners.stack import running, state_folder


def run(_arguments: list[str]) -> int:
    """Print one export per variable of the `up` that runs on this folder; 1 if none does."""
    found = running(state_folder())
    if found is None:
        print(f"Nothing runs on {state_folder()}: start it with `python3 manage.py up`", file=sys.stderr)
        return 1
    for name, value in found.items():
        print(f"export {name}={shlex.quote(value)}")
    return 0
