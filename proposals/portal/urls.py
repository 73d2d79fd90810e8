"""The partners' addresses."""

from django.urls import URLPattern, URLResolver, path

from proposals.portal.views import calls, home

app_name = "portal"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("calls/", calls.call_list, name="call_list"),
    path("calls/<slug:slug>/", calls.call, name="call"),
    path("calls/<slug:slug>/deadlines.ics", calls.call_calendar, name="call_calendar"),
    path("calls/<slug:slug>/documents/<int:document_id>/", calls.call_document, name="call_document"),
]
