"""The story: every state in turn through the real verbs, small here; refused where it does not belong."""

from collections import Counter
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from proposals.calls.models import AnnouncedProject, Call
from proposals.decisions.models import Agreement, Decision, Merge, Release
from proposals.demo.story.calendar import QUICK, STOPS
from proposals.demo.story.play import NotHere, play
from proposals.intake.models import Move, Proposal
from proposals.intake.queries.reconciliation import untold
from proposals.intake.states import Status
from proposals.outbox.models import Message
from proposals.review.models import Assessment, Assignment, Panel
from proposals.review.states import Answer, Stage
from tests.factories import make_call, make_proposal

pytestmark = pytest.mark.django_db


def test_the_story_plays_from_letters_to_announcements() -> None:
    now = timezone.now()
    found = play(now, size=QUICK)
    assert found == Counter(Proposal.objects.filter(call__code="CE8S").values_list("status", flat=True))
    assert sum(found.values()) == QUICK.letters
    call = Call.objects.get(code="CE8S")
    assert call.is_synthetic
    assert Merge.objects.count() == QUICK.merged_letters + QUICK.merged
    assert {release.released_at is not None for release in Release.objects.all()} == {True}
    assert not Decision.objects.open().exists()
    two_people = {("secretariat@demo.example.org", "board@demo.example.org")}
    assert set(Decision.objects.values_list("drafted_by__email", "released_by__email")) == two_people
    assert Panel.objects.filter(frozen_at__isnull=False).count() == 2
    assert AnnouncedProject.objects.filter(call=call).count() == found["announced"]
    assert Move.objects.filter(proposal__call=call, at__gt=now).count() == 0
    assert untold(since=now - timedelta(days=1000)) == []
    # No mail of a story can reach a stranger: addresses under example.org belong to nobody (RFC 2606).
    strangers = Message.objects.exclude(address__endswith=".example.org").exclude(address=settings.SECRETARIAT_EMAIL)
    assert strangers.count() == 0
    assert Message.objects.count() > QUICK.letters


@pytest.mark.parametrize(
    ("until", "wanted"), [("lois", {"submitted": 6}), ("assigned", {"under_review": 6}), ("panel", {"panel": 6})]
)
def test_the_story_stops_at_a_state_and_that_is_today(until: str, wanted: dict[str, int]) -> None:
    now = timezone.now()
    assert play(now, until=until, size=QUICK) == wanted
    last = Move.objects.latest("at").at
    assert timedelta(0) <= now - last < timedelta(days=9)
    if until == "assigned":
        assert Assignment.objects.filter(answer=Answer.ACCEPTED).exists()
        assert Assessment.objects.count() == 0
        assert {one.due_at > now for one in Assignment.objects.all() if one.due_at} == {True}
    if until == "panel":
        assert set(Assessment.objects.values_list("stage", flat=True)) == {Stage.SUBMITTED}


def test_the_story_is_played_once_and_never_beside_real_proposals() -> None:
    now = timezone.now()
    play(now, until="lois", size=QUICK)
    with pytest.raises(NotHere, match="played here before"):
        play(now, until="lois", size=QUICK)
    real = make_call()
    Call.objects.filter(pk=real.pk).update(is_synthetic=False)
    make_proposal(call=real, status=Status.SUBMITTED)
    with pytest.raises(NotHere, match="real call"):
        play(now, until="lois", size=QUICK)
    assert Proposal.objects.filter(call__code="CE8S").count() == QUICK.letters
    assert Agreement.objects.count() == 0


def test_an_unknown_state_is_refused_with_the_known_ones() -> None:
    with pytest.raises(NotHere, match=", ".join(STOPS)):
        play(timezone.now(), until="victory")
    assert Proposal.objects.count() == 0
