"""Words in mail: a person's made harmless, a subject without surprises, the first few of a text."""

import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_SCHEME = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*)://")
_DOMAIN = re.compile(r"(?i)(?<=[a-z0-9])\.(?=[a-z]{2,})")


def inert(text: str) -> str:
    """A person's text, made harmless for mail: one line, no control or direction characters, no live links."""
    line = " ".join(_CONTROL.sub(" ", text).split())
    return _DOMAIN.sub("[.]", _SCHEME.sub(r"\1 : ", line)).replace("@", " at ")


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
