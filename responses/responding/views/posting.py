"""Addresses that only take forms, and people who come to them without one."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

View = Callable[..., HttpResponse]


def posted_from(page: str) -> Callable[[View], View]:
    """Take a form that was posted from `page`, a name of a URL with the view's own arguments.

    Anyone who loads or bookmarks the address is led to that page, which says how things stand.
    """

    def decorate(view: View) -> View:
        @require_http_methods(["GET", "HEAD", "POST"])
        @wraps(view)
        def wrapped(request: HttpRequest, **arguments: Any) -> HttpResponse:
            if request.method != "POST":
                return redirect(page, **arguments)
            return view(request, **arguments)

        return wrapped

    return decorate
