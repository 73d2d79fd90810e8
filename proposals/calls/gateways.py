"""What a file really is, by its content; the one place of this package that looks into bytes."""

import hashlib
from typing import Any

import puremagic
from django.utils.translation import gettext as _

HEAD_BYTES = 64 * 1024
PDF = "application/pdf"


class NotAcceptable(ValueError):
    """The file is too large or is not what it should be, in words that say what to do."""


def examine_pdf(file: Any, *, limit_bytes: int) -> None:
    """Pass for a PDF by content of at most `limit_bytes`; raises NotAcceptable. The file is left at its start."""
    if file.size > limit_bytes:
        raise NotAcceptable(
            _("The file has %(size)s MB; at most %(limit)s MB can be kept.")
            % {"size": -(-file.size // 1_000_000), "limit": limit_bytes // 1_000_000}
        )
    file.seek(0)
    head = file.read(HEAD_BYTES)
    file.seek(0)
    try:
        found = str(puremagic.from_string(head, mime=True))
    except (puremagic.PureError, ValueError):
        found = ""
    if found != PDF or not head.startswith(b"%PDF-"):
        raise NotAcceptable(_("The content of this file is not PDF. Save it as PDF and choose it again."))


def sha256_of(file: Any) -> str:
    """The SHA-256 of the whole content in hexadecimal; the file is left at its start."""
    file.seek(0)
    digest = hashlib.sha256()
    while block := file.read(HEAD_BYTES):
        digest.update(block)
    file.seek(0)
    return digest.hexdigest()
