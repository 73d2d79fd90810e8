"""A person without a browser: reads the forms of a page as HTML has them, fills them in by label, and sends them."""

import re
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.test import Client

VOID_KINDS = {"submit", "button", "reset", "file", "image"}


@dataclass
class Field:
    """One named control: its kind, what it holds, and for a choice the text of each option."""

    name: str
    kind: str
    value: str = ""
    on: bool = True
    options: dict[str, str] = field(default_factory=dict)


@dataclass
class PageForm:
    """A form of a page: where it goes, its controls, its labels (with the legends around them), its buttons."""

    action: str
    method: str
    fields: list[Field] = field(default_factory=list)
    ids: dict[str, Field] = field(default_factory=dict)
    labels: list[tuple[str, str, str]] = field(default_factory=list)
    buttons: dict[str, tuple[str, str]] = field(default_factory=dict)

    def labelled(self, label: str, within: str = "") -> Field:
        """The control of that label, inside the group of that legend."""
        found = [self.ids[id_] for group, text, id_ in self.labels if text == label and within in group.split("\n")]
        assert len(found) == 1, (
            f"{len(found)} controls are labelled {label!r} in {within!r}: {[text for _, text, _ in self.labels]}"
        )
        return found[0]

    def fill(self, answers: dict[str, str], within: str = "") -> None:
        """As `Visitor.fill`: tick, choose by text, or type."""
        for label, answer in answers.items():
            control = self.labelled(label, within)
            if control.kind in {"checkbox", "radio"}:
                control.on = True
                for other in self.fields:
                    if control.kind == "radio" and other.name == control.name and other is not control:
                        other.on = False
            elif control.kind == "select":
                control.value = {text: value for value, text in control.options.items()}[answer]
            else:
                control.value = answer

    def data(self, button: str = "") -> dict[str, list[str]]:
        """What a browser would send when that button is pressed."""
        sent: dict[str, list[str]] = {}
        pressed = [self.buttons[button]] if button else []
        typed = [(one.name, one.value) for one in self.fields if one.on and one.kind not in VOID_KINDS]
        for name, value in [*typed, *pressed]:
            if name:
                sent.setdefault(name, []).append(value)
        return sent


class Reader(HTMLParser):
    """Collects the forms and the text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[PageForm] = []
        self.texts: list[str] = []
        self.now: PageForm | None = None
        self.select: Field | None = None
        self.legends: list[str] = []
        self.heard: list[tuple[str, dict[str, str], int]] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        """Open a form, a control, or something whose text matters."""
        held = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.now = PageForm(held.get("action", ""), held.get("method", "get"))
            self.forms.append(self.now)
        if tag == "fieldset":
            self.legends.append("")
        if tag in {"label", "legend", "option", "button", "textarea"}:
            self.heard.append((tag, held, len(self.texts)))
        if self.now is not None:
            self._control(tag, held)

    def _control(self, tag: str, held: dict[str, str]) -> None:
        assert self.now is not None
        if tag == "input":
            kind = held.get("type", "text")
            if kind == "submit":
                self.now.buttons[held.get("value", "")] = (held.get("name", ""), held.get("value", ""))
            ticks = kind in {"checkbox", "radio"}
            self._add(
                Field(held.get("name", ""), kind, held.get("value", "on" if ticks else ""), not ticks or "checked" in held), held
            )
        if tag in {"select", "textarea"}:
            added = self._add(Field(held.get("name", ""), tag), held)
            self.select = added if tag == "select" else self.select

    def _add(self, control: Field, held: dict[str, str]) -> Field:
        assert self.now is not None
        self.now.fields.append(control)
        self.now.ids[held.get("id", "")] = control
        return control

    def handle_data(self, data: str) -> None:
        """Keep the text."""
        self.texts.append(data)

    def handle_endtag(self, tag: str) -> None:
        """Close what was opened: its text is known now."""
        if self.heard and self.heard[-1][0] == tag:
            _tag, held, at = self.heard.pop()
            raw = "".join(self.texts[at:])
            self._close(tag, held, raw, " ".join(raw.split()))
        if tag == "form":
            self.now = None
        if tag == "select":
            self.select = None
        if tag == "fieldset" and self.legends:
            self.legends.pop()

    def _close(self, tag: str, held: dict[str, str], raw: str, text: str) -> None:
        if tag == "legend" and self.legends:
            self.legends[-1] = text
        if self.now is None:
            return
        if tag == "label" and held.get("for"):
            self.now.labels.append(("\n".join(["", *self.legends]), text, held["for"]))
        elif tag == "option" and self.select is not None:
            value = held.get("value", text)
            if "selected" in held or not self.select.options:
                self.select.value = value
            self.select.options[value] = text
        elif tag == "button":
            self.now.buttons[text] = (held.get("name", ""), held.get("value", ""))
        elif tag == "textarea":
            self.now.fields[-1].value = raw.removeprefix("\n")


def forms_of(page: Any) -> list[PageForm]:
    """The forms of an answer, in order."""
    reader = Reader()
    reader.feed(page.content.decode())
    return reader.forms


def text_of(page: Any) -> str:
    """The words of an answer, without its marks."""
    body = re.sub(r"<(script|style)\b.*?</\1>", "", page.content.decode(), flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


class Person:
    """Someone at one page of the site; `page` is the last answer, `at` its address."""

    def __init__(self) -> None:
        self.client = Client(raise_request_exception=True)
        self.page: Any = None
        self.at = "/"

    def open(self, address: str) -> Any:
        """Go there, wherever it leads."""
        self.at = urlsplit(address).path + (f"?{query}" if (query := urlsplit(address).query) else "")
        self._arrive(self.client.get(self.at, follow=True))
        return self.page

    def _arrive(self, answer: Any) -> None:
        self.page = answer
        chain = getattr(answer, "redirect_chain", [])
        if chain:
            self.at = urljoin(self.at, chain[-1][0])

    def follow(self, link: str) -> None:
        """Follow the first link of that text."""
        for href, text in re.findall(r'<a\b[^>]*?href="([^"]*)"[^>]*>(.*?)</a>', self.page.content.decode(), flags=re.DOTALL):
            if " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split()) == link:
                self.open(urljoin(self.at, unescape(href)))
                return
        raise AssertionError(f"no link {link!r} on {self.at}")

    def press(self, button: str, answers: dict[str, str] | None = None, groups: dict[str, dict[str, str]] | None = None) -> Any:
        """Fill in the form that has this button, and press it; `groups` are answers by legend."""
        form = next((one for one in forms_of(self.page) if button in one.buttons), None)
        assert form is not None, f"no button {button!r} on {self.at}: {[list(one.buttons) for one in forms_of(self.page)]}"
        form.fill(answers or {})
        for legend, group in (groups or {}).items():
            form.fill(group, within=legend)
        target = urljoin(self.at, form.action) if form.action else self.at
        send = self.client.post if form.method.lower() == "post" else self.client.get
        self.at = target
        self._arrive(send(target, form.data(button), follow=True))
        return self.page

    def reads(self, words: str) -> bool:
        """Whether the page says this."""
        return words in text_of(self.page)
