"""Every address of the site, asked by everyone: nobody learns from an answer that another agency's proposal exists."""

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from proposals.intake.models import Attachment, Proposal, TeamMember
from proposals.intake.states import Status
from tests.factories import NOW, make_proposal, make_staff, make_user

pytestmark = pytest.mark.django_db

OURS = ("proposals.",)
METHODS = ("get", "post")


def addresses(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every pattern of the resolver as (route, where its view is written)."""
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern, route)
        elif isinstance(pattern, URLPattern):
            callback: Any = pattern.callback
            yield route, getattr(getattr(callback, "view_class", callback), "__module__", "")


ROUTES = sorted({route for route, module in addresses(get_resolver()) if module.startswith(OURS)})
ABOUT_A_PROPOSAL = [route for route in ROUTES if route.startswith("proposals/")]


def filled(route: str, proposal_id: uuid.UUID, others: dict[str, str]) -> str:
    """The address with its arguments: the proposal's id, and known or made-up ones for the rest."""

    def value(match: re.Match[str]) -> str:
        converter, _colon, name = match.group(1).rpartition(":")
        if name in others:
            return others[name]
        if converter == "uuid":
            return str(proposal_id)
        return {"int": "1", "slug": "summary", "str": "x"}.get(converter, "x")

    return "/" + re.sub(r"<([^>]+)>", value, route).lstrip("/")


def stripped(body: bytes) -> bytes:
    """A page without what differs between any two answers."""
    return re.sub(rb'(csrfmiddlewaretoken" value|nonce|name="request_key" value)="[^"]*"', b"", body)


@pytest.fixture
def theirs() -> Proposal:
    """Another agency's proposal, submitted, with a file and a listed member."""
    proposal = make_proposal(status=Status.CLARIFICATION)
    Attachment.objects.create(
        proposal=proposal,
        name="a.pdf",
        size=1,
        content_type="application/pdf",
        sha256="0" * 64,
        uploaded_by=proposal.created_by,
        uploaded_at=NOW,
    )
    return proposal


def test_there_are_addresses_about_proposals() -> None:
    assert len(ABOUT_A_PROPOSAL) >= 12


@pytest.mark.parametrize("route", ABOUT_A_PROPOSAL)
@pytest.mark.parametrize("method", METHODS)
def test_a_rival_meets_what_does_not_exist(route: str, method: str, theirs: Proposal, client: Client) -> None:
    client.force_login(make_user())
    member = TeamMember.objects.get(proposal=theirs)
    known = {"file_id": str(theirs.attachments.get().pk), "file": str(theirs.attachments.get().pk), "member_id": str(member.pk)}
    unknown = dict.fromkeys(known, str(uuid.uuid4())) | {"member_id": "999999999"}
    there = getattr(client, method)(filled(route, theirs.pk, known))
    nowhere = getattr(client, method)(filled(route, uuid.uuid4(), unknown))
    assert there.status_code == nowhere.status_code
    assert there.status_code in {404, 405}
    assert len(stripped(there.content)) == len(stripped(nowhere.content))


@pytest.mark.parametrize("route", ABOUT_A_PROPOSAL)
@pytest.mark.parametrize("method", METHODS)
def test_a_stranger_is_asked_to_sign_in(route: str, method: str, theirs: Proposal, client: Client) -> None:
    """A form sent after the session ended is answered with what was typed (403), a page with the sign-in."""
    there = getattr(client, method)(filled(route, theirs.pk, {}))
    nowhere = getattr(client, method)(filled(route, uuid.uuid4(), {}))
    assert there.status_code == nowhere.status_code
    assert there.status_code in {302, 401, 403, 405}
    assert len(stripped(there.content)) == len(stripped(nowhere.content))
    if there.status_code == 302:
        assert there["Location"].startswith("/account/login/")


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("role", ["nobody", "partner", "secretariat", "observer"])
def test_no_address_breaks(route: str, role: str, theirs: Proposal, client: Client) -> None:
    if role == "partner":
        client.force_login(theirs.created_by)
    elif role != "nobody":
        client.force_login(make_staff(role=role))
    for method in METHODS:
        answer = getattr(client, method)(filled(route, theirs.pk, {}))
        assert answer.status_code < 500


@pytest.mark.parametrize("model", list(admin.site._registry), ids=lambda model: model.__name__)
def test_a_partner_finds_no_staff_page(model: Any, theirs: Proposal, client: Client) -> None:
    client.force_login(theirs.created_by)
    answer = client.get(f"/staff/proposals/{model._meta.model_name}/")
    assert answer.status_code == 302
