"""The staff's pages after a selection: conditions, agreements, announcements; each POST is one act."""

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from proposals.calls.models import AnnouncedProject
from proposals.decisions.actions import agreements
from proposals.decisions.models import Agreement, Condition
from proposals.intake.models import Access, Proposal
from proposals.intake.states import Status
from proposals.partners.models import User
from proposals.partners.states import StaffRole
from tests.decisions.test_conditions import conditional
from tests.factories import NOW, make_proposal, make_staff

pytestmark = pytest.mark.django_db
LISTS = ("agreement", "condition", "announcement")


@pytest.fixture
def desk(client: Client) -> User:
    user = make_staff()
    client.force_login(user)
    return user


def begun(desk: User) -> Agreement:
    return agreements.open_agreement(make_proposal(status=Status.SELECTED), by=desk, now=NOW)


def act(thing: Agreement | Condition | Proposal, name: str) -> str:
    return reverse(f"admin:proposals_{thing._meta.model_name}_act", args=[thing.pk, name])


def test_an_agreement_goes_from_the_proposals_page_to_its_conclusion(desk: User, client: Client) -> None:
    proposal = make_proposal(status=Status.SELECTED)
    page = reverse("admin:proposals_proposal_change", args=[proposal.pk])
    assert act(proposal, "agreement") in client.get(page).content.decode()
    answer = client.post(act(proposal, "agreement"), {"counterpart": "Institute", "contact": "", "planned_on": "2027-05-04"})
    assert answer.status_code == 302
    agreement = Agreement.objects.get()
    assert (agreement.counterpart, agreement.planned_on) == ("Institute", date(2027, 5, 4))
    early = client.post(act(agreement, "agree"), {"signed_on": "2026-01-05"})
    assert "8 lines of the checklist are not done yet" in early.content.decode()
    lines = [item.pk for item in agreement.items.all()]
    assert client.post(act(agreement, "tick"), {"items": lines}).status_code == 302
    assert client.post(act(agreement, "take-back"), {"items": lines[:1]}).status_code == 302
    assert client.post(act(agreement, "tick"), {"items": lines[:1]}).status_code == 302
    assert client.post(act(agreement, "agree"), {"signed_on": "2026-01-05"}).status_code == 302
    assert Proposal.objects.get().status == Status.AGREED
    shown = client.get(page).content.decode()
    assert reverse("admin:proposals_announcement_announce") in shown
    assert act(agreement, "tick") not in client.get(f"/staff/proposals/agreement/{agreement.pk}/change/").content.decode()


def saved(agreement: Agreement, **changes: str) -> dict[str, str]:
    """What the page of an agreement sends."""
    items = list(agreement.items.all())
    data = {"counterpart": "Institute", "contact": "", "planned_on": "", "note": "", "seen_revision": str(agreement.revision)}
    data |= {"items-TOTAL_FORMS": str(len(items) + 1), "items-INITIAL_FORMS": str(len(items))}
    for number, item in enumerate(items):
        at = f"items-{number}-"
        data |= {f"{at}id": str(item.pk), f"{at}agreement": str(agreement.pk), f"{at}position": str(item.position)}
        data |= {f"{at}text": item.text, f"{at}due_on": ""}
    data[f"items-{len(items)}-position"] = "0"  # the empty row, as a browser sends it
    return data | changes


def test_the_page_saves_agreement_and_checklist_without_a_script(desk: User, client: Client) -> None:
    agreement = begun(desk)
    page = f"/staff/proposals/agreement/{agreement.pk}/change/"
    assert client.get(page).status_code == 200
    data = saved(agreement, **{"items-8-text": "Visa letters", "items-8-position": "9", "items-0-DELETE": "on"})
    assert client.post(page, data).status_code == 302
    held = Agreement.objects.get()
    assert (held.counterpart, held.revision) == ("Institute", 2)
    assert [item.text for item in held.items.all()][-1] == "Visa letters"
    assert held.items.count() == 8
    stale = client.post(page, saved(held, seen_revision="1", counterpart="Stale"))
    assert "Someone saved this agreement after you opened it" in stale.content.decode()
    assert Agreement.objects.get().counterpart == "Institute"


def test_a_condition_is_confirmed_from_the_proposals_page(desk: User, client: Client) -> None:
    proposal = conditional("Reduce the mass")
    condition = Condition.objects.get()
    assert act(condition, "confirm") in client.get(f"/staff/proposals/proposal/{proposal.pk}/change/").content.decode()
    assert client.post(act(condition, "confirm"), {"note": "New budget"}).status_code == 302
    assert Proposal.objects.get().status == Status.SELECTED


def test_each_change_after_has_its_page_and_reason(desk: User, client: Client) -> None:
    for name, to in (("descope", Status.DESCOPED), ("defer", Status.DEFERRED), ("cancel", Status.CANCELLED)):
        proposal = make_proposal(status=Status.AGREED)
        assert client.get(act(proposal, name)).status_code == 200
        assert client.post(act(proposal, name), {"reason": ""}).status_code == 200
        assert client.post(act(proposal, name), {"reason": "Why"}).status_code == 302
        assert Proposal.objects.get(pk=proposal.pk).status == to
    deferred = Proposal.objects.get(status=Status.DEFERRED)
    assert client.post(act(deferred, "resume"), {"reason": "Why"}).status_code == 302
    moving = {"mission": "Mission 9", "reason": "Why"}
    assert client.post(act(Proposal.objects.get(pk=deferred.pk), "transfer"), moving).status_code == 302
    assert Proposal.objects.get(pk=deferred.pk).status == Status.TRANSFERRED


def test_ticked_projects_are_announced_with_the_words_typed(desk: User, client: Client) -> None:
    first, second = (make_proposal(status=Status.AGREED) for _ in range(2))
    page = reverse("admin:proposals_announcement_announce")
    shown = client.get(page).content.decode()
    assert first.title in shown
    assert second.title in shown
    words = {f"{first.pk}-title": "Public title", f"{first.pk}-organisations": "Both", f"{first.pk}-countries": "ZA, PE"}
    assert "at least one" in client.post(page, words).content.decode()
    assert client.post(page, {**words, f"{first.pk}-chosen": "on", f"{first.pk}-mass_kg": "9.5"}).status_code == 302
    line = AnnouncedProject.objects.get()
    assert (line.title, line.organisations, str(line.mass_kg)) == ("Public title", "Both", "9.500")
    assert [country.code for country in line.countries] == ["PE", "ZA"]
    assert Proposal.objects.get(pk=second.pk).status == Status.AGREED


def test_an_entry_that_is_not_right_announces_nothing(desk: User, client: Client) -> None:
    proposal = make_proposal(status=Status.AGREED)
    page = reverse("admin:proposals_announcement_announce")
    wrong = {f"{proposal.pk}-chosen": "on", f"{proposal.pk}-title": "T", f"{proposal.pk}-organisations": "O"}
    answer = client.post(page, {**wrong, f"{proposal.pk}-countries": "XX"})
    assert "Unknown code: XX" in answer.content.decode()
    assert AnnouncedProject.objects.count() == 0


@pytest.mark.parametrize("role", [StaffRole.OBSERVER, StaffRole.BOARD, StaffRole.CHAIR])
def test_others_read_and_change_nothing(role: StaffRole, client: Client) -> None:
    agreement = begun(make_staff())
    client.force_login(make_staff(role=role))
    for name in LISTS:
        assert client.get(f"/staff/proposals/{name}/").status_code == 200
    assert client.get(f"/staff/proposals/agreement/{agreement.pk}/change/").status_code == 200
    assert client.post(f"/staff/proposals/agreement/{agreement.pk}/change/", saved(agreement)).status_code == 403
    assert client.post(act(agreement, "tick"), {"items": [agreement.items.all()[0].pk]}).status_code == 403
    assert client.get(reverse("admin:proposals_announcement_announce")).status_code == 403
    assert client.post(act(make_proposal(status=Status.AGREED), "cancel"), {"reason": "Why"}).status_code == 403


def test_a_barred_member_of_the_secretariat_finds_nothing(desk: User, client: Client) -> None:
    agreement, condition = begun(desk), None
    proposal = conditional("Reduce the mass")
    condition = Condition.objects.get()
    ready = make_proposal(status=Status.AGREED)
    for one in (agreement.proposal, proposal, ready):
        Access.objects.create(proposal=one, user=desk, grant=False, why="conflict:country")
    assert client.get(f"/staff/proposals/agreement/{agreement.pk}/change/").status_code == 302
    assert client.get(act(agreement, "tick")).status_code == 404
    assert client.get(act(condition, "confirm")).status_code == 404
    pages = [f"/staff/proposals/{name}/" for name in LISTS] + [reverse("admin:proposals_announcement_announce")]
    for page in pages:
        shown = client.get(page).content.decode()
        for one in (agreement.proposal, proposal, ready):
            assert str(one.reference) not in shown


@pytest.mark.parametrize("rows", [1, 3])
def test_lists_cost_the_same_for_one_row_and_for_three(
    rows: int, desk: User, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(rows):
        begun(desk)
        conditional("Reduce the mass")
        make_proposal(status=Status.AGREED)
    pages = {f"/staff/proposals/{name}/": 9 for name in LISTS} | {reverse("admin:proposals_announcement_announce"): 9}
    for page, most in pages.items():
        client.get(page)
        with django_assert_max_num_queries(most):
            assert client.get(page).status_code == 200
