"""The figures, for a machine that monitors the service."""

import hmac
from ipaddress import ip_address

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from consult.web.client_address import address_of
from responses.governance.metrics import exposition, measure


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures in Prometheus's text format. Anyone else gets 404."""
    if not may_read(request):
        raise Http404
    return HttpResponse(
        exposition(measure()), content_type="text/plain; version=0.0.4; charset=utf-8"
    )


def may_read(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(given.encode(), settings.METRICS_TOKEN.encode())
    if "X-Forwarded-Proto" in request.headers or "X-Forwarded-For" in request.headers:
        # It came through a proxy on this machine, so it may come from anywhere.
        return False
    try:
        return ip_address(address_of(request)).is_loopback
    except ValueError:
        return False
