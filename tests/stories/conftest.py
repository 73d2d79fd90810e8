"""Stories run through the HTTP client; their mail goes through the outbox's own task to a real SMTP sink."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from proposals.outbox.tasks import deliver
from tests.proofs.sink import Sink

Mailbox = Callable[[str], list[Any]]


@pytest.fixture
def sink(settings: Any) -> Iterator[Sink]:
    """Django's settings point at it, as production's point at a relay."""
    with Sink() as running:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", running.port, 5
        yield running


@pytest.fixture
def mailbox(sink: Sink) -> Mailbox:
    """What has reached an address so far, parsed, oldest first, after the worker's task ran once."""

    def read(address: str) -> list[Any]:
        deliver()
        return [received.mail for received in sink.to(address)]

    return read
