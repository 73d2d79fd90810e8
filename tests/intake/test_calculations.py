"""Pure rules: masses to the gram, references that find slips of the pen, numbers as people write them, search words."""

from decimal import Decimal
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proposals.calls.states import Form, Level
from proposals.intake.calculations import mass, search
from proposals.intake.calculations.difference import difference
from proposals.intake.calculations.numbers import NotANumber, read_number
from proposals.intake.calculations.reference import ALPHABET, check_character, draw, is_valid
from proposals.intake.calculations.sections import BY_KEY, SECTIONS, asked_of, known_fields, unit_of

BODIES = st.text(ALPHABET, min_size=4, max_size=8)


def element(cbe, margin="0"):
    return SimpleNamespace(cbe_kg=Decimal(cbe), margin_percent=Decimal(margin))


def budget(*elements, system="0", on_cbe=False):
    return mass.budget(elements, system_margin_percent=Decimal(system), on_cbe=on_cbe)


@pytest.mark.parametrize(
    ("elements", "system", "cbe", "total"),
    [
        ([element("100.000")], "0", "100.000", "100.000"),
        ([element("100.001")], "0", "100.001", "100.001"),
        ([element("83.333", "20")], "0", "83.333", "100.000"),
        ([element("83.334", "20")], "0", "83.334", "100.001"),
        ([element("0.0005")], "0", "0.001", "0.001"),
        ([element("0.0004")] * 3, "0", "0.001", "0.001"),
        ([element("10", "5"), element("10", "10"), element("10", "20")], "20", "30.000", "40.200"),
        ([], "20", "0.000", "0.000"),
    ],
)
def test_budget_is_summed_exactly_and_rounded_once(elements, system, cbe, total):
    found = budget(*elements, system=system)
    assert (found.cbe_kg, found.mass_kg, found.tested_kg) == (Decimal(cbe), Decimal(total), Decimal(total))


def test_budget_tests_the_best_estimate_where_the_call_says_so():
    assert budget(element("90", "20"), on_cbe=True).tested_kg == Decimal("90.000")


def test_excesses_begin_a_gram_above_the_cap():
    cap, total = Decimal("100.000"), Decimal("200.000")
    at, above = budget(element("100.000")), budget(element("100.001"))
    assert mass.excesses([at, at], budget(element("200.000")), module_cap=cap, total_cap=total) == []
    found = mass.excesses([at, above], budget(element("200.001")), module_cap=cap, total_cap=total)
    assert [(one.module, one.mass_kg, one.cap_kg) for one in found] == [
        (2, Decimal("100.001"), cap),
        (None, Decimal("200.001"), total),
    ]
    assert mass.excesses([above], above, module_cap=None, total_cap=None) == []


@given(st.lists(st.integers(0, 999_999), max_size=20))
def test_budget_without_margin_is_the_sum(grams):
    masses = [Decimal(one).scaleb(-3) for one in grams]
    assert budget(*(element(one) for one in masses)).mass_kg == Decimal(sum(grams)).scaleb(-3)


@given(BODIES, st.data())
def test_reference_finds_every_wrong_character(body, data):
    whole = body + check_character(body)
    place = data.draw(st.integers(0, len(whole) - 1))
    wrong = data.draw(st.sampled_from([c for c in ALPHABET if c != whole[place]]))
    assert is_valid(f"CE8-{whole}")
    assert not is_valid(f"CE8-{whole[:place]}{wrong}{whole[place + 1 :]}")


@given(BODIES, st.data())
def test_reference_finds_every_swap_of_neighbours(body, data):
    whole = body + check_character(body)
    place = data.draw(st.integers(0, len(whole) - 2))
    swapped = whole[:place] + whole[place + 1] + whole[place] + whole[place + 2 :]
    assert is_valid(f"CE8-{swapped}") is (swapped == whole)


def test_reference_is_drawn_valid_and_read_in_any_case():
    drawn = {draw("CE8") for _ in range(200)}
    assert len(drawn) > 190
    assert all(is_valid(one) and is_valid(one.lower()) and is_valid(f" {one} ") for one in drawn)
    assert not any(is_valid(bad) for bad in ("", "CE8", "CE8-", "CE8-OIL10", "7KQ4M"))


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("12.5", "12.5"), ("12,5", "12.5"), ("1,234.5", "1234.5"), ("1.234,5", "1234.5"), ("1 234,5", "1234.5"),
        ("1\u202f234.5", "1234.5"), ("1'234.5", "1234.5"), ("1,234,567", "1234567"), ("1.234.567", "1234567"),
        ("0,125", "0.125"), ("1.234", "1.234"), ("-170", "-170"), ("−170", "-170"), ("٣٫٥", "3.5"), ("１２．５", "12.5"),
        ("1e3", "1000"), (".5", "0.5"), ("5.", "5"), ("100.001", "100.001"), ("+3", "3"),
    ],
)  # fmt: skip
def test_read_number_reads_what_people_write(typed, value):
    assert read_number(typed) == Decimal(value)


@pytest.mark.parametrize(
    "typed",
    ["", " ", "1,234", "12 kg", "kg", "1,23,4", "1.2.3", "12.34.567", "1,234.5,6", "NaN", "Infinity", "1e999", "--1", "0x1F",
     "1_000", "½", "9" * 50, "\x00", "1;2"],
)  # fmt: skip
def test_read_number_asks_rather_than_guesses(typed):
    with pytest.raises(NotANumber):
        read_number(typed)


@given(st.text(max_size=50))
def test_read_number_answers_anything_with_a_number_or_a_sentence(typed):
    try:
        said = str(read_number(typed).is_finite())
    except NotANumber as error:
        said = str(error)
    assert said not in {"", "False"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Ångström-scale Sensor", ["angstrom", "scale", "sensor"]),
        ("月球车", ["月球", "球车"]),
        ("嫦娥8号 rover", ["8", "嫦娥", "号", "rover"]),
        ("ดวงจันทร์", search.words("ดวงจันทร์")),
        ("CE8-7KQ4M", ["ce8", "7kq4m"]),
        ("الفضاء", ["الفضاء"]),
        ("snake_case", ["snake", "case"]),
        ("", []),
    ],
)
def test_words_are_folded_in_any_script(text, words):
    assert search.words(text) == words


def test_index_words_hold_single_characters_of_spaceless_scripts():
    assert search.index_words(["月球车"]) == ["月球", "月", "球", "球车", "车"]
    assert len(search.index_words([" ".join(f"w{n}" for n in range(9000))])) == search.MAX_WORDS + 1


@given(st.text(max_size=60))
def test_as_tsquery_quotes_every_word(text):
    query = search.as_tsquery(text)
    assert query.count("'") % 2 == 0
    assert query == "" or all(part.startswith("'") for part in query.split(" & "))


def test_as_tsquery_takes_the_last_word_as_a_beginning():
    assert search.as_tsquery("lunar seis") == "'lunar' & 'seis':*"
    assert search.as_tsquery("月球") == "'月球'"


def test_difference_names_what_changed_came_and_went():
    old = {"a": {"b": "1", "c": "2"}, "list": ["x", "y"]}
    new = {"a": {"b": "1", "c": "3"}, "list": ["x"], "d": None, "e": "5"}
    assert [(one.path, one.before, one.after) for one in difference(old, new)] == [
        (("a", "c"), "2", "3"),
        (("e",), "", "5"),
        (("list", "2"), "y", ""),
    ]
    assert difference(old, old) == []


def test_sections_are_asked_by_level_and_form():
    payload = asked_of({}, Level.UNIT, [])
    surface = asked_of({}, Level.MISSION, [Form.SURFACE])
    both = asked_of({}, Level.MISSION, [Form.LAUNCH_ORBIT, Form.INTERACTION])
    assert {"mass", "power", "envelope", "maturity"} <= set(payload)
    assert not {"craft", "orbit", "site"} & set(payload)
    assert ("site" in surface, "orbit" in surface, "interaction" in surface) == (True, False, False)
    assert ("site" in both, "orbit" in both, "interaction" in both) == (False, True, True)
    assert not {"mass", "power", "envelope"} & set(both)
    assert list(both) == [key for key in BY_KEY if key in both]


def test_sections_hold_each_field_once_with_its_unit():
    fields = known_fields()
    assert len(fields) == len(set(fields))
    assert len(BY_KEY) == len(SECTIONS)
    assert unit_of("module.power_peak_w") == "W"
    assert unit_of("module.energy_wh_day") == "Wh"
    assert unit_of("mission.relative_speed_m_s") == "m/s"
    assert unit_of("module.data_peak_kbit_s") == "kbit/s"
    assert unit_of("title") == ""
