"""Past the triggers that guard rows: what only the owner of the tables could do."""

from collections.abc import Iterator
from contextlib import contextmanager

import pgtrigger
from django.db import connection


@contextmanager
def guards_ignored() -> Iterator[None]:
    """Ignore every trigger within.

    `pgtrigger.ignore` sends its setting and the statement as one, which parameters bound by the server do not allow.
    """
    names = ",".join(trigger.get_pgid(model) for model, trigger in pgtrigger.registered())
    _ignore(f"{{{names}}}")
    try:
        yield
    finally:
        if not connection.needs_rollback:  # else the setting ends with the transaction
            _ignore("{}")


def _ignore(names: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pgtrigger.ignore', %s, false)", [names])
