"""Whether the service is up and ready: for load balancers and health checks."""

from collections.abc import Callable

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import resolve
from django.views.decorators.http import require_safe

from consult.web.preparedness import unprepared

HEALTH = {"/health/live", "/health/ready"}


def health_first(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Answer the health pages under any host name and without https.

    A health check uses this machine's name or an internal address, and these pages reveal nothing
    about anyone.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        if request.path not in HEALTH:
            return get_response(request)
        request.resolver_match = found = resolve(request.path)
        page: HttpResponse = found.func(request)
        return page

    return answer


@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """This process answers."""
    return JsonResponse({"status": "live"})


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """The database answers too, and everything that this version needs is there.

    Redis is not asked: responses can be received without it.
    """
    try:
        missing = unprepared()
    except DatabaseError:
        missing = ["the database does not answer"]
    if missing:
        return JsonResponse({"status": "not ready", "because": "; ".join(missing)}, status=503)
    return JsonResponse({"status": "ready"})
