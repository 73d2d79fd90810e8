"""What a row answers: its figures, and what went wrong; and how that is told on one line."""

from dataclasses import dataclass, field


class NotRun(Exception):
    """The row cannot be played here; the message says why."""


@dataclass
class Verdict:
    """The figures of one row in the order they are printed; it passes when nothing failed."""

    figures: dict[str, object] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def require(self, holds: object, why: str) -> None:
        """Note a failure unless it holds."""
        if not holds:
            self.failures.append(why)


def line(row: str, state: str, figures: dict[str, object], why: str = "") -> str:
    """`N1 PASS seed=7 queued=1000 ... seconds=31`; the reason comes last, for it has spaces."""
    told = " ".join(f"{name}={value:.2f}" if isinstance(value, float) else f"{name}={value}" for name, value in figures.items())
    return " ".join(filter(None, [row, state, told, f"why={' '.join(why.split())}" if why else ""]))
