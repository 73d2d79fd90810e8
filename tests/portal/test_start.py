"""Beginning a proposal: only what the call allows, one draft a click, nobody else's, not for staff."""

import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from proposals.calls.states import Level
from proposals.intake.models import Proposal
from tests.factories import make_call, make_member, make_organisation, make_staff, make_user

pytestmark = pytest.mark.django_db
DAY = timezone.timedelta(days=1)


@pytest.fixture
def user():
    return make_user()


@pytest.fixture
def signed_in(client, user):
    client.force_login(user)
    return client


def url(call):
    return reverse("portal:start", args=[call.slug])


def typed(**fields):
    return {"level": "unit", "title": "Seismometer", "request_key": str(uuid.uuid4()), **fields}


def test_signed_out_visitors_sign_in_and_come_back(client):
    call = make_call()
    assert client.get(url(call)).url == f"{reverse('account_login')}?next={url(call)}"


def test_a_draft_is_begun_and_its_task_list_opened(signed_in, user):
    call = make_call()
    answer = signed_in.post(url(call), typed())
    proposal = Proposal.objects.get()
    assert answer.url == reverse("portal:task_list", args=[proposal.pk])
    assert (proposal.call, proposal.level, proposal.title, proposal.created_by) == (call, Level.UNIT, "Seismometer", user)


def test_a_double_click_gives_one_draft(signed_in):
    call, form = make_call(), typed()
    assert signed_in.post(url(call), form).url == signed_in.post(url(call), form).url
    assert Proposal.objects.count() == 1


def test_another_persons_key_begins_a_draft_of_ones_own(signed_in, client, user):
    call, form = make_call(), typed()
    signed_in.post(url(call), form)
    other = make_user()
    client.force_login(other)
    answer = client.post(url(call), form)
    mine = Proposal.objects.get(created_by=other)
    assert answer.url == reverse("portal:task_list", args=[mine.pk])


@pytest.mark.parametrize("key", ["", "x", "\x00", "1" * 4000])
def test_a_damaged_key_is_replaced(signed_in, key):
    assert signed_in.post(url(make_call()), typed(request_key=key)).status_code == 302


def test_only_the_levels_and_forms_of_the_call_are_offered_and_taken(signed_in):
    call = make_call(levels=["unit", "mission"], forms=["interaction"])
    form = signed_in.get(url(call)).context["form"]
    assert [value for value, _label in form.fields["level"].choices] == ["unit", "mission"]
    assert [value for value, _label in form.fields["forms"].choices] == ["interaction"]
    for bad in (typed(level="system"), typed(level="mission", forms=["surface"]), typed(level="mission"), typed(level="")):
        assert signed_in.post(url(call), bad).context["form"].errors
    assert Proposal.objects.count() == 0
    signed_in.post(url(call), typed(level="mission", forms=["interaction"]))
    assert Proposal.objects.get().forms == ["interaction"]


@pytest.mark.parametrize(("opens", "closes", "says"), [(-9, -1, "This call is closed"), (1, 9, "This call is not open yet")])
def test_a_call_that_takes_nothing_says_so(signed_in, opens, closes, says):
    now = timezone.now()
    call = make_call(opens_at=now + opens * DAY, closes_at=now + closes * DAY)
    page = signed_in.get(url(call))
    assert (page.context["form"], says in page.content.decode()) == (None, True)


def test_a_deadline_that_passes_while_typing_keeps_what_was_typed(signed_in):
    now = timezone.now()
    call = make_call(opens_at=now - 9 * DAY, closes_at=now - DAY)
    page = signed_in.post(url(call), typed(title="Typed slowly"))
    assert page.context["form"].non_field_errors() == ["This call is closed."]
    assert 'value="Typed slowly"' in page.content.decode()
    assert Proposal.objects.count() == 0


def test_an_unpublished_call_does_not_exist(signed_in):
    call = make_call(is_published=False)
    assert [signed_in.get(url(call)).status_code, signed_in.post(url(call), typed()).status_code] == [404, 404]


def test_staff_cannot_begin_one_for_themselves(client):
    call = make_call()
    client.force_login(make_staff())
    assert client.get(url(call)).context["form"] is None
    assert client.post(url(call), typed()).status_code == 403
    assert Proposal.objects.count() == 0


def test_only_ones_own_organisations_can_lead(signed_in, user):
    mine, other = make_organisation(), make_organisation()
    make_member(user, mine)
    call = make_call()
    assert signed_in.get(url(call)).context["form"].initial["lead"] == mine.pk
    assert "lead" in signed_in.post(url(call), typed(lead=other.pk)).context["form"].errors
    signed_in.post(url(call), typed(lead=mine.pk))
    assert Proposal.objects.get().lead == mine


def test_the_pages_statements_do_not_grow_with_the_organisations(signed_in, user, django_assert_num_queries):
    call = make_call()
    for _more in range(2):
        for _organisation in range(2):
            make_member(user, make_organisation())
        with django_assert_num_queries(7 + 1):  # the tests' own: the role is taken back
            signed_in.get(url(call))
