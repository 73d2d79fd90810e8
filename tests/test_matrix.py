"""Every address of the site, asked by everyone: nobody learns from an answer that another agency's proposal exists."""

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from proposals.calls.models import AnnouncedProject
from proposals.decisions.models import Agreement, Announcement, Condition, Decision
from proposals.decisions.states import Outcome
from proposals.intake.models import Access, Attachment, Proposal, TeamMember
from proposals.intake.states import Status
from proposals.outbox.models import Message
from proposals.partners.states import ROLE_MEANS
from proposals.review.models import Assessment, Assignment, Bid, Conflict
from proposals.review.states import ConflictKind, Wish
from tests.factories import NOW, make_assessment, make_assignment, make_message, make_proposal, make_staff, make_user

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
@pytest.mark.parametrize("role", ["nobody", "partner", *(role.value for role in ROLE_MEANS)])
def test_no_address_breaks(route: str, role: str, theirs: Proposal, client: Client) -> None:
    if role == "partner":
        client.force_login(theirs.created_by)
    elif role != "nobody":
        client.force_login(make_staff(role=role))
    for method in METHODS:
        answer = getattr(client, method)(filled(route, theirs.pk, {}))
        assert answer.status_code < 500


@pytest.fixture
def judged(theirs: Proposal) -> Proposal:
    """The same under review, with something of all that belongs to it on the staff's pages."""
    clarification = theirs.clarifications.create(
        asked_in="submitted", question="?", asked_by=make_staff(), asked_at=NOW, due_at=NOW
    )
    theirs.move(Status.UNDER_REVIEW, by=clarification.asked_by, now=NOW)
    assignment = make_assignment(theirs)
    make_assessment(assignment)
    Bid.objects.create(proposal=theirs, user=assignment.user, wish=Wish.EAGER, at=NOW)
    staff = clarification.asked_by
    decision = Decision.objects.create(
        proposal=theirs, phase=theirs.phase, outcome=Outcome.CONDITIONAL, drafted_by=staff, drafted_at=NOW
    )
    Condition.objects.create(decision=decision, text="Lighter")
    Agreement.objects.create(proposal=theirs, opened_by=staff, opened_at=NOW)
    project = AnnouncedProject.objects.create(call=theirs.call, title="P", organisations="O")
    Announcement.objects.create(proposal=theirs, project=project, by=staff, at=NOW)
    Conflict.objects.create(proposal=theirs, user=make_staff(), kind=ConflictKind.FAMILY, by=staff, at=NOW)
    make_message(about_type="proposal", about_id=str(theirs.pk))
    return theirs


def keys_of(proposal: Proposal) -> dict[str, str]:
    """Per model of the staff's pages, the key of the row that belongs to the proposal."""
    keys = {"proposal": str(proposal.pk), "message": str(Message.objects.get(about_id=str(proposal.pk)).pk)}
    for model in (Assignment, Bid, Conflict, Decision, Agreement, Announcement):
        keys[model.__name__.lower()] = str(model._default_manager.get(proposal=proposal).pk)
    keys["assessment"] = str(Assessment.objects.get(assignment__proposal=proposal).pk)
    keys["file"] = str(proposal.attachments.get().pk)
    return keys | {"condition": str(Condition.objects.get(decision__proposal=proposal).pk)}


# Of the rows of these models the key alone tells what an address is about; of a panel or a plan it does not.
OF_A_PROPOSAL = "proposal message assignment bid conflict decision agreement announcement assessment condition".split()
BEGINNINGS = ("proposals/", *(f"staff/proposals/{model}/<" for model in OF_A_PROPOSAL))
EVERYWHERE = sorted({route for route, _module in addresses(get_resolver()) if "<" in route and "^" not in route})
ABOUT_ONE = [
    route
    for route in EVERYWHERE
    if (route.startswith(BEGINNINGS) or "uuid:" in route) and not re.search("views/<|pairing/<|panel/<", route)
]
NOWHERE = "00000000-0000-4000-8000-000000000000"


def arguments(route: str, keys: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The arguments of an address for what belongs to the proposal, and for what does not exist."""
    there, nowhere = {}, {}
    model = route.split("/")[2] if route.startswith("staff/proposals/") else ""
    for part, name in re.findall(r"<(?:(\w+):)?(\w+)>", route):
        if name == "file":
            there[name], nowhere[name] = keys["file"], NOWHERE
        elif part == "uuid" or (part == "path" and model == "proposal"):
            there[name], nowhere[name] = keys["proposal"], NOWHERE
        elif part == "path" or (part == "int" and name == "pk"):
            there[name], nowhere[name] = keys.get(model, "1"), "999999999"
        else:
            there[name] = nowhere[name] = {"name": "override", "kind": "science", "slug": "summary"}.get(name, "1")
    return there, nowhere


def differing(one: bytes, other: bytes) -> list[bytes]:
    """The first lines in which two pages differ, for whoever reads the failure."""
    pairs = zip(one.splitlines(), other.splitlines(), strict=False)
    return [b"%s != %s" % (a.strip()[-150:], b.strip()[-150:]) for a, b in pairs if a != b][:2]


@pytest.mark.parametrize("role", ["reviewer", "assessor", "chair", "board", "secretariat", "observer"])
def test_staff_who_must_not_know_meet_what_does_not_exist(role: str, judged: Proposal) -> None:
    """A reviewer without an assignment, and everyone whom a conflict bars: the answer is the same, byte for byte."""
    user = make_staff(role=role)
    if user.reads_all:
        Access.objects.create(proposal=judged, user=user, grant=False, why="conflict:family")
    client, another = Client(), Client()  # what one answer leaves for the next page is then the same too
    client.force_login(user)
    another.force_login(user)
    keys, told = keys_of(judged), {}
    for route in ABOUT_ONE:
        there, nowhere = arguments(route, keys)
        for method in METHODS:
            one = getattr(client, method)(filled(route, judged.pk, there))
            other = getattr(another, method)(filled(route, uuid.UUID(int=0), nowhere))
            body = stripped(one.content)
            for name, value in there.items():
                for quoted in ("/{}/", "“{}”"):
                    body = body.replace(quoted.format(value).encode(), quoted.format(nowhere[name]).encode())
            if (one.status_code, body) != (other.status_code, stripped(other.content)):
                told[method, route] = (one.status_code, other.status_code, differing(body, stripped(other.content)))
    assert told == {}


def test_there_are_addresses_about_one_proposal_on_both_doors() -> None:
    assert len([route for route in ABOUT_ONE if route.startswith("staff/")]) >= 30
    assert len([route for route in ABOUT_ONE if route.startswith("proposals/")]) >= 25


@pytest.mark.parametrize("route", ABOUT_A_PROPOSAL)
@pytest.mark.parametrize("method", METHODS)
def test_a_reviewer_meets_none_of_the_teams_pages_but_the_file(route: str, method: str, judged: Proposal, client: Client) -> None:
    """Granted the proposal: clarifications, letters and forms are between its team and the secretariat."""
    client.force_login(Assignment.objects.get(proposal=judged).user)
    answer = getattr(client, method)(filled(route, judged.pk, {"file": str(judged.attachments.get().pk)}))
    assert answer.status_code in {404, 405}, "the file has no bytes here, so it answers 404 too"


@pytest.mark.parametrize("model", list(admin.site._registry), ids=lambda model: model.__name__)
def test_a_partner_finds_no_staff_page(model: Any, theirs: Proposal, client: Client) -> None:
    client.force_login(theirs.created_by)
    answer = client.get(f"/staff/proposals/{model._meta.model_name}/")
    assert answer.status_code == 302
