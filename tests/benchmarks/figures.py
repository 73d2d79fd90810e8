"""The arithmetic of the bench: percentiles, ratios, rows of the table, goals; no timing of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

SIZES_COMPARED = (1_000, 100_000)
MOST_GROWTH = 1.3


def percentile(values: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile: the smallest value that at least `percent` of all do not exceed. Needs one value."""
    if not values:
        raise ValueError("a percentile needs values")
    rank = -(-len(values) * percent // 100)
    return sorted(values)[max(0, int(rank) - 1)]


@dataclass
class Row:
    """One line of the table: milliseconds, statements (most of any request), bytes as sent and after gzip."""

    what: str
    size: int
    p50_ms: float
    p95_ms: float
    statements: int
    body_bytes: int
    gzip_bytes: int
    count: int
    sql_ms: float = 0.0
    cpu_ms: float = 0.0
    rate_per_s: float | None = None
    requests: int = 1
    note: str = ""


@dataclass
class Goal:
    """What was wanted, what was measured, and whether that is enough."""

    text: str
    measured: str
    met: bool

    def __str__(self) -> str:
        return f"GOAL {'met   ' if self.met else 'MISSED'} {self.text}: {self.measured}"


@dataclass
class Report:
    """Everything one run found."""

    facts: dict[str, str] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    steps: dict[str, list[list[object]]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """For the JSON file."""
        return asdict(self)


def at(rows: Sequence[Row], what: str, size: int) -> Row | None:
    """The row of a measurement at one size."""
    return next((row for row in rows if row.what == what and row.size == size), None)


def growth(rows: Sequence[Row], what: str, figure: str = "p50_ms") -> float | None:
    """How many times dearer a figure is at the larger size than at the smaller; None where one was not measured."""
    small, large = (getattr(at(rows, what, size), figure, 0.0) for size in SIZES_COMPARED)
    return large / small if small and large else None


def goals(
    rows: Sequence[Row], *, pages: Sequence[str], queue: Sequence[str], form: str, rates: Mapping[str, float]
) -> list[Goal]:
    """Issue 2's goals, judged on what was measured; a goal that could not be measured is left out."""
    found = []
    for what in pages:
        times = growth(rows, what)
        if times is not None:
            cpu = growth(rows, what, "cpu_ms")
            told = f"{times:.2f} x" + (f" (processor {cpu:.2f} x)" if cpu else "")
            found.append(Goal(f"{what}: 100,000 within {MOST_GROWTH} x of 1,000", told, times <= MOST_GROWTH))
    for names, most in ((queue, 12), ([form], 8)):
        counted = [row for row in rows if row.what in names]
        if counted:
            worst = max(counted, key=lambda row: row.statements)
            text = f"{'queue' if names is queue else form} at most {most} SQL"
            found.append(Goal(text, f"{worst.statements} ({worst.what}, N={worst.size:,})", worst.statements <= most))
    for what, least in rates.items():
        reached = [(row.size, row.rate_per_s) for row in rows if row.what == what and row.rate_per_s is not None]
        found += [Goal(f"{what} at least {least:g}/s, N={size:,}", f"{rate:.2f}/s", rate >= least) for size, rate in reached]
    return found


def table(rows: Sequence[Row], *, bare: str) -> str:
    """The rows as a Markdown table: each size beside the bare view of the same size."""
    heads = ["measurement", "N", "p50 ms", "p95 ms", "x bare", "CPU ms", "SQL", "SQL ms", "bytes", "gzip", "per s", "n"]
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)]]
    for row in sorted(rows, key=lambda row: list(dict.fromkeys(each.what for each in rows)).index(row.what)):
        plain = at(rows, bare, row.size)
        lines.append(
            [
                row.what,
                f"{row.size:,}",
                f"{row.p50_ms:,.1f}",
                f"{row.p95_ms:,.1f}",
                f"{row.p50_ms / plain.p50_ms:.1f}" if plain else "",
                f"{row.cpu_ms:.1f}" if row.cpu_ms else "",
                str(row.statements) if row.requests else "",
                f"{row.sql_ms:.1f}" if row.sql_ms else "",
                f"{row.body_bytes:,}" if row.body_bytes else "",
                f"{row.gzip_bytes:,}" if row.gzip_bytes else "",
                "" if row.rate_per_s is None else f"{row.rate_per_s:.2f}",
                str(row.count),
            ]
        )
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    drawn = [f"| {line[0].ljust(widths[0])} | {' | '.join(map(str.rjust, line[1:], widths[1:]))} |" for line in lines]
    drawn[1] = "|" + "|".join("-" * (w + 2) if not place else "-" * (w + 1) + ":" for place, w in enumerate(widths)) + "|"
    return "\n".join(drawn)
