"""Addresses that only take posted forms, and people who open them directly."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

View = Callable[..., HttpResponse]


def posted_from(page: str) -> Callable[[View], View]:
    """Take a form posted from `page`, a URL name with the view's own arguments.

    Anyone who opens or bookmarks the address is sent to that page.
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
