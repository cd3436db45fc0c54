"""How long staff stay signed in."""

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpRequest, HttpResponse

# At most how often a session is saved just to record that it is in use.
NOTE_SECONDS = 60
# In the address of a page that reloads itself: nobody clicked, and nobody may be there.
BY_ITSELF = ("watch", "yes")


def end_idle_sessions(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Sign staff out when they have done nothing for a while, and in any case after a working day.

    Requests without a session cost nothing.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and SESSION_KEY in request.session:
            now = int(time.time())
            began_at = request.session.setdefault("began_at", now)
            seen_at = request.session.setdefault("seen_at", now)
            if (
                now - seen_at >= settings.SESSION_IDLE_SECONDS
                or now - began_at >= settings.SESSION_COOKIE_AGE
            ):
                logout(request)
                # For the page that asks them to sign in again.
                request.session_ended = True  # type: ignore[attr-defined]
            elif now - seen_at >= NOTE_SECONDS and request.GET.get(BY_ITSELF[0]) != BY_ITSELF[1]:
                request.session["seen_at"] = now
        return get_response(request)

    return answer
