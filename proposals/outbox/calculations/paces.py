"""How fast mail may leave: the limits that hold for an address."""

from collections.abc import Mapping
from datetime import timedelta

# A lane that was idle may catch up this much: as long as the sweep stays away, or it would lie idle in between.
BURST = timedelta(seconds=5)
ALL_MAIL = ""
ANY_OTHER = "*"


def gaps(domain: str, *, in_all: float | None, by_domain: Mapping[str, float]) -> dict[str, float]:
    """The seconds between two mails by the name of each limit that holds for a domain; rates are mails a second.

    A domain that is not named has the rate of "*", but a lane of its own.
    """
    named = {name.lower(): rate for name, rate in by_domain.items()}
    own = named.get(domain, named.get(ANY_OTHER)) if domain else None
    rates = {ALL_MAIL: in_all, domain: own} if domain else {ALL_MAIL: in_all}
    return {name: 1 / rate for name, rate in rates.items() if rate}
