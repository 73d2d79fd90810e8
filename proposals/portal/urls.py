"""The partners' addresses."""

from django.urls import URLPattern, URLResolver, path

from proposals.portal.views import account, calls, dashboard, home, inbox, invitations, masses, organisations, sections, start

app_name = "portal"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("calls/", calls.call_list, name="call_list"),
    path("calls/<slug:slug>/", calls.call, name="call"),
    path("calls/<slug:slug>/deadlines.ics", calls.call_calendar, name="call_calendar"),
    path("calls/<slug:slug>/documents/<int:document_id>/", calls.call_document, name="call_document"),
    path("calls/<slug:slug>/start/", start.start, name="start"),
    path("dashboard/", dashboard.dashboard, name="dashboard"),
    path("proposals/<uuid:proposal>/edit/", sections.task_list, name="task_list"),
    path("proposals/<uuid:proposal>/edit/<slug:key>/", sections.section, name="section"),
    path("proposals/<uuid:proposal>/edit/<slug:key>/autosave/", sections.autosave, name="autosave"),
    path("proposals/<uuid:proposal>/modules/<int:module>/remove/", masses.remove_module, name="remove_module"),
    path("organisations/", organisations.organisation_list, name="organisation_list"),
    path("organisations/new/", organisations.organisation_new, name="organisation_new"),
    path("organisations/<int:pk>/", organisations.organisation, name="organisation"),
    path("organisations/<int:pk>/edit/", organisations.organisation_edit, name="organisation_edit"),
    path("organisations/<int:pk>/join/", organisations.organisation_join, name="organisation_join"),
    path("organisations/<int:pk>/invite/", invitations.invitation_new, name="invitation_new"),
    path("members/<int:pk>/confirm/", organisations.member_confirm, name="member_confirm"),
    path("members/<int:pk>/role/", organisations.member_role, name="member_role"),
    path("members/<int:pk>/hand-over/", organisations.member_hand_over, name="member_hand_over"),
    path("members/<int:pk>/remove/", organisations.member_remove, name="member_remove"),
    path("invitations/<int:pk>/withdraw/", invitations.invitation_withdraw, name="invitation_withdraw"),
    path("invitations/<int:pk>/", invitations.invitation_pending, name="invitation_pending"),
    path("invitations/by-link/<str:token>/", invitations.invitation, name="invitation"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/<int:pk>/", inbox.message, name="message"),
    path("inbox/<int:pk>/read/", inbox.mark_read, name="message_read"),
    path("preferences/", account.preferences, name="preferences"),
    path("security/", account.security, name="security"),
    path("privacy/", account.privacy, name="privacy"),
    path("help/", account.help_page, name="help"),
    path("status/", account.service_status, name="service_status"),
]
