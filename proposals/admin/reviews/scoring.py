"""One page to read a proposal and to judge it: shown, saved by hand or while it is typed, submitted; nothing typed is lost."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from proposals.admin.reviews.forms import AssessmentForm
from proposals.admin.reviews.reading import reading
from proposals.review.actions import assessments as actions
from proposals.review.actions.assessments import NotComplete, SavedElsewhere
from proposals.review.calculations.scores import weighted_mean
from proposals.review.models import Assessment, Assignment
from proposals.review.queries.assessments import Missing, as_written, criteria_of, judged_version, own_assignments
from proposals.review.queries.reviews import own_review
from proposals.review.rules.assessments import is_open, may_read_others
from proposals.review.states import Stage
from proposals.web.templatetags.lunar import error_target

GREATEST = 2_147_483_647


class Desk:
    """What one request works with: the assignment, its criteria, and the review as it is saved."""

    def __init__(self, request: Any, site: Any, pk: int) -> None:
        found = own_assignments(request.user).select_related("proposal__call", "phase", "user")
        assignment = found.filter(pk=pk).first()
        if assignment is None:
            raise Http404
        self.request, self.site, self.assignment = request, site, assignment
        self.criteria = criteria_of(assignment)

    @property
    def saved(self) -> Assessment | None:
        """The review as it is saved now."""
        return Assessment.objects.filter(assignment=self.assignment).first()

    def form(self, data: Any = None) -> AssessmentForm:
        """The form over what is saved, or over what was sent."""
        saved = as_written(self.saved, self.criteria)
        return AssessmentForm(data, assignment=self.assignment, criteria=self.criteria, saved=saved)

    def revision(self) -> int:
        """The page's revision as it was opened; 0 for a review not begun, or for a damaged figure."""
        typed = self.request.POST.get("revision", "")
        return min(int(typed), GREATEST) if typed.isascii() and typed.isdecimal() and len(typed) < 11 else 0

    def now(self) -> datetime:
        """The instant of the request."""
        return timezone.now()


def score_page(request: Any, site: Any, pk: int) -> HttpResponse:
    """GET shows the page; POST saves it, or saves and submits it, or shows it again with everything that was typed."""
    desk = Desk(request, site, pk)
    if request.method != "POST":
        return _shown(desk)
    form = desk.form(request.POST)
    submits = request.POST.get("then") == "submit" and form.is_valid()
    keep: Any = actions.submit_assessment if submits else actions.save
    refused = _refused(desk, form, keep)
    if refused is not None:
        return refused
    said = _("Your review is submitted. You can revise it until the panel.") if submits else _("Your review is saved.")
    messages.success(request, said)
    return HttpResponseRedirect(f"{reverse('admin:review_score', args=[pk])}?saved=1")


def _refused(desk: Desk, form: AssessmentForm, keep: Any) -> HttpResponse | None:
    """The one call of a sent page; the page again where not all of it could be kept, else None."""
    sound = form.is_valid()
    try:
        keep(desk.assignment, written=form.written(), revision=desk.revision(), by=desk.request.user, now=desk.now())
    except SavedElsewhere as meanwhile:
        return _shown(desk, form, status=409, meanwhile=str(meanwhile), unlike=form.unlike(desk.form()))
    except NotComplete as refusal:
        return _shown(desk, form, status=422, missing=refusal.missing)
    except ValidationError as refusal:
        form.add_error(None, refusal.messages)
        sound = False
    except PermissionDenied:
        return _closed(desk, form)
    return None if sound else _shown(desk, form, status=422)


def autosave(request: Any, site: Any, pk: int) -> JsonResponse:
    """The page saved while it is typed: what is sound is kept, what is not is named (422), a conflict is told (409)."""
    desk = Desk(request, site, pk)
    if request.method != "POST":
        return JsonResponse({"message": _("Send the page to save it.")}, status=405)
    form = desk.form(request.POST)
    sound = form.is_valid()
    try:
        saved = actions.save(desk.assignment, written=form.written(), revision=desk.revision(), by=request.user, now=desk.now())
    except SavedElsewhere as meanwhile:
        return JsonResponse({"message": str(meanwhile)}, status=409)
    except ValidationError as refusal:
        return JsonResponse({"errors": {"": refusal.messages}}, status=422)
    except PermissionDenied:
        return JsonResponse({"message": _("This review is closed. Your text is kept on this device.")}, status=409)
    told = {"revision": saved.revision, "saved_at": saved.saved_at.isoformat(), "fields": {}}
    if sound:
        return JsonResponse(told)
    return JsonResponse({**told, "errors": {name: list(errors) for name, errors in form.errors.items()}}, status=422)


def print_page(request: Any, site: Any, pk: int) -> HttpResponse:
    """The proposal and one's own review as last submitted, for paper."""
    desk = Desk(request, site, pk)
    if request.method != "GET":
        raise PermissionDenied
    return TemplateResponse(request, "admin/reviews/print.html", _context(desk))


def _shown(
    desk: Desk,
    form: AssessmentForm | None = None,
    *,
    status: int = 200,
    missing: list[Missing] | None = None,
    meanwhile: str = "",
    unlike: Any = (),
) -> HttpResponse:
    """The page with its form: as saved, or with everything that was typed."""
    saved = desk.saved
    form = form or desk.form()
    weighed = list(_weighed(desk, saved))
    context = {
        **_context(desk),
        "form": form,
        "revision": saved.revision if saved else 0,
        "saved": saved,
        "mean": weighted_mean(weighed),
        "left_out": [each.name for each, row in zip(desk.criteria, weighed, strict=True) if row[2] is None],
        "missing": [(error_target(form[one.field]), one.says) for one in missing or ()],
        "meanwhile": meanwhile,
        "unlike": unlike,
        "revising": saved is not None and saved.stage == Stage.SUBMITTED,
        "forget": "saved" in desk.request.GET,
    }
    return TemplateResponse(desk.request, "admin/reviews/score.html", context, status=status)


def _closed(desk: Desk, form: AssessmentForm) -> HttpResponse:
    """Reviews were closed meanwhile: say so, and give back what was typed."""
    typed = [(label, text) for _name, label, text in form.values() if text]
    context = {**desk.site.each_context(desk.request), "title": _("This review is closed"), "typed": typed}
    return TemplateResponse(desk.request, "admin/reviews/closed.html", context, status=403)


def _context(desk: Desk) -> dict[str, Any]:
    """What every page about one assignment shows."""
    assignment: Assignment = desk.assignment
    proposal = assignment.proposal
    return {
        **desk.site.each_context(desk.request),
        **reading(judged_version(assignment), proposal.call),
        "title": _("Review of %(reference)s") % {"reference": proposal.reference},
        "assignment": assignment,
        "proposal": proposal,
        "open": is_open(assignment),
        "own": own_review(assignment),
        "may_follow": may_read_others(desk.request.user, assignment),
        "now": desk.now(),
    }


def _weighed(desk: Desk, saved: Assessment | None) -> Iterator[tuple[Decimal, Decimal, Decimal | None]]:
    """Weight, maximum and score of each criterion, as saved."""
    scores = as_written(saved, desk.criteria)["scores"]
    for each in desk.criteria:
        value = scores[str(each.pk)]["value"]
        yield each.weight, each.maximum, None if value is None else Decimal(value)
