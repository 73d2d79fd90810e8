"""How one wants to be told: the choices on the preferences page, and the link that stops a kind of mail."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from proposals.outbox.calculations import stop_token
from proposals.outbox.models import Preference
from proposals.outbox.queries import wishes
from proposals.outbox.states import CHOSEN_BY_READER, Kind, Way
from proposals.portal.forms.wishes import ALWAYS, CHOSEN
from tests.factories import make_user

pytestmark = pytest.mark.django_db
PAGE, SAVE = "/preferences/", "/preferences/mail/"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def unsubscribe(user, kind):
    return reverse("portal:unsubscribe", args=[stop_token(user.pk, kind)])


def test_page_offers_each_kind_that_can_be_chosen_and_names_the_others():
    user = make_user()
    Preference.objects.create(user=user, kind=Kind.REMINDER, way=Way.DIGEST, changed_at=user.joined_at)

    page = signed_in(user).get(PAGE).content.decode()

    assert set(CHOSEN) == set(CHOSEN_BY_READER)
    checked = re.findall(r'<input type="radio"[^>]*name="(\w+)"[^>]*value="(\w+)"[^>]*\bchecked', page)
    assert sorted(checked) == [("call", "at_once"), ("reminder", "digest"), ("team", "at_once")]
    assert page.count('type="radio"') == len(CHOSEN) * len(Way)
    assert page.count("<fieldset") == page.count("<legend") == len(CHOSEN)
    for kind, why in ALWAYS:
        assert str(kind) in page
        assert str(why) in page


def test_choices_are_saved_together_and_shown_again():
    user, other = make_user(), make_user()
    client = signed_in(user)

    answer = client.post(SAVE, {"reminder": "digest", "team": "site", "call": "at_once"}, follow=True)

    assert answer.redirect_chain == [(PAGE, 302)]
    assert "Your choice is saved" in answer.content.decode()
    assert wishes(user) == {Kind.REMINDER: Way.DIGEST, Kind.TEAM: Way.SITE, Kind.CALL: Way.AT_ONCE}
    assert wishes(other) == dict.fromkeys(CHOSEN_BY_READER, Way.AT_ONCE)


@pytest.mark.parametrize(
    "typed", [{}, {"reminder": "digest"}, {"reminder": "never", "team": "site", "call": "site"}, {"status": "site"}]
)
def test_choices_that_are_not_whole_change_nothing(typed):
    user = make_user()
    page = signed_in(user).post(SAVE, typed)
    assert page.status_code == 400
    assert Preference.objects.count() == 0
    assert 'name="full_name"' in page.content.decode()


def test_choices_cannot_turn_down_what_always_comes():
    user = make_user()
    signed_in(user).post(SAVE, {"reminder": "site", "team": "site", "call": "site", "status": "site", "security": "site"})
    assert set(Preference.objects.values_list("kind", flat=True)) == {"reminder", "team", "call"}


def test_saving_names_leaves_wishes_as_they_are():
    user = make_user(full_name="Old Name")
    Preference.objects.create(user=user, kind=Kind.TEAM, way=Way.SITE, changed_at=user.joined_at)
    fields = {"full_name": "New Name", "native_name": "", "language": "en", "time_zone": "UTC"}
    assert signed_in(user).post(PAGE, fields)["Location"] == PAGE
    user.refresh_from_db()
    assert (user.full_name, wishes(user)[Kind.TEAM]) == ("New Name", Way.SITE)


def test_choices_are_for_those_who_are_signed_in():
    assert Client().post(SAVE, {"reminder": "site"})["Location"].startswith(reverse("account_login"))
    assert signed_in(make_user()).get(SAVE)["Location"] == PAGE


def test_page_takes_the_same_number_of_statements_with_any_wishes(django_assert_num_queries):
    user = make_user()
    client = signed_in(user)
    client.get(PAGE)
    with django_assert_num_queries(9):
        client.get(PAGE)
    for kind in CHOSEN_BY_READER:
        Preference.objects.create(user=user, kind=kind, way=Way.SITE, changed_at=user.joined_at)
    with django_assert_num_queries(9):
        client.get(PAGE)


def test_link_of_a_mail_shows_what_would_stop_and_changes_nothing():
    user = make_user()
    path = unsubscribe(user, Kind.REMINDER)
    for method in ("get", "head"):
        answer = getattr(Client(), method)(path)
        assert (answer.status_code, "no-store" in answer["Cache-Control"]) == (200, True)
    page = Client().get(path).content.decode()
    assert "We would no longer send you e-mail of this kind: reminders." in page
    assert "decisions, deadlines and letters of the secretariat still come" in page
    assert user.email not in page
    assert Preference.objects.count() == 0


@pytest.mark.parametrize("body", [ONE_CLICK, {}])
def test_one_post_without_cookies_stops_the_kind_and_again_changes_nothing(body):
    user = make_user()
    program = Client(enforce_csrf_checks=True)
    for _ in range(2):
        answer = program.post(unsubscribe(user, Kind.REMINDER), body)
        assert answer.status_code == 200
        assert "We no longer send you e-mail of this kind: reminders." in answer.content.decode()
        assert f'href="{PAGE}"' in answer.content.decode()
    assert wishes(user) == {Kind.REMINDER: Way.SITE, Kind.TEAM: Way.AT_ONCE, Kind.CALL: Way.AT_ONCE}
    assert Preference.objects.count() == 1


def test_link_of_a_digest_stops_what_came_in_it():
    user = make_user()
    for kind in (Kind.TEAM, Kind.CALL):
        Preference.objects.create(user=user, kind=kind, way=Way.DIGEST, changed_at=user.joined_at)
    page = Client().get(unsubscribe(user, Kind.DIGEST)).content.decode()
    assert "We would no longer send you the daily e-mail." in page
    Client().post(unsubscribe(user, Kind.DIGEST), ONE_CLICK)
    assert wishes(user) == {Kind.REMINDER: Way.AT_ONCE, Kind.TEAM: Way.SITE, Kind.CALL: Way.SITE}


def test_forged_link_and_that_of_a_closed_account_stop_nothing():
    user, gone = make_user(), make_user(is_active=False)
    forged = stop_token(user.pk, Kind.REMINDER).replace(f"{user.pk}.", f"{gone.pk}.", 1)
    for method in ("get", "post"):
        assert getattr(Client(), method)(reverse("portal:unsubscribe", args=[forged])).status_code == 404
    assert Client().post(unsubscribe(gone, Kind.REMINDER)).status_code == 404
    assert Preference.objects.count() == 0
