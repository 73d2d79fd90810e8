"""Every address of the site, by door."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("proposals.portal.urls")),
    path("account/", include("allauth.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("staff/", admin.site.urls),
]
