"""Every address of the site, by door."""

from django.contrib import admin
from django.urls import include, path

from lunarpartners import health

urlpatterns = [
    path("livez", health.livez),
    path("readyz", health.readyz),
    path("", include("proposals.portal.urls")),
    path("account/", include("allauth.urls")),
    path("api/", include("proposals.api.urls")),
    path("staff/", admin.site.urls),
]
handler400 = "proposals.web.errors.bad_request"
