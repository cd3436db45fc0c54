"""Pages for one person."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpResponse

View = Callable[..., HttpResponse]


def private(view: View) -> View:
    """Mark a page as one person's: no cache keeps it and no search engine lists it."""

    @wraps(view)
    def wrapped(*arguments: Any, **named: Any) -> HttpResponse:
        page = view(*arguments, **named)
        page["Cache-Control"] = "no-store"
        page["X-Robots-Tag"] = "noindex"
        return page

    return wrapped
