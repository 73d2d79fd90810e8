"""The placeholders that a letter of the secretariat may hold, and filling them: words in, words out, nothing is run."""

import re
from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# What each stands for, as it is explained to the writer.
PLACEHOLDERS: dict[str, str | Promise] = {
    "name": _("the reader's full name"),
    "reference": _("the proposal's reference"),
    "title": _("the proposal's title"),
    "organisation": _("the lead organisation"),
    "call": _("the title of the call"),
    "phase": _("the phase the proposal is in"),
    "deadline": _("when that phase closes, in Beijing and in the reader's own time"),
    "status": _("where the proposal stands, as its team is shown it"),
}
_IN_BRACES = re.compile(r"\{([^{}\n]{0,60})\}")


def unknown(text: str) -> list[str]:
    """What stands in braces and is no placeholder, each once, in the order of the text."""
    return list(dict.fromkeys(name for name in _IN_BRACES.findall(text) if name.strip() not in PLACEHOLDERS))


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with each placeholder replaced by its value, in one pass: braces within a value stay braces.

    Raises KeyError for a placeholder that has no value; `unknown` finds those beforehand.
    """
    return _IN_BRACES.sub(lambda found: values[found.group(1).strip()], text)
