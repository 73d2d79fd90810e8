"""The discussion of a proposal as one reader may read it, and what its reviewers say together."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from proposals.intake.models import Proposal
from proposals.partners.gateways import unrestricted
from proposals.partners.states import StaffRole
from proposals.review.models import Assignment, Consensus, Post
from proposals.review.queries.reviews import labels
from proposals.review.rules.assessments import may_read_all
from proposals.review.rules.discussion import APART, may_follow, seat_of


@dataclass(frozen=True)
class Said:
    """One contribution, and by whom in words that this reader may know; `answered` is whose contribution it answers."""

    post: Post
    who: str
    mine: bool
    answered: str


def thread(proposal: Proposal, *, reader: Any) -> list[Said]:
    """What was said in the proposal's present phase, oldest first; nothing for those who may not follow."""
    if not may_follow(reader, proposal):
        return []
    with unrestricted():  # whose contribution it is follows from others' assignments; the rule has been asked
        posts = list(Post.objects.filter(proposal=proposal.pk, phase=proposal.phase_id).select_related("by"))
        seats = _seats(proposal)
    apart = _kind_apart(proposal, reader=reader)
    heard = [post for post in posts if apart is None or post.by_id not in seats or seats[post.by_id][0] == apart]
    names = {post.pk: _name(post, seats, reader=reader) for post in heard}
    return [Said(post, names[post.pk], post.by_id == reader.pk, names.get(post.answers_id or 0, "")) for post in heard]


def consensus_of(proposal: Proposal, *, reader: Any) -> Consensus | None:
    """What the reviewers say together in the present phase; not for the other kind of reviewers until the panel."""
    if not may_follow(reader, proposal):
        return None
    found = Consensus.objects.filter(proposal=proposal.pk, phase=proposal.phase_id).select_related("by").first()
    if found is None:
        return None
    apart = _kind_apart(proposal, reader=reader)
    if apart is not None:
        with unrestricted():  # the kind of its author's assignment, which is another's row
            seats = _seats(proposal)
        if found.by_id in seats and seats[found.by_id][0] != apart:
            return None
    return found


def _kind_apart(proposal: Proposal, *, reader: Any) -> str | None:
    """The one kind of reviewers that this reader hears, until the panel; None for who hears all."""
    if may_read_all(reader) or proposal.status not in APART:
        return None
    seat = seat_of(reader, proposal)
    return seat.kind if seat else None


def _seats(proposal: Proposal) -> dict[int, tuple[str, str]]:
    """Kind and label of everyone who was asked in the present phase, by person."""
    names = labels(proposal)
    rows = Assignment.objects.filter(proposal=proposal.pk, phase=proposal.phase_id).order_by("pk")
    return {user: (kind, names[pk]) for pk, user, kind in rows.values_list("pk", "user_id", "kind")}


def _name(post: Post, seats: dict[int, tuple[str, str]], *, reader: Any) -> str:
    """Fellow reviewers are letters to each other and names to staff who read all; the staff's own names are said."""
    if post.by_id not in seats:
        role = StaffRole(post.by.staff_role).label if post.by.staff_role else ""
        return _("%(name)s (%(role)s)") % {"name": post.by, "role": role} if role else str(post.by)
    label = seats[post.by_id][1]
    if post.by_id == reader.pk or may_read_all(reader):
        return _("%(name)s (%(role)s)") % {"name": post.by, "role": label}
    return label
