"""The addresses of the reviewers' pages; the list of who judges what is the assignments' own."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse

from proposals.admin.base import Door, HouseAdmin
from proposals.admin.reviews.scoring import autosave, print_page, score_page
from proposals.admin.reviews.talk import discussion_page
from proposals.intake.models import Proposal
from proposals.review.models import Assessment
from proposals.review.rules.assessments import may_read_all


@admin.register(Assessment)
class AssessmentAdmin(HouseAdmin):
    """Reviews: each written on its own page by its reviewer, and read on the proposal's page by staff."""

    door = Door(see=may_read_all)

    def get_urls(self) -> list[URLPattern]:
        """The reviewers' pages, before Django's own addresses."""
        return [
            path("<int:pk>/score/", self._opened(score_page), name="review_score"),
            path("<int:pk>/autosave/", self._opened(autosave), name="review_autosave"),
            path("<int:pk>/print/", self._opened(print_page), name="review_print"),
            path("discussion/<uuid:pk>/", self._opened(discussion_page), name="review_discussion"),
            *super().get_urls(),
        ]

    def _opened(self, page: Any) -> Any:
        def view(request: HttpRequest, pk: Any) -> HttpResponse:
            answer: HttpResponse = page(request, self.admin_site, pk)
            return answer

        return self.admin_site.admin_view(view)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Those of proposals that this reader may know of."""
        return Assessment.objects.filter(assignment__proposal__in=Proposal.objects.visible_to(request.user))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Who judges what is on the assignments' list; a reviewer's own is on the home page."""
        if may_read_all(request.user):
            return HttpResponseRedirect(reverse("admin:proposals_assignment_changelist"))
        return HttpResponseRedirect(reverse("admin:index"))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A review is read on the page of its proposal."""
        found = self.get_object(request, object_id) if may_read_all(request.user) else None
        if found is None:
            raise Http404
        return HttpResponseRedirect(reverse("admin:proposals_proposal_change", args=[found.assignment.proposal_id]) + "#reviews")
