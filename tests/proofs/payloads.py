"""Two hundred texts that people might type to break into mail, the places where what they type reaches it, and the judge."""

import html
import re
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from email.header import decode_header, make_header
from html.parser import HTMLParser

from django.conf import settings
from django.db import transaction

from proposals.intake import emails as proposal_mail
from proposals.intake.models import TeamMember
from proposals.intake.queries.letters import written
from proposals.intake.states import Status, TeamRole
from proposals.outbox.models import WordingVersion
from proposals.partners import emails as people_mail
from proposals.partners.models import Invitation, User
from tests import factories
from tests.benchmarks.client import ORIGIN
from tests.proofs.sink import Received

# Every host, address and header of an attacker has "evil" in its name.
PAYLOADS = (
    "Radar\r\nBcc: evil-{n}@evil.example",
    "Radar\nX-Evil: {n}",
    "Radar\rX-Evil: {n}",
    "Radar\r\n X-Evil: {n}\r\n\r\n<a href=https://evil.example/{n}>read</a>",
    "Radar\r\n.\r\nMAIL FROM:<evil@evil.example>\r\nRCPT TO:<evil-{n}@evil.example>\r\nDATA",
    "Radar\u2028X-Evil: {n}\u2029X-Evil: again",
    "Radar\x85X-Evil: {n}\x0bX-Evil: again\x0cX-Evil: thrice",
    "=?utf-8?q?Radar=0D=0AX-Evil:_{n}?=",
    "=?utf-8?b?UmFkYXINClgtRXZpbDogMQ==?= {n}",
    "--evil-{n}\r\nContent-Type: text/html\r\n\r\n<b>evil</b>",
    "https://evil.example/{n}",
    "HTTPS:\\\\evil.example\\{n}",
    "//evil.example/{n} and http:/evil.example",
    "www.evil.example/{n}",
    "evil-{n}@evil.example",
    "mailto:evil-{n}@evil.example?subject=evil",
    '"><a href="https://evil.example/{n}">sign in</a>',
    "<img src=https://evil.example/{n}.png onerror=evil()>",
    "[sign in](https://evil.example/{n}) javascript:evil({n})",
    "\u202ehttps://evil.example/{n}\u202c \u2066evil.example\u2069",
    "evil\u3002example/{n} evil\uff0eexample evil\uff61example",
    "evil-é.example/{n} evil.рф evil.中国 müller-evil.çom",
    "evil-{n}\uff20evil.example http\uff1a\uff0f\uff0fevil.example",
    "evil\u200b.example/{n} evil.\u200bexample evil\u00ad.example",
    "http://10.0.0.7/evil/{n} ftp://evil/{n} file://evil/{n}",
)
HEADERS = {
    "from", "to", "subject", "date", "message-id", "content-language", "auto-submitted", "x-auto-response-suppress",
    "in-reply-to", "references", "mime-version", "content-type", "content-transfer-encoding",
    "list-unsubscribe", "list-unsubscribe-post",
}  # fmt: skip
PARTS = {"multipart/alternative", "multipart/mixed", "text/plain", "text/html", "text/calendar"}
# What mail programs make a link of, where it leads to the attacker: a scheme, a host name, an address.
LIVE = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"[a-z][a-z0-9+-]*[:：]\s?[/／\\]+\s?\S*evil",
        r"(?:^|[^\w.])[/\\]{2}\S*evil",
        r"\b(?:mailto|tel|javascript|data):\S",
        r"www\.\S*evil",
        r"evil[\w-]*[\u200b\u00ad]*[.。．｡][\u200b\u00ad]*[^\W\d_]{2}",
        r"[\w.-]+[@＠][\w.-]*evil",
        r"\d+\.\d+\.\d+\.\d+/evil",
    )
)


def lives(text: str) -> str:
    """What in the text a mail program would make a link of, or nothing."""
    return next((found.group(0) for pattern in LIVE if (found := pattern.search(text))), "")


def wrongs(received: Received) -> Iterator[str]:
    """What is wrong with a mail: headers that are not ours, parts, recipients, anything that leads elsewhere."""
    head = received.raw.partition(b"\r\n\r\n")[0].decode("utf-8", "replace")
    names = Counter(line.partition(":")[0].lower() for line in head.split("\r\n") if not line.startswith((" ", "\t")))
    yield from (f"header {name}" for name in names if name not in HEADERS)
    yield from (f"header {name} {times} times" for name, times in names.items() if times > 1)
    mail = received.mail
    if [str(mail["To"])] != received.to:
        yield f"to {mail['To']} but handed over for {received.to}"
    subject = str(make_header(decode_header(str(mail["Subject"]))))
    if "=?" in subject or not subject.isprintable():
        yield f"subject {subject!r}"
    for part in mail.walk():
        if part.get_content_type() not in PARTS or part.defects:
            yield f"part {part.get_content_type()} {part.defects}"
        if part.get_content_type() == "text/plain":
            yield from _live_in(str(part.get_content()))
        if part.get_content_type() == "text/html":
            yield from _live_in_html(str(part.get_content()))
    yield from _live_in(subject)


def _live_in(text: str) -> Iterator[str]:
    if found := lives(text):
        yield f"live {found!r}"


def _live_in_html(markup: str) -> Iterator[str]:
    page = _Page()
    page.feed(markup)
    ours = (ORIGIN + "/", f"mailto:{settings.SECRETARIAT_EMAIL}")
    yield from (f"link to {link!r}" for link in page.links if link != ORIGIN and not link.startswith(ours))
    yield from (f"element {tag}" for tag in page.tags & {"script", "img", "iframe", "form", "object", "svg", "base"})
    yield from _live_in(" ".join(page.words))


class _Page(HTMLParser):
    """What a page shows and where it leads."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [html.unescape(value or "") for name, value in attrs if name in {"href", "src", "action", "background"}]
        self.links += [value for name, value in attrs if name.startswith("on") and value]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


# --- where what people type reaches mail; each writes one mail to `to`, or to the address that its name says


def _title(text: str, to: User, now: datetime) -> None:
    proposal = factories.make_proposal(status=Status.SUBMITTED, title=text, by=to, at=now)
    proposal_mail.moved(proposal.move(Status.UNDER_REVIEW, by=to, now=now), proposal=proposal)


def _title_and_question(text: str, to: User, now: datetime) -> None:
    proposal = factories.make_proposal(status=Status.SUBMITTED, title=text, by=to, at=now)
    question = proposal.clarifications.create(question=text, asked_by=to, asked_at=now, due_at=now + timedelta(days=3))
    proposal_mail.asked(proposal.move(Status.CLARIFICATION, by=to, now=now), question, proposal=proposal)


def _letter(text: str, to: User, now: datetime) -> None:
    lead = factories.make_organisation(name=text)
    proposal = factories.make_proposal(title=text, by=to, lead=lead, at=now)
    words = "{name} {title} {organisation} {call} {phase}"
    version = WordingVersion(texts={"en": {"subject": words, "body": f"Of old.\n\n{words}"}})
    proposal_mail.trial(written(version, proposal, to=to), key=uuid.uuid4(), to=to, now=now)


def _organisation(text: str, to: User, now: datetime) -> None:
    organisation = factories.make_organisation(name=text)
    factories.make_member(to, organisation)
    people_mail.organisation_confirmed(organisation)


def _merged(text: str, to: User, now: datetime) -> None:
    member = factories.make_member(to, factories.make_organisation(name=text))
    people_mail.organisation_merged(member, ended=factories.make_organisation(name=text))


def _asking_person(text: str, to: User, now: datetime) -> None:
    organisation = factories.make_organisation(name=text)
    factories.make_member(to, organisation)
    asking = factories.make_member(factories.make_user(full_name=text), organisation, confirmed=False)
    people_mail.organisation_asked(asking, now=now)


def _inviting_person(text: str, to: User, now: datetime) -> None:
    organisation = factories.make_organisation(name=text)
    people_mail.invitation(_invitation(text, to, now, organisation=organisation), token="t" * 40, to=to)


def _inviting_colleague(text: str, to: User, now: datetime) -> None:
    proposal = factories.make_proposal(title=text, at=now)
    member = TeamMember(proposal=proposal, full_name=text, email=to.email, role=TeamRole.PI)
    proposal_mail.invited(member, _invitation(text, to, now), "t" * 40, proposal=proposal)


def _invitation(text: str, to: User, now: datetime, **fields: object) -> Invitation:
    inviter = factories.make_user(full_name=text)
    until = now + timedelta(days=7)
    return Invitation.objects.create(
        email=to.email, invited_by=inviter, token_digest=uuid.uuid4().hex, expires_at=until, **fields
    )


PLACES: tuple[Callable[[str, User, datetime], None], ...] = (
    _title, _title_and_question, _letter, _organisation, _merged, _asking_person, _inviting_person, _inviting_colleague,
)  # fmt: skip


def write_all(*, languages: tuple[str, ...], now: datetime) -> int:
    """Every payload at every place, one mail each, its reader called by the payload too; how many."""
    number = 0
    for payload in PAYLOADS:
        for place in PLACES:
            number += 1
            text = payload.replace("{n}", str(number))
            with transaction.atomic():
                reader = factories.make_user(
                    email=f"payload-{number}@partner.example", full_name=text, language=languages[number % len(languages)]
                )
                place(text, reader, now)
    return number
