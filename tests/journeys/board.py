"""What the people of a review do in the browser, a page at a time."""

from typing import Any

from playwright.sync_api import expect

from tests.journeys.visitor import Visitor

WORDING = "Decision on a letter of intent (synthetic)"
CONDITIONAL, MERGER = "Conditional selection (synthetic)", "Merge of two proposals (synthetic)"


def tick_all(visitor: Visitor, name: str) -> int:
    """Tick every box of this name on the page; how many there were."""
    boxes = visitor.page.locator(f"input[type=checkbox][name={name}]")
    for box in boxes.all():
        box.check()
    return boxes.count()


def in_bulk(desk: Visitor, query: str, verb: str) -> int:
    """From the queue, do something with everything that the filters leave; how many."""
    desk.open(f"/staff/proposals/proposal/?{query}")
    count = tick_all(desk, "ids")
    desk.page.get_by_label("With the ticked ones").select_option(label=verb)
    desk.press("Show what will happen")
    desk.press(verb)
    desk.page.wait_for_url("**/staff/proposals/proposal/**")
    return count


def panel_of(desk: Visitor, phase: str, title: str) -> int:
    """Open a panel over a phase and bring all that is under review before it; how many."""
    desk.open("/staff/proposals/panel/add/")
    desk.page.get_by_label("Phase:").select_option(label=phase)
    desk.fill({"Title:": title})
    desk.press("Open a panel")
    desk.page.wait_for_url("**/bring/")
    count = tick_all(desk, "ids")
    despite = desk.page.locator("input[name=despite_missing]")
    if despite.count():
        despite.check()
    desk.press("Bring proposals before the panel")
    desk.page.wait_for_url("**/change/")
    return count


def recommend(visitor: Visitor, panel: str, said: dict[str, str], minutes: str) -> None:
    """Say of each reference what the panel recommends, keep the minutes, and freeze the record."""
    visitor.open(panel)
    for reference, outcome in said.items():
        row = visitor.page.locator(f"tr[data-name='{reference}']")
        row.get_by_label("Recommendation").select_option(label=outcome)
    visitor.page.get_by_label("Minutes").fill(minutes)
    visitor.press("Save the panel's page")
    visitor.follow("Freeze the record")
    visitor.press("Freeze the record")
    visitor.page.wait_for_url(lambda url: "/do/" not in url)
    visitor.open(panel)
    expect(visitor.page.get_by_role("button", name="Save the panel's page")).to_have_count(0)


def decide(desk: Visitor, proposal: str, outcome: str, *, wording: str = WORDING, **more: str) -> None:
    """Draft a decision from the proposal's page; `condition`, `into` where the outcome needs them."""
    desk.open(f"/staff/proposals/proposal/{proposal}/change/")
    desk.page.locator("#decisions").get_by_role("link", name="Decide").click()
    desk.page.get_by_label(outcome, exact=True).check()
    desk.page.get_by_label("Reason, for the record:").fill("As the panel recommends.")
    desk.page.get_by_label("Feedback to the proposer:").fill("A clear aim. Please say how the night is survived.")
    desk.page.get_by_label("Wording of the letter:").select_option(label=wording)
    if "into" in more:
        desk.page.get_by_label("Merged into:").fill(more["into"])
    if "condition" in more:
        desk.page.locator("[name='form-0-text'], [name='conditions-0-text']").fill(more["condition"])
    desk.press("Draft the decision")
    expect(desk.page.get_by_role("main").first).to_contain_text("drafted")


def prepare(desk: Visitor, phase: str, title: str) -> tuple[str, str]:
    """Write the letters of every decision of a phase that waits; the release's address, and what it holds in words."""
    desk.open("/staff/proposals/release/add/")
    desk.page.get_by_role("link", name=phase).click()
    desk.fill({"Title:": title})
    tick_all(desk, "decisions")
    desk.press("Write the letters and hold them")
    desk.page.wait_for_url("**/change/")
    return desk.page.url, desk.page.locator(".lp-total").inner_text()


def approve(visitor: Visitor, release: str, *, at: str = "") -> None:
    """Read a release and approve it, for an instant of Beijing or at once."""
    visitor.open(release)
    visitor.follow("Approve it")
    if at:
        visitor.page.get_by_label("Released at:").fill(at)
    else:
        visitor.page.get_by_label("Released at:").fill("")
    visitor.press("Approve it")
    visitor.page.wait_for_url("**/change/")


def accept_asked(judge: Visitor) -> int:
    """Accept every review that one is asked for, then the undertaking; how many."""
    accepted = 0
    while True:
        judge.open("/staff/")
        asked = judge.page.get_by_role("link", name="accept or decline")
        if not asked.count():
            break
        asked.first.click()
        judge.press("Accept")
        judge.page.wait_for_load_state()
        if "/undertaking/" in judge.page.url:
            judge.press("Accept this undertaking")
            judge.page.wait_for_load_state()
        accepted += 1
    return accepted


def score_all(judge: Visitor, marks: list[str], *, verdict: str = "") -> int:
    """Read and score every review that is due; how many."""
    judge.open("/staff/")
    due = judge.page.locator("section[aria-labelledby=home-due] h3 a")
    pages: list[Any] = [link.get_attribute("href") for link in due.all()]
    for number, page in enumerate(pages):
        judge.open(page)
        for place, field in enumerate(judge.page.locator("input[name^='score-']").all()):
            field.fill(marks[(number + place) % len(marks)])
        if verdict:
            judge.page.get_by_label(verdict, exact=True).check()
            judge.page.locator("[name='conditions']").fill("A place with a free view to the south.")
        judge.page.locator("[name='findings-major_strength']").fill("The measurement closes a gap.")
        judge.page.locator("[name='to_panel']").fill("I would take it.")
        judge.page.locator("[name='confidence']").first.check()
        judge.press("Submit the review")
        expect(judge.page.get_by_role("button", name="Submit the review")).to_have_count(0)
    return len(pages)
