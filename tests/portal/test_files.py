"""Files by the form and back: refused with limit and value, never shown inside the site, and only to whom they belong."""

import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from proposals.calls.models import Question
from proposals.calls.states import QuestionKind
from proposals.intake import actions
from proposals.intake.models import Answer, Attachment, Endorsement
from proposals.intake.queries import gaps
from proposals.intake.states import Scan, Status
from tests.factories import make_proposal, make_staff, make_user
from tests.pdfs import pdf

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def proposal():
    return make_proposal()


@pytest.fixture
def me(client, proposal):
    client.force_login(proposal.created_by)
    return client


def send(client, proposal, data=None, name="letter.pdf", **more):
    file = SimpleUploadedFile(name, pdf() if data is None else data)
    url = reverse("portal:section", args=[proposal.pk, "files"])
    return client.post(url, {"kind": "description", "title": "Our design", "file": file} | more)


def test_upload_is_listed_and_comes_back_as_a_download(me, proposal):
    assert send(me, proposal).url == reverse("portal:section", args=[proposal.pk, "files"])
    held = Attachment.objects.get()
    assert "Our design" in me.get(reverse("portal:section", args=[proposal.pk, "files"])).content.decode()
    answer = me.get(reverse("portal:file", args=[proposal.pk, held.pk]))
    assert b"".join(answer.streaming_content) == pdf()
    assert answer["Content-Disposition"] == 'attachment; filename="letter.pdf"'
    assert answer["Content-Type"] == "application/pdf"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "0 bytes"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no PDF"),
        (b"<html><script>alert(1)</script></html>", "no PDF"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "looks like “png”"),
        (pdf(catalog=b"/OpenAction << /S /JavaScript /JS (x) >>"), "scripts"),
        (pdf()[:200], "cannot be read to its end"),
    ],
)
def test_upload_refusal_says_why_and_keeps_the_rest(me, proposal, data, said):
    answer = send(me, proposal, data)
    page = answer.content.decode()
    assert answer.status_code == 400
    assert said in page
    assert 'value="Our design"' in page
    assert Attachment.objects.count() == 0


def test_upload_above_the_limit_names_both_and_fills_no_disk(me, proposal, settings, media):
    settings.ATTACHMENT_MAX_BYTES = 1_000_000
    answer = send(me, proposal, b"%PDF-1.7\n" + bytes(3_500_000))
    assert answer.status_code == 400
    assert "This file has 3.5 MB; the limit is 1.0 MB." in answer.content.decode()
    assert 'value="Our design"' in answer.content.decode()
    assert [path for path in media.rglob("*") if path.is_file()] == []


def test_upload_twice_with_the_page_of_one_key_is_one_file(me, proposal):
    key = str(uuid.uuid4())
    send(me, proposal, request_key=key)
    send(me, proposal, request_key=key)
    assert Attachment.objects.count() == 1


@pytest.mark.parametrize(
    "name", ["x" * 250 + ".pdf", "../../../etc/passwd", "a\u202efdp.exe", "C:\\x\\y.pdf", "名前.pdf", 'a"b\r\nc.pdf']
)
def test_upload_under_any_name_downloads_under_a_safe_one(me, proposal, name):
    assert send(me, proposal, name=name).status_code == 302
    held = Attachment.objects.get()
    answer = me.get(reverse("portal:file", args=[proposal.pk, held.pk]))
    assert held.name.endswith(".pdf")
    assert not {"/", "\\", "\u202e", '"', "\r", "\n"} & set(held.name)
    assert len(held.name) <= 120
    assert answer["Content-Disposition"].startswith("attachment; filename")


def test_upload_without_a_file_or_with_a_strange_kind_is_refused(me, proposal):
    url = reverse("portal:section", args=[proposal.pk, "files"])
    assert me.post(url, {"kind": "description"}).status_code == 400
    assert send(me, proposal, kind="endorsement").status_code == 400
    assert Attachment.objects.count() == 0


def test_file_belongs_to_its_team_and_to_staff_once_scanned(client, me, proposal):
    send(me, proposal)
    held = Attachment.objects.get()
    url = reverse("portal:file", args=[proposal.pk, held.pk])
    staff, filed = make_staff(), type(proposal).objects.filter(pk=proposal.pk)
    client.force_login(make_user())
    assert client.get(url).status_code == 404
    client.force_login(staff)
    assert client.get(url).status_code == 404
    filed.update(submitted_at=timezone.now())
    expected = {Scan.OFF: 200, Scan.CLEAN: 200, Scan.PENDING: 404, Scan.REFUSED: 404}
    for scan, status in expected.items():
        Attachment.objects.update(scan=scan)
        assert client.get(url).status_code == status, scan
    client.logout()
    assert client.get(url).status_code == 302


def test_file_of_one_proposal_is_not_found_under_another(me, proposal):
    other = make_proposal(by=proposal.created_by)
    send(me, proposal)
    held = Attachment.objects.get()
    assert me.get(reverse("portal:file", args=[other.pk, held.pk])).status_code == 404
    assert me.post(reverse("portal:remove_file", args=[other.pk, held.pk])).status_code == 404


def test_refused_file_is_named_without_a_link(me, proposal):
    send(me, proposal)
    Attachment.objects.update(scan=Scan.REFUSED)
    page = me.get(reverse("portal:section", args=[proposal.pk, "files"])).content.decode()
    assert "refused by the malware scanner" in page
    assert f'/files/{Attachment.objects.get().pk}/"' not in page


def test_file_is_taken_off_by_post(me, proposal):
    send(me, proposal)
    url = reverse("portal:remove_file", args=[proposal.pk, Attachment.objects.get().pk])
    assert me.get(url).status_code == 200
    assert Attachment.objects.count() == 1
    assert me.post(url).url == reverse("portal:section", args=[proposal.pk, "files"])
    assert Attachment.objects.count() == 0
    assert me.post(url).status_code == 404


def test_files_of_a_submitted_proposal_are_closed(client):
    proposal = make_proposal(status=Status.SUBMITTED)
    client.force_login(proposal.created_by)
    assert send(client, proposal).status_code == 403
    assert Attachment.objects.count() == 0


def endorse(client, proposal, letter=None, **data):
    url = reverse("portal:section", args=[proposal.pk, "endorsement"])
    typed = {"agency": "Agency", "signatory": "A. Signer", "signed_on": "2026-03-01"} | data
    return client.post(url, typed | ({"letter": SimpleUploadedFile("letter.pdf", letter)} if letter is not None else {}))


def test_endorsement_takes_letter_and_signatory(me, proposal):
    assert endorse(me, proposal, pdf()).url == reverse("portal:task_list", args=[proposal.pk])
    held = Endorsement.objects.get()
    proposal.refresh_from_db()
    assert (held.agency, held.letter.kind, proposal.has_endorsement) == ("Agency", "endorsement", True)


def test_endorsement_may_follow_after_submission(client):
    proposal = make_proposal(status=Status.UNDER_REVIEW)
    client.force_login(proposal.created_by)
    assert client.get(reverse("portal:section", args=[proposal.pk, "endorsement"])).status_code == 200
    assert endorse(client, proposal, pdf()).url == reverse("portal:proposal", args=[proposal.pk])
    proposal.refresh_from_db()
    assert (proposal.has_endorsement, proposal.status) == (True, Status.UNDER_REVIEW)


def test_endorsement_is_refused_with_its_reason_and_keeps_the_rest(me, proposal, media):
    later = str(timezone.localdate() + timedelta(days=2))
    for letter, data, said in (
        (pdf(), {"agency": ""}, "Name the agency that signed the letter."),
        (None, {"signed_on": later}, "lies in the future"),
        (b"no pdf", {}, "no PDF"),
    ):
        answer = endorse(me, proposal, letter, **data)
        assert answer.status_code == 400
        assert said in answer.content.decode()
        assert "A. Signer" in answer.content.decode()
    assert (Endorsement.objects.count(), Attachment.objects.count()) == (0, 0)


def test_endorsement_that_follows_later_is_said(me, proposal):
    endorse(me, proposal, later="on")
    proposal.refresh_from_db()
    assert (proposal.endorsement_later, proposal.has_endorsement) == (True, False)


@pytest.fixture
def asked(proposal):
    return Question.objects.create(phase=proposal.phase, kind=QuestionKind.FILE, label="Your thermal model", required=True)


def test_file_answers_the_call_question_and_a_second_takes_its_place(me, proposal, asked):
    page = me.get(reverse("portal:section", args=[proposal.pk, "files"]), {"question": asked.pk}).content.decode()
    assert f'<option value="answer-{asked.pk}" selected>Your thermal model</option>' in page
    assert [gap.field for gap in gaps(proposal) if gap.section == "questions"] == [f"question-{asked.pk}"]

    send(me, proposal, kind=f"answer-{asked.pk}", title="")
    first = Answer.objects.get(question=asked).file
    assert (first.kind, first.title) == ("answer", "Your thermal model")
    assert [gap.field for gap in gaps(proposal) if gap.section == "questions"] == []

    send(me, proposal, data=pdf() + b"\n", kind=f"answer-{asked.pk}")
    second = Answer.objects.get(question=asked).file
    assert second != first
    assert list(proposal.attachments.filter(removed_at=None)) == [second]


def test_file_cannot_answer_another_phase_or_a_typed_question(me, proposal, asked):
    elsewhere = Question.objects.create(phase=make_proposal().phase, kind=QuestionKind.FILE, label="Theirs")
    typed = Question.objects.create(phase=proposal.phase, kind=QuestionKind.TEXT, label="Typed")
    for question in (elsewhere, typed):
        assert send(me, proposal, kind=f"answer-{question.pk}").status_code == 400
        upload = SimpleUploadedFile("a.pdf", pdf())
        with pytest.raises(ValidationError):
            actions.answer_with_file(proposal, question=question, upload=upload, by=proposal.created_by, now=timezone.now())
    assert Attachment.objects.count() == 0
