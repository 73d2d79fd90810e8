"""`manage.py seed`: the demonstration's data, marked synthetic; twice without doubling."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from proposals.demo.actions import seed
from proposals.demo.bulk import seed_bulk
from proposals.demo.people import PASSWORD, logins
from proposals.demo.story.calendar import STOPS
from proposals.demo.story.play import NotHere, play
from proposals.intake.states import Status


class Command(BaseCommand):
    """Seed the published calls, the directory, and the synthetic round with its 41 proposals."""

    help = "Add the demonstration's data; its logins have a known password, so never use it in production."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--print-logins", action="store_true", help="print the demonstration's logins and do nothing else")
        parser.add_argument(
            "--story",
            nargs="?",
            const="announced",
            choices=list(STOPS),
            help="play a whole round of its own, with letters, reviews, decisions and agreements, up to this state",
        )
        parser.add_argument("--bulk", type=int, metavar="N", help="add N synthetic proposals by SQL, for measuring")

    def handle(self, *args: Any, **options: Any) -> None:
        """Seed, or print the logins."""
        if options["print_logins"]:
            for what, email in logins():
                self.stdout.write(f"{email:48} {what}")
            self.stdout.write(f"password of all: {PASSWORD}")
            return
        if options["story"]:
            self._play(options["story"])
            return
        added = seed(timezone.now())
        if options["bulk"]:
            added["bulk proposals"] = seed_bulk(options["bulk"], timezone.now())
        for what, count in added.items():
            self.stdout.write(f"{count:7} {what} added")

    def _play(self, until: str) -> None:
        """Play the story, and print what it came to."""
        began = time.monotonic()
        try:
            found = play(timezone.now(), until=until)
        except NotHere as refusal:
            raise CommandError(str(refusal)) from refusal
        for status, count in found.items():
            self.stdout.write(f"{count:7} {Status(status).label}")
        self.stdout.write(f"The story stands at “{until}”; it took {time.monotonic() - began:.0f} s to play.")
