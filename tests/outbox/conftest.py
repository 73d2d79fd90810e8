"""A real SMTP sink, and a business template of the tests' own in a folder of their own."""

from functools import partial
from pathlib import Path

import psycopg
import pytest
from django.conf import settings as django_settings
from django.db import connection

from proposals.outbox.gateways.bell import Bell
from tests.proofs.sink import Sink

TEXT = """{% load i18n tz %}{% blocktrans %}News about {{ title }}{% endblocktrans %}

{{ at|date:"l Y-m-d H:i T" }} {{ title }}
.a line that begins with a dot
{{ link }}
"""
HTML = """<!doctype html><html lang="{{ recipient_language }}"><head><style>p { color: #0B1526; }</style></head>
<body><p>{{ at|date:"l" }} {{ recipient_name }} {{ title }} {{ subject }}</p></body></html>
"""


@pytest.fixture
def sink():
    with Sink() as running:
        yield running


@pytest.fixture
def relay(settings, sink):
    """Django's settings point at the sink, as production's point at a relay."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", sink.port, 1
    settings.OUTBOX_LEASE_S = 10
    return sink


@pytest.fixture
def news(settings, tmp_path):
    """The template `news`; it needs `title` and `at`."""
    folder = tmp_path / "emails"
    folder.mkdir()
    (folder / "news.txt").write_text(TEXT)
    (folder / "news.html").write_text(HTML)
    first = {**django_settings.TEMPLATES[0], "DIRS": [Path(tmp_path), *django_settings.TEMPLATES[0]["DIRS"]]}
    settings.TEMPLATES = [first, *django_settings.TEMPLATES[1:]]
    return "news"


@pytest.fixture
def broker_down(monkeypatch):
    """A bell of this test's own; every task it sends goes to a port where no broker listens."""
    from celery import current_app

    bell = Bell()
    monkeypatch.setattr("proposals.outbox.gateways.bell.bell", bell)
    nowhere = current_app.connection_for_write("redis://127.0.0.1:1/0")
    monkeypatch.setattr(current_app, "send_task", partial(current_app.send_task, connection=nowhere))
    return bell


@pytest.fixture
def other_connection():
    """A second connection to the tests' database, in a transaction of its own; for tests that really commit."""
    where = {name: value for name, value in connection.get_connection_params().items() if name in {"dbname", "user", "host"}}
    with psycopg.connect(**where) as other:
        yield other
        other.rollback()
