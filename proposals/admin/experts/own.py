"""What experts see of themselves: their own profile, and the undertaking before the first proposal opens."""

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from proposals.admin.experts.forms import AVAILABLE, WEIGHTS, OwnForm
from proposals.calls.models import Phase
from proposals.review.actions import experts as actions
from proposals.review.models import Expert
from proposals.review.queries.experts import expert_of, has_undertaken, undertaking_of
from proposals.review.rules.experts import may_undertake

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    Stock = ModelAdmin[Any]
else:
    Stock = object


class OwnPages(Stock):
    """One's own profile and the undertaking, open to those who judge."""

    def get_urls(self) -> list[URLPattern]:
        """Before Django's own addresses."""
        opened = self.admin_site.admin_view
        return [
            path("mine/", opened(self.mine_view), name="proposals_expert_mine"),
            path("undertaking/<int:phase>/", opened(self.undertaking_view), name="proposals_expert_undertake"),
            *super().get_urls(),
        ]

    def mine_view(self, request: HttpRequest) -> HttpResponse:
        """One's own profile: languages, load, absence and topics."""
        person: Any = request.user
        expert = expert_of(person) or (Expert(user=person) if may_undertake(person) else None)
        if expert is None:
            raise Http404
        form: Any = OwnForm(request.POST if request.method == "POST" else None, instance=expert)
        if request.method == "POST" and form.is_valid():
            try:
                actions.save_own(form.instance, by=person, now=timezone.now(), **form.beside())
            except ValidationError as refusal:
                form.add_error(None, refusal.messages)
            else:
                self.message_user(request, _("Your profile is saved."), messages.SUCCESS)
                return HttpResponseRedirect(reverse("admin:proposals_expert_mine"))
        boxes: dict[str, Any] = {"known": [form[name] for name in WEIGHTS], "other": [form[name] for name in AVAILABLE]}
        boxes["secretariat_email"] = settings.SECRETARIAT_EMAIL
        return self._page(request, "own", title=_("Your profile"), expert=expert, form=form, **boxes)

    def undertaking_view(self, request: HttpRequest, phase: int) -> HttpResponse:
        """The text to accept before the first proposal of a phase opens; on POST accept it."""
        if not may_undertake(request.user):
            raise PermissionDenied
        person: Any = request.user
        found = get_object_or_404(Phase.objects.select_related("call"), pk=phase, call__is_published=True)
        onward = request.POST.get("next") or request.GET.get("next", "")
        if not url_has_allowed_host_and_scheme(onward, allowed_hosts=None):
            onward = reverse("admin:index")
        refusal = ""
        if request.method == "POST":
            try:
                sent = request.POST.get("sha256", "")
                actions.accept_undertaking(person, phase=found, sha256=sent, by=person, now=timezone.now())
            except actions.AnotherText as error:
                refusal = " ".join(error.messages)
            else:
                self.message_user(
                    request, _("Thank you. The proposals that you accept to review are open to you."), messages.SUCCESS
                )
                return HttpResponseRedirect(onward)
        more = {"undertaking": undertaking_of(found), "accepted": has_undertaken(expert_of(person), found), "refusal": refusal}
        return self._page(request, "undertaking", title=_("Confidentiality undertaking"), phase=found, next=onward, **more)

    def _page(self, request: HttpRequest, name: str, **more: Any) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "opts": self.opts, **more}
        return TemplateResponse(request, f"admin/experts/{name}.html", context)
