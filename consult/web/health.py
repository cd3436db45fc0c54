"""Whether the service is alive and ready: for load balancers and health checks."""

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse


def live(request: HttpRequest) -> JsonResponse:
    """This process answers."""
    return JsonResponse({"status": "live"})


def ready(request: HttpRequest) -> JsonResponse:
    """The database answers too. Redis is not asked: responses can be received without it."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse(
            {"status": "not ready", "because": "the database does not answer"}, status=503
        )
    return JsonResponse({"status": "ready"})
