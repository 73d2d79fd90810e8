"""A partner's own page: what needs them first, then each of their proposals, at a constant cost."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from proposals.intake.models import Access, Clarification, Section
from proposals.intake.states import Status
from tests.factories import make_call, make_proposal, make_staff, make_user

pytestmark = pytest.mark.django_db
URL = "/dashboard/"


@pytest.fixture
def user():
    return make_user(full_name="Synthetic Bianchi")


@pytest.fixture
def signed_in(client, user):
    client.force_login(user)
    return client


@pytest.fixture
def first_lock_alone(settings):
    """Without row-level security: what the doors ask must be enough by itself."""
    settings.MIDDLEWARE = [one for one in settings.MIDDLEWARE if not one.endswith("RowSecurityMiddleware")]


def call_closing_in(days, late_days=None):
    now = timezone.now()
    call = make_call(opens_at=now - timedelta(days=90), closes_at=now + timedelta(days=days))
    if late_days is not None:
        call.phases.update(late_until=now + timedelta(days=late_days))
    return call


def test_signed_out_visitors_sign_in_first(client):
    assert client.get(URL).url == f"{reverse('account_login')}?next={URL}"


def test_staff_go_to_their_own_first_page(client):
    client.force_login(make_staff())
    assert client.get(URL).url == reverse("admin:index")


def test_an_empty_page_says_how_to_begin(signed_in):
    page = signed_in.get(URL).content.decode()
    assert "You have no proposals yet" in page
    assert f'href="{reverse("portal:call_list")}"' in page


def test_what_needs_the_partner_comes_first_by_the_day_it_is_due(signed_in, user):
    now = timezone.now()
    far = make_proposal(by=user, call=call_closing_in(40))
    near = make_proposal(by=user, call=call_closing_in(9))
    late = make_proposal(by=user, call=call_closing_in(-1, late_days=5))
    closed = make_proposal(by=user, call=call_closing_in(-1))
    asked = make_proposal(by=user, status=Status.CLARIFICATION)
    Clarification.objects.create(
        proposal=asked, asked_in="submitted", question="?", asked_by=user, asked_at=now, due_at=now + timedelta(days=3)
    )
    returned = make_proposal(by=user, status=Status.RETURNED)
    under_review = make_proposal(by=user, status=Status.UNDER_REVIEW)

    page = signed_in.get(URL)

    assert [card.proposal for card in page.context["needs"]] == [late, asked, near, returned]
    shown = {card.proposal for card in page.context["cards"]}
    assert shown == {far, near, late, closed, asked, returned, under_review}
    content = page.content.decode()
    assert "The call is closed. This draft can no longer be submitted." in content
    assert "Reviewers read it now." in content


def test_others_proposals_and_discarded_drafts_are_not_listed(first_lock_alone, signed_in, user):
    make_proposal(title="Theirs")
    barred = make_proposal(by=user, title="Barred")
    Access.objects.create(proposal=barred, user=user, grant=False, why="removed")
    gone = make_proposal(by=user, title="Gone")
    gone.move(Status.WITHDRAWN, by=user, now=timezone.now())
    withdrawn = make_proposal(by=user, status=Status.WITHDRAWN)
    assert [card.proposal for card in signed_in.get(URL).context["cards"]] == [withdrawn]


def test_each_proposal_says_who_saved_it_last(signed_in, user):
    proposal = make_proposal(by=user)
    now = timezone.now()
    for key, who, hours in (("summary", user, 5), ("science", make_user(full_name="Synthetic Okafor"), 1)):
        Section.objects.create(proposal=proposal, key=key, saved_by=who, saved_at=now - timedelta(hours=hours))
    assert "Last saved by Synthetic Okafor, 1\u00a0hour ago" in signed_in.get(URL).content.decode()


def test_beyond_twenty_there_are_older_pages_by_key(signed_in, user):
    call, at = make_call(), timezone.now()
    made = [make_proposal(by=user, call=call, at=at - timedelta(hours=n // 2)) for n in range(25)]
    first = signed_in.get(URL)
    second = signed_in.get(URL, {"after": first.context["older"]})
    seen = [card.proposal.pk for page in (first, second) for card in page.context["cards"]]
    assert (len(first.context["cards"]), second.context["older"]) == (20, "")
    assert sorted(seen) == sorted(proposal.pk for proposal in made)


@pytest.mark.parametrize("mark", ["", "x", "~", "2027-01-01~x", "\x00~", "2027-13-45T00:00:00+00:00~" + "0" * 32, "9" * 5000])
def test_a_damaged_mark_begins_anew(signed_in, user, mark):
    make_proposal(by=user)
    page = signed_in.get(URL, {"after": mark})
    assert (page.status_code, len(page.context["cards"])) == (200, 1)


def test_its_statements_do_not_grow_with_the_rows(signed_in, user, django_assert_num_queries):
    for _more in range(2):
        for status in (Status.DRAFT, Status.RETURNED, Status.UNDER_REVIEW):
            make_proposal(by=user, status=status)
        with django_assert_num_queries(9 + 1):  # the tests' own: the role is taken back
            signed_in.get(URL)
