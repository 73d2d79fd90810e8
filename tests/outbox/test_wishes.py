from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction

from proposals.audit.models import Event
from proposals.outbox import actions
from proposals.outbox.actions import CannotChoose, UnknownLink, post
from proposals.outbox.calculations import read_stop_token, stop_token
from proposals.outbox.models import Message, Preference
from proposals.outbox.queries import wishes
from proposals.outbox.states import CHOSEN_BY_READER, Delivery, Kind, Way
from tests.factories import make_message, make_user

pytestmark = pytest.mark.django_db
T0 = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
ALWAYS = [kind for kind in Kind if kind not in CHOSEN_BY_READER]


def tell(to, kind, *, key="event-1", **options):
    post(key=key, to=to, template="news", context={"title": "Seismometer", "at": T0}, kind=kind, now=T0, **options)
    return Message.objects.get(key=key)


def trail(user):
    return list(Event.objects.filter(subject_type="user", subject_id=str(user.pk)).values_list("verb", "data"))


def test_wishes_of_a_newcomer_are_all_at_once():
    assert wishes(make_user()) == dict.fromkeys(CHOSEN_BY_READER, Way.AT_ONCE)


def test_prefer_is_kept_and_in_the_trail():
    user, other = make_user(), make_user()
    actions.prefer(user, Kind.REMINDER, Way.DIGEST, by=user, now=T0)
    actions.prefer(user, Kind.REMINDER, Way.SITE, by=user, now=T0 + timedelta(days=1))
    assert wishes(user) == {Kind.TEAM: Way.AT_ONCE, Kind.REMINDER: Way.SITE, Kind.CALL: Way.AT_ONCE}
    assert Preference.objects.get().changed_at == T0 + timedelta(days=1)
    assert trail(user) == [
        ("preference.changed", {"kind": "reminder", "way": "digest", "by_link": False}),
        ("preference.changed", {"kind": "reminder", "way": "site", "by_link": False}),
    ]
    assert wishes(other) == dict.fromkeys(CHOSEN_BY_READER, Way.AT_ONCE)


def test_prefer_the_same_again_changes_nothing():
    user = make_user()
    actions.prefer(user, Kind.CALL, Way.AT_ONCE, by=user, now=T0)
    assert (Preference.objects.count(), trail(user)) == (0, [])


def test_prefer_for_another_person_is_denied():
    user = make_user()
    for stranger in (make_user(), make_user(staff_role="secretariat")):
        with pytest.raises(PermissionDenied):
            actions.prefer(user, Kind.REMINDER, Way.SITE, by=stranger, now=T0)
    user.is_active = False
    with pytest.raises(PermissionDenied):
        actions.prefer(user, Kind.REMINDER, Way.SITE, by=user, now=T0)
    assert Preference.objects.count() == 0


@pytest.mark.parametrize("kind", ALWAYS)
def test_prefer_cannot_switch_off_what_always_comes(kind):
    user = make_user()
    with pytest.raises(CannotChoose):
        actions.prefer(user, kind, Way.SITE, by=user, now=T0)
    with pytest.raises(IntegrityError), transaction.atomic():
        Preference.objects.create(user=user, kind=kind, way=Way.SITE, changed_at=T0)


@pytest.mark.parametrize(
    ("way", "delivery", "rung"),
    [(Way.AT_ONCE, Delivery.QUEUED, 1), (Way.DIGEST, Delivery.DIGEST, 0), (Way.SITE, Delivery.SITE, 0)],
)
def test_post_follows_the_readers_wish(news, relay, way, delivery, rung):
    user = make_user()
    actions.prefer(user, Kind.REMINDER, way, by=user, now=T0)
    message = tell(user, Kind.REMINDER)
    assert len(connection.run_on_commit) == rung
    actions.deliver(now=T0 + timedelta(days=30))
    assert (message.delivery, len(relay.mails)) == (delivery, rung)
    assert list(Message.objects.shown_to(user.pk).unread()) == [message]


@pytest.mark.parametrize("kind", ALWAYS)
def test_post_of_what_always_comes_asks_for_no_wish(news, django_assert_num_queries, kind):
    user = make_user()
    with django_assert_num_queries(1):
        post(key="a", to=user, template="news", context={"title": "x", "at": T0}, kind=kind, now=T0)
    assert Message.objects.get().delivery == Delivery.QUEUED


def test_post_of_what_can_be_chosen_costs_one_statement_more(news, django_assert_num_queries):
    user = make_user()
    with django_assert_num_queries(2):
        post(key="a", to=user, template="news", context={"title": "x", "at": T0}, kind=Kind.CALL, now=T0)


def test_post_to_a_bare_address_speaks_the_language_given(news, relay):
    message = tell("office@example.org", Kind.REMINDER, language="fr")
    assert (message.language, message.delivery, message.text.split()[0]) == ("fr", Delivery.QUEUED, "lundi")
    person = make_user(language="es")
    assert tell(person, Kind.REMINDER, language="fr", key="b").language == "es"
    assert tell("other@example.org", Kind.REMINDER, key="c").language == "en"


def test_post_sends_a_calendar_as_an_attachment(news, relay):
    calendar = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nX-WR-CALNAME:Échéances\r\nEND:VCALENDAR\r\n"
    tell("office@example.org", Kind.DEADLINE, calendar=calendar)
    actions.deliver(now=T0)
    [part] = relay.mails[0].mail.iter_attachments()
    assert (part.get_content_type(), part.get_param("method"), part.get_filename()) == (
        "text/calendar",
        "PUBLISH",
        "deadlines.ics",
    )
    assert part.get_content_disposition() == "attachment"
    assert part.get_payload(decode=True).decode() == calendar
    assert relay.mails[0].mail.get_body(("html",)) is not None


def test_stop_by_link_leaves_the_kind_to_the_site():
    user = make_user()
    waiting = make_message(recipient=user, kind=Kind.REMINDER, delivery=Delivery.DIGEST)
    elsewhere = make_message(recipient=user, kind=Kind.CALL, delivery=Delivery.DIGEST)
    actions.stop_by_link(stop_token(user.pk, Kind.REMINDER), now=T0)
    actions.stop_by_link(stop_token(user.pk, Kind.REMINDER), now=T0)
    assert wishes(user) == {Kind.TEAM: Way.AT_ONCE, Kind.REMINDER: Way.SITE, Kind.CALL: Way.AT_ONCE}
    assert trail(user) == [("preference.changed", {"kind": "reminder", "way": "site", "by_link": True})]
    waiting.refresh_from_db()
    elsewhere.refresh_from_db()
    assert (waiting.delivery, elsewhere.delivery) == (Delivery.SITE, Delivery.DIGEST)


def test_stop_by_link_of_a_digest_stops_all_that_comes_in_it():
    user = make_user()
    actions.prefer(user, Kind.REMINDER, Way.DIGEST, by=user, now=T0)
    actions.prefer(user, Kind.TEAM, Way.DIGEST, by=user, now=T0)
    actions.stop_by_link(stop_token(user.pk, Kind.DIGEST), now=T0)
    assert wishes(user) == {Kind.TEAM: Way.SITE, Kind.REMINDER: Way.SITE, Kind.CALL: Way.AT_ONCE}


@pytest.mark.parametrize("kind", [kind for kind in ALWAYS if kind != Kind.DIGEST])
def test_stop_by_link_stops_nothing_that_always_comes(kind):
    with pytest.raises(CannotChoose):
        actions.stop_by_link(stop_token(make_user().pk, kind), now=T0)
    assert Preference.objects.count() == 0


def test_stop_by_link_refuses_a_forged_or_orphaned_link():
    user, other = make_user(), make_user(is_active=False)
    good = stop_token(user.pk, Kind.CALL)
    forged = good.replace(f"{user.pk}.", f"{user.pk + 1}.", 1)
    swapped = good.replace(".call.", ".reminder.", 1)
    orphaned = stop_token(get_user_model().objects.latest("pk").pk + 1, Kind.CALL)
    for token in (forged, swapped, good[:-1], good + "x", "", "..", f"{user.pk}.call", orphaned, stop_token(other.pk, Kind.CALL)):
        with pytest.raises(UnknownLink):
            actions.stop_by_link(token, now=T0)
    assert Preference.objects.count() == 0


def test_stop_token_is_the_same_each_time():
    assert stop_token(7, Kind.CALL) == stop_token(7, Kind.CALL)
    assert read_stop_token(stop_token(7, Kind.CALL)) == (7, Kind.CALL)
