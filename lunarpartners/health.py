"""Two pages for the proxy and the orchestrator: is this process alive, and can it take a proposal."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache

from lunarpartners import checks


@never_cache
def livez(_request: HttpRequest) -> HttpResponse:
    """200 from a process that can answer at all; touches nothing, so a slow database kills no process."""
    return HttpResponse("ok", content_type="text/plain")


@never_cache
def readyz(_request: HttpRequest) -> JsonResponse:
    """200 when database, migrations and disk are well, else 503; names the part, never its details."""
    findings = [checks.examine(part) for part in checks.READY]
    ready = all(finding.ok for finding in findings)
    parts = {finding.part: "ok" if finding.ok else "bad" for finding in findings}
    return JsonResponse({"ready": ready, **parts}, status=200 if ready else 503)
