"""The page of modules and masses, and the page on which a module is removed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from proposals.intake import actions
from proposals.intake.models import Module, Proposal, Section
from proposals.intake.queries import mass_report, weighed_modules
from proposals.intake.rules import may_edit
from proposals.partners.models import User
from proposals.portal.forms.masses import MassForm
from proposals.portal.views.access import visible_or_404
from proposals.portal.views.editing import Asked, Editor, page, show


class MassEditor(Editor):
    """Modules with their elements; each module is saved whole or left as it is."""

    template = "portal/sections/mass.html"

    def form(self, proposal: Proposal, asked: dict[str, bool], data: Any = None, add: str = "") -> MassForm:  # noqa: ARG002  # an editor's signature
        """The page's form; two queries for the modules, one for the maturity classes."""
        modules, classes = weighed_modules(proposal), list(proposal.call.margin_classes.all())
        return MassForm(call=proposal.call, modules=modules, classes=classes, data=data, add=add)

    def save(
        self,
        form: MassForm,
        proposal: Proposal,
        *,
        key: str,  # noqa: ARG002  # an editor's signature
        revision: int,
        by: User,
        now: datetime,
    ) -> Section | None:
        """Save the modules that are sound."""
        budgets = form.budgets(sound_only=True)
        if not budgets and not form.is_valid():
            return None
        return actions.save_masses(proposal, budgets=budgets, revision=revision, by=by, now=now)

    def adopt(self, form: MassForm, proposal: Proposal) -> None:
        """Modules made by this page's own earlier save are not made twice."""
        form.adopt(list(proposal.modules.all()))

    def made(self, form: MassForm, proposal: Proposal) -> dict[str, str]:
        """The numbers of modules just made."""
        return form.new_ids(list(proposal.modules.all()))

    def after(self, request: HttpRequest, form: MassForm, proposal: Proposal) -> None:  # noqa: ARG002  # the same
        """Above a cap the page is saved all the same; the reader is told at once."""
        for sentence in mass_report(proposal).sentences() if proposal.is_over_cap else []:
            messages.warning(request, sentence)

    def context(self, form: MassForm, proposal: Proposal) -> dict[str, Any]:
        """Totals as the server counts them from what is on the page."""
        return {
            "modules": [(module, form.total_of(module)) for module in form.modules],
            "total": form.total_of(),
            "call": proposal.call,
            "over": form.over(),
        }


EDITOR = MassEditor()


def mass(request: HttpRequest, proposal: Proposal, key: str, asked: Asked) -> HttpResponse:
    """The page: its buttons save, add a row, add a module, or lead to the removal of one."""
    add, remove = request.POST.get("add", ""), request.POST.get("remove", "")
    if add:
        form = EDITOR.form(proposal, asked[key], request.POST, add)
        return show(request, EDITOR, proposal, key, asked, form=form)
    answered = page(request, EDITOR, proposal, key, asked)
    if remove.isascii() and remove.isdecimal() and len(remove) < 10 and answered.status_code == 302:
        return redirect("portal:remove_module", proposal.pk, int(remove))
    return answered


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def remove_module(request: HttpRequest, proposal: UUID, module: int) -> HttpResponse:
    """What will go with the module; then it goes."""
    found = visible_or_404(request, proposal)
    going = get_object_or_404(Module.objects.select_related("proposal"), proposal=found, pk=module)
    if not may_edit(request.user, found):
        raise Http404
    if request.method == "POST":
        name = str(going)
        actions.remove_module(going, by=request.user, now=timezone.now())  # type: ignore[arg-type]
        messages.success(request, _("%(module)s was removed.") % {"module": name})
        return redirect("portal:section", found.pk, "mass")
    elements = list(going.elements.all())
    return render(request, "portal/sections/remove_module.html", {"proposal": found, "module": going, "elements": elements})
