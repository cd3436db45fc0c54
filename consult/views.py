"""Pages that anybody may read."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page for a form that came without its cookie."""
    return render(request, "403_csrf.html", status=403)
