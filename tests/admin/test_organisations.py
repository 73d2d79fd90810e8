"""Staff's pages of organisations, members and texts: who may open them, and what each button does."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from proposals.audit.models import Event
from proposals.partners.models import Mailbox, Membership, Notice, Organisation
from proposals.partners.states import Role, StaffRole
from tests.factories import make_mailbox, make_member, make_organisation, make_staff, make_user

pytestmark = pytest.mark.django_db

ENTRY = {"name": "Reno Institute", "native_name": "", "acronym": "", "aliases": "", "kind": "institute", "country": "IT"}
ENTRY |= {"website": ""}


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def page(model, name, *args):
    return reverse(f"admin:proposals_{model}_{name}", args=args)


@pytest.fixture
def staff():
    return signed_in(make_staff())


def test_partners_reach_no_page_of_staff():
    thing = make_organisation()
    client = signed_in(make_user())

    for model in ("organisation", "membership", "user", "notice"):
        assert client.get(page(model, "changelist")).status_code == 302
    assert client.post(page("organisation", "act", thing.pk, "confirm")).status_code == 302
    thing.refresh_from_db()
    assert thing.confirmed_at is None


def test_observers_read_and_change_nothing():
    thing, client = make_organisation(), signed_in(make_staff(role=StaffRole.OBSERVER))
    member = make_member(make_user(), thing, confirmed=False)

    assert client.get(page("organisation", "change", thing.pk)).status_code == 200
    answers = [
        client.post(page("organisation", "change", thing.pk), {**ENTRY, "name": "Changed"}).status_code,
        client.post(page("organisation", "add"), ENTRY).status_code,
        client.post(page("organisation", "act", thing.pk, "confirm")).status_code,
        client.post(page("organisation", "act", thing.pk, "merge"), {"number": thing.pk}).status_code,
        client.post(page("membership", "act", member.pk, "confirm")).status_code,
        client.post(page("notice", "add"), {"slug": "privacy", "language": "en", "title": "T", "body": "B"}).status_code,
        client.post(page("user", "change", member.user.pk), {"full_name": "Changed"}).status_code,
        client.post(page("user", "act", member.user.pk, "deactivate")).status_code,
    ]

    assert answers == [403] * 8
    assert "Confirm the organisation" not in client.get(page("organisation", "change", thing.pk)).content.decode()
    assert Event.objects.count() == 0


def test_staff_add_an_organisation_by_one_action(staff):
    staff.post(page("organisation", "add"), {**ENTRY, "in_directory": "on", "aliases": "One,Two"})

    made = Organisation.objects.get()
    assert (made.in_directory, made.aliases, bool(made.confirmed_at)) == (True, ["One", "Two"], True)
    assert [event.verb for event in Event.objects.all()] == ["organisation.found"]


def test_staff_correct_an_organisation_and_see_what_is_wrong(staff):
    thing = make_organisation()

    wrong = staff.post(page("organisation", "change", thing.pk), {**ENTRY, "country": ""})
    assert wrong.status_code == 200
    assert "Choose a country or region" in wrong.content.decode()
    staff.post(page("organisation", "change", thing.pk), {**ENTRY, "name": "Right"})

    thing.refresh_from_db()
    assert thing.name == "Right"


def test_no_organisation_or_member_is_deleted(staff):
    member = make_member(make_user(), make_organisation())

    assert staff.post(page("organisation", "delete", member.organisation.pk), {"post": "yes"}).status_code == 403
    assert staff.post(page("membership", "delete", member.pk), {"post": "yes"}).status_code == 403
    assert "delete_selected" not in staff.get(page("organisation", "changelist")).content.decode()


def test_buttons_are_the_verbs_that_the_rules_allow(staff):
    thing = make_organisation()
    before = staff.get(page("organisation", "change", thing.pk)).content.decode()

    asked = staff.get(page("organisation", "act", thing.pk, "confirm")).content.decode()
    thing.refresh_from_db()
    assert thing.confirmed_at is None
    staff.post(page("organisation", "act", thing.pk, "confirm"))

    after = staff.get(page("organisation", "change", thing.pk)).content.decode()
    link = page("organisation", "act", thing.pk, "confirm")
    assert [link in text for text in (before, after)] == [True, False]
    assert "Its representatives are told" in asked
    assert staff.post(link).status_code == 403
    assert staff.post(page("organisation", "act", thing.pk, "nonsense")).status_code == 404
    assert staff.post(page("organisation", "act", 10**9, "confirm")).status_code == 404


def test_near_names_are_shown_to_staff_and_merged(staff):
    thing, near = make_organisation(name="SUPARCO of Pakistan"), make_organisation(name="Pakistan SUPARCO")

    shown = staff.get(page("organisation", "change", thing.pk)).content.decode()
    assert f"Pakistan SUPARCO ({near.pk})" in shown
    staff.post(page("organisation", "act", thing.pk, "merge"), {"near": near.pk, "number": ""})

    thing.refresh_from_db()
    assert thing.merged_into == near


@pytest.mark.parametrize("number", ["", "0", "-1", "x", "999999999", "9" * 40])
def test_merge_into_nothing_says_so(staff, number):
    thing = make_organisation()

    answer = staff.post(page("organisation", "act", thing.pk, "merge"), {"number": number})

    assert answer.status_code == 200
    assert "Choose one entry" in answer.content.decode()
    thing.refresh_from_db()
    assert thing.merged_into is None


def test_merge_into_itself_is_refused_in_words(staff):
    thing = make_organisation()

    answer = staff.post(page("organisation", "act", thing.pk, "merge"), {"number": thing.pk})

    assert "Choose another organisation" in answer.content.decode()


def test_members_are_confirmed_and_given_roles(staff):
    thing = make_organisation()
    make_member(make_user(), thing)
    waits = make_member(make_user(), thing, role=Role.CONTRIBUTOR, confirmed=False)

    staff.post(page("membership", "act", waits.pk, "confirm"))
    waits.refresh_from_db()
    assert waits.confirmed_at is not None
    staff.post(page("membership", "act", waits.pk, "role"), {"role": "representative"})

    waits.refresh_from_db()
    assert waits.role == Role.REPRESENTATIVE


def test_last_representative_is_kept_and_staff_are_told_why(staff):
    member = make_member(make_user(), make_organisation())

    answer = staff.post(page("membership", "act", member.pk, "role"), {"role": "contributor"})

    assert "keeps at least one representative" in answer.content.decode()
    assert Membership.objects.get().role == Role.REPRESENTATIVE


def test_pages_of_text_are_written_and_taken_back(staff):
    text = {"slug": "privacy", "language": "en", "title": "Our notice", "body": "Text."}

    staff.post(page("notice", "add"), text)
    assert "Our notice" in Client().get(reverse("portal:privacy")).content.decode()
    twice = staff.post(page("notice", "add"), text)
    assert twice.status_code == 200
    staff.post(page("notice", "delete", Notice.objects.get().pk), {"post": "yes"})

    assert Notice.objects.count() == 0
    assert [event.verb for event in Event.objects.order_by("pk")] == ["page.saved", "page.removed"]


@pytest.mark.parametrize("words", ["suparco", "پاکستان", "alias one", "' OR 1=1", "\x00"])
def test_search_looks_in_every_name(staff, words):
    make_organisation(name="SUPARCO", native_name="پاکستان", aliases=["Alias One"])

    answer = staff.get(page("organisation", "changelist"), {"q": words})

    assert answer.status_code in {200, 302}
    if words in {"suparco", "پاکستان", "alias one"}:
        assert answer.context["cl"].result_count == 1


@pytest.mark.parametrize("model", ["organisation", "membership", "user"])
def test_lists_ask_the_same_number_of_queries_for_any_number_of_rows(staff, model):
    counts = []
    for more in (1, 2):
        for _n in range(more):
            make_member(make_user(), make_organisation(merged_into=None))
        with CaptureQueriesContext(connection) as seen:
            assert staff.get(page(model, "changelist")).status_code == 200
        counts.append(len(seen))

    assert counts[0] == counts[1]


@pytest.mark.parametrize("query", ["?confirmed=no", "?confirmed=yes", "?confirmed=x", "?kind__exact=agency"])
def test_filters_answer(staff, query):
    make_organisation()

    assert staff.get(page("organisation", "changelist") + query).status_code == 200


def test_secretariat_names_and_removes_a_role_mailbox(staff):
    thing = make_organisation()
    change, add, remove = (
        page("organisation", "change", thing.pk),
        page("organisation", "act", thing.pk, "add-mailbox"),
        page("organisation", "act", thing.pk, "remove-mailbox"),
    )

    assert staff.get(remove).status_code == 403
    assert "Enter a valid email address" in staff.post(add, {"address": "no", "language": "en"}).content.decode()
    assert staff.post(add, {"address": "registry@example.org", "language": "fr"})["Location"] == change
    assert "registry@example.org, waits to be confirmed" in staff.get(change).content.decode()
    elsewhere = make_mailbox(make_organisation())
    assert staff.post(remove, {"mailbox": elsewhere.pk}).status_code == 200
    assert staff.post(remove, {"mailbox": thing.mailboxes.get().pk})["Location"] == change

    assert [row.pk for row in Mailbox.objects.all()] == [elsewhere.pk]
    assert [event.verb for event in Event.objects.order_by("pk")] == ["mailbox.added", "mailbox.removed"]


def test_observers_see_role_mailboxes_and_touch_none():
    mailbox, client = make_mailbox(make_organisation()), signed_in(make_staff(role=StaffRole.OBSERVER))
    for name in ("add-mailbox", "remove-mailbox"):
        path = page("organisation", "act", mailbox.organisation.pk, name)
        assert client.post(path, {"address": "x@example.org", "language": "en", "mailbox": mailbox.pk}).status_code == 403
    assert f"{mailbox.address}, confirmed" in client.get(page("organisation", "change", mailbox.organisation.pk)).content.decode()
    assert list(Mailbox.objects.all()) == [mailbox]
