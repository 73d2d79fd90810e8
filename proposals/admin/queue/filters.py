"""The queue's address, read against an allow-list: what is not on it is said and left out, never passed on."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_countries import countries

from proposals.calls.models import Call
from proposals.calls.states import Form, Level
from proposals.intake.queries.queue import COUNTED_TO, Key, View, Wanted, secretariat
from proposals.intake.rules import may_triage
from proposals.intake.states import Status
from proposals.partners.models import User

TOO_LONG = 200
AGES = (3, 7, 14, 30, 90)
ORDERS = ("newest", "oldest")
# Parameter and attribute of the filters that are simply on or off.
SWITCHES: dict[str, tuple[str, str | Promise]] = {
    "over_cap": ("over_cap", gettext_lazy("Over a mass cap")),
    "late": ("late", gettext_lazy("Submitted late")),
    "endorsement": ("no_endorsement", gettext_lazy("Endorsement missing")),
    "confirmed": ("unconfirmed", gettext_lazy("Lead organisation not confirmed")),
}
SWITCHED = {"over_cap": "yes", "late": "yes", "endorsement": "missing", "confirmed": "no"}
MANY = ("level", "form", "state")
PLACES = ("after", "before")


@dataclass(frozen=True)
class Choices:
    """What a reader may choose from that lives in the database: calls and the members of the secretariat."""

    calls: Sequence[Call]
    staff: Sequence[User]
    reader: Any


@dataclass
class Asked:
    """An address as understood: what is wanted, in which order, from which place; and what was not understood."""

    wanted: Wanted
    order: str = "newest"
    after: Key | None = None
    before: Key | None = None
    kept: dict[str, list[str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @property
    def newest_first(self) -> bool:
        """Whether the list begins with what moved last."""
        return self.order == "newest"

    def query(self, **changes: str | None) -> str:
        """This list's address with some parameters changed (None: left out), always from its first page."""
        lists = {name: values for name, values in self.kept.items() if name not in changes}
        lists |= {name: [value] for name, value in changes.items() if value is not None}
        return encode(lists)


def encode(lists: Mapping[str, Sequence[str]]) -> str:
    """The parameters as one address, in one order: equal filters have equal addresses."""
    query = QueryDict(mutable=True)
    for name in sorted(lists):
        query.setlist(name, sorted(lists[name]))
    return query.urlencode()


def capped(count: int) -> str:
    """A count that stops at a thousand, as people read it."""
    return "1,000+" if count > COUNTED_TO else str(count)


def place(key: Key) -> str:
    """A key as it stands in an address."""
    return f"{key.moved_at.astimezone(UTC):%Y%m%dT%H%M%S.%f}_{key.pk}"


def _place(value: str) -> Key:
    """The key in an address; raises ValueError."""
    at, _sep, pk = value.partition("_")
    return Key(datetime.strptime(at, "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC), uuid.UUID(pk))


def parse(given: QueryDict, choices: Choices) -> Asked:
    """Read an address; what is unknown or malformed is named in `problems` and narrows nothing."""
    asked = Asked(Wanted())
    readers = _readers(choices)
    found: dict[str, Any] = {}
    for name, values in given.lists():
        values = [value for value in values if value.strip()]  # noqa: PLW2901  # an empty control asks nothing
        if name not in readers and name not in (*PLACES, "order"):
            asked.problems.append(_("“%(name)s” is not a filter of this list.") % {"name": name[:40]})
            continue
        if not values:
            continue
        try:
            _take(asked, found, name, values, readers)
        except (ValueError, KeyError, OverflowError):
            asked.problems.append(
                _("“%(value)s” is not a value that “%(name)s” may have here; it was left out.")
                % {"value": values[0][:60].replace("\x00", "�"), "name": name}
            )
    asked.wanted = Wanted(**found)
    return asked


def _take(asked: Asked, found: dict[str, Any], name: str, values: list[str], readers: dict[str, Any]) -> None:
    """Take one parameter over; raises ValueError or KeyError where its value is not allowed."""
    if name not in MANY and len(values) > 1:
        raise ValueError(name)
    if name == "order":
        asked.order = ORDERS[ORDERS.index(values[0])]
    elif name in PLACES:
        setattr(asked, name, _place(values[0]))
        return
    else:
        attribute, read = readers[name]
        found[attribute] = tuple(read(value) for value in values) if name in MANY else read(values[0])
    asked.kept[name] = values


def _readers(choices: Choices) -> dict[str, tuple[str, Callable[[str], Any]]]:
    """Per parameter: the attribute of Wanted, and how its text is read."""
    calls = {call.code: call.pk for call in choices.calls}
    people = {str(person.pk): person.pk for person in choices.staff} | {"me": choices.reader.pk, "nobody": 0}
    ages = {str(days): days for days in AGES}
    plain: dict[str, tuple[str, Callable[[str], Any]]] = {
        "view": ("view", View),
        "call": ("call", calls.__getitem__),
        "level": ("levels", lambda value: Level(value).value),
        "form": ("forms", lambda value: Form(value).value),
        "state": ("states", lambda value: Status(value).value),
        "country": ("country", lambda value: {code: code for code in dict(countries)}[value]),
        "age": ("older_than_days", ages.__getitem__),
        "assignee": ("assignee", people.__getitem__),
        "tag": ("tag", _text),
        "q": ("words", _text),
    }
    switches = {name: (attribute, _on(SWITCHED[name])) for name, (attribute, _label) in SWITCHES.items()}
    return {**plain, **switches}


def _on(word: str) -> Callable[[str], bool]:
    """Reads a switch: its one word, or ValueError."""

    def read(value: str) -> bool:
        if value != word:
            raise ValueError(value)
        return True

    return read


def _text(value: str) -> str:
    """A free text of sane length without control characters; raises ValueError."""
    text = value.strip()
    if len(text) > TOO_LONG or not text.isprintable():
        raise ValueError(text)
    return text


def understood(request: HttpRequest) -> tuple[Asked, Choices]:
    """The address against the allow-list; an empty one opens on what needs the reader."""
    choices = Choices(list(Call.objects.visible_to(request.user)), list(secretariat()), request.user)
    given = request.GET or QueryDict(f"view={View.NEEDS_ME if may_triage(request.user) else View.ALL}")
    return parse(given, choices), choices
