"""Scores: reading what a reviewer typed, the weighted mean and what it leaves out, how long a review takes."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.utils.translation import gettext as _

from proposals.intake.calculations.numbers import NotANumber, read_number, write_number

PLACES = 2
TENTH = Decimal("0.1")
# Text read with care: two hundred words of five letters a minute. And what a judgement takes to write.
CHARACTERS_A_MINUTE = 1000
MINUTES_A_CRITERION = 5
MINUTES_IN_ALL = 10


def plainly(value: Decimal) -> str:
    """A figure without the zeros that its column adds: 10.00 is 10, 7.50 is 7.5."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def read_score(text: str, maximum: Decimal) -> Decimal | None:
    """The score that was typed, None for nothing; raises NotANumber (a ValueError) with words for the reviewer."""
    if not text.strip():
        return None
    value = read_number(text)
    problem = wrong_with(value, maximum)
    if problem:
        raise NotANumber(problem)
    return value


def wrong_with(value: Decimal, maximum: Decimal) -> str:
    """What a score breaks, in words: it lies from 0 to the criterion's maximum, with two places at most; "" for nothing."""
    limit = write_number(plainly(maximum))
    if value < 0 or value > maximum:
        said = plainly(value) if abs(value.adjusted()) < 30 else str(value)
        return _("%(value)s cannot be a score here: give a figure from 0 to %(limit)s.") % {
            "value": write_number(said),
            "limit": limit,
        }
    exponent = value.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > PLACES:
        return _("Give at most %(places)d digits after the point.") % {"places": PLACES}
    return ""


@dataclass(frozen=True)
class Mean:
    """A weighted mean in per cent of the maximum, one place; None where nothing was judged. `judged` of `of` criteria count."""

    percent: Decimal | None
    judged: int
    of: int


def weighted_mean(scores: Iterable[tuple[Decimal, Decimal, Decimal | None]]) -> Mean:
    """The mean over (weight, maximum, value): each value as a part of its maximum, by weight.

    A criterion without a value, not scored or not to be judged, is left out with its weight: it is never counted as 0.
    """
    rows = list(scores)
    judged = [(weight, maximum, value) for weight, maximum, value in rows if value is not None and maximum > 0]
    weights = sum((weight for weight, _maximum, _value in judged), start=Decimal(0))
    if not weights:
        return Mean(None, 0, len(rows))
    total = sum((weight * value / maximum for weight, maximum, value in judged), start=Decimal(0))
    return Mean((100 * total / weights).quantize(TENTH, ROUND_HALF_UP), len(judged), len(rows))


def minutes(characters: int, criteria: int) -> tuple[int, int]:
    """How long a review takes: to read a text of so many characters, and to judge it; each in whole five minutes."""
    reading, judging = -(-characters // CHARACTERS_A_MINUTE), MINUTES_A_CRITERION * criteria + MINUTES_IN_ALL
    return -(-reading // 5) * 5, -(-judging // 5) * 5
