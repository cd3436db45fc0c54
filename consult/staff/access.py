"""Who may see which staff page."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from consult.models import Right, User
from consult.staff.second_person import SecondPersonNeeded, ask_second_person
from consult.staff.signing_in import due_first
from consult.text import CANNOT_BE_KEPT
from consult.views.errors import say
from consult.web.database_timeout import STAFF_SECONDS, database_timeout

View = Callable[..., HttpResponseBase]
# How long entering the password again counts.
CONFIRMED_SECONDS = 15 * 60


class StaffRequest(HttpRequest):
    """A request that `staff_only` let through: its user is signed in."""

    user: User


def staff_only(right: Right | None) -> Callable[[View], View]:
    """A page for staff with `right`, or for all staff if it is None.

    Others are asked to sign in, or refused.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapped(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponseBase:
            user = request.user
            if not isinstance(user, User):
                ended = {"ended": "idle"} if getattr(request, "session_ended", False) else {}
                return redirect(
                    f"{reverse('sign-in')}?{urlencode({'next': request.get_full_path(), **ended})}"
                )
            first = due_first(user)
            here = request.resolver_match.view_name if request.resolver_match else ""
            if first and (right is not None or here not in {first, "new-password"}):
                return redirect(first)
            if right is not None and not user.may(right):
                raise PermissionDenied
            # No keyboard produces these, and not every view checks a field before querying with it.
            if any(
                CANNOT_BE_KEPT.search(value)
                for _name, values in request.POST.lists()
                for value in values
            ):
                lines = [
                    _(
                        "What you sent contains a character that we cannot store. Go back and type "
                        "it again without that character."
                    )
                ]
                return say(
                    request,
                    status=400,
                    heading=_("We cannot store one of the characters"),
                    lines=lines,
                )
            with database_timeout(STAFF_SECONDS):
                try:
                    page = view(request, *arguments, **named)
                except SecondPersonNeeded as needed:
                    ask_second_person(needed=needed, actor=user)
                    page = redirect("second-person")
            page["Cache-Control"] = "no-store"
            page["X-Robots-Tag"] = "noindex"
            return page

        return wrapped

    return decorate


def confirm_password_first(request: HttpRequest) -> HttpResponse | None:
    """Return a redirect to the page that asks for the password again, or None if that was recent.

    For anything that must not be possible just because someone left a session open.
    """
    if time.time() - request.session.get("confirmed_at", 0) < CONFIRMED_SECONDS:
        return None
    return redirect(f"{reverse('confirm')}?{urlencode({'next': request.get_full_path()})}")
