"""Whoever is barred cannot infer: with and without the proposal in the database, every page of theirs is the same."""

import re
from collections.abc import Iterator
from datetime import timedelta
from difflib import unified_diff

import pytest
import time_machine
from django.contrib import admin
from django.core.cache import cache
from django.test import Client
from django.urls import get_resolver

from proposals.audit.actions import record
from proposals.calls.states import Level
from proposals.decisions.actions.deciding import decide
from proposals.decisions.models import Release
from proposals.decisions.states import Outcome
from proposals.intake import actions
from proposals.intake.models import Access, CircularMail, Proposal
from proposals.outbox.models import Bounce, Message
from proposals.partners.models import Organisation, User
from proposals.partners.states import StaffRole
from proposals.review.actions.conflicts import refresh
from proposals.review.actions.opening import open_review
from proposals.review.models import Finding, Panel, PanelItem, Post
from proposals.review.states import ConflictKind
from tests.factories import (
    NOW,
    make_assessment,
    make_assignment,
    make_call,
    make_criteria,
    make_expert,
    make_member,
    make_organisation,
    make_plan,
    make_staff,
    make_user,
    make_wording,
)
from tests.intake.conftest import fill
from tests.test_matrix import addresses, stripped

pytestmark = pytest.mark.django_db
CANARY = "Xylocanary"
ROWS_OF_EACH = 3
# A page of a proposal, or of something that belongs to one, is asked for by its own number below.
SEARCHES = (
    "proposal/?q={canary}", "proposal/?q={reference}", "proposal/?view=all", "proposal/?view=review",
    "proposal/?state=under_review", "proposal/?country=CL", "proposal/?level=system",
    "proposal/?order=oldest&view=all", "proposal/export/?view=all",
    "event/?type=proposal&id={pk}", "event/?type=assignment", "event/?type=decision", "message/?q={reference}",
    "message/?q={canary}", "message/?delivery=dead", "message/?q={address}", "conflict/?proposal={reference}",
    "organisation/?q=Rival", "organisation/?led__isnull=0", "organisation/?participations__isnull=0", "user/?q={address}",
    "user/?teams__isnull=0", "user/?access__isnull=0", "user/?conflicts__isnull=0", "expert/?user__conflicts__isnull=0",
    "decision/?q={reference}", "agreement/?q={reference}", "announcement/?q={reference}", "assignment/?q={reference}",
    "message/again/?delivery=dead&since=2027-01-01T00:00&until=2027-12-31T00:00",
)  # fmt: skip


class World:
    """A call with a proposal that everyone of staff sees; then another, with all that hangs on one, that bars a member."""

    def __init__(self, role: StaffRole) -> None:
        self.call = make_call(code="CE9", opens_at=NOW - timedelta(days=30), closes_at=NOW + timedelta(days=30))
        self.phase = self.call.phases.get()
        make_plan(self.phase, due_at=NOW + timedelta(days=20))
        make_criteria(self.phase, "10")
        self.staff, self.second = make_staff(full_name="Zhou Wenjing"), make_staff(full_name="Li Na")
        self.reviewers = [make_expert(country="CO").user for _ in range(2)]
        self.wording, self.news = make_wording(), make_wording(body="News.")
        self.rival = make_organisation(name="Rival Agency", country="CL")
        self.author, self.colleague = make_user(full_name="Rosa Rival"), make_user(full_name="Raul Rival")
        make_member(self.author, self.rival)
        self.seen = self.proposal(make_user(full_name="Open Author"), make_organisation(country="IT"), "Seismometer", Level.UNIT)
        self.panel = Panel.objects.create(phase=self.phase, title="Panel of March", made_by=self.staff, made_at=NOW)
        PanelItem.objects.create(panel=self.panel, proposal=self.seen, position=1)
        self.release = self.decided(self.seen)
        self.circular = actions.draft_circular(
            self.news.wording, proposals=[self.seen], request_key=self.seen.pk, by=self.staff, now=NOW
        )
        self.barred = self.person(role)

    def person(self, role: StaffRole) -> User:
        """Of the rival's country; a reviewer also reads what is seen."""
        person = make_expert(user=make_staff(role=role, full_name="Barred Person"), country="CL").user
        if role in {StaffRole.REVIEWER, StaffRole.ASSESSOR}:
            make_assessment(make_assignment(self.seen, user=person, by=self.staff), "8")
        return person

    def proposal(self, author: User, lead: Organisation, title: str, level: Level) -> Proposal:
        """Filed, asked about, answered and under review by two, as the site's own verbs do it."""
        draft = actions.start(self.call, level=level, title=title, lead=lead, by=author, now=NOW, request_key=None)
        fill(draft)
        draft.team.update(email=author.email)
        actions.submit(draft, by=author, now=NOW)
        draft = Proposal.objects.get(pk=draft.pk)
        actions.ask(draft, question="Why?", due_at=NOW + timedelta(days=5), by=self.staff, now=NOW)
        actions.answer(draft, text="So", by=author, now=NOW)
        actions.add_note(draft, text=title, by=self.staff, now=NOW)
        open_review(draft, by=self.staff, now=NOW)
        for reviewer in self.reviewers:
            assignment = make_assignment(draft, user=reviewer, by=self.staff)
            record("assignment.asked", by=self.staff, about=assignment)
            assessment = make_assessment(assignment, "7")
            Finding.objects.create(assessment=assessment, kind="major_strength", text=title, position=1)
        Post.objects.create(proposal=draft, phase=self.phase, by=self.reviewers[0], at=NOW, text=title)
        return draft

    def decided(self, proposal: Proposal) -> Release:
        """A drafted decision in the release that waits."""
        decision = decide(
            proposal, outcome=Outcome.SELECTED, reason=proposal.title, feedback="", wording=self.wording, by=self.staff, now=NOW
        )
        release = Release.objects.create(phase=self.phase, title=proposal.title, prepared_by=self.staff, prepared_at=NOW)
        type(decision).objects.filter(pk=decision.pk).update(release=release)
        return release

    def add_the_other(self) -> Proposal:
        """The rival's proposal with everything, in the same panel, in a release and a circular of its own."""
        other = self.proposal(self.author, self.rival, CANARY, Level.SYSTEM)
        other.team.create(full_name="Raul Rival", role="co_i", user=self.colleague, accepted_at=NOW)
        PanelItem.objects.create(panel=self.panel, proposal=other, position=2)
        self.decided(other)
        alone = actions.draft_circular(self.news.wording, proposals=[other], request_key=other.pk, by=self.staff, now=NOW)
        record("panel.brought", by=self.staff, about=self.panel, proposals=[str(other.pk)])
        record("panel.ordered", by=self.staff, about=self.panel, references=[other.reference])
        mail = Message.objects.filter(about_id=str(other.pk)).first()
        Message.objects.filter(pk=mail.pk).update(delivery="dead")
        Bounce.objects.create(event_id="x", report="bounced", source="webhook", address=self.author.email, message=mail, at=NOW)
        record("message.retried", by=self.staff, about=mail)
        refresh([other], now=NOW)
        assert alone.pk
        return other


def plain_addresses() -> Iterator[str]:
    """Every address of the site without an argument, Django's own pages of the staff's door included."""
    for route, _module in addresses(get_resolver()):
        if "<" not in route and "^" not in route and not route.startswith(("account/", "api/", "staff/logout", "staff/password")):
            yield "/" + route


def all_pages(user: User, world: World, other: dict[str, str], *, only: str = "") -> dict[str, tuple[int, bytes]]:
    """What this person gets at each address: lists, searches for the other, and the pages of what they may see."""
    client = Client()
    client.force_login(user)
    asked = [*plain_addresses(), *("/staff/proposals/" + search.format(canary=CANARY, **other) for search in SEARCHES)]
    for model in admin.site._registry:
        rows = model._default_manager.filter(pk__in=world.rows[model]).order_by("-pk")[:ROWS_OF_EACH]
        asked += [f"/staff/proposals/{model._meta.model_name}/{row.pk}/change/" for row in rows]
    asked += [f"/proposals/{world.seen.pk}/", f"/staff/proposals/panel/results/{world.phase.pk}/"]
    asked += [f"/staff/proposals/panel/{world.panel.pk}/record/", f"/staff/proposals/panel/{world.panel.pk}/bring/"]
    found = {}
    for address in [only] if only else asked:
        answer = client.get(address)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        found[address] = (answer.status_code, re.sub(rb"since [^<]*is also looking", b"", stripped(body)))
    return found


ROLES = ["chair", "board", "observer", "secretariat", "reviewer", "assessor"]


@pytest.mark.parametrize("role", ROLES)
def test_no_page_tells_that_a_barred_proposal_exists(role):
    with time_machine.travel(NOW, tick=False):
        world = World(StaffRole(role))
        world.rows = {model: list(model._default_manager.values_list("pk", flat=True)) for model in admin.site._registry}
        other = {"reference": "CE9-7KQ4M", "pk": "7d9f0f43-1a0e-4d9e-9d8e-0d5c6f9b1d11", "address": world.author.email}
        cache.clear()
        without = all_pages(world.barred, world, other)
        assert {status for status, _body in without.values()} <= {200, 302, 400, 403, 404, 405}
        barred = world.add_the_other()
        assert Access.objects.filter(user=world.barred, proposal=barred, grant=False, why=f"conflict:{ConflictKind.COUNTRY}")
        other |= {"reference": str(barred.reference), "pk": str(barred.pk)}
        warm = all_pages(world.barred, world, other, only="/staff/")
        cache.clear()
        cold = all_pages(world.barred, world, other)
    fake = {"CE9-7KQ4M": barred.reference, "7d9f0f43-1a0e-4d9e-9d8e-0d5c6f9b1d11": str(barred.pk)}
    expected = {as_asked(address, fake): (status, as_asked(body, fake)) for address, (status, body) in without.items()}
    for found in (warm, cold):
        told = [f"{address} {telling(expected[address], page)}" for address, page in found.items() if page != expected[address]]
        assert not told, "\n".join(told)
        assert [address for address, (_status, body) in found.items() if CANARY.encode() in body and CANARY not in address] == []


def telling(one: tuple[int, bytes], other: tuple[int, bytes]) -> list[str]:
    """The first lines in which two answers differ, for whoever reads the failure."""
    lines = unified_diff(
        *(re.split(r"\n|(?=<)", str(body, errors="replace")) for _status, body in (one, other)), lineterm="", n=0
    )
    return [f"{one[0]}/{other[0]}", *[line.strip()[:160] for line in lines if line[:2] not in {"--", "++", "@@"}][:4]]


def as_asked(text, names):
    """An address or a page with the names that were looked for the second time."""
    for was, now in names.items():
        text = text.replace(was, now) if isinstance(text, str) else text.replace(was.encode(), now.encode())
    return text


def test_the_same_pages_do_tell_whoever_is_not_barred():
    """Or the test above would pass for pages that show nothing at all."""
    with time_machine.travel(NOW, tick=False):
        world = World(StaffRole.CHAIR)
        world.rows = {model: [] for model in admin.site._registry}
        free = make_staff(role=StaffRole.CHAIR)
        other = world.add_the_other()
        names = {"reference": str(other.reference), "pk": str(other.pk), "address": world.author.email}
        found = all_pages(free, world, names)
    telling = {
        address for address, (_status, body) in found.items() if CANARY.encode() in body or other.reference.encode() in body
    }
    lists = ("proposal/", "conflict/", "message/", "decision/", "assignment/", "event/")
    assert {address for address in telling if "?" not in address} >= {f"/staff/proposals/{one}" for one in lists}


def test_a_circular_shows_a_barred_reader_none_of_the_barred_mails_nor_their_number():
    with time_machine.travel(NOW, tick=False):
        world = World(StaffRole.SECRETARIAT)
        other = world.add_the_other()
        for proposal in (other, world.seen):
            who = proposal.created_by
            CircularMail.objects.create(
                circular=world.circular, proposal=proposal, person=world.staff, language="en", subject=str(who)
            )
        client = Client()
        client.force_login(world.barred)
        shown = client.get(f"/staff/proposals/circular/{world.circular.pk}/change/")
        listed = client.get("/staff/proposals/circular/").context["cl"].result_list
    assert {mail.proposal for mail in shown.context["mails"]} == {world.seen}
    assert [(row, row.written) for row in listed] == [(world.circular, world.circular.mails.filter(proposal=world.seen).count())]
