"""Reading numbers as people write them: 1,234.5 and 1 234,5; what is ambiguous is asked about, never guessed."""

import re
from decimal import Decimal, InvalidOperation

from django.utils.formats import get_format
from django.utils.translation import gettext as _

_SPACES = re.compile(r"[\s\u00a0\u202f\u2009'’]")
_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹٫٬，．", "01234567890123456789.,,.")
_PLAIN = re.compile(r"[+-]?\d*\.?\d+(?:[eE][+-]?\d{1,2})?|[+-]?\d+\.")


def write_number(text: str) -> str:
    """Plain digits with the reader's own decimal mark: "5.010" is "5,010" to a reader of French."""
    return text.replace(".", str(get_format("DECIMAL_SEPARATOR")))


class NotANumber(ValueError):
    """The text cannot be read as one number; the message says what to type."""


def read_number(text: str) -> Decimal:
    """The number that a person meant. Raises NotANumber with a message for them."""
    typed = text.strip()
    compact = _SPACES.sub("", typed.translate(_DIGITS)).replace("\u2212", "-")
    if not compact or len(compact) > 40:
        raise NotANumber(_("Type a number, such as 12.5."))
    points, commas = compact.count("."), compact.count(",")
    if points and commas:
        decimal, thousands = (".", ",") if compact.rfind(".") > compact.rfind(",") else (",", ".")
        compact = _join_groups(compact, decimal, thousands, typed)
    elif commas == 1 and re.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}", compact):
        raise NotANumber(
            _("“%(typed)s” can be read in two ways. Type %(small)s or %(large)s.")
            % {"typed": typed, "small": compact.replace(",", "."), "large": compact.replace(",", "")}
        )
    elif commas == 1:
        compact = compact.replace(",", ".")
    elif commas > 1:
        compact = _join_groups(compact, ".", ",", typed)
    elif points > 1:
        compact = _join_groups(compact, ",", ".", typed)
    if not _PLAIN.fullmatch(compact):
        raise NotANumber(_("“%(typed)s” is not a number. Type the figure alone, without its unit.") % {"typed": typed[:40]})
    try:
        return Decimal(compact)
    except InvalidOperation as error:
        raise NotANumber(_("Type a number, such as 12.5.")) from error


def _join_groups(compact: str, decimal: str, thousands: str, typed: str) -> str:
    """Drop the separators of thousands; they must stand before groups of three digits."""
    whole, mark, rest = compact.partition(decimal)
    if thousands in rest or decimal in rest or not re.fullmatch(rf"[+-]?\d{{1,3}}(?:\{thousands}\d{{3}})+", whole):
        raise NotANumber(_("“%(typed)s” is not a number. Type it like 1234.5.") % {"typed": typed[:40]})
    return whole.replace(thousands, "") + ("." if mark else "") + rest
