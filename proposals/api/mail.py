"""Where a mail provider reports what became of our mails: who asks is checked first, and what cannot be read is refused."""

import hashlib
import json
from datetime import UTC
from typing import Any

import structlog
from anymail import urls as anymail_urls
from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.signals import EventType
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from proposals.outbox.actions.bounces import hear_all
from proposals.outbox.calculations.reports import Heard, printable
from proposals.outbox.gateways.provider import METADATA_KEY
from proposals.outbox.states import Report, ReportSource

log = structlog.get_logger(__name__)

MOST_BYTES = 2**20
# Anymail's words for what we keep; all else (opened, clicked, subscribed) is nobody's business.
HEARD: dict[str, Report | None] = {
    EventType.BOUNCED: Report.BOUNCED,
    EventType.REJECTED: Report.BOUNCED,
    EventType.FAILED: Report.BOUNCED,
    EventType.DEFERRED: Report.DELAYED,
    EventType.COMPLAINED: Report.COMPLAINED,
    EventType.DELIVERED: None,
}


@csrf_exempt
@require_http_methods(["POST", "HEAD"])
def reports(request: HttpRequest) -> HttpResponse:
    """Take the reports of the provider that EMAIL_BACKEND names; 404 where none is named or no secret is set.

    401 for a wrong secret or signature, 413 above 1 MiB, 400 for what is no report: none of these leaves a trace in
    the data. A report about a mail that is not ours is answered like any other, or the provider would send it again.
    """
    kind = provider_view()
    if kind is None or not settings.ANYMAIL.get("WEBHOOK_SECRET"):
        raise Http404
    if request.method == "HEAD":
        return HttpResponse()
    if int(request.headers.get("Content-Length") or 0) > MOST_BYTES:
        return HttpResponse(status=413)
    try:
        found = understood(kind(), request)
    except AnymailWebhookValidationFailure:
        return HttpResponse(status=401, headers={"WWW-Authenticate": 'Basic realm="mail reports"'})
    except Exception as error:  # noqa: BLE001  # each provider's reader fails on junk, or without its key, in its own way
        log.warning("mail.reports_unreadable", error=type(error).__name__)
        return HttpResponse(status=400)
    hear_all(found, now=timezone.now())
    return HttpResponse()


def provider_view() -> Any:
    """Anymail's reader for the provider whose backend sends our mail; None for plain SMTP and unknown ones."""
    package, _dot, provider = settings.EMAIL_BACKEND.removesuffix(".EmailBackend").rpartition(".")
    if package != "anymail.backends":
        return None
    names = {f"{provider}_tracking_webhook", f"{provider}_webhook"}
    return next((each.callback.view_class for each in anymail_urls.urlpatterns if each.name in names), None)


def understood(reader: Any, request: HttpRequest) -> list[Heard]:
    """The reports in a request, once its sender is known. Raises whatever the reader meets in junk."""
    reader.run_validators(request)
    events = [event for event in reader.parse_events(request) if event.event_type in HEARD]
    return [_heard(event, reader.esp_name) for event in events]


def _heard(event: Any, provider: str) -> Heard:
    """One of anymail's events in our form; the provider's own number of it, or all it says, makes it known again."""
    metadata = event.metadata if isinstance(event.metadata, dict) else {}
    message_id, at = printable(metadata.get(METADATA_KEY)), event.timestamp or timezone.now()
    said = [event.event_id] if event.event_id else [str(event.timestamp), event.message_id, message_id]
    mark = json.dumps([provider, event.event_type, event.recipient, *said], default=str).encode()
    return Heard(
        event_id=f"{provider}:{hashlib.sha256(mark).hexdigest()}",
        report=HEARD[event.event_type],
        source=ReportSource.WEBHOOK,
        at=at if at.tzinfo else at.replace(tzinfo=UTC),
        reply=printable(event.mta_response or event.description or event.reject_reason),
        message_id=message_id,
        provider_id=printable(event.message_id),
        address=printable(event.recipient),
    )
