#!/usr/bin/env python3
"""The one command: `up`, `test` and their kin are Lunar Partners' own, every other one is Django's."""

from __future__ import annotations

import sys

if sys.version_info < (3, 11):  # before any import: older versions cannot even read our modules
    sys.exit("Lunar Partners needs Python 3.11 or newer; this is %d.%d: run `python3.11 manage.py ...`" % sys.version_info[:2])

from lunarpartners import bootstrap

if __name__ == "__main__":
    bootstrap.enter()  # stdlib only until here; below, the interpreter is the one of .venv
    from lunarpartners import commands

    sys.exit(commands.run(sys.argv))
