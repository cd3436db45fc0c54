"""Pages about work that goes on: they load themselves anew while it lasts, for whoever
wants that.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from consult.staff.idle_sessions import BY_ITSELF

REFRESH_SECONDS = 5
NAME, WANTED = BY_ITSELF


def address_to_watch(name: str, *arguments: object) -> str:
    """The address of a page that keeps itself up to date, for whoever has just asked
    for the work.
    """
    return f"{reverse(name, args=arguments)}?{NAME}={WANTED}"


def render_work(
    request: HttpRequest, template: str, context: dict[str, Any], *, at_work: bool
) -> HttpResponse:
    """The page, with `_keep_up.html` in it to start and stop that.

    A page that stands still is the rule: nobody's place on it is lost.
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
