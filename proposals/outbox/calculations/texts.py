"""Words in mail: a person's made harmless, a subject without surprises, the first few of a text."""

import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
# They do not show, and would hide a host name from us; the joiners of Persian and Hindi words are none of them.
_UNSEEN = re.compile(r"[\u00ad\u061c\u200b\u200e\u200f\u2060-\u2064\ufeff]+")
# Mail programs make a link of a scheme, of a host name in any script and of an address, and read full-width signs as ours.
_SCHEME = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*)[:：]\s*[/\\／＼]+")
_BARE_SCHEME = re.compile(r"(?i)\b(callto|data|javascript|magnet|mailto|sip|sms|tel|vbscript)[:：](?=\S)")
_SLASHES = re.compile(r"[/\\／＼]{2,}")
_DOMAIN = re.compile(r"(?<=\w)[.．](?=[^\W\d_]{2})|(?<=[a-zA-Z0-9])[。｡](?=[a-zA-Z]{2})")
_ADDRESS = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")


def inert(text: str) -> str:
    """A person's text, made harmless for mail: one line, no control or direction characters, no live links."""
    line = _CONTROL.sub(" ", _UNSEEN.sub("", text))
    line = _SLASHES.sub(" ", _BARE_SCHEME.sub(r"\1 : ", _SCHEME.sub(r"\1 : ", line)))
    line = _ADDRESS.sub(lambda found: found[0].replace(".", "[.]"), _DOMAIN.sub("[.]", line))
    return " ".join(re.sub("[@＠]", " at ", line).split())


def split_subject(rendered: str) -> tuple[str, str]:
    """A text template's first line is the subject; the rest, after an empty line, is the body.

    "=?" would begin an encoded word (RFC 2047), which the reader's program decodes, line breaks and all.
    """
    subject, _, body = rendered.strip().partition("\n")
    return " ".join(_CONTROL.sub(" ", subject).replace("=?", "= ?").split())[:300], body.strip() + "\n"


def first_words(text: str, *, most: int = 200) -> str:
    """The first paragraph of a text on one line, cut after a whole word where it is longer than `most` characters."""
    line = " ".join(text.strip().partition("\n\n")[0].split())
    if len(line) <= most:
        return line
    cut = line[: most - 1]
    return (cut.rpartition(" ")[0] or cut) + "…"
