"""One proposal goes into another: teams, organisations, files and histories are kept, and there is one lead."""

import uuid
from datetime import UTC, datetime

import pytest

from proposals.audit.models import Event
from proposals.decisions.actions.releases import release_due
from proposals.decisions.models import Merge
from proposals.decisions.queries.letters import kin_of
from proposals.decisions.states import Outcome
from proposals.intake.actions import remove_member
from proposals.intake.models import Access, Attachment, Participation, Proposal, TeamMember
from proposals.intake.rules import on_team
from proposals.intake.states import AttachmentKind, Scan, Status, TeamRole
from proposals.outbox.models import Message
from tests.decisions.standing import faults
from tests.factories import (
    NOW,
    make_call,
    make_decision,
    make_organisation,
    make_proposal,
    make_release,
    make_staff,
    make_user,
)

pytestmark = pytest.mark.django_db


def now():
    return datetime.now(UTC)


def attach(proposal, **fields):
    return Attachment.objects.create(
        proposal=proposal,
        request_key=uuid.uuid4(),
        size=10,
        content_type="application/pdf",
        uploaded_by=proposal.created_by,
        uploaded_at=NOW,
        **{"name": "drawing.pdf", "sha256": "a" * 64, "scan": Scan.CLEAN, **fields},
    )


@pytest.fixture
def call():
    return make_call()


@pytest.fixture
def into(call):
    return make_proposal(call=call, status=Status.PANEL, lead=make_organisation(country="PE"), title="The other")


@pytest.fixture
def parent(call):
    return make_proposal(call=call, status=Status.PANEL, lead=make_organisation(country="ZA"), title="The one")


def merged(parent, into, *, decide_into=True):
    """Release the merge, with the other one's own decision unless it has one."""
    decisions = [make_decision(into)] if decide_into else []
    decisions.append(make_decision(parent, outcome=Outcome.MERGED, merged_into=into))
    make_release(*decisions)
    assert release_due(now=now()) == 1
    for proposal in (parent, into):
        proposal.refresh_from_db()


def test_both_teams_see_the_one_and_its_lead_stays(parent, into):
    lead, author = into.lead, parent.created_by
    merged(parent, into)
    assert (parent.status, into.status, into.lead) == (Status.MERGED, Status.SELECTED, lead)
    joined = TeamMember.objects.get(proposal=into, user=author)
    assert (joined.role, joined.accepted_at, joined.position) == (TeamRole.CO_I, Merge.objects.get().at, 2)
    assert Access.objects.get(proposal=into, user=author).why == f"merged:{parent.reference}"
    assert on_team(author, into)
    assert set(Proposal.objects.visible_to(author)) == {parent, into}
    assert set(Proposal.objects.visible_to(into.created_by)) == {into}
    assert faults() == []


def test_a_person_of_both_teams_is_there_once(parent, into):
    both = into.created_by
    TeamMember.objects.create(proposal=parent, full_name=str(both), role=TeamRole.CO_PI, user=both, accepted_at=NOW)
    Access.objects.create(proposal=parent, user=both, why="team")
    merged(parent, into)
    assert list(into.team.filter(user=both).values_list("role", flat=True)) == [TeamRole.PI]


def test_who_is_only_listed_stays_so(parent, into):
    TeamMember.objects.create(proposal=parent, full_name="A. Listed", email="listed@example.org", role=TeamRole.CO_I)
    merged(parent, into)
    listed = into.team.get(full_name="A. Listed")
    assert (listed.user, listed.accepted_at, listed.email) == (None, None, "listed@example.org")


def test_the_organisations_become_partners(parent, into):
    own, theirs = make_organisation(country="BR"), make_organisation(country="EG")
    Participation.objects.create(proposal=into, organisation=own, position=1)
    Participation.objects.create(proposal=parent, organisation=theirs, position=1, role="drill")
    Participation.objects.create(proposal=parent, organisation=own, position=2, role="again")
    merged(parent, into)
    assert list(into.participations.values_list("organisation", "position", "role")) == [
        (own.pk, 1, ""),
        (parent.lead_id, 2, f"lead of {parent.reference}"),
        (theirs.pk, 3, "drill"),
    ]
    assert into.countries == ["BR", "EG", "PE", "ZA"]


def test_the_files_go_along_and_the_removed_stay_behind(parent, into):
    kept = attach(parent, title="Drawing", kind=AttachmentKind.DRAWING)
    attach(parent, removed_at=NOW, sha256="b" * 64)
    attach(parent, scan=Scan.REFUSED, sha256="c" * 64, name="bad.pdf")
    merged(parent, into)
    rows = into.attachments.order_by("sha256").values_list("title", "kind", "sha256", "scan", "uploaded_by")
    assert list(rows) == [
        (f"{parent.reference}: Drawing", AttachmentKind.DRAWING, kept.sha256, Scan.CLEAN, parent.created_by_id),
        (f"{parent.reference}: bad.pdf", AttachmentKind.OTHER, "c" * 64, Scan.REFUSED, parent.created_by_id),
    ]
    assert parent.attachments.count() == 3


def test_everyone_is_told_once_of_each_proposal_of_theirs(parent, into):
    merged(parent, into)
    told = list(Message.objects.filter(template="decided").values_list("address", "about_id"))
    assert sorted(told) == sorted(
        [
            (into.created_by.email, str(into.pk)),
            (parent.created_by.email, str(into.pk)),
            (parent.created_by.email, str(parent.pk)),
        ]
    )
    assert not Message.objects.filter(template="merged_into_yours").exists()
    assert faults() == []


def test_a_team_that_was_answered_before_hears_who_joins(call, parent, into):
    make_release(make_decision(into))
    release_due(now=now())
    into.refresh_from_db()
    merged(parent, into, decide_into=False)
    mail = Message.objects.get(template="merged_into_yours")
    assert mail.address == into.created_by.email
    assert str(parent.reference) not in mail.text
    assert faults() == []


def test_both_sides_name_each_other_and_open_what_their_reader_may(parent, into):
    merged(parent, into)
    mine, theirs = kin_of(into, user=into.created_by), kin_of(parent, user=parent.created_by)
    assert [(one.reference, one.title, one.opens) for one in mine.parents] == [(parent.reference, "The one", False)]
    assert (mine.into, theirs.parents) == (None, [])
    assert theirs.into is not None
    assert (theirs.into.reference, theirs.into.opens) == (into.reference, True)
    assert [one.opens for one in kin_of(into, user=parent.created_by).parents] == [True]


def test_the_trail_tells_both_sides(parent, into):
    merged(parent, into)
    verbs = Event.objects.filter(verb__in=["proposal.merged", "proposal.absorbed"]).values_list("verb", "subject_id", "data")
    assert {(verb, subject, *data.items()) for verb, subject, data in verbs} == {
        ("proposal.merged", str(parent.pk), ("into", str(into.pk))),
        ("proposal.absorbed", str(into.pk), ("parent", str(parent.pk))),
    }


def test_who_is_taken_off_after_a_merge_no_longer_sees_it(parent, into):
    """Where the merged one is edited later, in its next phase, the right that came with the merge goes with the place."""
    author, editor = parent.created_by, into.created_by
    Access.objects.create(proposal=into, user=author, why=f"merged:{parent.reference}")
    draft = make_proposal(by=editor)
    Access.objects.create(proposal=draft, user=author, why=f"merged:{parent.reference}")
    place = TeamMember.objects.create(proposal=draft, full_name="Joined", role=TeamRole.CO_I, user=author, accepted_at=NOW)
    remove_member(place, by=editor, now=NOW)
    assert not Proposal.objects.visible_to(author).filter(pk=draft.pk).exists()
    assert Proposal.objects.visible_to(author).filter(pk=into.pk).exists()


def test_two_parents_go_into_one(call, parent, into):
    second = make_proposal(call=call, status=Status.PANEL, by=make_user())
    decisions = [make_decision(into)]
    decisions += [make_decision(one, outcome=Outcome.MERGED, merged_into=into) for one in (parent, second)]
    make_release(*decisions, by=make_staff())
    assert release_due(now=now()) == 1
    assert into.team.count() == 3
    assert Merge.objects.filter(into=into).count() == 2
    assert faults() == []
