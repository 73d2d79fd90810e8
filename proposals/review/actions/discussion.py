"""Talking about a proposal among those who judge it, and what they say together."""

import uuid
from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from proposals.audit.actions import record
from proposals.intake.models import Proposal
from proposals.partners.gateways import unrestricted
from proposals.partners.models import User
from proposals.review.calculations.feedback import names_another
from proposals.review.calculations.texts import too_long
from proposals.review.models import Consensus, Post
from proposals.review.queries.discussion import thread
from proposals.review.rules.discussion import may_conclude, may_speak


class ConcludedMeanwhile(Exception):
    """The consensus was saved in another window after this page was opened; nothing was overwritten."""

    def __init__(self, consensus: Consensus) -> None:
        super().__init__(
            _("The consensus was saved in another window meanwhile. Your text is kept here: compare, then save again.")
        )
        self.consensus = consensus


@transaction.atomic
def say(proposal: Proposal, *, text: str, request_key: uuid.UUID, by: User, now: datetime, answers: int | None = None) -> None:
    """This will add a contribution to the discussion of a proposal in its present phase; the second click adds nothing.

    `answers` is the id of the contribution it answers, one that the speaker reads. Raises PermissionDenied or ValidationError.
    """
    proposal = _held(proposal)
    if not may_speak(by, proposal):
        raise PermissionDenied
    if not text.strip():
        raise ValidationError({"text": _("Write what you want to say.")})
    if answers is not None and answers not in {said.post.pk for said in thread(proposal, reader=by)}:
        raise ValidationError({"answers": _("What you answer is not there any more.")})
    # Everyone has keys of their own: nobody else's key can be met.
    key = uuid.uuid5(request_key, str(by.pk))
    if Post.objects.filter(request_key=key).exists():
        return
    post = Post(
        proposal=proposal, phase_id=proposal.phase_id, request_key=key, answers_id=answers, text=text.strip(), by=by, at=now
    )
    _check_lengths(post, "text")
    post.save(force_insert=True)
    record("discussion.said", by=by, about=proposal, post=post.pk)


@transaction.atomic
def conclude(proposal: Proposal, *, to_panel: str, feedback: str, revision: int, by: User, now: datetime) -> Consensus:
    """This will save what the reviewers say together: to the panel, and as feedback to the proposer.

    Raises PermissionDenied, ConcludedMeanwhile when `revision` is not the consensus's (0: none yet) and what it holds is not
    the same, or ValidationError.
    """
    proposal = _held(proposal)
    if not may_conclude(by, proposal):
        raise PermissionDenied
    to_panel, feedback = to_panel.strip(), feedback.strip()
    if other := names_another(feedback, code=proposal.call.code, own=proposal.reference or ""):
        says = _("The feedback names %(reference)s: feedback never speaks of another proposal.")
        raise ValidationError({"feedback": says % {"reference": other}})
    saved = Consensus.objects.filter(proposal=proposal.pk, phase=proposal.phase_id).first()
    if saved is not None and (saved.to_panel, saved.feedback) == (to_panel, feedback):
        return saved
    consensus = saved or Consensus(proposal=proposal, phase_id=proposal.phase_id, revision=0)
    if consensus.revision != revision:
        raise ConcludedMeanwhile(consensus)
    consensus.to_panel, consensus.feedback, consensus.by, consensus.at = to_panel, feedback, by, now
    consensus.revision += 1
    _check_lengths(consensus, "to_panel", "feedback")
    consensus.save()
    record("consensus.saved", by=by, about=proposal, revision=consensus.revision)
    return consensus


def _check_lengths(row: Post | Consensus, *columns: str) -> None:
    """Raises ValidationError for a text longer than its column keeps."""
    limits = {name: getattr(row._meta.get_field(name), "max_length", None) for name in columns}
    problems = {name: says for name, most in limits.items() if (says := too_long(getattr(row, name), most))}
    if problems:
        raise ValidationError(problems)


def _held(proposal: Proposal) -> Proposal:
    """The proposal as it is now, held against whoever moves it."""
    with unrestricted():  # a reviewer's role may not lock a proposal's row; who may do what is asked next
        proposals = Proposal.objects.select_related("call").select_for_update(of=("self",), no_key=True)
        return proposals.only("status", "phase", "reference", "call", "call__code").get(pk=proposal.pk)
