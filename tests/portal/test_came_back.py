"""An address from which mail came back is shown to its person and to who runs the organisation, and to nobody else."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from proposals.outbox.models import Bounce
from proposals.partners.states import Role
from tests.factories import make_member, make_message, make_organisation, make_user

pytestmark = pytest.mark.django_db
NOTE = "Our mail to this person came back"
BANNER = "Our mail does not reach you"


@pytest.fixture
def organisation():
    return make_organisation()


def bounced(person, **fields):
    message = make_message(to=person.email, recipient=person, delivery="bounced")
    given = {"report": "bounced", "source": "webhook", "at": datetime.now(UTC), **fields}
    return Bounce.objects.create(event_id=f"e{message.pk}", address=person.email, message=message, **given)


def page(client, person, organisation):
    client.force_login(person)
    return client.get(reverse("portal:organisation", args=[organisation.pk])).content.decode()


def test_representative_sees_whose_mail_came_back(client, organisation):
    representative, member, other = make_user(), make_user(), make_user()
    make_member(representative, organisation)
    for person in (member, other):
        make_member(person, organisation, role=Role.CONTRIBUTOR)
    bounced(member)
    assert page(client, representative, organisation).count(NOTE) == 1
    assert NOTE not in page(client, other, organisation)
    assert member.email not in page(client, representative, organisation)


@pytest.mark.parametrize("fields", [{"report": "delayed"}, {"report": "complained"}, {"closed_at": datetime.now(UTC)}])
def test_only_an_open_bounce_is_shown(client, organisation, fields):
    representative = make_user()
    make_member(representative, organisation)
    bounced(representative, **fields)
    assert NOTE not in page(client, representative, organisation)
    assert BANNER not in client.get(reverse("portal:dashboard")).content.decode()


def test_person_is_told_where_they_sign_in(client):
    person, other = make_user(), make_user()
    bounced(person)
    for who, shown in ((person, True), (other, False)):
        client.force_login(who)
        text = client.get(reverse("portal:dashboard")).content.decode()
        assert ((BANNER in text), (f"Mail to {person.email} came back" in text)) == (shown, shown)


def test_page_costs_the_same_for_any_number_of_bounces(client, organisation):
    representative, counts = make_user(), []
    make_member(representative, organisation)
    for n in (1, 2):
        for _ in range(n):
            member = make_user()
            make_member(member, organisation, role=Role.CONTRIBUTOR)
            bounced(member)
        page(client, representative, organisation)
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse("portal:organisation", args=[organisation.pk]))
        counts.append(len(captured))
    assert counts[0] == counts[1]
