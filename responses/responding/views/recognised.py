"""Which receipts a browser may show whole, since it sent them or their sender was recognised."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy

from responses.models import Response
from responses.responding.views.session import COOKIE_SECONDS, keep_cookie

View = Callable[..., HttpResponse]
SALT = "a browser that may show a receipt"
BETWEEN = "."
MOST_RECEIPTS = 20
NOTHING_TYPED = gettext_lazy("Enter your code, or something that you told us.")
NOT_KNOWN = gettext_lazy("That is not what we have. Check it, or try something else.")
ASKED_TOO_OFTEN = gettext_lazy(
    "We cannot check any more answers for now. Try again in a few days, or ask us for help."
)


def cookie_of(consultation: int) -> str:
    """The cookie's name. Without a receipt's address it opens nothing."""
    return f"{settings.COOKIE_PREFIX}receipts-{consultation}"


def is_recognised(request: HttpRequest, response: Response) -> bool:
    """Whether this browser sent `response`, or its user showed that they did."""
    return bool(set(_given(request, response)) & set(_marks(response)))


def remember_sender(page: HttpResponse, request: HttpRequest, response: Response) -> None:
    """Let this browser show the receipt of `response` whole from now on."""
    [mark, *_earlier] = _marks(response)
    given = [other for other in _given(request, response) if other != mark]
    value = BETWEEN.join([mark, *given][:MOST_RECEIPTS])
    keep_cookie(page, cookie_of(response.consultation_id), value, seconds=COOKIE_SECONDS)


def forget_senders(page: HttpResponse, consultation: int) -> None:
    """Let this browser show no receipt of the consultation whole any more."""
    page.delete_cookie(cookie_of(consultation), samesite="Lax")


def recognised(find: Callable[[str], Response]) -> Callable[[View], View]:
    """Let through a browser that is recognised; lead any other to the receipt, which asks.

    `find` returns the response of a token, or raises Http404.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapped(request: HttpRequest, token: str) -> HttpResponse:
            if not is_recognised(request, find(token)):
                return redirect("receipt", token)
            return view(request, token)

        return wrapped

    return decorate


def _given(request: HttpRequest, response: Response) -> list[str]:
    cookie: Any = request.COOKIES.get(cookie_of(response.consultation_id), "")
    return [mark for mark in cookie.split(BETWEEN)[:MOST_RECEIPTS] if mark]


def _marks(response: Response) -> list[str]:
    """What this browser's cookie holds of a receipt: by today's key, and by earlier ones."""
    return [
        salted_hmac(SALT, response.receipt_hash, secret=key, algorithm="sha256").hexdigest()[:32]
        for key in [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    ]
