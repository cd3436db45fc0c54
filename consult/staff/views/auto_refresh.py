"""Pages that show progress, and reload themselves while work goes on if the reader wants that."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from consult.staff.idle_sessions import BY_ITSELF

REFRESH_SECONDS = 5
NAME, WANTED = BY_ITSELF


def address_to_watch(name: str, *arguments: object) -> str:
    """Return the address of a page that reloads itself, for someone who has just started the
    work.
    """
    return f"{reverse(name, args=arguments)}?{NAME}={WANTED}"


def render_work(
    request: HttpRequest, template: str, context: dict[str, Any], *, at_work: bool
) -> HttpResponse:
    """Render a page that includes `_keep_up.html` to start and stop reloading.

    It does not reload unless asked to, so nobody loses their place on it.
    """
    watching = at_work and request.GET.get(NAME) == WANTED
    page = render(
        request,
        template,
        context | {"at_work": at_work, "watching": watching, "seconds": REFRESH_SECONDS},
    )
    if watching:
        page["Refresh"] = str(REFRESH_SECONDS)
    return page
