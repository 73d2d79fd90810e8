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
    "deadline": _("when that phase closes, in Beijing and in the reader's own time; in an invitation, when the next one does"),
    "status": _("where the proposal stands, as its team is shown it"),
}
# What only the letter of a decision fills.
OF_DECISIONS: dict[str, str | Promise] = {
    "outcome": _("what was decided; only in the letter of a decision, as those that follow"),
    "feedback": _("the feedback to the proposer"),
    "conditions": _("the conditions, one a line, with the days by which they are due"),
    "lead": _("who leads the project: after a merge the lead organisation of the other proposal"),
    "merged_into": _("the proposal that this one is merged into"),
    "merged": _("the proposals that are merged into this one, one a line"),
    "next_phase": _("the phase that an invitation leads to"),
}
PLACEHOLDERS |= OF_DECISIONS
_IN_BRACES = re.compile(r"\{([^{}\n]{0,60})\}")


def unknown(text: str) -> list[str]:
    """What stands in braces and is no placeholder, each once, in the order of the text."""
    return list(dict.fromkeys(name for name in _IN_BRACES.findall(text) if name.strip() not in PLACEHOLDERS))


def used(text: str) -> set[str]:
    """The placeholders that a text holds."""
    return {name.strip() for name in _IN_BRACES.findall(text)} & PLACEHOLDERS.keys()


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with each placeholder replaced by its value, in one pass: braces within a value stay braces.

    Raises KeyError for a placeholder that has no value; `unknown` finds those beforehand.
    """
    return _IN_BRACES.sub(lambda found: values[found.group(1).strip()], text)
