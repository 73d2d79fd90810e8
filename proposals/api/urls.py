"""The addresses of the machines' door, under /api/."""

from django.urls import path

from proposals.api import mail

app_name = "api"
urlpatterns = [
    path("mail/reports/", mail.reports, name="mail_reports"),
]
