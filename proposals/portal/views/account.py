"""One's own account: preferences and security; and the pages about the service: privacy, help, status."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.i18n import set_language

from proposals.outbox.queries import mail_health, wishes
from proposals.partners import actions, queries
from proposals.partners.models import User
from proposals.portal.forms.account import PreferencesForm
from proposals.portal.forms.wishes import ALWAYS, WishesForm


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """Names, language and time zone; saved for the next page on."""
    me = get_object_or_404(User, pk=request.user.pk or 0)
    form = PreferencesForm(request.POST or None, instance=me)
    if request.method == "POST" and form.is_valid():
        actions.describe(form.instance, by=request.user, now=timezone.now())
        with translation.override(form.instance.language):
            messages.success(request, _("Your preferences are saved."))
        return redirect("portal:preferences")
    return preferences_page(request, form=form)


def preferences_page(
    request: HttpRequest, *, form: PreferencesForm | None = None, wishes_form: WishesForm | None = None
) -> HttpResponse:
    """The page with its forms; one of them as it was sent, if it was refused."""
    about_me = form or PreferencesForm(instance=get_object_or_404(User, pk=request.user.pk or 0))
    mail = wishes_form or WishesForm(ways=wishes(request.user))
    context = {
        "form": about_me,
        "wishes_form": mail,
        "always": ALWAYS,
        "calendar_made_at": queries.calendar_made_at(request.user),
        "memberships": queries.memberships(request.user),
    }
    refused = about_me.errors or mail.errors
    return render(request, "portal/account/preferences.html", context, status=400 if refused else 200)


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """The switch at the foot of each page: for this browser, and for one's mails and other devices where signed in."""
    chosen = request.POST.get("language", "")
    me = User.objects.filter(pk=request.user.pk or 0).first()
    if me is not None and chosen in dict(settings.LANGUAGES):
        actions.speak(me, language=chosen, by=me, now=timezone.now())
    return set_language(request)


@login_required
@require_GET
def security(request: HttpRequest) -> HttpResponse:
    """How one signs in, and where to change it."""
    has = set(Authenticator.objects.filter(user=request.user.pk).values_list("type", flat=True))
    context = {
        "addresses": EmailAddress.objects.filter(user=request.user.pk).order_by("-primary", "email"),
        "has_app": Authenticator.Type.TOTP in has,
        "has_passkey": Authenticator.Type.WEBAUTHN in has,
        "has_codes": Authenticator.Type.RECOVERY_CODES in has,
    }
    return render(request, "portal/account/security.html", context)


@require_GET
def privacy(request: HttpRequest) -> HttpResponse:
    """The privacy notice, as staff wrote it or as shipped."""
    return render(request, "portal/account/privacy.html", {"notice": queries.notice("privacy")})


@require_GET
def help_page(request: HttpRequest) -> HttpResponse:
    """How the site works, as staff wrote it or as shipped."""
    context = {"notice": queries.notice("help"), "secretariat_email": settings.SECRETARIAT_EMAIL}
    return render(request, "portal/account/help.html", context)


@require_GET
def service_status(request: HttpRequest) -> HttpResponse:
    """Whether the site works and mail leaves it, in words for people."""
    now = timezone.now()
    waited_min = int((mail_health(now).oldest_due_s or 0) // 60)
    return render(request, "portal/account/service_status.html", {"waited_min": waited_min, "now": now})
