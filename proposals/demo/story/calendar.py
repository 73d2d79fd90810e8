"""When what happens in the story: days from its opening, laid so that the state asked for is reached now."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from proposals.demo.reference import BEIJING

# The state that the story can stop at, and the day on which it is reached.
STOPS = {
    "lois": 31,
    "assigned": 40,
    "reviewed": 66,
    "panel": 74,
    "released": 82,
    "full": 148,
    "decided": 205,
    "agreed": 305,
    "announced": 420,
}
LETTERS_CLOSE, FULL_OPENS, FULL_CLOSES = 30, 80, 144


@dataclass(frozen=True)
class Size:
    """How many of what; the rest of the letters is not selected."""

    letters: int = 41
    ineligible: int = 1
    invited: int = 14
    merged_letters: int = 2
    reserve_letters: int = 4
    projects: int = 10
    conditional: int = 3
    merged: int = 3
    reviewers: int = 3
    assessors: int = 1
    experts: int = 24


QUICK = Size(6, 0, 3, 1, 1, 2, 1, 1, 1, 0, 5)


class Clock:
    """The story's time: `at(day, hour)` is an instant of it; the state `until` is reached at `now`."""

    def __init__(self, now: datetime, until: str) -> None:
        self.until = until
        self.opens_at = now - timedelta(days=STOPS[until])

    def at(self, day: float, hour: float = 0) -> datetime:
        """An instant, counted from the opening of the call."""
        return self.opens_at + timedelta(days=day, hours=hour)

    def midnight(self, day: float) -> datetime:
        """The beginning of that day in Beijing: calls open with one, and close a minute before one."""
        return self.at(day).astimezone(BEIJING).replace(hour=0, minute=0, second=0, microsecond=0)

    def on(self, day: float) -> date:
        """A day, counted from the opening of the call."""
        return self.at(day).date()

    def reaches(self, state: str) -> bool:
        """Whether the story goes as far as this state."""
        return STOPS[state] <= STOPS[self.until]
