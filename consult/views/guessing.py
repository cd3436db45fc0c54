"""Addresses that hold a token, and people who guess them."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from consult.views.errors import say
from consult.web.client_address import address_of
from consult.web.rate_limits import OverLimit, count_refusal, take_turn

View = Callable[..., HttpResponse]


def count_guesses(view: View) -> View:
    """Count how often an address finds nothing here, and refuse it after too many.

    What is found is always shown: no number of tries finds a token, and someone who guesses may
    share their internet address with someone who has a receipt.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponse:
        missing: Http404 | None = None
        try:
            page = view(request, *arguments, **named)
        except Http404 as reason:
            missing = reason
        if missing is None and page.status_code != 404:
            return page
        try:
            take_turn(limit="guess", key=address_of(request))
        except OverLimit as over:
            count_refusal(reason="guess")
            return _too_many(request, over)
        if missing:
            raise missing
        return page

    return wrapped


def _too_many(request: HttpRequest, over: OverLimit) -> HttpResponse:
    lines = [
        _("Too many addresses that do not exist were opened from your network."),
        _(
            "Check that you copied all of your link. Wait a few minutes, and open it again. If you "
            "are sure that it is right, it will open."
        ),
    ]
    page = say(request, status=429, heading=_("We cannot find this page"), lines=lines)
    page["Retry-After"] = str(over.seconds)
    return page
