"""Which receipts a browser may show whole, since it sent them or their sender was recognised."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy

from responses.models import Response
from responses.recognised import cookie_of, shows_whole, with_mark
from responses.responding.views.session import COOKIE_SECONDS, keep_cookie

View = Callable[..., HttpResponse]
NOTHING_TYPED = gettext_lazy("Enter your code, or something that you told us.")
NOT_KNOWN = gettext_lazy("That is not what we have. Check it, or try something else.")
ASKED_TOO_OFTEN = gettext_lazy(
    "We cannot check any more answers for now. Try again in a few days, or ask us for help."
)


def is_recognised(request: HttpRequest, response: Response) -> bool:
    """Whether this browser sent `response`, or its user showed that they did."""
    return shows_whole(request.COOKIES, response)


def remember_sender(page: HttpResponse, request: HttpRequest, response: Response) -> None:
    """Let this browser show the receipt of `response` whole from now on."""
    value = with_mark(request.COOKIES, response)
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
