"""`manage.py prove`: plays the scoreboard's rows against real processes; one line a row, exit 1 where any fails.

The quick form of a row has at most a tenth of its full size; a row that was not played says so and is never green.
"""

import argparse
import importlib
import importlib.util
import os
import platform
import random
import signal
import subprocess
import sys
import time
import traceback
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import FrameType

from lunarpartners.bootstrap import ROOT
from lunarpartners.embedded import EmbeddedError
from tests.proofs.stage import LEASE_S, SMTP_TIMEOUT_S, Late, Stage
from tests.proofs.verdict import NotRun, Verdict, line

# A row's module has `prove(stage, *, full, chance) -> Verdict`; its docstring says experiment, goal and sizes.
ROWS = {
    "N1": "tests.proofs.n1",
    "N2": "tests.proofs.n2",
    "N3": "tests.proofs.n3",
    "N4": "tests.proofs.n4",
    "N5": "tests.proofs.n5",
    "N6": "tests.proofs.n6",
    "N7": "tests.proofs.n7",
    "MAIL": "tests.proofs.mail",
    "TEXT": "tests.proofs.text",
    "P8": "tests.proofs.p8",
    "P9": "tests.proofs.p9",
}
PARTS = ("django", "psycopg", "celery", "redis", "gunicorn", "aiosmtpd")


def run(arguments: list[str]) -> int:
    """Play the rows asked for, or all; print a line each; give the exit status."""
    options = _parse(arguments)
    unknown = [row for row in options.rows if row not in ROWS]
    if options.list or unknown:
        return _list(unknown)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    lines: list[str] = []
    status = 0
    try:
        status = _play(options, lines)
    except EmbeddedError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        status = 130
        for row in options.rows[len(lines) :]:
            _tell(line(row, "NOT RUN", {}, "interrupted"), lines)
    finally:
        if options.write and lines:
            _write(options, lines)
    return status


def _play(options: argparse.Namespace, lines: list[str]) -> int:
    """One stage for all rows, cleaned before each."""
    status = 0
    with Stage() as stage:
        for row in options.rows:
            began = time.monotonic()
            state, figures, why = _judge(row, stage, options)
            figures = {"seed": options.seed, **figures, "seconds": round(time.monotonic() - began)}
            _tell(line(row, state, {} if state == "NOT RUN" else figures, why), lines)
            status = 1 if state == "FAIL" else status
    return status


def _judge(row: str, stage: Stage, options: argparse.Namespace) -> tuple[str, dict[str, object], str]:
    """Play one row: PASS, FAIL or NOT RUN, its figures, and why."""
    if importlib.util.find_spec(ROWS[row]) is None:
        return "NOT RUN", {}, "it is not written yet"
    stage.fresh()
    try:
        verdict: Verdict = importlib.import_module(ROWS[row]).prove(
            stage, full=options.full, chance=random.Random(f"{row} {options.seed}")
        )
    except NotRun as reason:
        return "NOT RUN", {}, str(reason)
    except Late as late:
        return "FAIL", {}, str(late)
    except Exception as error:  # noqa: BLE001  # a row that breaks has failed, and the next is still played
        traceback.print_exc()
        return "FAIL", {}, f"it broke: {type(error).__name__}: {error}"[:600]
    finally:
        if options.logs:
            for path in sorted(stage.stack.state.glob("*.log")):
                print(f"--- {path.name}\n{stage.log_of(path.stem)}", file=sys.stderr)
        stage.stop_children()
    return "FAIL" if verdict.failures else "PASS", verdict.figures, "; ".join(verdict.failures)


def _tell(told: str, lines: list[str]) -> None:
    lines.append(told)
    print(told, flush=True)


def _write(options: argparse.Namespace, lines: list[str]) -> None:
    """Append a section with the run's date, seed and versions, and the lines as they were printed."""
    form = "full" if options.full else "quick"
    versions = ", ".join([f"Python {platform.python_version()}", *(f"{part} {version(part)}" for part in PARTS)])
    told = [
        f"## {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {form} form, seed {options.seed}",
        "",
        f"- machine: {os.cpu_count()} cores, {platform.system()} {platform.machine()}; sink, servers and clients share it",
        f"- versions: {versions}; commit {_commit()}",
        f"- SMTP time-out {SMTP_TIMEOUT_S} s, lease {LEASE_S} s unless the row says otherwise",
        "",
        "```",
        *lines,
        "```",
    ]
    before = options.write.read_text() if options.write.exists() else "# What was proved\n"
    options.write.write_text(before.rstrip("\n") + "\n\n" + "\n".join(told) + "\n")


def _commit() -> str:
    """The commit that was played, marked where files differ from it."""
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--exclude=*"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return told.stdout.strip() or "not known"


def _list(unknown: list[str]) -> int:
    """Print every row with the first line of its description; status 2 where one asked for is unknown."""
    for row in unknown:
        print(f"{row} is no row; these are:", file=sys.stderr)
    for row, module in ROWS.items():
        spec = importlib.util.find_spec(module)
        told = Path(spec.origin).read_text().split("\n", 1)[0].strip('"') if spec and spec.origin else "not written yet"
        print(f"{row:5} {told}", file=sys.stderr if unknown else sys.stdout)
    return 2 if unknown else 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="manage.py prove", description="Play the scoreboard's rows against real processes.")
    parser.add_argument("rows", nargs="*", metavar="ROW", help="N1, N2 ...; all of them where none is named")
    parser.add_argument("--full", action="store_true", help="at full size: minutes a row; without it at most a tenth")
    parser.add_argument("--seed", type=int, default=7, help="where chance begins; the same seed plays the same faults")
    parser.add_argument("--write", type=Path, metavar="PATH", help="append the lines to a file, with date, seed and versions")
    parser.add_argument("--list", action="store_true", help="name the rows")
    parser.add_argument("--logs", action="store_true", help="show what the processes logged, after each row")
    options = parser.parse_args(arguments)
    options.rows = [row.upper() for row in options.rows] or list(ROWS)
    return options


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
