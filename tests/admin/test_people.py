"""Staff's pages of people: names corrected, addresses confirmed by hand, accounts closed and opened."""

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse

from proposals.audit.models import Event
from proposals.partners.models import User
from tests.factories import make_member, make_organisation, make_staff, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    client = Client()
    client.force_login(make_staff())
    return client


def page(name, *args):
    return reverse(f"admin:proposals_user_{name}", args=args)


def test_names_are_corrected_and_nothing_else(staff):
    user = make_user()
    new = {"full_name": "Right Name", "native_name": "", "language": "en", "time_zone": "Asia/Karachi"}

    staff.post(page("change", user.pk), {**new, "staff_role": "secretariat", "is_active": "", "email": "x@example.org"})

    kept = User.objects.get(pk=user.pk)
    assert (kept.full_name, kept.time_zone, kept.staff_role, kept.is_active, kept.email) == (
        "Right Name",
        "Asia/Karachi",
        "",
        True,
        user.email,
    )


def test_address_is_confirmed_from_the_persons_page(staff):
    user = make_user(verified=False)
    link = page("act", user.pk, "confirm-address")

    assert link in staff.get(page("change", user.pk)).content.decode()
    refused = staff.post(link, {"email": "other@example.org"})
    assert refused.status_code == 200
    assert EmailAddress.objects.get(user=user).verified is False
    staff.post(link, {"email": user.email})

    assert EmailAddress.objects.get(user=user).verified is True
    assert link not in staff.get(page("change", user.pk)).content.decode()


def test_account_is_closed_and_opened_again(staff):
    user = make_user()

    staff.get(page("act", user.pk, "deactivate"))
    assert User.objects.get(pk=user.pk).is_active is True
    staff.post(page("act", user.pk, "deactivate"))
    assert User.objects.get(pk=user.pk).is_active is False
    staff.post(page("act", user.pk, "reactivate"))

    assert User.objects.get(pk=user.pk).is_active is True
    assert [event.verb for event in Event.objects.order_by("pk")] == ["person.deactivated", "person.reactivated"]


def test_people_are_found_by_name_script_and_address_with_their_organisations(staff):
    user = make_user(full_name="Samina Anjum", native_name="ثمینہ انجم")
    make_member(user, make_organisation(name="Indus Commission"))

    for words in ("samina", "ثمینہ", user.email):
        assert staff.get(page("changelist"), {"q": words}).context["cl"].result_count == 1, words
    assert "Indus Commission" in staff.get(page("change", user.pk)).content.decode()


def test_people_are_neither_added_nor_deleted_here(staff):
    user = make_user()

    assert staff.get(page("add")).status_code == 403
    assert staff.post(page("delete", user.pk), {"post": "yes"}).status_code == 403
