"""The discussion of a proposal: the others' reviews, what was said, and what the reviewers say together."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from proposals.admin.reviews.forms import ConsensusForm, SayForm
from proposals.intake.models import Proposal
from proposals.review.actions import discussion as actions
from proposals.review.actions.discussion import ConcludedMeanwhile
from proposals.review.queries.discussion import consensus_of, thread
from proposals.review.queries.reviews import others_of, own_review, reviews_of
from proposals.review.rules.assessments import may_read_all
from proposals.review.rules.discussion import may_conclude, may_follow, may_speak, seat_of


def discussion_page(request: Any, site: Any, pk: UUID) -> HttpResponse:
    """GET shows the discussion; POST adds a contribution or saves the consensus: one call."""
    proposal = Proposal.objects.visible_to(request.user).select_related("call", "phase").filter(pk=pk).first()
    if proposal is None or not may_follow(request.user, proposal):
        raise Http404
    if request.method != "POST":
        return _shown(request, site, proposal)
    if "feedback" in request.POST:
        return _conclude(request, site, proposal)
    form = SayForm(request.POST)
    if form.is_valid():
        try:
            actions.say(proposal, by=request.user, now=timezone.now(), **form.cleaned_data)
        except ValidationError as refusal:
            form.add_error(None, refusal.messages)
        except PermissionDenied:
            form.add_error(None, _("The discussion of this proposal has ended. Your text is kept here."))
        else:
            messages.success(request, _("Your contribution is added."))
            return HttpResponseRedirect(reverse("admin:review_discussion", args=[pk]) + "#said")
    return _shown(request, site, proposal, say=form, status=422)


def _conclude(request: Any, site: Any, proposal: Proposal) -> HttpResponse:
    form, typed = ConsensusForm(request.POST, saved=None), request.POST.get("revision", "")
    revision = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 9 else 0
    meanwhile = None
    if form.is_valid():
        try:
            actions.conclude(proposal, revision=revision, by=request.user, now=timezone.now(), **form.cleaned_data)
        except ConcludedMeanwhile as conflict:
            meanwhile = conflict
        except ValidationError as refusal:
            form.add_error(None, refusal.messages)
        except PermissionDenied:
            form.add_error(None, _("The consensus can no longer be changed. Your text is kept here."))
        else:
            messages.success(request, _("The consensus is saved."))
            return HttpResponseRedirect(reverse("admin:review_discussion", args=[proposal.pk]) + "#consensus")
    return _shown(request, site, proposal, conclude=form, meanwhile=meanwhile, status=409 if meanwhile else 422)


def _shown(
    request: Any,
    site: Any,
    proposal: Proposal,
    *,
    say: SayForm | None = None,
    conclude: ConsensusForm | None = None,
    meanwhile: ConcludedMeanwhile | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page, with what was typed where it could not be kept."""
    reader = request.user
    reads_all = may_read_all(reader)
    seat = None if reads_all else seat_of(reader, proposal)
    said, consensus = thread(proposal, reader=reader), consensus_of(proposal, reader=reader)
    typed = request.GET.get("answers", "")
    answered = next((one for one in said if str(one.post.pk) == typed), None)
    context = {
        **site.each_context(request),
        "title": _("Discussion of %(reference)s") % {"reference": proposal.reference},
        "proposal": proposal,
        "seat": seat,
        "reads_all": reads_all,
        "reviews": reviews_of(proposal) if reads_all else others_of(seat, reader=reader) if seat else [],
        "own": own_review(seat) if seat else None,
        "said": said,
        "answered": answered,
        "say": say or SayForm(initial={"answers": answered.post.pk} if answered else None),
        "may_speak": may_speak(reader, proposal),
        "consensus": consensus,
        "conclude": conclude or ConsensusForm(saved=consensus),
        "may_conclude": may_conclude(reader, proposal) or conclude is not None,
        "revision": consensus.revision if consensus else 0,
        "meanwhile": meanwhile,
    }
    return TemplateResponse(request, "admin/reviews/discussion.html", context, status=status)
