"""`manage.py reconcile_mail`: has every move that partners are shown its messages? Exit status 1 and a line per gap if not."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from proposals.intake.queries.reconciliation import untold

THE_FIRST = datetime(2000, 1, 1, tzinfo=UTC)


class Command(BaseCommand):
    """Compares the moves with the outbox."""

    help = "Name the moves that change what a partner is shown and have no message to one of their team."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=int, default=0, help="look back so many days only; without it, to the first move")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Print the gaps, people by their numbers. Raises CommandError if there are any."""
        days = options["days"]
        gaps = untold(since=timezone.now() - timedelta(days=days) if days else THE_FIRST)
        for gap in gaps:
            self.stdout.write(
                f"move {gap.move_id} of {gap.reference or gap.proposal_id}, {gap.was} to {gap.now}, "
                f"{gap.at:%Y-%m-%d %H:%M} UTC: no message to person {gap.user_id}"
            )
        if gaps:
            raise CommandError(f"{len(gaps)} people were not told of a move.", returncode=1)
        back = f"{days} days back" if days else "back to the first"
        self.stdout.write(f"Every move that partners are shown has its messages: checked {back}.")
