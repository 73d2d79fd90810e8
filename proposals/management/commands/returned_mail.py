"""`manage.py returned_mail [ADDRESS] < mail.eml`: what the mail server calls for each mail that comes back to us."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils import timezone

from proposals.outbox.actions.bounces import NotOurs, take_back
from proposals.outbox.gateways.returned import MOST_BYTES

# sysexits.h: by these the mail server gives a mail up, or keeps it and comes again.
EX_DATAERR = 65
EX_TEMPFAIL = 75


class Command(BaseCommand):
    """Reads one mail from standard input."""

    help = "Read a delivery report or a complaint from standard input and keep it with the mail it is about."
    requires_system_checks: list[str] = []  # it is started for each mail

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("recipient", nargs="?", default="", help="the envelope's recipient; without it, headers are asked")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Print what the mail says. Raises CommandError: 65 where it is none of ours, 75 where the database is away."""
        raw = sys.stdin.buffer.read(MOST_BYTES)
        while sys.stdin.buffer.read(MOST_BYTES):
            pass  # the rest of a long mail, so that the mail server can finish its writing
        try:
            report = take_back(raw, recipient=options["recipient"], now=timezone.now())
        except NotOurs as refusal:
            raise CommandError(
                "Not returned to an address that a mail of ours was sent from.", returncode=EX_DATAERR
            ) from refusal
        except DatabaseError as error:
            raise CommandError("The database is away; come again later.", returncode=EX_TEMPFAIL) from error
        self.stdout.write(f"Kept: {report.value}." if report else "It reports nothing; ignored.")
