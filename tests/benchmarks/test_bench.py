"""The bench's arithmetic: percentiles, growth, goals and the table; nothing here measures time."""

import pytest

from tests.benchmarks.client import Answer
from tests.benchmarks.figures import Row, goals, growth, percentile, table
from tests.benchmarks.flows import Partner, _letters


def row(what: str, size: int, p50_ms: float, *, statements: int = 5, rate_per_s: float | None = None) -> Row:
    return Row(what, size, p50_ms, p50_ms * 2, statements, 1234, 567, 20, rate_per_s=rate_per_s)


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ([7], 50, 7),
        ([4, 1, 3, 2], 50, 2),
        ([4, 1, 3, 2], 51, 3),
        (range(1, 21), 95, 19),
        (range(1, 22), 95, 20),
        ([2, 1], 100, 2),
    ],
)
def test_percentile_is_the_nearest_rank(values, percent, expected):
    assert percentile(list(values), percent) == expected


def test_percentile_of_nothing_is_refused():
    with pytest.raises(ValueError, match="needs values"):
        percentile([], 50)


def test_growth_compares_the_medians_of_1000_and_100000():
    rows = [row("queue", 0, 1), row("queue", 1_000, 10), row("queue", 100_000, 12.5)]
    assert growth(rows, "queue") == 1.25
    assert growth(rows[:2], "queue") is None


def test_goals_are_judged_on_what_was_measured():
    rows = [
        row("queue", 1_000, 10, statements=12),
        row("queue", 100_000, 13.1, statements=13),
        row("form", 1_000, 5, statements=8),
        row("letter", 1_000, 100, rate_per_s=5.0),
        row("letter", 100_000, 100, rate_per_s=4.99),
    ]
    found = goals(rows, pages=["queue", "never measured"], queue=["queue"], form="form", rates={"letter": 5.0})
    assert [(goal.text, goal.met) for goal in found] == [
        ("queue: 100,000 within 1.3 x of 1,000", False),
        ("queue at most 12 SQL", False),
        ("form at most 8 SQL", True),
        ("letter at least 5/s, N=1,000", True),
        ("letter at least 5/s, N=100,000", False),
    ]
    assert str(found[2]) == "GOAL met    form at most 8 SQL: 8 (form, N=1,000)"


def test_table_sets_each_size_beside_the_bare_view_of_the_same_size():
    lines = table([row("bare", 0, 2), row("page", 0, 5), row("bare", 1_000, 4)], bare="bare").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert cells[0][:5] == ["measurement", "N", "p50 ms", "p95 ms", "x bare"]
    beside = [(one[0], one[1], one[4]) for one in cells[2:]]
    assert beside == [("bare", "0", "1.0"), ("bare", "1,000", "1.0"), ("page", "0", "2.5")]


def test_page_gives_back_its_hidden_fields():
    body = b'<form><input type="hidden" name="csrfmiddlewaretoken" value="a&amp;b"><input type="text" name="title"></form>'
    page = Answer("step", "/", 200, "", body, 0.1, 1, 0.5)
    assert page.hidden() == {"csrfmiddlewaretoken": "a&b"}
    assert page.names("t[a-z]+") == ["title"]


def test_each_person_has_an_address_and_a_name_of_their_own():
    people = [Partner(number, 1, "s") for number in range(1, 2_000)]
    addresses = {person.browser.connection.source_address for person in people}
    assert len(addresses) == len(people)
    assert len({_letters(number) for number in range(1, 2_000)}) == 1_999
