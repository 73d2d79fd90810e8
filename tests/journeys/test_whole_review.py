"""The whole review: twelve letters, six invited, full proposals, five people who judge, a panel, four outcomes and a merge."""

import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from lunarpartners.bootstrap import ROOT
from tests.journeys import board
from tests.journeys.visitor import Mail, Visitor
from tests.running import RunningSite

DESK, SECOND, CHAIR, BOARD = (f"{name}@demo.example.org" for name in ("secretariat", "secretariat2", "chair", "board"))
CODE = "CE8S"
INVITED = 6
PRELIMINARY = "preliminarily selected: invited to the next phase"
SELECTED, CONDITIONAL, RESERVE = "selected", "conditionally selected", "on the reserve list"
NOT_SELECTED, MERGED = "not selected", "merged into another proposal"
OUTCOMES = (SELECTED, SELECTED, CONDITIONAL, RESERVE, NOT_SELECTED, MERGED)
TO_LETTER = ("Received: your Letter of intent", "Accepted for review", "A decision about your proposal")
TO_REVIEW = (*TO_LETTER, "Invited: Full proposal", "Received: your Full proposal", "Accepted for review")
TO_DECISION = (*TO_REVIEW, "A decision about your proposal")
ASSESSOR, CALL = "assessor@demo.example.org", "/calls/chang-e-8-story/"
RELEASED_WITHIN_S = 180  # the embargo's instant is at most 75 s away; a beat comes each minute
Visit = Callable[..., Visitor]
MARKS = (MERGED, "not selected", "A clear aim", "free view to the south", "closes a gap", "I would take it")


@dataclass
class Round:
    """What the stage was set with."""

    letters: list[dict[str, str]]
    judges: list[str]

    @property
    def titles(self) -> list[str]:
        """What is confidential of each until it is announced."""
        return [letter["title"] for letter in self.letters]

    @property
    def invited(self) -> list[dict[str, str]]:
        """The first six."""
        return self.letters[:INVITED]


def set_the_stage(site: RunningSite) -> Round:
    """A call with twelve submitted letters, in a process of its own that knows the site's database."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.journeys.round"], cwd=ROOT, env=os.environ | site.environment, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    return Round(told["letters"], told["judges"])


def about(mails: list[Mail], reference: str) -> list[str]:
    """The subjects of the mails about one proposal, without its reference."""
    return [mail["subject"].removeprefix(f"[{reference}] ") for mail in mails if mail["subject"].startswith(f"[{reference}]")]


def hears(visitor: Visitor, letter: dict[str, str], *subjects: str) -> None:
    """The author of a letter has received exactly these mails about it, and none that says what is confidential."""
    wanted = list(subjects)
    mails = visitor.mails(letter["author"], lambda found: len(about(found, letter["reference"])) >= len(wanted))
    assert about(mails, letter["reference"]) == wanted
    for mail in mails:
        if mail["subject"].startswith(f"[{letter['reference']}]"):
            assert [mark for mark in MARKS if mark in mail["text"] + mail["html"] + mail["subject"]] == []


def triage(desk: Visitor, played: Round) -> None:
    """All twelve letters are accepted for review in one act."""
    assert board.in_bulk(desk, f"call={CODE}&state=submitted", "Accept for review") == len(played.letters)


def answer_letters(desk: Visitor, member: Visitor, played: Round) -> None:
    """Six are preliminarily selected, one is kept in reserve, the others are not selected; the board releases it all."""
    for number, letter in enumerate(played.letters):
        outcome = PRELIMINARY if number < INVITED else RESERVE if number == INVITED else NOT_SELECTED
        board.decide(desk, letter["pk"], outcome)
    release, holds = board.prepare(desk, "Letter of intent", "Letters of intent")
    assert " ".join(holds.split()) == ("12 letters 6 preliminarily selected 1 on the reserve list 5 not selected")
    board.approve(member, release)


def invite(desk: Visitor) -> None:
    """Everyone who was preliminarily selected, in one act."""
    desk.open("/staff/proposals/release/invite/")
    assert board.tick_all(desk, "proposals") == INVITED
    desk.press("Invite")
    desk.reads("6 proposals are invited.")


def full_proposal(partner: Visitor, letter: dict[str, str]) -> None:
    """The draft begins with what the letter said; it is checked and submitted under the same reference."""
    partner.open(f"/proposals/{letter['pk']}/")
    partner.reads(letter["reference"])
    partner.open(f"/proposals/{letter['pk']}/check/")
    partner.page.get_by_label("We are entitled to submit this").check()
    partner.press("Submit full proposal")
    partner.page.wait_for_url("**/receipt/*/")
    assert (partner.value("Reference"), partner.value("Version")) == (letter["reference"], "2")


def assign(desk: Visitor, kind: str) -> None:
    """The optimiser works it out, and the plan is applied as one act."""
    desk.open("/staff/proposals/pairing/")
    desk.page.get_by_label("Phase:").select_option(label=f"{CODE} – Full proposal")
    desk.page.get_by_label("Review:").select_option(label=kind)
    desk.press("Work it out")
    apply = desk.page.get_by_role("link", name=re.compile(r"^Ask for \d+ reviews$"))
    expect(apply).to_be_visible(timeout=60_000)
    desk.reads("Proven: no assignment is better.")
    apply.click()
    desk.page.locator("input[type=submit].default").click()
    desk.page.wait_for_url("**/pairing/*/change/")


def judge_all(visit: Visit, played: Round) -> None:
    """Five people accept what they are asked for, and the undertaking; they read, score and submit."""
    asked, scored = 0, 0
    for email in played.judges:
        judge = visit(email, width=360)
        accepted = board.accept_asked(judge)
        verdict = "accommodatable with conditions" if email == ASSESSOR else ""
        scored += board.score_all(judge, ["8", "7", "9", "6"], verdict=verdict)
        asked += accepted
        noun = "proposals" if accepted > 1 else "proposal"
        mails = judge.mails(email, lambda found: any(mail["subject"].startswith(f"[{CODE}]") for mail in found))
        mine = [mail for mail in mails if mail["subject"].startswith(f"[{CODE}]")]
        assert [mail["subject"] for mail in mine] == [f"[{CODE}] You are asked to review {accepted} {noun}"]
        assert [title for title in played.titles if title in mine[0]["text"] + mine[0]["html"]] == []
    assert (len(played.judges), asked, scored) == (5, 3 * INVITED, 3 * INVITED)


def hold_panel(desk: Visitor, chair: Visitor, played: Round) -> None:
    """The chair writes down what the panel recommends, and freezes the record."""
    assert board.panel_of(desk, f"{CODE} – Full proposal", "Panel of the journey") == INVITED
    said = {letter["reference"]: outcome for letter, outcome in zip(played.invited, OUTCOMES, strict=True)}
    board.recommend(chair, desk.page.url, said, "All were present. (synthetic)")


def answer_proposals(desk: Visitor, member: Visitor, partner: Visitor, played: Round) -> None:
    """Four outcomes and a merge, released at an instant; until then the partner sees nothing of it."""
    first = played.letters[0]
    more: dict[str, dict[str, str]] = {
        CONDITIONAL: {"condition": "Confirm the funding in writing.", "wording": board.CONDITIONAL},
        MERGED: {"into": first["reference"], "wording": board.MERGER},
    }
    partner.open(f"/proposals/{first['pk']}/")
    before = partner.page.get_by_role("main").inner_text()
    for letter, outcome in zip(played.invited, OUTCOMES, strict=True):
        board.decide(desk, letter["pk"], outcome, **more.get(outcome, {}))
    release, holds = board.prepare(desk, "Full proposal", "Full proposals")
    assert " ".join(holds.split()) == (
        "6 letters 2 selected 1 conditionally selected 1 on the reserve list 1 not selected 1 merged into another proposal"
    )
    at = datetime.now(UTC) + timedelta(seconds=75)  # the form knows minutes: at least a quarter of one is left
    board.approve(member, release, at=f"{at + timedelta(hours=8):%Y-%m-%dT%H:%M}")
    partner.open(f"/proposals/{first['pk']}/")
    assert partner.page.get_by_role("main").inner_text() == before
    end = time.monotonic() + RELEASED_WITHIN_S
    while len(about(partner.site.mails(first["author"]), first["reference"])) < len(TO_DECISION):
        assert time.monotonic() < end, "the release did not come"
        time.sleep(1)
    partner.open(f"/proposals/{first['pk']}/")
    partner.follow("Read our letter")
    partner.reads("Please say how the night is survived.")


def conclude(desk: Visitor, played: Round) -> None:
    """The condition is met; the first project's agreement is worked through, concluded and announced."""
    first, conditional = played.letters[0], played.letters[2]
    desk.open(f"/staff/proposals/proposal/{conditional['pk']}/change/")
    desk.follow("Confirm as met")
    desk.fill({"How it was met:": "The letter of the ministry was read. (synthetic)"})
    desk.press("Confirm as met")
    page = f"/staff/proposals/proposal/{first['pk']}/change/"
    desk.open(page)
    desk.follow("Prepare the agreement")
    desk.page.locator("[name=counterpart]").fill("Institute of Lunar Instruments (synthetic)")
    desk.press("Prepare the agreement")
    desk.open(page)
    desk.follow("Open the agreement and its checklist")
    desk.follow("Tick lines of the checklist")
    assert board.tick_all(desk, "items") > 0
    desk.press("Tick lines of the checklist")
    desk.follow("Conclude the agreement")
    desk.page.locator("[name=signed_on]").fill(f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d}")
    desk.press("Conclude the agreement")
    desk.reads("The agreement is concluded.")


def announce(desk: Visitor, anyone: Visitor, played: Round) -> None:
    """The public page names the project once it is announced, and not before."""
    title, first = played.titles[0], played.letters[0]
    anyone.open(CALL)
    expect(anyone.page.get_by_text(title)).to_have_count(0)
    desk.open("/staff/proposals/announcement/announce/")
    desk.page.locator(f"[name='{first['pk']}-chosen']").check()
    desk.press("Announce what is ticked")
    anyone.open(CALL)
    expect(anyone.page.get_by_text(title).first).to_be_visible()


def test_a_round_from_letters_of_intent_to_an_announced_project(visit: Visit, running_site: RunningSite) -> None:
    played = set_the_stage(running_site)
    desk, member, chair = visit(DESK), visit(BOARD), visit(CHAIR)
    triage(desk, played)
    answer_letters(desk, member, played)
    for letter in played.letters:
        hears(desk, letter, *TO_LETTER)
    invite(desk)
    partners = [visit(letter["author"]) for letter in played.invited]
    for partner, letter in zip(partners, played.invited, strict=True):
        full_proposal(partner, letter)
    assert board.in_bulk(desk, f"call={CODE}&state=submitted", "Accept for review") == INVITED
    for letter in played.invited:
        hears(desk, letter, *TO_REVIEW)
    for kind in ("science review", "accommodation review"):
        assign(desk, kind)
    judge_all(visit, played)
    hold_panel(desk, chair, played)
    answer_proposals(desk, member, partners[0], played)
    conclude(desk, played)
    announce(desk, visit(), played)

    first, conditional, merged = played.letters[0], played.letters[2], played.letters[5]
    after = ("An agreement is being prepared", "Agreed: your project", "Announced: your project")
    ends = {first["pk"]: after, conditional["pk"]: ("All conditions are met",)}
    joined = desk.mails(merged["author"], lambda found: len(about(found, first["reference"])) >= 1 + len(after))
    assert about(joined, first["reference"]) == ["A decision about your proposal", *after]
    every = settled(running_site)
    merged_team = told_of(every, merged["reference"])
    for letter in played.letters:
        told = [*(TO_DECISION if letter in played.invited else TO_LETTER), *ends.get(letter["pk"], ())]
        hears(desk, letter, *told)
        # Whoever is of a team hears the same; the merged one's team hears of the other from the decision on.
        for address, subjects in told_of(every, letter["reference"]).items():
            is_joined = letter is first and address in merged_team
            assert subjects == (["A decision about your proposal", *after] if is_joined else told), address
    # Beside those, reviewers were asked, and everyone with an account was told that the call is open; nobody heard anything else.
    beside = Counter(str(mail["subject"]) for mail in every if str(mail["subject"]).startswith(f"[{CODE}]"))
    asked = {subject for subject in beside if "asked to review" in subject}
    assert {subject.partition(":")[0] for subject in beside.keys() - asked} <= {f"[{CODE}] Open for proposals"}
    assert sum(beside[subject] for subject in asked) == len(played.judges)


def settled(site: RunningSite) -> list[Mail]:
    """Every mail, once none has come for three seconds."""
    found: list[Mail] = []
    while len(now := site.mails()) != len(found):
        found = now
        time.sleep(3)
    return found


def told_of(mails: list[Mail], reference: str) -> dict[str, list[str]]:
    """The subjects of the mails about one proposal, by whom they went to."""
    found: dict[str, list[str]] = {}
    for mail in mails:
        if str(mail["subject"]).startswith(f"[{reference}] "):
            found.setdefault(str(mail["to"]), []).append(str(mail["subject"]).removeprefix(f"[{reference}] "))
    return found
