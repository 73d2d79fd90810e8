"""The task list and the pages of plain fields: saved at every step, nobody overwritten, nothing typed lost."""

from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from proposals.calls.models import Asked, Question
from proposals.calls.states import Level
from proposals.intake import actions
from proposals.intake.models import Access, MissionSheet, Module, Proposal, Section, TeamMember
from proposals.intake.states import Status, TeamRole
from proposals.portal.views import sections
from tests.factories import make_call, make_module, make_proposal, make_staff, make_user

pytestmark = pytest.mark.django_db


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


def url(proposal, key="", name="section"):
    return reverse(f"portal:{name}", args=[proposal.pk, *([key] if key else [])])


def colleague_of(proposal, **fields):
    other = make_user(**fields)
    Access.objects.create(proposal=proposal, user=other, why="team")
    TeamMember.objects.create(
        proposal=proposal, full_name=other.full_name, role=TeamRole.CO_I, user=other, accepted_at=timezone.now()
    )
    return other


SUMMARY = {"title": "Moonquakes", "acronym": "MQ", "abstract": "We listen.", "keywords": "", "revision": "0"}


def test_task_list_says_how_far_each_page_is_what_is_missing_and_who_saved_it(signed_in, user):
    proposal = make_proposal(by=user, title="")
    actions.save_section(proposal, key="summary", values={"abstract": "Text"}, revision=0, by=user, now=timezone.now())

    page = signed_in.get(url(proposal, name="task_list"))

    assert page.status_code == 200
    assert [row.section.key for row in page.context["rows"]][:2] == ["summary", "science"]
    content = page.content.decode()
    assert f'href="{url(proposal, "summary")}#div_id_title"' in content
    assert "“title” is missing." in content
    assert "Last saved by Synthetic Bianchi" in content


def test_a_page_is_saved_and_leads_to_the_next_or_to_the_list(signed_in, user):
    proposal = make_proposal(by=user, title="")
    first = signed_in.post(url(proposal, "summary"), {**SUMMARY, "then": "next"})
    assert first.url == url(proposal, "science") + "?saved=summary"
    second = signed_in.post(url(proposal, "summary"), {**SUMMARY, "revision": "1", "title": "Moonquakes II", "then": "list"})
    assert second.url == url(proposal, name="task_list") + "?saved=summary"
    proposal.refresh_from_db()
    assert (proposal.title, proposal.acronym, proposal.abstract) == ("Moonquakes II", "MQ", "We listen.")


def test_an_incomplete_page_is_saved(signed_in, user):
    proposal = make_proposal(by=user, title="")
    assert signed_in.post(url(proposal, "summary"), {"title": "", "abstract": "", "revision": "0"}).status_code == 302
    assert Section.objects.get(proposal=proposal).revision == 1


def test_the_page_asks_only_what_the_phase_asks(signed_in, user):
    call = make_call()
    Asked.objects.create(phase=call.phases.get(), field="acronym", required=False)
    proposal = make_proposal(by=user, call=call)
    form = signed_in.get(url(proposal, "summary")).context["form"]
    assert list(form.fields) == ["title", "acronym"]
    assert (form.fields["title"].required, form.fields["acronym"].required) == (True, False)
    assert signed_in.get(url(proposal, "cost")).status_code == 404


def test_every_page_of_both_kinds_opens_and_keeps_what_it_shows(signed_in, user):
    for level, forms in ((Level.SYSTEM, []), (Level.MISSION, ["interaction", "launch_orbit", "surface"])):
        call = make_call()
        phase = call.phases.get()
        for name in everything_asked():
            Asked.objects.create(phase=phase, field=name, required=False)
        proposal = make_proposal(by=user, call=call, level=level, forms=forms)
        if level == Level.SYSTEM:
            make_module(proposal, "12.5")
        keys = [row.section.key for row in signed_in.get(url(proposal, name="task_list")).context["rows"]]
        for key in [key for key in keys if key not in sections.OWN]:
            page = signed_in.get(url(proposal, key))
            assert page.status_code == 200, key
            form = page.context["form"]
            typed = {name: "" for name in getattr(form, "fields", {}) if not hasattr(form.fields[name], "choices")}
            assert signed_in.post(url(proposal, key), {**typed, "revision": "0"}).status_code == 302, key


def everything_asked():
    from proposals.intake.calculations.sections import known_fields

    return [name for name in known_fields() if name != "questions"]


def test_a_payload_sheet_is_saved_for_each_module(signed_in, user):
    proposal = make_proposal(by=user)
    one, two = make_module(proposal, "1"), make_module(proposal, "2")
    typed = {f"module-{one.pk}-power_peak_w": "1 234,5", f"module-{two.pk}-power_peak_w": "20", "revision": "0"}
    page = signed_in.post(url(proposal, "power"), typed, follow=True)
    assert [module.power_peak_w for module in proposal.modules.all()] == [Decimal("1234.5"), Decimal(20)]
    assert "“Peak power”: we read “1 234,5” as 1234.5 W." in [str(told) for told in page.context["messages"]]


def test_a_mission_sheet_is_saved(signed_in, user):
    proposal = make_proposal(by=user, level=Level.MISSION, forms=["interaction", "launch_orbit"])
    typed = {"interactions": ["relay", "ranging"], "closest_approach_m": "50", "abort_rule": "Stop.", "revision": "0"}
    assert signed_in.post(url(proposal, "interaction"), typed).status_code == 302
    sheet = MissionSheet.objects.get(proposal=proposal)
    assert (sheet.interactions, sheet.closest_approach_m, sheet.abort_rule) == (["relay", "ranging"], Decimal(50), "Stop.")


def test_aims_are_those_of_the_call_only(signed_in, user):
    proposal, other = make_proposal(by=user), make_call()
    mine, foreign = proposal.call.topics.get(), other.topics.get()
    signed_in.post(url(proposal, "science"), {"aims": [mine.pk], "revision": "0"})
    assert list(proposal.aims.all()) == [mine]
    for bad in (foreign.pk, "x", "99999999999999999999"):
        page = signed_in.post(url(proposal, "science"), {"aims": [bad], "revision": "1"})
        assert (page.status_code, "aims" in page.context["form"].errors) == (422, True)
    assert list(proposal.aims.all()) == [mine]


def test_a_colleague_who_saved_meanwhile_is_shown_beside_what_was_typed(signed_in, user):
    proposal = make_proposal(by=user, title="Old")
    other = colleague_of(proposal, full_name="Synthetic Okafor")
    actions.save_section(proposal, key="summary", values={"title": "Theirs"}, revision=0, by=other, now=timezone.now())

    page = signed_in.post(url(proposal, "summary"), {**SUMMARY, "title": "Mine", "abstract": ""})

    assert page.status_code == 409
    assert page.context["unlike"] == [("Title", "Theirs", "Mine"), ("Acronym", "", "MQ")]
    assert page.context["revision"] == 1
    content = page.content.decode()
    assert "Synthetic Okafor saved this page meanwhile" in content
    assert 'value="Mine"' in content
    assert Proposal.objects.get(pk=proposal.pk).title == "Theirs"
    second = signed_in.post(url(proposal, "summary"), {**SUMMARY, "title": "Mine", "revision": page.context["revision"]})
    assert second.status_code == 302
    assert Proposal.objects.get(pk=proposal.pk).title == "Mine"


def test_the_same_page_sent_twice_is_saved_once_and_goes_on(signed_in, user):
    proposal = make_proposal(by=user)
    answers = [signed_in.post(url(proposal, "summary"), {**SUMMARY, "then": "next"}) for _click in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert Section.objects.get(proposal=proposal).revision == 1


@pytest.mark.parametrize(
    ("method", "name", "key"),
    [
        ("get", "task_list", ""),
        ("get", "section", "summary"),
        ("post", "section", "summary"),
        ("get", "section", "mass"),
        ("post", "section", "mass"),
        ("post", "autosave", "summary"),
    ],
)
def test_another_teams_draft_does_not_exist(first_lock_alone, signed_in, method, name, key):
    theirs = make_proposal(title="Secret")
    answer = getattr(signed_in, method)(url(theirs, key, name), SUMMARY)
    assert answer.status_code == 404
    assert "Secret" not in answer.content.decode()
    assert Proposal.objects.get(pk=theirs.pk).title == "Secret"


@pytest.mark.parametrize(
    ("method", "name", "key"),
    [("get", "task_list", ""), ("get", "section", "summary"), ("post", "section", "summary"), ("post", "autosave", "summary")],
)
def test_a_draft_does_not_exist_for_staff_until_it_is_submitted(client, method, name, key):
    # staff pass row-level security, so this holds the doors' own question
    draft = make_proposal()
    client.force_login(make_staff())
    assert getattr(client, method)(url(draft, key, name), SUMMARY).status_code == 404


def test_a_bar_closes_the_draft_to_a_former_colleague(first_lock_alone, signed_in, user):
    proposal = make_proposal(by=user)
    Access.objects.create(proposal=proposal, user=user, grant=False, why="removed")
    assert signed_in.get(url(proposal, "summary")).status_code == 404


def test_the_module_of_another_proposal_is_no_field_of_this_page(signed_in, user):
    proposal, theirs = make_proposal(by=user), make_proposal()
    make_module(proposal, "1")
    foreign = make_module(theirs, "2")
    page = signed_in.post(url(proposal, "power"), {f"module-{foreign.pk}-power_peak_w": "5", "revision": "0"})
    assert page.status_code == 422
    assert page.context["form"].non_field_errors() == ["A module was removed meanwhile. What you typed for it is not saved."]
    assert Module.objects.get(pk=foreign.pk).power_peak_w is None


@pytest.mark.parametrize("status", [Status.SUBMITTED, Status.UNDER_REVIEW, Status.WITHDRAWN])
def test_a_proposal_that_was_submitted_meanwhile_gives_back_what_was_typed(signed_in, user, status):
    proposal = make_proposal(by=user, status=status, title="As submitted")
    assert signed_in.get(url(proposal, "summary")).url == reverse("portal:proposal", args=[proposal.pk])
    answer = signed_in.post(url(proposal, "summary"), {**SUMMARY, "abstract": "A long text"})
    assert answer.status_code == 403
    assert "A long text" in answer.content.decode()
    assert Proposal.objects.get(pk=proposal.pk).title == "As submitted"


def test_staff_read_but_do_not_fill_a_partners_pages(client):
    proposal = make_proposal(status=Status.SUBMITTED)
    client.force_login(make_staff())
    assert client.post(url(proposal, "summary"), SUMMARY).status_code == 403


def test_the_secretariat_fills_what_it_files_on_a_partners_behalf(client):
    staff = make_staff()
    proposal = make_proposal(by=staff, filed_by_staff=True)
    client.force_login(staff)
    assert client.post(url(proposal, "summary"), SUMMARY).status_code == 302


def test_signed_out_typing_is_given_back_and_reading_asks_to_sign_in(client):
    proposal = make_proposal()
    answer = client.post(url(proposal, "summary"), {**SUMMARY, "abstract": "Typed for an hour"})
    assert (answer.status_code, "Typed for an hour" in answer.content.decode()) == (403, True)
    assert client.get(url(proposal, "summary")).url.startswith(reverse("account_login"))


def test_a_draft_can_be_changed_after_the_deadline(signed_in, user):
    now = timezone.now()
    call = make_call(opens_at=now - timezone.timedelta(days=9), closes_at=now - timezone.timedelta(days=1))
    proposal = make_proposal(by=user, call=call)
    assert signed_in.post(url(proposal, "summary"), SUMMARY).status_code == 302
    assert "it can no longer be submitted" in signed_in.get(url(proposal, name="task_list")).content.decode()


@pytest.mark.parametrize(("key", "most"), [("", 11), ("summary", 6), ("science", 7), ("power", 7), ("mass", 9), ("questions", 8)])
def test_a_pages_statements_do_not_grow_with_the_rows(signed_in, user, django_assert_num_queries, key, most):
    few, many = make_proposal(by=user), make_proposal(by=user)
    for proposal, n in ((few, 1), (many, 3)):
        for _number in range(n):
            make_module(proposal, *["1"] * n)
            question = Question.objects.create(phase=proposal.phase, label="?")
            proposal.answers.create(question=question, value="x")
        for name in ("summary", "science", "power")[:n]:
            Section.objects.create(proposal=proposal, key=name, saved_at=timezone.now(), saved_by=colleague_of(proposal))
        with django_assert_num_queries(most + 1):  # the tests' own: the role is taken back
            signed_in.get(url(proposal, key, "section" if key else "task_list"))


def test_saving_a_page_costs_one_statement_to_take_it_and_one_to_write_it(signed_in, user, django_assert_num_queries):
    proposal = make_proposal(by=user)
    signed_in.post(url(proposal, "summary"), SUMMARY)
    # session, person, role, proposal, savepoint, page, columns, release, the role back
    with django_assert_num_queries(9):
        signed_in.post(url(proposal, "summary"), {**SUMMARY, "revision": "1", "title": "Moonquakes again"})
    assert Proposal.objects.get(pk=proposal.pk).title == "Moonquakes again"
