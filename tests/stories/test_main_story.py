"""The main job without a browser: two letters, a colleague who joins, triage, and every mail in its thread."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from proposals.calls.models import MarginClass, Topic
from proposals.calls.states import TopicKind
from proposals.intake.models import Proposal
from proposals.partners.states import StaffRole
from tests import letters
from tests.factories import PASSWORD as STAFF_PASSWORD
from tests.factories import make_call, make_staff
from tests.stories.person import Person

pytestmark = pytest.mark.django_db

PARTNER, COLLEAGUE = "amaru@talweg.example.org", "contact@talweg.example.org"
PASSWORD = "a radar under the regolith 8"
RECEIVED = "Received: your Letter of intent"
REASON = "Please give the abstract in two sentences, with the depth that you reach."
QUESTION = "Which ground stations will range with your orbiter?"
ANSWER = "Two of our own, at Talweg North and Talweg South."
MARKS = ("depth that you reach", "ground stations", "Talweg North", "layers down to 30 m")


@pytest.fixture
def desk() -> Person:
    """The secretariat at its desk, before the demonstration round, which has the labels that the letters use."""
    make_staff(role=StaffRole.SECRETARIAT, email="desk@example.org", full_name="Secretariat")
    call = make_call(code="CE8D", slug=letters.CALL.strip("/").partition("/")[2])
    for title in ("Study of the several physical fields of the Moon", "Geological profile of the region around the landing site"):
        Topic.objects.create(call=call, kind=TopicKind.AIM, title=title)
    call.margin_classes.update(label="")
    MarginClass.objects.filter(call=call, code="C").update(label="Minor change of design")
    MarginClass.objects.filter(call=call, code="D").update(label="New design")
    return sign_in("desk@example.org", STAFF_PASSWORD)


def sign_in(email: str, password: str) -> Person:
    person = Person()
    person.open("/account/login/")
    person.press("Sign in", {"E-mail address": email, "Password": password})
    return person


def sign_up(name: str, email: str, mailbox: Any, link: str = "/account/signup/") -> Person:
    """An account whose address is proven by the link in the mail."""
    person = Person()
    person.open(link)
    given = {"Full name": name, "E-mail address": email, "Password": PASSWORD, "Time zone": "Lima (UTC-5)"}
    person.press("Create the account", given)
    assert person.reads("Confirm your e-mail address")
    person.open(link_in(mailbox(email)[-1], "/confirm-email/"))
    person.press("Confirm the address")
    return person


def words(mail: Any) -> str:
    return str(mail.get_body(("plain",)).get_content())


def link_in(mail: Any, part: str) -> str:
    found = re.search(rf"https?://\S*{re.escape(part)}\S*", words(mail))
    assert found is not None
    return found.group()


def begin(person: Person, level: str, *forms: str) -> None:
    person.open(f"{letters.CALL}start/")
    answers = {"Lead organisation (optional)": letters.ORGANISATION}
    page = person.page.content.decode()
    for start in (level, *forms):
        [label] = [text for text in labels(page) if text.startswith(start)]
        answers[label] = "yes"
    person.press("Begin the draft", answers)


def labels(page: str) -> list[str]:
    found = re.findall(r"<label[^>]*>(.*?)</label>", page, flags=re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", "", one).split()) for one in found]


def fill_in(person: Person, letter: dict[str, dict[str, str]]) -> None:
    for title, answers in letter.items():
        person.follow(title)
        groups = {}
        if title == letters.MASSES:
            groups = {f"Element {number}": element for number, element in enumerate(letters.ELEMENTS, 1)}
            groups[""] = {"Name of the module": "Radar"}
        person.press("Save and return to the list", answers, groups)
        assert person.reads("pages are complete."), title


def add_colleague(person: Person) -> None:
    person.follow(letters.TEAM)
    given = {"Full name": "Nerys Adwood", "Role": "administrative contact", "E-mail address (optional)": COLLEAGUE}
    person.press("Add the person", given)
    person.press("Invite: Nerys Adwood")
    person.follow("Done: back to the list")


def submit(person: Person) -> tuple[str, str, str]:
    """Ends on the receipt; gives reference, SHA-256 and the proposal's address."""
    person.follow("Check your answers")
    [consent] = [text for text in labels(person.page.content.decode()) if text.startswith("We are entitled")]
    person.press("Submit letter of intent", {consent: "yes"})
    assert "/receipt/" in person.at
    page = person.page.content.decode()
    rows = dict(re.findall(r"<dt>(Reference|SHA-256)</dt><dd[^>]*>([^<]+)</dd>", page))
    return rows["Reference"], rows["SHA-256"], person.at.partition("receipt/")[0]


def act(desk: Person, address: str, verb: str, answers: dict[str, str] | None = None) -> None:
    desk.open(f"/staff{address.replace('/proposals/', '/proposals/proposal/', 1)}change/")
    desk.follow(verb)
    desk.press(verb, answers)


def thread(mails: list[Any], reference: str) -> list[str]:
    """The subjects about a proposal without its reference; exactly one thread, and nothing confidential in it."""
    mine = [mail for mail in mails if mail["Subject"].startswith(f"[{reference}] ")]
    first = mine[0]["Message-ID"]
    for mail in mine:
        known = None if mail is mine[0] else first
        assert (mail["In-Reply-To"], mail["References"]) == (known, known)
        assert [mark for mark in MARKS if mark in mail.as_string() or mark in words(mail)] == []
    assert len({mail["Message-ID"] for mail in mine}) == len(mine)
    return [mail["Subject"].partition("] ")[2] for mail in mine]


def test_two_letters_from_draft_to_review(desk: Person, mailbox: Any) -> None:
    partner = sign_up("Amaru Talweg", PARTNER, mailbox)
    partner.open("/organisations/new/")
    kind = {"Name": letters.ORGANISATION, "Kind": "research institute", "Country or region (optional)": "Peru"}
    partner.press("Add the organisation", kind)

    begin(partner, "Unit level")
    fill_in(partner, letters.PAYLOAD)
    add_colleague(partner)
    invitation = next(mail for mail in mailbox(COLLEAGUE) if "/invitations/" in words(mail))
    colleague = sign_up("Nerys Adwood", COLLEAGUE, mailbox)
    colleague.open(link_in(invitation, "/invitations/"))
    colleague.press("Accept the invitation")
    payload, payload_sha256, payload_page = submit(partner)

    begin(partner, "Mission level", *letters.FORMS)
    fill_in(partner, letters.MISSION)
    add_colleague(partner)
    mission, mission_sha256, mission_page = submit(partner)

    for reference, sha256 in ((payload, payload_sha256), (mission, mission_sha256)):
        [receipt] = [mail for mail in mailbox(PARTNER) if mail["Subject"] == f"[{reference}] {RECEIVED}"]
        assert f"Reference: {reference}\n" in words(receipt).replace("\r\n", "\n")
        assert f"SHA-256 of what we received: {sha256}\n" in words(receipt).replace("\r\n", "\n")

    due = {"due": (datetime.now().astimezone() + timedelta(days=5)).strftime("%Y-%m-%dT%H:%M")}
    act(desk, payload_page, "Return for correction", {"What has to be corrected:": REASON, "Correction due:": due["due"]})
    act(desk, mission_page, "Ask a question", {"Question:": QUESTION, "Answer due:": due["due"]})

    partner.open(payload_page)
    assert partner.reads("Returned to you for correction")
    assert partner.reads(REASON)
    partner.follow("Correct the proposal")
    fill_in(partner, {letters.SUMMARY: {"Abstract": "A radar maps ice. It reaches 30 m."}})
    again, corrected_sha256, _page = submit(partner)
    assert (again, corrected_sha256 != payload_sha256) == (payload, True)
    partner.open(mission_page)
    assert partner.reads(QUESTION)
    partner.follow("Answer the question")
    partner.press("Send the answer", {"Your answer": ANSWER})

    for page in (payload_page, mission_page):
        act(desk, page, "Accept for review")
    assert desk.reads(ANSWER)
    status = {p.reference: str(p.shown_status) for p in Proposal.objects.all()}
    assert status == {payload: "Under review", mission: "Under review"}

    told = [RECEIVED, "Returned to you for correction", RECEIVED, "Accepted for review"]
    assert thread(mailbox(PARTNER), payload) == told
    assert thread(mailbox(COLLEAGUE), payload) == told  # a thread of her own, not of whoever pressed the button
    asked = [RECEIVED, "A question waits for your answer", "We received your answer", "Accepted for review"]
    assert thread(mailbox(PARTNER), mission) == asked
    assert [mail for mail in mailbox(COLLEAGUE) if mission in mail["Subject"]] == []  # listed and invited, but never joined
    assert [mail["Message-ID"] for mail in mailbox("desk@example.org") if payload in mail["Subject"]] == []
