"""Other ways to the same pages: the keyboard alone, and a browser without JavaScript."""

import re
from typing import Any

from playwright.sync_api import Page, expect

from proposals.demo.people import PASSWORD, logins
from tests import letters
from tests.journeys import filing

PARTNER = next(email for what, email in logins() if what.startswith("partner"))
FOCUSED = """() => {
  const at = document.activeElement;
  const name = at.labels?.[0]?.innerText || at.innerText || at.getAttribute("aria-label") || at.value || "";
  return name.trim().replace(/\\s+/g, " ");
}"""
RING = """() => {
  const at = document.activeElement; // the frame around a figure and its unit carries the ring for both
  return [at, at.parentElement].map(getComputedStyle).some((one) => one.outlineStyle !== "none" || one.boxShadow !== "none");
}"""


def tab_to(page: Page, name: str, *, most: int = 60) -> None:
    """Press Tab until what has the focus is called that; its focus can be seen."""
    met = []
    for _press in range(most):
        page.keyboard.press("Tab")
        met.append(page.evaluate(FOCUSED))
        if met[-1] == name:
            assert page.evaluate(RING), f"nothing shows that {name!r} has the focus"
            return
    raise AssertionError(f"Tab never reached {name!r}, but {met}")


def test_keyboard_alone_signs_in_opens_a_draft_and_corrects_a_figure(visit: Any) -> None:
    visitor = visit()
    page = visitor.open("/account/login/")
    tab_to(page, "E-mail address")
    page.keyboard.type(PARTNER)
    tab_to(page, "Password")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/dashboard/")
    visitor.open(f"{letters.CALL}start/")
    tab_to(page, "Skip to the content")
    page.keyboard.press("Enter")
    page.get_by_label("Mission level").focus()
    page.keyboard.press("Space")
    tab_to(page, "Launch and orbit operation You launch a spacecraft and operate it in orbit around the Moon.")
    page.keyboard.press("Space")
    tab_to(page, "Begin the draft")
    page.keyboard.press("Enter")
    page.wait_for_url("**/edit/**")

    tab_to(page, "Title and abstract")
    page.keyboard.press("Enter")
    visitor.heading("Title and abstract")
    tab_to(page, "Title")
    page.keyboard.type("An orbiter filed by hand")
    page.keyboard.press("Enter")
    visitor.heading("Aims and objectives")

    visitor.open(page.url.rpartition("/edit/")[0] + "/edit/craft/")
    tab_to(page, "Wet mass")
    page.keyboard.type("300 pounds")
    page.keyboard.press("Enter")
    summary = page.get_by_role("alert", name="There is a problem to correct")
    expect(summary).to_be_focused()
    page.keyboard.press("Tab")
    assert "“300 pounds” is not a number." in page.evaluate(FOCUSED)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Wet mass", exact=True)).to_be_focused()
    expect(page.get_by_label("Wet mass", exact=True)).to_have_value("300 pounds")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("300")
    page.keyboard.press("Enter")
    visitor.heading("Launch and arrival")


def test_without_javascript_the_same_letter_is_filed(visit: Any) -> None:
    visitor = visit(PARTNER, javascript=False)
    filing.begin(visitor, "Unit level", lead="")
    filing.fill_in(visitor, letters.PAYLOAD)
    visitor.follow(letters.MASSES)
    visitor.reads(letters.PAYLOAD_TOTALS)
    visitor.follow("Your proposals")
    visitor.follow(letters.PAYLOAD_TITLE)
    filing.add_contact(visitor)
    reference, sha256 = filing.submit(visitor)
    assert re.fullmatch(r"CE8D-[0-9A-Z]{5}", reference)
    assert re.fullmatch(r"[0-9a-f]{64}", sha256)
    visitor.follow("Verify a receipt")
    visitor.fill({"Reference": reference, "SHA-256": sha256})
    visitor.press("Verify")
    visitor.reads("Yes: exactly this was received.")


def test_a_save_by_hand_waits_for_the_one_that_is_under_way(visit: Any) -> None:
    """On a slow line the page must not meet its own autosave as someone else's change."""
    visitor = visit(PARTNER)
    filing.begin(visitor, "Unit level", lead="")
    visitor.follow(letters.SUMMARY)
    page, saves = visitor.page, []

    def slowly(route: Any) -> None:
        saves.append(route.request.url)
        answer = route.fetch()  # the site has saved, and its answer takes its time
        page.wait_for_timeout(1500)
        route.fulfill(response=answer)

    page.route("**/autosave/", slowly)
    visitor.fill({"Title": "A line of 9,600 baud"})
    with page.expect_request("**/autosave/"):
        page.get_by_label("Abstract", exact=True).focus()
    visitor.fill({"Abstract": "Typed while the page saved itself."})
    visitor.press("Save and continue")
    visitor.heading("Aims and objectives")
    assert len(saves) == 1
    page.go_back()
    page.reload()
    expect(page.get_by_label("Abstract", exact=True)).to_have_value("Typed while the page saved itself.")
