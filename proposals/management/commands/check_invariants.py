"""`manage.py check_invariants`: does everything hold that must hold of all rows? Exit status 1 and a line per broken rule."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from proposals.decisions.queries.invariants import RULES, TOLD, broken


class Command(BaseCommand):
    """Reads every table once and more; run it nightly, and after every restore."""

    help = "Check the rules that tie rows of different tables together."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--list", action="store_true", help="name the rules and check nothing")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Print the rules that are broken, with the keys of rows. Raises CommandError if there is any."""
        rules = [*RULES, TOLD]
        if options["list"]:
            self.stdout.write("\n".join(rules))
            return
        found = 0
        for each in broken():
            found += 1
            more = " ..." if each.count > len(each.rows) else ""
            self.stdout.write(f"BROKEN: {each.rule}: {each.count} rows: {', '.join(each.rows)}{more}")
        if found:
            raise CommandError(f"{found} of {len(rules)} rules are broken.", returncode=1)
        self.stdout.write(f"All {len(rules)} rules hold.")
