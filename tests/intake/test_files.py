"""Files: safe on disk before the row, each limit with its value, held until the scanner has spoken, nothing left behind."""

import hashlib
import os
import socketserver
import struct
import threading
import time
import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile

from proposals.intake import actions, rules
from proposals.intake.actions import files
from proposals.intake.calculations.filenames import safe_name
from proposals.intake.gateways import scanner, storage
from proposals.intake.models import Attachment, Endorsement, Proposal
from proposals.intake.states import AttachmentKind, Scan, Status
from tests.factories import NOW, make_proposal, make_staff, make_user
from tests.pdfs import pdf

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def upload(data=None, name="letter.pdf"):
    return SimpleUploadedFile(name, pdf() if data is None else data)


def attach(proposal, data=None, *, name="letter.pdf", kind=AttachmentKind.OTHER, by=None, **more):
    return actions.attach(proposal, upload=upload(data, name), kind=kind, by=by or proposal.created_by, now=NOW, **more)


def on_disk(media):
    return sorted(path.name for path in media.rglob("*") if path.is_file())


def test_attach_keeps_the_bytes_under_their_digest(media):
    proposal = make_proposal()
    data = pdf()
    file = attach(proposal, data, title="  Letter \n of support ")
    digest = hashlib.sha256(data).hexdigest()
    assert (file.sha256, file.size, file.name, file.title) == (digest, len(data), "letter.pdf", "Letter of support")
    assert (file.scan, file.content_type, file.uploaded_at) == (Scan.OFF, "application/pdf", NOW)
    assert on_disk(media) == [digest]
    with storage.open_kept(digest) as kept:
        assert kept.read() == data


def test_attach_twice_with_one_key_gives_one_file():
    proposal, key = make_proposal(), uuid.uuid4()
    assert attach(proposal, request_key=key) == attach(proposal, pdf(b"(another)"), request_key=key)
    assert proposal.attachments.count() == 1


def test_same_bytes_in_two_proposals_are_two_rows_and_one_file(media):
    one, other = attach(make_proposal()), attach(make_proposal())
    assert (one.sha256 == other.sha256, len(on_disk(media))) == (True, 1)


def test_attach_refuses_a_large_file_with_limit_and_value(settings, media):
    settings.ATTACHMENT_MAX_BYTES = 1_000_000
    with pytest.raises(ValidationError) as refusal:
        attach(make_proposal(), bytes(2_500_000))
    assert refusal.value.message_dict["file"] == [
        "This file has 2.5 MB; the limit is 1.0 MB. Save it in a smaller form, or split it."
    ]
    assert on_disk(media) == []


def test_attach_stops_a_stream_that_lies_about_its_size(settings, media):
    settings.ATTACHMENT_MAX_BYTES = 1000
    lying = upload(bytes(5000))
    lying.size = 10
    with pytest.raises(ValidationError, match="above the limit"):
        actions.attach(proposal := make_proposal(), upload=lying, kind="other", by=proposal.created_by, now=NOW)
    assert on_disk(media) == []


def test_attach_refuses_an_empty_file_and_what_is_no_pdf(media):
    proposal = make_proposal()
    with pytest.raises(ValidationError, match="0 bytes"):
        attach(proposal, b"")
    with pytest.raises(ValidationError, match="looks like “png”"):
        attach(proposal, b"\x89PNG\r\n\x1a\n" + bytes(64))
    assert (on_disk(media), proposal.attachments.count()) == ([], 0)


def test_attach_refuses_more_files_or_bytes_than_a_proposal_holds(monkeypatch):
    proposal = make_proposal()
    monkeypatch.setattr(files, "FILES_AT_MOST", 1)
    attach(proposal)
    with pytest.raises(ValidationError, match="at most 1 files"):
        attach(proposal)
    monkeypatch.setattr(files, "FILES_AT_MOST", 9)
    monkeypatch.setattr(files, "PROPOSAL_BYTES", len(pdf()) + 1)
    with pytest.raises(ValidationError, match=r"would hold 0\.0 MB"):
        attach(proposal)


@pytest.mark.parametrize(
    ("status", "kind", "allowed"),
    [
        (Status.DRAFT, AttachmentKind.OTHER, True),
        (Status.RETURNED, AttachmentKind.OTHER, True),
        (Status.SUBMITTED, AttachmentKind.OTHER, False),
        (Status.SUBMITTED, AttachmentKind.ENDORSEMENT, True),
        (Status.UNDER_REVIEW, AttachmentKind.ENDORSEMENT, True),
        (Status.WITHDRAWN, AttachmentKind.ENDORSEMENT, False),
    ],
)
def test_attach_follows_the_status(status, kind, allowed):
    proposal = make_proposal(status=status)
    if allowed:
        assert attach(proposal, kind=kind).kind == kind
    else:
        with pytest.raises(PermissionDenied):
            attach(proposal, kind=kind)


def test_attach_is_for_the_team_alone(media):
    for stranger in (make_user(), make_staff()):
        with pytest.raises(PermissionDenied):
            attach(make_proposal(), by=stranger)
    assert on_disk(media) == []


def test_remove_forgets_a_file_that_was_never_submitted():
    file = attach(make_proposal())
    actions.remove_file(file, by=file.uploaded_by, now=NOW)
    assert not Attachment.objects.filter(pk=file.pk).exists()
    with pytest.raises(PermissionDenied):
        actions.remove_file(file, by=make_user(), now=NOW)


def test_remove_keeps_what_a_version_names_and_empties_the_endorsement():
    proposal = make_proposal(status=Status.RETURNED)
    letter = attach(proposal, kind=AttachmentKind.ENDORSEMENT)
    Endorsement.objects.create(proposal=proposal, agency="Agency", letter=letter)
    Proposal.objects.filter(pk=proposal.pk).update(has_endorsement=True)
    proposal.versions.create(
        phase=proposal.phase, number=1, canonical="{}", sha256="0" * 64, frozen_at=NOW, frozen_by=proposal.created_by
    )
    actions.remove_file(letter, by=proposal.created_by, now=NOW + timedelta(hours=1))
    letter.refresh_from_db()
    proposal.refresh_from_db()
    assert letter.removed_at == NOW + timedelta(hours=1)
    assert (Endorsement.objects.get(proposal=proposal).letter, proposal.has_endorsement) == (None, False)


@pytest.mark.parametrize(
    ("scan", "team", "staff"),
    [(Scan.PENDING, True, False), (Scan.CLEAN, True, True), (Scan.OFF, True, True), (Scan.REFUSED, False, False)],
)
def test_may_open_file_waits_for_the_scanner(scan, team, staff):
    proposal = make_proposal(status=Status.SUBMITTED)
    file = attach(proposal, kind=AttachmentKind.ENDORSEMENT)
    file.scan = scan
    assert rules.may_open_file(proposal.created_by, file) is team
    assert rules.may_open_file(make_staff(), file) is staff
    assert rules.may_open_file(make_user(), file) is False
    file.removed_at = NOW
    assert rules.may_open_file(proposal.created_by, file) is False


def test_orphans_go_after_an_hour_and_files_with_rows_stay(media):
    file = attach(make_proposal())
    lost = storage.keep(storage.receive([b"no row points here"], limit_bytes=100))
    cut = storage.receive([b"a cut upload"], limit_bytes=100).path
    assert files.clear_away() == 0
    hour_ago = time.time() - files.ORPHAN_AFTER_S - 1
    for path in (lost, cut, storage.address(file.sha256)):
        os.utime(path, (hour_ago, hour_ago))
    assert files.clear_away() == 2
    assert on_disk(media) == [file.sha256]


def test_address_takes_digests_only():
    for wrong in ("../../etc/passwd", "A" * 64, "0" * 63, ""):
        with pytest.raises(ValueError, match="not a SHA-256"):
            storage.address(wrong)


def test_receive_leaves_nothing_of_a_broken_stream(media):
    def broken():
        yield b"half"
        raise OSError("the line went down")

    with pytest.raises(OSError, match="line"):
        storage.receive(broken(), limit_bytes=100)
    assert on_disk(media) == []


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("letter.pdf", "letter.pdf"),
        ("Letter.PDF", "Letter.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\me\\letter.pdf", "letter.pdf"),
        ("/absolute/letter.pdf", "letter.pdf"),
        ("annex\u202efdp.exe", "annex fdp.exe.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "a Set-Cookie x.pdf"),
        ("zero\x00byte.pdf", "zero byte.pdf"),
        ('quo"te<b>.pdf', "quo te b.pdf"),
        ("", "file.pdf"),
        ("..", "file.pdf"),
        (".pdf", "file.pdf"),
        (".htaccess", "htaccess.pdf"),
        ("CON.pdf", "file CON.pdf"),
        ("支持信.pdf", "支持信.pdf"),
        ("رسالة.pdf", "رسالة.pdf"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
        ("\ud800.pdf", "?.pdf"),
    ],
)
def test_safe_name_is_one_plain_name(typed, kept):
    assert safe_name(typed) == kept


class FakeClamd(socketserver.ThreadingTCPServer):
    """Speaks clamd's side of INSTREAM, and remembers what it was given."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, answer):
        super().__init__(("127.0.0.1", 0), Conversation)
        self.answer, self.heard = answer, []
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Conversation(socketserver.StreamRequestHandler):
    def handle(self):
        assert self.rfile.read(10) == b"zINSTREAM\0"
        heard = b""
        while size := struct.unpack("!L", self.rfile.read(4))[0]:
            heard += self.rfile.read(size)
        self.server.heard.append(heard)
        answer = self.server.answer(heard) if callable(self.server.answer) else self.server.answer
        time.sleep(0.05 if answer != b"slow" else 1.5)
        self.wfile.write(answer[:4])
        self.wfile.flush()
        self.wfile.write(answer[4:])


@pytest.fixture
def clamd(settings):
    servers = []

    def start(answer):
        server = FakeClamd(answer)
        servers.append(server)
        settings.CLAMAV_URL = f"tcp://127.0.0.1:{server.server_address[1]}"
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_scanner_hears_every_byte_and_each_content_once(clamd):
    server = clamd(lambda heard: b"stream: Eicar-Signature FOUND\0" if b"bad" in heard else b"stream: OK\0")
    good, bad = pdf(b"(good)" + b"x" * 200_000), pdf(b"(bad)")
    first, second, third = attach(make_proposal(), good), attach(make_proposal(), good), attach(make_proposal(), bad)
    assert {first.scan, second.scan, third.scan} == {Scan.PENDING}
    assert actions.scan_held() == 3
    for file in (first, second, third):
        file.refresh_from_db()
    assert [first.scan, second.scan, third.scan] == [Scan.CLEAN, Scan.CLEAN, Scan.REFUSED]
    assert sorted(server.heard) == sorted([good, bad])
    assert actions.scan_held() == 0


@pytest.mark.parametrize("answer", [b"", b"INSTREAM size limit exceeded. ERROR\0", b"stream: OK and more\0", b"x" * 9000])
def test_file_stays_held_without_a_verdict_and_is_asked_about_again(clamd, answer):
    clamd(answer)
    file = attach(make_proposal())
    assert actions.scan_held() == 0
    file.refresh_from_db()
    assert file.scan == Scan.PENDING
    clamd(b"stream: OK\0")
    assert actions.scan_held() == 1


def test_slow_or_absent_scanner_is_unavailable(clamd, settings, monkeypatch):
    monkeypatch.setattr(scanner, "ANSWER_S", 0.2)
    clamd(b"slow")
    with pytest.raises(scanner.ScannerUnavailable):
        scanner.scan(upload())
    for address in ("tcp://127.0.0.1:1", "unix:///nowhere/clamd.sock", "http://127.0.0.1"):
        settings.CLAMAV_URL = address
        with pytest.raises(scanner.ScannerUnavailable):
            scanner.scan(upload())


def test_scanner_speaks_over_a_unix_socket(settings, tmp_path):
    class Local(socketserver.ThreadingUnixStreamServer):
        daemon_threads, answer, heard = True, b"stream: OK\0", []

    server = Local(str(tmp_path / "c"), Conversation)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.CLAMAV_URL = f"unix://{tmp_path}/c"
    assert scanner.scan(upload(b"abc")).is_clean
    assert server.heard == [b"abc"]
    server.shutdown()
    server.server_close()
