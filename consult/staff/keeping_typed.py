"""Around every staff page: what a form was sent with is kept until the form is accepted."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.contrib.messages import WARNING
from django.contrib.messages.storage.session import SessionStorage
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from consult.staff.drafts import FIELD, NotOurForm, Place, forget_typed, keep_typed, place_of
from consult.views.typed import fields_to_send_again

# Where a form leads that has to be sent once more: it was not accepted yet.
NOT_YET = (
    *("sign-in", "sign-in-code", "confirm"),
    *("second-factor", "new-password", "second-person"),
)


class NotingMessages(SessionStorage):
    """Messages for staff, which note on the request that something was refused."""

    def add(self, level: int, message: str, extra_tags: str | None = "") -> None:
        if level >= WARNING:
            self.request.said_no = True  # type: ignore[attr-defined]  # read below
        super().add(level, message, extra_tags)


def keep_what_staff_type(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Keep what a staff form was sent with, unless it was accepted.

    Its token says whose words they are, also where their session has ended: then they are led to
    sign in, and back to the page. The database being away is left to its own page, which shows the
    words.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        page = get_response(request)
        if request.method != "POST" or page.status_code == 503:
            return page
        match = request.resolver_match
        if match and match.view_name in {"keep-typed", "forget-typed"}:
            return page
        token = request.POST.get(FIELD, "")
        if not token:
            return page
        try:
            place = place_of(token)
        except NotOurForm:
            return page
        if _accepted(request, page):
            forget_typed(place=place)
            return page
        keep_typed(place=place, fields=typed_fields(request))
        return _back_to(place, page)

    return answer


def typed_fields(request: HttpRequest) -> list[tuple[str, str]]:
    """What stands in a form, without what our page puts there to know it by."""
    return [(name, value) for name, value in fields_to_send_again(request) if name != FIELD]


def _accepted(request: HttpRequest, page: HttpResponse) -> bool:
    if page.status_code != 302 or getattr(request, "said_no", False):
        return False
    return _target(page) not in [reverse(name) for name in NOT_YET]


def _target(page: HttpResponse) -> str:
    return urlsplit(page["Location"]).path if page.has_header("Location") else ""


def _back_to(place: Place, page: HttpResponse) -> HttpResponse:
    """Let a person who has to sign in first come back to the page with the form, whose own address
    may take nothing but forms.
    """
    if page.status_code == 302 and _target(page) == reverse("sign-in"):
        asked: dict[str, Any] = {"next": place.page}
        if "ended=" in page["Location"]:
            asked["ended"] = "idle"
        page["Location"] = f"{reverse('sign-in')}?{urlencode(asked)}"
    return page
