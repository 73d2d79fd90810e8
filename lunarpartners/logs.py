"""One line per event, structured: ids and not names, no addresses of readers, no secret that travels in a URL."""

from __future__ import annotations

import logging.config
import re
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

# The rest of these paths is a key that lets its holder in.
KEYS_IN_PATHS = re.compile(
    r"(confirm-email|password/reset/key|login/code|invitations?|unsubscribe|mailboxes/(?:confirm|stop)|calendar)/[^/ '\"]+"
)
PERSONAL = ("ip", "user_agent")


def configure(*, level: str, for_machines: bool) -> None:
    """Send Django's, Celery's and our own lines through one formatter: JSON in production, readable elsewhere."""
    renderer: Processor = structlog.processors.JSONRenderer() if for_machines else structlog.dev.ConsoleRenderer(colors=False)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        discreet,
    ]
    logging.config.dictConfig(_tables(shared, renderer, level))
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def discreet(_logger: Any, _name: str, event: EventDict) -> EventDict:
    """Leave out who is reading, cut keys and queries out of addresses, and keep each event on its one line."""
    kept = {name: value for name, value in event.items() if name not in PERSONAL}
    for name in ("event", "request"):
        if isinstance(value := kept.get(name), str):
            path = KEYS_IN_PATHS.sub(r"\1/…", value)
            path = re.sub(r"\?\S*", "", path) if name == "request" else path
            kept[name] = path.replace("\r", "\\r").replace("\n", "\\n")
    return kept


def _tables(shared: list[Processor], renderer: Processor, level: str) -> dict[str, Any]:
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": shared,
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
    }
