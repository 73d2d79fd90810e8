"""Makes the account of a member of staff, and prints the link to set its password."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from proposals.partners.gateways import password_path
from proposals.partners.states import ROLE_MEANS, StaffRole
from proposals.review.actions.experts import appoint


class Command(BaseCommand):
    """`manage.py create_staff EMAIL --name NAME`: the first account of the secretariat, or any later one."""

    help = "Make (or find) the account of a member of staff; mails and prints the link to set a password."

    def add_arguments(self, parser: CommandParser) -> None:
        """Who, and as what."""
        parser.add_argument("email")
        parser.add_argument("--name", required=True, help="full name, as it stands in the trail")
        means = " ".join(f"{role.value}: {says}" for role, says in ROLE_MEANS.items())
        roles = [role.value for role in ROLE_MEANS]
        parser.add_argument("--role", choices=roles, default=StaffRole.SECRETARIAT.value, help=means)

    def handle(self, *args: Any, **options: Any) -> None:  # Django's signature
        """One call, then the link."""
        try:
            user = appoint(
                options["email"], full_name=options["name"], role=StaffRole(options["role"]), by=None, now=timezone.now()
            )
        except ValidationError as refusal:
            raise CommandError("; ".join(refusal.messages)) from refusal
        self.stdout.write(f"{user.email} is now {StaffRole(user.staff_role).label}.")
        self.stdout.write("Set the password within three days (the same link was mailed):")
        self.stdout.write(settings.SITE_URL + password_path(user))
