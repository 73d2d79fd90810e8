"""Staff's pages of wordings and circulars: written, tried, read and sent from the admin, by the people who may."""

import re
import uuid

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from proposals.intake import actions
from proposals.intake.models import Circular
from proposals.intake.states import Status
from proposals.outbox.models import Message, Wording, WordingVersion
from proposals.partners.models import User
from proposals.partners.states import StaffRole
from tests.factories import NOW, make_call, make_proposal, make_staff, make_user

pytestmark = pytest.mark.django_db

TEXTS = {"en": {"subject": "Visit", "body": "Dear {name},\n\n<b>Come</b> about {title}."}}
WRITE = "admin:proposals_circular_write"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(model: str, name: str, *args: object) -> str:
    return reverse(f"admin:proposals_{model}_{name}", args=args)


def make_wording(name: str = "Site visit") -> Wording:
    return actions.save_wording(Wording(name=name), texts=TEXTS, by=make_staff(), now=NOW).wording


def make_circular(by: User, **fields: object) -> Circular:
    proposals = [make_proposal(status=Status.SUBMITTED)]
    return actions.draft_circular(make_wording(), proposals=proposals, request_key=uuid.uuid4(), by=by, now=NOW, **fields)


def test_partners_reach_neither() -> None:
    wording, circular = make_wording("Another"), make_circular(make_staff())
    client = signed_in(make_user())
    addresses = [
        *(page(model, "changelist") for model in ("wording", "circular")),
        *(page("wording", name, wording.pk) for name in ("change", "preview", "versions")),
        page("circular", "change", circular.pk),
        page("circular", "act", circular.pk, "approve"),
        reverse(WRITE),
    ]
    assert {client.get(address).status_code for address in addresses} == {302}
    assert {client.post(address).status_code for address in addresses} == {302}
    circular.refresh_from_db()
    assert circular.approved_at is None


def test_observers_read_and_send_nothing() -> None:
    wording, circular = make_wording("Another"), make_circular(make_staff())
    client = signed_in(make_staff(role=StaffRole.OBSERVER))
    for address in (
        *(page("wording", name, wording.pk) for name in ("change", "preview", "versions")),
        page("circular", "change", circular.pk),
    ):
        assert client.get(address).status_code == 200
    assert client.get(reverse(WRITE)).status_code == 403
    assert client.post(page("circular", "act", circular.pk, "approve")).status_code == 403
    assert client.post(page("circular", "act", circular.pk, "stop")).status_code == 403
    assert client.post(page("wording", "change", wording.pk), {"name": "Changed"}).status_code == 403
    assert client.post(page("wording", "act", wording.pk, "retire")).status_code == 403
    with pytest.raises(Message.DoesNotExist):
        Message.objects.get(template="letter")


def test_a_wording_is_written_and_each_saving_is_a_version() -> None:
    client = signed_in(make_staff())
    client.post(
        page("wording", "add"), {"name": "News", "subject_en": "One", "body_en": "First.", "subject_fr": "", "body_fr": ""}
    )
    wording = Wording.objects.get()
    client.post(
        page("wording", "change", wording.pk),
        {"name": "News", "subject_en": "One", "body_en": "Second.", "subject_zh_hans": "一", "body_zh_hans": "二"},
    )
    assert [(v.number, v.texts) for v in wording.versions.all()] == [
        (2, {"en": {"subject": "One", "body": "Second."}, "zh-hans": {"subject": "一", "body": "二"}}),
        (1, {"en": {"subject": "One", "body": "First."}}),
    ]
    shown = client.get(page("wording", "versions", wording.pk)).content.decode()
    assert ("Second." in shown, "First." in shown) == (True, True)


def test_a_fault_in_a_wording_keeps_everything_typed() -> None:
    typed = {"name": "News", "subject_en": "Hello {nmae}", "body_en": "Typed for an hour.", "subject_ar": "", "body_ar": "نص"}
    answer = signed_in(make_staff()).post(page("wording", "add"), typed)
    shown = answer.content.decode()
    assert "“{nmae}” is no placeholder." in shown
    assert "Arabic: write both the subject and the text." in shown
    assert ("Typed for an hour." in shown, "نص" in shown, Wording.objects.count()) == (True, True, 0)


def test_the_preview_fills_a_real_proposal_and_escapes_it() -> None:
    proposal = make_proposal(status=Status.SUBMITTED, title="Radar <script>")
    wording, client = make_wording(), signed_in(make_staff(full_name="Li Na"))
    shown = client.get(page("wording", "preview", wording.pk), {"proposal": proposal.reference}).content.decode()
    assert "Dear Li Na," in shown
    assert "&lt;b&gt;Come&lt;/b&gt; about Radar &lt;script&gt;." in shown
    missing = client.get(page("wording", "preview", wording.pk), {"proposal": "CE8-NONE\x00"}).content.decode()
    assert "There is no proposal with that reference." in missing


def test_a_trial_is_sent_once_for_two_clicks() -> None:
    proposal = make_proposal(status=Status.SUBMITTED)
    wording, staff = make_wording(), make_staff()
    client = signed_in(staff)
    data = {"proposal": proposal.reference, "language": "en", "request_key": str(uuid.uuid4())}
    for _ in range(2):
        assert client.post(page("wording", "preview", wording.pk), data).status_code == 302
    assert list(Message.objects.filter(template="letter").values_list("address", flat=True)) == [staff.email]
    client.post(page("wording", "preview", wording.pk), {**data, "language": "xx", "request_key": "nonsense"})
    client.post(page("wording", "preview", wording.pk), {**data, "proposal": "CE8-NONE"})
    assert Message.objects.filter(template="letter").count() == 1


def test_the_queue_leads_to_a_circular_that_a_second_person_sends() -> None:
    call, other = make_call(), make_call()
    wanted, beside = (make_proposal(call=each, status=Status.SUBMITTED) for each in (call, other))
    wording, author = make_wording(), make_staff()
    client = signed_in(author)
    queue = client.get(page("proposal", "changelist"), {"view": "all", "call": call.code}).content.decode()
    address = re.search(r'href="([^"]*circular/write/[^"]*)"', queue)
    assert address
    address_of_form = address.group(1).replace("&amp;", "&")
    form = client.get(address_of_form).content.decode()
    assert (str(wanted.reference) in form, str(beside.reference) in form) == (True, False)
    key = re.search(r'name="request_key" value="([^"]+)"', form)
    assert key
    data = {"wording": wording.pk, "request_key": key.group(1)}
    answers = [client.post(address_of_form, data) for _ in range(2)]

    circular = Circular.objects.get()
    assert [answer["Location"] for answer in answers] == [page("circular", "change", circular.pk)] * 2
    read = client.get(page("circular", "change", circular.pk)).content.decode()
    assert str(wanted.created_by.email) in read
    assert "You wrote it, so another member of the secretariat reads it and sends it." in read
    assert client.post(page("circular", "act", circular.pk, "approve")).status_code == 403
    second = signed_in(make_staff())
    assert second.post(page("circular", "act", circular.pk, "approve")).status_code == 302
    assert second.post(page("circular", "act", circular.pk, "approve")).status_code == 403
    assert list(Message.objects.filter(template="letter").values_list("address", flat=True)) == [wanted.created_by.email]


def test_a_list_that_is_empty_or_not_understood_writes_nothing() -> None:
    wording, client = make_wording(), signed_in(make_staff())
    data = {"wording": wording.pk, "request_key": str(uuid.uuid4())}
    answer = client.post(reverse(WRITE) + "?view=late", data)
    assert "No proposal fits these filters: there is nobody to write to." in answer.content.decode()
    assert client.post(reverse(WRITE) + "?view=everything", data).status_code == 302
    assert Circular.objects.count() == 0


def test_a_held_circular_is_named_on_the_home_page() -> None:
    client = signed_in(make_staff())
    assert "for a second person" not in client.get(reverse("admin:index")).content.decode()
    make_circular(make_staff())
    assert "circular waits for a second person" in client.get(reverse("admin:index")).content.decode()


@pytest.mark.parametrize("model", ["wording", "circular"])
def test_lists_cost_the_same_for_one_and_for_three(model: str) -> None:
    author = make_staff()
    client, counts = signed_in(author), []
    for names in (["A"], ["B", "C"]):
        for name in names:
            proposals = [make_proposal(status=Status.SUBMITTED)]
            wording = make_wording(name)
            actions.draft_circular(wording, proposals=proposals, request_key=uuid.uuid4(), by=author, now=NOW)
        with CaptureQueriesContext(
            connection,
        ) as counted:
            assert client.get(page(model, "changelist")).status_code == 200
        counts.append(len(counted))
    assert counts[0] == counts[1]


def test_pages_cost_the_same_for_one_mail_and_for_three() -> None:
    author, call = make_staff(), make_call()
    client, counts = signed_in(make_staff()), []
    wording = make_wording()
    assert WordingVersion.objects.count() == 1
    for n in (1, 3):
        proposals = [make_proposal(call=call, status=Status.SUBMITTED) for _ in range(n)]
        circular = actions.draft_circular(wording, proposals=proposals, request_key=uuid.uuid4(), by=author, now=NOW)
        with CaptureQueriesContext(connection) as counted:
            assert client.get(page("circular", "change", circular.pk)).status_code == 200
        counts.append(len(counted))
    assert counts[0] == counts[1]
