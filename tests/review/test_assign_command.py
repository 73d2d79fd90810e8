"""`manage.py assign` as anyone runs it: one process, a file in, JSON out; every bad case named, with status 2 and no output."""

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from proposals.review.calculations.case import Impossible
from proposals.review.calculations.casefile import read_cases, written
from proposals.review.calculations.optimum import Gap, Outcome

ROOT = Path(__file__).resolve().parents[2]
CASE = {
    "reviewers": [
        {"id": "ana", "max_load": 2, "organisation": "ASI", "country": "IT", "topics": {"dust": 0.9}},
        {"id": "bo", "max_load": 1, "organisation": None, "country": "PE", "topics": {"dust": 0.5, "radio": 1}},
    ],
    "proposals": [
        {"ref": "P1", "needed": 1, "organisations": ["asi "], "countries": [], "topics": {"dust": 1}},
        {"ref": "P2", "needed": 2, "organisations": [], "countries": [], "topics": {"radio": 0.3333333, "dust": 0.1}},
    ],
    "country_conflict": True,
    "conflicts": [],
    "fixed": [],
    "forbidden": [],
}
ANSWER = {
    "assigned": {"P1": ["bo"], "P2": ["ana"]},
    "unfilled": {"P2": 1},
    "min_affinity": 0.09,
    "total_affinity": 0.59,
    "loads": {"ana": 1, "bo": 1},
}


def run(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """The command in a checkout without settings, database or running site."""
    bare = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LUNARPARTNERS_NO_VENV"}}
    command = [sys.executable, "manage.py", "assign", *arguments]
    return subprocess.run(command, cwd=ROOT, env=bare, input=given, capture_output=True, text=True, check=False, timeout=60)


def test_command_answers_a_case_with_an_object(tmp_path):
    file = tmp_path / "case.json"
    file.write_text(json.dumps(CASE))
    done = run(str(file))
    assert (done.returncode, done.stderr, json.loads(done.stdout)) == (0, "", ANSWER)


def test_command_answers_a_list_with_a_list_from_standard_input():
    done = run("-", given=json.dumps([CASE, {"reviewers": [], "proposals": []}]))
    empty = {"assigned": {}, "unfilled": {}, "min_affinity": 0, "total_affinity": 0, "loads": {}}
    assert (done.returncode, done.stderr, json.loads(done.stdout)) == (0, "", [ANSWER, empty])


def test_command_answers_no_cases_with_an_empty_list():
    done = run("-", given="[]")
    assert (done.returncode, done.stderr, json.loads(done.stdout)) == (0, "", [])


def test_command_tells_of_a_proof_that_time_cut_short():
    people = [{"id": f"r{n:02}", "max_load": 1, "topics": {"t": round(0.017 * n % 0.97, 3)}} for n in range(60)]
    wants = [{"ref": f"p{n:02}", "needed": 3, "topics": {"t": 1}} for n in range(20)]
    done = run("--seconds", "0.2", "-", given=json.dumps({"reviewers": people, "proposals": wants}))
    answer = json.loads(done.stdout)
    assert done.returncode == 0
    assert answer["gap"]["min_affinity"] > 0
    told = f"case 1: time ran out before the proof. The least sum may be up to {answer['gap']['min_affinity']:.6f} higher"
    assert done.stderr.startswith(told)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ('{"reviewers": [{"id": "x", "max_load": -1}], "proposals": []}', "reviewer 'x': max_load is -1"),
        (json.dumps([CASE, CASE | {"fixed": [["ana", "P1"]]}]), "case 2: fixed: pair ['ana', 'P1'] is a conflict"),
        (json.dumps(CASE | {"fixed": [["bo", "P1"]], "forbidden": [["bo", "P1"]]}), "fixed: pair ['bo', 'P1'] is forbidden"),
        (json.dumps(CASE | {"conflicts": [["zed", "P1"]]}), "no reviewer has the id 'zed'"),
        ("{", "this is not JSON"),
    ],
)
def test_command_refuses_with_status_2_and_prints_nothing(given, says):
    done = run("-", given=given)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [("no-such-file.json",), ("--seconds", "0", "-"), ("--seconds", "nan", "-"), ()])
def test_command_refuses_a_wrong_call_with_status_2(arguments):
    done = run(*arguments, given="[]")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


def changed(where: str, number: int, **values: object) -> str:
    entries = [entry | values if n == number else entry for n, entry in enumerate(CASE[where])]
    return json.dumps(CASE | {where: entries})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("7", "the case is 7; it must be an object"),
        ("[[]]", "case 1: the case is []; it must be an object"),
        ('{"reviewers": []}', "the case: the key 'proposals' is missing"),
        (json.dumps(CASE | {"conflict": []}), "the case: the key 'conflict' is unknown; known are conflicts, country_conflict, "),
        (changed("reviewers", 0, load=3), "reviewers, entry 1: the key 'load' is unknown; known are country, id, max_load, "),
        (json.dumps(CASE | {"country_conflict": 1}), "country_conflict is 1; it must be true or false"),
        (json.dumps(CASE | {"fixed": [["ana"]]}), 'fixed, entry 1 is ["ana"]; it must be ["reviewer", "proposal"]'),
        (json.dumps(CASE | {"fixed": {}}), "fixed is {}; it must be a list"),
        (changed("reviewers", 1, id=""), 'reviewers, entry 2: id is ""; it must be a text that is not empty'),
        (changed("reviewers", 1, id=7), "reviewers, entry 2: id is 7; it must be a text that is not empty"),
        (changed("reviewers", 1, max_load=2.5), "reviewer 'bo': max_load is 2.5; it must be a whole number, 0 or more"),
        (changed("reviewers", 1, max_load=True), "reviewer 'bo': max_load is true; it must be a whole number, 0 or more"),
        (changed("proposals", 0, needed="3"), "proposal 'P1': needed is \"3\"; it must be a whole number, 0 or more"),
        (changed("proposals", 0, organisations="ASI"), "proposal 'P1': organisations is \"ASI\"; it must be a list"),
        (changed("reviewers", 0, country=["IT"]), "reviewer 'ana': country is [\"IT\"]; it must be a text"),
        (changed("reviewers", 0, topics=["dust"]), "reviewer 'ana': topics is [\"dust\"]; it must be an object"),
        (changed("reviewers", 0, topics={"dust": 1.01}), "reviewer 'ana': topic 'dust' is 1.01; it must be a number from 0 to 1"),
        (changed("proposals", 0, topics={"dust": -1}), "proposal 'P1': topic 'dust' is -1; it must be a number from 0 to 1"),
        (changed("reviewers", 0, topics={"dust": "1"}), "reviewer 'ana': topic 'dust' is \"1\"; it must be a number from 0 to 1"),
        (changed("reviewers", 0, topics={"dust": True}), "reviewer 'ana': topic 'dust' is true; it must be a number from 0 to 1"),
        (changed("reviewers", 0, topics={"dust": float("nan")}), "NaN is not a number that JSON knows"),
        (changed("reviewers", 0, topics={"dust": float("inf")}), "Infinity is not a number that JSON knows"),
        ('{"reviewers": [], "reviewers": []}', "the key 'reviewers' stands twice in one object"),
        ("", "this is not JSON"),
        ("[" * 100_000, "this is not JSON"),
        ('{"reviewers": 1e99999999999999999999}', "this is not JSON"),
    ],
)
def test_case_file_is_read_strictly(text, says):
    with pytest.raises(Impossible) as error:
        read_cases(text)
    assert str(error.value).startswith(says)


def test_case_file_may_leave_out_what_has_a_safe_default():
    (case,), many = read_cases(
        '{"name": "tiny", "reviewers": [{"id": "a", "max_load": 1}], "proposals": [{"ref": "p", "needed": 1}]}'
    )
    assert (many, case.country_conflict, case.fixed, case.reviewers[0].country) == (False, True, frozenset(), "")


def test_pairs_listed_twice_count_once():
    (case,), _ = read_cases(json.dumps(CASE | {"fixed": [["bo", "P1"], ["bo", "P1"]]}))
    assert case.fixed == {("bo", "P1")}


def test_weights_are_read_exactly_to_18_decimals():
    (case,), _ = read_cases(changed("reviewers", 0, topics={"dust": 0.1}).replace("0.1}", "0.12345678901234567849}"))
    assert case.reviewers[0].topics["dust"] == Decimal("0.123456789012345678")


def test_figures_are_written_to_6_places():
    outcome = Outcome(
        {"p": ("b", "a")}, {}, {"a": 1}, Decimal("0.12345649"), Decimal("1.1234567"), Gap(Decimal(0), Decimal("0.5"))
    )
    assert written(outcome) == {
        "assigned": {"p": ["b", "a"]},
        "unfilled": {},
        "min_affinity": 0.123456,
        "total_affinity": 1.123457,
        "loads": {"a": 1},
        "gap": {"min_affinity": 0.0, "total_affinity": 0.5},
    }
