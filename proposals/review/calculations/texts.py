"""How long a text may be, said in words: a column's limit is a limit of forms, which the database does not hold."""

from django.utils.translation import gettext as _


def too_long(text: str, most: int | None) -> str:
    """What to say of a text longer than `most` characters; "" where it fits, or where there is no limit."""
    if most is None or len(text) <= most:
        return ""
    figures = {"length": f"{len(text):,}", "limit": f"{most:,}"}
    return _("This text has %(length)s characters; at most %(limit)s are kept.") % figures
