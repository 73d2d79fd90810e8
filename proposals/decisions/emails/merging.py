"""Who is told of a merge beside the letters of its release; one function per message."""

from django.urls import reverse

from proposals.decisions.models import Merge
from proposals.intake.emails import about
from proposals.intake.emails.team import foot, number, whom
from proposals.intake.models import Proposal
from proposals.intake.queries.queue import told_of
from proposals.outbox.actions import post
from proposals.outbox.states import Kind, Priority


def joined(merge: Merge, *, into: Proposal) -> None:
    """To the team that was answered before: another proposal joins theirs, with its people and files."""
    for one in told_of([into])[into.pk]:
        post(
            key=f"merge:{merge.pk}:{number(one)}",
            to=whom(one),
            language=one.language,
            template="merged_into_yours",
            context={**about(into), "at": merge.at, **foot(one)},
            kind=Kind.STATUS,
            priority=Priority.STATUS,
            about=into,
            link=reverse("portal:proposal", args=[into.pk]),
            now=merge.at,
        )
