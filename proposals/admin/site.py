"""The staff's site: the stock Django admin behind allauth's sign-in, so that nothing goes round MFA."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from proposals.admin.acts import ActPages
from proposals.admin.alarm import mail_alarm


class StaffSite(admin.AdminSite):
    """Django's admin site with one way in."""

    site_header = site_title = _("Lunar Partners: staff")
    index_title = _("What needs you")
    enable_nav_sidebar = False

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Only pages on the one base: a library's own would write past the actions and show what they hold."""
        if admin_class is not None and issubclass(admin_class, ActPages):
            super().register(model_or_iterable, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        """Active staff, with a second factor proven in this session where the settings ask for one."""
        user: Any = request.user
        if not (user.is_active and getattr(user, "is_staff", False)):
            return False
        return not settings.STAFF_MUST_USE_MFA or has_proven_second_factor(request)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """What every page of the staff knows, and whether mail stands still: of that reviewers need not hear."""
        reads_all = getattr(request.user, "reads_all", False)
        return {**super().each_context(request), "mail_waits_min": mail_alarm(timezone.now()) if reads_all else None}

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """What needs the reader, the call at a glance, mail's health; reviewers have a home of their own."""
        from proposals.admin.home import home  # it needs the pages, and they need this site
        from proposals.admin.reviews.home import is_reviewer, reviewers_home, reviews_of_calls

        if is_reviewer(request.user):
            context = {**self.each_context(request), **reviewers_home(request), **(extra_context or {})}
            return TemplateResponse(request, "admin/reviews/home.html", context)
        known = {**home(request), "call_reviews": reviews_of_calls(request.user, timezone.now())}
        return super().index(request, {**known, **(extra_context or {})})

    def app_index(self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None) -> Any:
        """There is one app: its index is the home."""
        return redirect("admin:index")

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Send everyone to the one sign-in page; someone signed in is asked for what is missing, or goes home."""
        user: Any = request.user
        here = request.get_full_path()
        target = request.GET.get("next", here if here != reverse("admin:login") else reverse("admin:index"))
        if not user.is_authenticated:
            return redirect(f"{reverse(settings.LOGIN_URL)}?{urlencode({'next': target})}")
        if not user.is_staff or self.has_permission(request):
            return redirect("portal:dashboard")
        ways = [way["url"] for way in get_adapter().get_reauthentication_methods(user) if way["id"].startswith("mfa")]
        if ways:
            return redirect(f"{ways[0]}?{urlencode({'next': target})}")
        messages.warning(request, _("The staff's pages need a second factor. Add an authenticator app or a passkey first."))
        return redirect("portal:security")


def has_proven_second_factor(request: HttpRequest) -> bool:
    """Whether this session used an authenticator app, a passkey or a recovery code; having one set up is not enough."""
    user: Any = request.user
    return any(record.get("method") == "mfa" for record in get_authentication_records(request, user))
