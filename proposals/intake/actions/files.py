"""Attaching a file and taking it off again; scanning what waits; clearing away what no row points to."""

import time
import uuid
from datetime import datetime
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from proposals.audit.actions import record
from proposals.intake.actions.drafts import touch
from proposals.intake.calculations.filenames import safe_name
from proposals.intake.gateways import pdf, scanner, storage
from proposals.intake.models import Answer, Attachment, Endorsement, Proposal, Section
from proposals.intake.rules import may_attach, may_remove_file
from proposals.intake.states import Scan
from proposals.outbox.gateways.bell import bell
from proposals.partners.models import User

log = structlog.get_logger(__name__)

FILES_AT_MOST = 30
PROPOSAL_BYTES = 200_000_000
ORPHAN_AFTER_S = 3600
KEEPING = 0xF11E  # the advisory lock that keeps the clearing away from a file whose row is not committed yet


def attach(
    proposal: Proposal,
    *,
    upload: "UploadedFile[Any]",
    kind: str,
    title: str = "",
    request_key: uuid.UUID | None = None,
    by: User,
    now: datetime,
) -> Attachment:
    """This will keep a PDF with the proposal and hold it for the scanner; the second click gets the first one's file.

    The bytes are safe on disk before the row is written. Raises PermissionDenied, or ValidationError for what is no
    plain PDF or passes a limit.
    """
    if not may_attach(by, proposal, kind):
        raise PermissionDenied
    request_key = request_key or uuid.uuid4()
    if (begun := proposal.attachments.filter(request_key=request_key).first()) is not None:
        return begun
    _check_room(proposal, upload.size or 0)
    incoming = _receive(upload)
    try:
        _examine(incoming)
        return _keep(
            proposal, incoming, name=safe_name(upload.name or ""), kind=kind, title=title, key=request_key, by=by, now=now
        )
    finally:
        incoming.drop()


def _size(size_bytes: int) -> str:
    """A size in MB of a million bytes, as the pages write it."""
    return f"{size_bytes / 1_000_000:.1f} MB"


def _refusal(sentence: str) -> ValidationError:
    return ValidationError({"file": sentence})


def _check_room(proposal: Proposal, size: int) -> None:
    """The limits, each named with the value that passes it."""
    limit = settings.ATTACHMENT_MAX_BYTES
    if size > limit:
        raise _refusal(
            _("This file has %(size)s; the limit is %(limit)s. Save it in a smaller form, or split it.")
            % {"size": _size(size), "limit": _size(limit)}
        )
    if not size:
        raise _refusal(_("This file is empty (0 bytes). Choose the file again."))
    live = proposal.attachments.filter(removed_at=None)
    if live.count() >= FILES_AT_MOST:
        raise _refusal(_("A proposal holds at most %(limit)d files. Remove one first.") % {"limit": FILES_AT_MOST})
    used: int = live.aggregate(used=Sum("size"))["used"] or 0
    if used + size > PROPOSAL_BYTES:
        raise _refusal(
            _("With this file the proposal would hold %(size)s; the limit is %(limit)s. Remove a file first.")
            % {"size": _size(used + size), "limit": _size(PROPOSAL_BYTES)}
        )


def _receive(upload: "UploadedFile[Any]") -> storage.Incoming:
    try:
        return storage.receive(upload.chunks(), limit_bytes=settings.ATTACHMENT_MAX_BYTES)
    except storage.TooLarge:
        raise _refusal(
            _("This file is above the limit of %(limit)s.") % {"limit": _size(settings.ATTACHMENT_MAX_BYTES)}
        ) from None


def _examine(incoming: storage.Incoming) -> None:
    try:
        pdf.examine(incoming.path)
    except pdf.NotPlain as found:
        raise _refusal(_why_not(found)) from None


def _why_not(found: pdf.NotPlain) -> str:
    """What is wrong with a file, and what to do."""
    if found.why == "not_pdf" and found.looks_like:
        return _("This is no PDF: by its content it looks like “%(kind)s”. Save it as a PDF first.") % {"kind": found.looks_like}
    sentences = {
        "not_pdf": _("This is no PDF. Save it as a PDF first; changing the name is not enough."),
        "mixed": _("Something else hangs on to this PDF. Save it again as a plain PDF."),
        "encrypted": _("This PDF is encrypted. Save it without a password or restrictions."),
        "active": _("This PDF holds scripts, form actions or media. Print it to a plain PDF."),
        "embedded": _("This PDF holds other files inside. Save it without them, and add each PDF on its own."),
        "damaged": _("This PDF cannot be read to its end. Save it again, and check that it opens."),
        "too_complex": _("This PDF takes too long or too much space to check. Save it in a simpler form."),
    }
    return sentences[found.why]


@transaction.atomic
def _keep(
    proposal: Proposal, incoming: storage.Incoming, *, name: str, kind: str, title: str, key: uuid.UUID, by: User, now: datetime
) -> Attachment:
    """Under locks: the limits once more, the bytes to their address, the row last."""
    Proposal.objects.select_for_update(of=("self",)).get(pk=proposal.pk)
    if (begun := proposal.attachments.filter(request_key=key).first()) is not None:
        return begun
    _check_room(proposal, incoming.size)
    attachment = Attachment(
        proposal=proposal,
        request_key=key,
        kind=kind,
        title=" ".join(title.split()),
        name=name,
        size=incoming.size,
        content_type="application/pdf",
        sha256=incoming.sha256,
        scan=Scan.PENDING if scanner.is_installed() else Scan.OFF,
        uploaded_by=by,
        uploaded_at=now,
    )
    attachment.clean_fields(exclude=["proposal", "uploaded_by"])
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [KEEPING])
    storage.keep(incoming)
    attachment.save(force_insert=True)
    Section.stamp(proposal, key="files", by=by, now=now)
    record("file.attached", by=by, about=proposal, file=str(attachment.pk), sha256=attachment.sha256, size=attachment.size)
    if scanner.is_installed():
        transaction.on_commit(_ring, robust=True)
    return attachment


def _ring() -> None:
    bell.ring("intake.scan")


@transaction.atomic
def remove_file(attachment: Attachment, *, by: User, now: datetime) -> None:
    """This will take a file off the proposal; one that was submitted stays with its version, unseen from now on.

    Raises PermissionDenied. Removing twice is no harm.
    """
    proposal = (
        Proposal.objects.select_for_update(of=("self",)).select_related("call", "phase", "lead").get(pk=attachment.proposal_id)
    )
    if not may_remove_file(by, attachment):
        raise PermissionDenied
    locked = proposal.attachments.filter(pk=attachment.pk, removed_at=None).first()
    if locked is None:
        return
    Endorsement.objects.filter(proposal=proposal, letter=locked).update(letter=None)
    Answer.objects.filter(proposal=proposal, file=locked).update(file=None)
    record("file.removed", by=by, about=proposal, file=str(locked.pk), sha256=locked.sha256)
    if proposal.versions.filter(frozen_at__gte=locked.uploaded_at).exists():
        locked.removed_at = now
        locked.save(update_fields=["removed_at"])
    else:
        locked.delete()
    touch(proposal, now=now, has_endorsement=Endorsement.objects.filter(proposal=proposal, letter__isnull=False).exists())


def scan_held() -> int:
    """This will have the scanner read every held file, each content once; returns how many files have a verdict now.

    Where the scanner does not answer, the rest stays held until the next round.
    """
    if not scanner.is_installed():
        return 0
    told = 0
    held = Attachment.objects.filter(scan=Scan.PENDING).order_by("uploaded_at").values_list("sha256", flat=True)
    for sha256 in dict.fromkeys(held):
        try:
            with storage.open_kept(sha256) as file:
                verdict = scanner.scan(file)
        except scanner.ScannerUnavailable as error:
            log.warning("files.scanner_unavailable", why=str(error))
            return told
        except FileNotFoundError:
            log.warning("files.missing", sha256=sha256)
            continue
        told += _judge(sha256, verdict)
    return told


@transaction.atomic
def _judge(sha256: str, verdict: scanner.Verdict) -> int:
    """Write the verdict to every held file of these bytes, and into the trail."""
    files = list(Attachment.objects.select_for_update().filter(scan=Scan.PENDING, sha256=sha256))
    for file in files:
        file.scan = Scan.CLEAN if verdict.is_clean else Scan.REFUSED
        file.save(update_fields=["scan"])
        record("file.scanned", by=None, about=file, sha256=sha256, clean=verdict.is_clean, found=verdict.found[:100])
    return len(files)


def clear_away(*, now_s: float | None = None) -> int:
    """This will delete bytes that no row points to and that are older than an hour; returns how many files went."""
    before = (now_s or time.time()) - ORPHAN_AFTER_S
    gone = storage.remove_incoming_before(before)
    for sha256 in list(storage.kept_before(before)):
        gone += _clear_one(sha256, before)
    return gone


@transaction.atomic
def _clear_one(sha256: str, before: float) -> int:
    """Alone with the addresses: nobody is between keeping these bytes and committing their row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [KEEPING])
    if Attachment.objects.filter(sha256=sha256).exists() or storage.address(sha256).stat().st_mtime >= before:
        return 0
    storage.remove_kept(sha256)
    return 1
