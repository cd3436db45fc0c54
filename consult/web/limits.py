"""Requests that are refused before anything reads them."""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from consult.models import User
from consult.web.bodies import most_from_the_public

METHODS = ["GET", "HEAD", "OPTIONS", "POST"]


def refuse_what_no_form_sends(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Refuse methods that no page has, and bodies larger than any form, before reading a byte.

    Staff who are signed in can send larger files. Chunked bodies have no length, and Django does
    not read them.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        if request.method not in METHODS:
            return HttpResponseNotAllowed(METHODS)
        length = request.META.get("CONTENT_LENGTH", "")
        size = int(length) if length.isascii() and length.isdigit() else 0
        if size > most_from_the_public(request.path):
            staff = request.path.startswith("/staff/") and isinstance(request.user, User)
            if not staff or size > settings.MOST_STAFF_BODY_BYTES:
                raise RequestDataTooBig("The body is larger than any form of ours.")
        return get_response(request)

    return answer
