"""`manage.py audit_verify`: is the trail as it was written? Exit status 1 and a line per problem if not."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from proposals.audit.queries import last_seal, verify


class Command(BaseCommand):
    """Reads the whole trail, once, and prints what is wrong with it."""

    help = "Check every event and seal of the audit trail."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--expect", default="", metavar="ID:DIGEST", help="a seal printed earlier, kept elsewhere")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Print the problems, or the last seal. Raises CommandError if there is any problem."""
        problems = 0
        for problem in verify(now=timezone.now(), expect=options["expect"]):
            problems += 1
            self.stdout.write(f"{problem.row}: {problem.says}")
        if problems:
            raise CommandError(f"{problems} problems: the trail is not as it was written.", returncode=1)
        self.stdout.write(f"The trail is whole. Keep this elsewhere, for --expect: {last_seal() or 'no seal yet'}")
