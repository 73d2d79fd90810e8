"""A receipt says what was received and when; anyone may check one, and learns nothing from a wrong pair."""

import hashlib
import json
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.urls import reverse

from proposals.intake import actions
from proposals.portal.views import receipts
from tests.factories import NOW, make_call, make_proposal, make_staff, make_user
from tests.intake.conftest import fill

pytestmark = pytest.mark.django_db


@pytest.fixture
def version():
    call = make_call(code="CE9", opens_at=NOW - timedelta(days=30), closes_at=NOW + timedelta(days=30))
    proposal = fill(make_proposal(call=call, by=make_user(full_name="Maria Principal", time_zone="America/Lima")))
    return actions.submit(proposal, by=proposal.created_by, now=NOW)


@pytest.fixture(autouse=True)
def _fresh_tries():
    cache.clear()


def test_receipt_says_all_that_was_received(client, version):
    client.force_login(version.frozen_by)
    page = client.get(reverse("portal:receipt", args=[version.proposal_id, 1])).content.decode()
    for text in (
        version.proposal.reference,
        version.sha256,
        "2027-03-01 12:00:00 UTC",
        "1 March 2027, 20:00 Beijing (UTC+8)",
        "07:00 your time (Lima, UTC-5)",
        "Maria Principal",
    ):
        assert text in page


def test_document_has_the_digest_of_the_receipt(client, version):
    client.force_login(version.frozen_by)
    answer = client.get(reverse("portal:receipt_document", args=[version.proposal_id, 1]))
    assert hashlib.sha256(answer.content).hexdigest() == version.sha256
    assert json.loads(answer.content)["reference"] == version.proposal.reference
    assert answer["Content-Type"] == "application/json"
    assert answer["Content-Disposition"] == f'attachment; filename="{version.proposal.reference}-v1.json"'
    assert "sandbox" in answer["Content-Security-Policy"]


@pytest.mark.parametrize("name", ["receipt", "receipt_document", "version", "changes"])
def test_receipt_is_the_teams_own(client, version, name):
    url = reverse(f"portal:{name}", args=[version.proposal_id, 1])
    assert client.get(url).status_code == 302
    client.force_login(make_user())
    assert client.get(url).status_code == 404
    client.force_login(version.frozen_by)
    assert client.get(reverse(f"portal:{name}", args=[version.proposal_id, 2])).status_code == 404
    assert client.get(url).status_code == 200


def verify(client, reference, sha256):
    return client.post(reverse("portal:verify_receipt"), {"reference": reference, "sha256": sha256})


def test_verify_knows_exactly_this_pair(client, version):
    answer = verify(client, f" {version.proposal.reference.lower()} ", version.sha256.upper())
    page = answer.content.decode()
    assert "Yes: exactly this was received." in page
    assert "Version 1, received" in page
    assert version.proposal.title not in page


def test_verify_gives_every_wrong_pair_the_same_answer(client, version):
    other = make_proposal(status="submitted")
    pairs = [
        (version.proposal.reference, "0" * 64),
        ("CE9-XXXXX", version.sha256),
        (other.reference, version.sha256),
        ("CE9-XXXXX", "0" * 64),
    ]
    pages = set()
    for reference, sha256 in pairs:
        page = verify(client, reference, sha256).content.decode()
        pages.add(page[page.index('<div role="status">') : page.index('<form method="post" novalidate>')])
    assert len(pages) == 1
    assert "No: this pair is not known here." in pages.pop()


def test_verify_refuses_what_is_no_digest(client):
    assert verify(client, "CE9-XXXXX", "abc").status_code == 400
    assert verify(client, "", "").status_code == 400
    assert verify(client, "x\x00", "\x00" * 64).status_code == 400


def test_verify_is_asked_by_post_and_not_for_ever(client, version, monkeypatch):
    url = reverse("portal:verify_receipt")
    answer = client.get(url, {"reference": version.proposal.reference, "sha256": version.sha256})
    assert "exactly this was received." not in answer.content.decode()
    monkeypatch.setattr(receipts, "TRIES_PER_MINUTE", 3)
    assert [verify(client, "CE9-XXXXX", "0" * 64).status_code for _ in range(5)] == [200, 200, 200, 429, 429]
    assert verify(client, version.proposal.reference, version.sha256).status_code == 429


def test_staff_read_a_receipt_too(client, version):
    client.force_login(make_staff())
    assert client.get(reverse("portal:receipt", args=[version.proposal_id, 1])).status_code == 200
