"""The main job: a new partner files two letters, the secretariat triages them, and every step reaches the partner by mail."""

import re

from playwright.sync_api import expect

from proposals.demo.people import STAFF
from tests import letters
from tests.journeys import filing
from tests.journeys.visitor import Mail, Visitor

PARTNER = "amaru@talweg.example.org"
PASSWORD = "a radar under the regolith 8"
SECRETARIAT = STAFF[0][0]
REASON = "Please give the abstract in two sentences, with the depth that you reach."
QUESTION = "Which ground stations will range with your orbiter?"
ANSWER = "Two of our own, at Talweg North and Talweg South."
MARKS = ("depth that you reach", "ground stations", "Talweg North", "layers down to 30 m", "ranges with the lander for a year")


def sign_up(visitor: Visitor) -> None:
    """An account, its address proven by the link in the mail that was caught, and an organisation."""
    visitor.open("/account/signup/")
    visitor.fill({"Full name": "Amaru Talweg", "E-mail address": PARTNER, "Password": PASSWORD, "Time zone": "Lima (UTC-5)"})
    visitor.press("Create the account")
    visitor.heading("Confirm your e-mail address")
    [mail] = visitor.mails(PARTNER, lambda mails: len(mails) == 1)
    link = re.search(r"http\S+/confirm-email/\S+", mail["text"])
    assert link is not None
    visitor.open(link.group())
    visitor.press("Confirm the address")
    visitor.page.wait_for_url("**/dashboard/")
    visitor.open("/organisations/new/")
    visitor.fill({"Name": letters.ORGANISATION, "Kind": "research institute", "Country or region (optional)": "Peru"})
    visitor.press("Add the organisation")
    visitor.heading(letters.ORGANISATION)


class Thread:
    """The mails about one proposal, told by the reference in their subjects."""

    def __init__(self, reference: str) -> None:
        self.reference = reference

    def subjects(self, mails: list[Mail]) -> list[str]:
        """What each is called, after the reference."""
        mark = f"[{self.reference}] "
        return [mail["subject"].removeprefix(mark) for mail in mails if mail["subject"].startswith(mark)]

    def wait(self, visitor: Visitor, *subjects: str) -> list[Mail]:
        """Exactly these mails about it, in this order, in one thread, and none that says what is confidential."""
        mails = visitor.mails(PARTNER, lambda found: len(self.subjects(found)) >= len(subjects))
        assert self.subjects(mails) == list(subjects)
        mine = [mail for mail in mails if mail["subject"].startswith(f"[{self.reference}]")]
        first = mine[0]["message_id"]
        assert [mail["in_reply_to"] for mail in mine] == ["", *[first] * (len(mine) - 1)]
        assert [mail["references"] for mail in mine] == ["", *[first] * (len(mine) - 1)]
        assert len({mail["message_id"] for mail in mine}) == len(mine)
        for mail in mine:
            assert [mark for mark in MARKS if mark in mail["text"] + mail["html"] + mail["subject"]] == []
        return mine


def receipt_says(mail: Mail, reference: str, sha256: str) -> None:
    """The receipt by mail is the receipt on the page."""
    lines = mail["text"].splitlines()
    assert [line for line in lines if line.startswith(("Reference:", "SHA-256"))] == [
        f"Reference: {reference}",
        f"SHA-256 of what we received: {sha256}",
    ]


def act(desk: Visitor, reference: str, verb: str, answers: dict[str, str], state: str) -> None:
    """Find a proposal by its reference, open a verb's page, do it, and see the state that follows."""
    desk.open("/staff/proposals/proposal/")
    desk.page.get_by_label("Search in all proposals").fill(reference)
    desk.press("Search")
    bar = desk.page.get_by_role("group", name="What can be done now")
    bar.get_by_role("link", name=verb, exact=True).click()
    desk.fill(answers)
    desk.press(verb)
    expect(bar).to_contain_text(state)


def stands(visitor: Visitor, proposal: str, status: str) -> None:
    """The partner's page of a proposal shows exactly this status."""
    visitor.open(proposal)
    expect(visitor.page.get_by_role("main").get_by_text(status, exact=True).first).to_be_visible()


def test_a_partner_files_two_letters_and_hears_of_every_step(visit):
    partner, desk = visit(), visit(SECRETARIAT)
    sign_up(partner)

    filing.begin(partner, "Unit level")
    filing.fill_in(partner, letters.PAYLOAD)
    filing.add_contact(partner)
    partner.reads("Nothing required is missing.")
    partner.follow("Check your answers")
    partner.reads("21.740 kg")
    partner.page.go_back()
    payload, payload_sha256 = filing.submit(partner)
    payload_page = partner.page.url.partition("/receipt/")[0] + "/"

    filing.begin(partner, "Mission level", *letters.FORMS)
    filing.fill_in(partner, letters.MISSION)
    filing.add_contact(partner)
    mission, mission_sha256 = filing.submit(partner)
    mission_page = partner.page.url.partition("/receipt/")[0] + "/"

    assert payload != mission
    for reference, sha256 in ((payload, payload_sha256), (mission, mission_sha256)):
        assert re.fullmatch(r"CE8D-[0-9A-Z]{5}", reference)
        assert re.fullmatch(r"[0-9a-f]{64}", sha256)
        [mail] = Thread(reference).wait(partner, "Received: your Letter of intent")
        receipt_says(mail, reference, sha256)
    stands(partner, payload_page, "Submitted")

    act(desk, payload, "Return for correction", {"What has to be corrected:": REASON}, "returned for correction")
    act(desk, mission, "Ask a question", {"Question:": QUESTION}, "clarification requested")
    Thread(payload).wait(partner, "Received: your Letter of intent", "Returned to you for correction")
    Thread(mission).wait(partner, "Received: your Letter of intent", "A question waits for your answer")

    stands(partner, payload_page, "Returned to you for correction")
    partner.reads(REASON)
    partner.follow("Correct the proposal")
    filing.fill_in(partner, {letters.SUMMARY: {"Abstract": "A radar maps ice. It reaches 30 m."}})
    again, corrected_sha256 = filing.submit(partner)
    assert (again, partner.value("Version")) == (payload, "2")
    assert corrected_sha256 != payload_sha256
    stands(partner, payload_page, "Submitted")

    stands(partner, mission_page, "A question waits for your answer")
    partner.reads(QUESTION)
    partner.follow("Answer the question")
    partner.fill({"Your answer": ANSWER})
    partner.press("Send the answer")
    stands(partner, mission_page, "Submitted")

    for reference in (payload, mission):
        act(desk, reference, "Accept for review", {}, "under review")
    of_payload = Thread(payload).wait(
        partner,
        "Received: your Letter of intent",
        "Returned to you for correction",
        "Received: your Letter of intent",
        "Accepted for review",
    )
    receipt_says(of_payload[2], payload, corrected_sha256)
    Thread(mission).wait(
        partner,
        "Received: your Letter of intent",
        "A question waits for your answer",
        "We received your answer",
        "Accepted for review",
    )
    stands(partner, payload_page, "Under review")
    stands(partner, mission_page, "Under review")
    desk.reads(ANSWER)
