"""A proposal as its own pages read it: for whom it exists, what is read with it, and what is not asked again."""

from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from proposals.calls.models import Asked, Question
from proposals.intake import actions
from proposals.intake.models import Access, MoveNotAllowed, Proposal, Section
from proposals.intake.queries import modules_of, pages, weighed_modules
from proposals.intake.queries.at_hand import proposal_for, section_of
from proposals.intake.rules import may_edit, on_team
from proposals.intake.states import Status
from proposals.partners.states import StaffRole
from tests.factories import NOW, make_module, make_proposal, make_staff, make_user

pytestmark = pytest.mark.django_db


def test_proposal_for_shows_what_visible_to_shows():
    author, stranger, closed = make_user(), make_user(), make_user(is_active=False)
    draft, sent = make_proposal(by=author), make_proposal(by=author, status=Status.SUBMITTED)
    barred, desk = make_user(), make_staff()
    for user, grant in ((barred, True), (barred, False), (desk, False), (closed, True)):
        Access.objects.create(proposal=sent, user=user, grant=grant, why=f"test {grant}")
    observer = make_staff(role=StaffRole.OBSERVER)
    anyone = SimpleNamespace(is_active=False, is_staff=False, pk=None)
    for reader in (author, stranger, closed, barred, desk, observer, anyone):
        for proposal in (draft, sent):
            expected = Proposal.objects.visible_to(reader).filter(pk=proposal.pk).first()
            assert proposal_for(reader, proposal.pk) == expected
            assert proposal_for(reader, proposal.pk, lock=True) == expected
    assert (proposal_for(author, draft.pk), proposal_for(desk, sent.pk), proposal_for(observer, sent.pk)) == (draft, None, sent)


def test_proposal_for_reads_call_phase_and_what_is_asked_in_one_statement(django_assert_num_queries):
    proposal = make_proposal()
    Asked.objects.create(phase=proposal.phase, field="abstract", required=True)
    Asked.objects.create(phase=proposal.phase, field="keywords")
    Question.objects.create(phase=proposal.phase, label="At mission level only?", levels=["mission"])
    expected = pages(Proposal.objects.get(pk=proposal.pk))
    with django_assert_num_queries(1):
        found = proposal_for(proposal.created_by, proposal.pk)
        assert (found.call.code, found.phase.title, found.lead) == (proposal.call.code, proposal.phase.title, proposal.lead)
        assert pages(found) == expected
    assert (expected["summary"]["abstract"], expected["summary"]["keywords"], "questions" in expected) == (True, False, False)
    Question.objects.create(phase=proposal.phase, label="At unit level too?", levels=["mission", "unit"])
    assert "questions" in pages(proposal_for(proposal.created_by, proposal.pk))
    assert "questions" in pages(Proposal.objects.get(pk=proposal.pk))


def test_the_reader_it_was_read_for_is_not_looked_up_again(django_assert_num_queries):
    proposal, other = make_proposal(), make_user()
    found = proposal_for(proposal.created_by, proposal.pk)
    with django_assert_num_queries(0):
        assert may_edit(proposal.created_by, found)
    assert not on_team(other, found)
    assert not on_team(SimpleNamespace(pk=proposal.created_by_id, is_active=False, is_staff=False), found)
    sent = proposal_for(make_staff(), make_proposal(status=Status.SUBMITTED).pk)
    assert sent.seen_by is None


def test_proposal_for_locks_where_it_is_asked_to():
    proposal = make_proposal()
    with CaptureQueriesContext(connection) as plain:
        proposal_for(proposal.created_by, proposal.pk)
    with CaptureQueriesContext(connection) as locked:
        proposal_for(proposal.created_by, proposal.pk, lock=True)
    ends = [caught.captured_queries[0]["sql"].rpartition(" FOR UPDATE")[1:] for caught in (plain, locked)]
    assert ends == [("", plain.captured_queries[0]["sql"]), (" FOR UPDATE", ' OF "proposals_proposal"')]


def test_taking_a_page_compares_and_swaps(django_assert_num_queries):
    proposal, other = make_proposal(), make_user()
    by = proposal.created_by

    def take(revision, by=by):
        with django_assert_num_queries(1):
            section = Section.take(proposal, key="summary", revision=revision, by=by, now=NOW)
        return section and (section.revision, section.saved_by_id)

    assert [take(0), take(0), take(1, other), take(1), take(2)] == [(1, by.pk), None, (2, other.pk), None, (3, by.pk)]
    saved = section_of(proposal, "summary")
    assert (saved.revision, saved.saved_by, saved.saved_at, section_of(proposal, "science")) == (3, by, NOW, None)


def test_stamping_a_page_keeps_its_revision():
    proposal, other = make_proposal(), make_user()
    Section.stamp(proposal, key="team", by=proposal.created_by, now=NOW)
    Section.take(proposal, key="team", revision=1, by=proposal.created_by, now=NOW)
    Section.stamp(proposal, key="team", by=other, now=NOW)
    assert Section.objects.values_list("revision", "saved_by").get() == (2, other.pk)


def test_weighed_modules_have_their_own_elements(django_assert_num_queries):
    proposal = make_proposal()
    make_module(proposal, "1.5", "2.5"), make_module(proposal), make_module(make_proposal(), "9")
    with django_assert_num_queries(2):
        weights = [[str(one.cbe_kg) for one in module.elements.all()] for module in weighed_modules(proposal)]
    assert weights == [["1.500", "2.500"], []]
    assert [module.position for module in modules_of(proposal)] == [1, 2]


def test_a_move_leaves_the_row_in_step_with_the_database():
    proposal = make_proposal(status=Status.SUBMITTED)
    proposal.move(Status.RETURNED, by=make_staff(), now=NOW, also={"correct_by": NOW})
    kept = Proposal.objects.get(pk=proposal.pk)
    for name in ("status", "moved_at", "updated_at", "revision", "correct_by"):
        assert getattr(proposal, name) == getattr(kept, name)
    with pytest.raises(MoveNotAllowed):
        Proposal.objects.get(pk=proposal.pk).move(Status.UNDER_REVIEW, by=None, now=NOW)


def test_saving_a_page_holds_the_rules_of_its_own_columns(django_assert_num_queries):
    proposal = make_proposal()
    module, by = make_module(proposal), proposal.created_by
    low, high = f"module.{module.pk}.operating_min_c", f"module.{module.pk}.operating_max_c"
    for key, values in (("maturity", {"trl": 12}), ("environment", {low: Decimal(9), high: Decimal(-9)})):
        with pytest.raises(ValidationError):
            actions.save_section(proposal, key=key, values=values, revision=0, by=by, now=NOW)
    found = proposal_for(by, proposal.pk)
    with django_assert_num_queries(4):  # savepoint, page, columns, release: no rule is about these
        actions.save_section(found, key="summary", values={"title": "T", "abstract": "A"}, revision=0, by=by, now=NOW)
    kept = Proposal.objects.get(pk=proposal.pk)
    assert (kept.title, kept.abstract, kept.updated_at, kept.trl) == ("T", "A", NOW, None)
