"""Pure rules of a call: its deadline, how staff type an instant, and its days as a calendar."""

from proposals.calls.calculations.calendar import Deadline, calendar, deadlines_file
from proposals.calls.calculations.deadline import (
    NotAnInstant,
    current,
    days_later,
    read_instant,
    standing,
    write_instant,
)

__all__ = [
    "Deadline",
    "NotAnInstant",
    "calendar",
    "current",
    "days_later",
    "deadlines_file",
    "read_instant",
    "standing",
    "write_instant",
]
