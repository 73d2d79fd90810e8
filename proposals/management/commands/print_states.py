"""`manage.py print_states`: the diagram for the README."""

from typing import Any

from django.core.management.base import BaseCommand

from proposals.intake.calculations.diagram import mermaid


class Command(BaseCommand):
    """Print the states' diagram."""

    help = "Print the diagram of a proposal's states as Mermaid."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Print it."""
        self.stdout.write(mermaid())
