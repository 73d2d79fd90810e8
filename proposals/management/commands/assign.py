"""`manage.py assign CASE.json`: who reviews what, as an optimum anyone can check; docs/assignment.md tells the model."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from proposals.review.calculations.case import Impossible
from proposals.review.calculations.casefile import read_cases, written
from proposals.review.calculations.optimum import SECONDS, assign

UNPROVEN = (
    "time ran out before the proof. The least sum may be up to {:.6f} higher; the total up to {:.6f}, the least sum as it is."
)


class Command(BaseCommand):
    """Read a case or a list of cases, print the assignment of each; nothing is stored."""

    help = "Assign reviewers to the proposals of a case file, and print the result as JSON."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("case", metavar="CASE.json", help="a case, or a list of them; - reads from standard input")
        parser.add_argument(
            "--seconds",
            type=float,
            default=SECONDS,
            metavar="N",
            help=f"the longest search for one case (default {SECONDS}); past it, the best found is printed with its gap",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the outcome of every case. Raises CommandError with status 2 for a file that is no case; then prints nothing."""
        if not 0 < options["seconds"] <= 86_400:
            raise CommandError(f"--seconds is {options['seconds']}; it must be above 0, and at most 86400", returncode=2)
        try:
            text = sys.stdin.read() if options["case"] == "-" else Path(options["case"]).read_text(encoding="utf-8")
            cases, many = read_cases(text)
        except (OSError, UnicodeDecodeError, Impossible) as error:
            raise CommandError(f"{options['case']}: {error}", returncode=2) from error
        documents = []
        for number, case in enumerate(cases, 1):
            outcome = assign(case, seconds=options["seconds"])
            documents.append(written(outcome))
            if outcome.gap:
                self.stderr.write(f"case {number}: {UNPROVEN}".format(outcome.gap.min_affinity, outcome.gap.total_affinity))
        self.stdout.write(json.dumps(documents if many else documents[0], ensure_ascii=False, indent=2))
