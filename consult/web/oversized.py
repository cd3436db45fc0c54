"""Whoever sends too much is heard out, so that they read why it was refused."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from http import HTTPStatus
from typing import Any

from django.conf import settings

PIECE_BYTES = 65_536

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def hear_out(application: Application) -> Application:
    """The same WSGI application, which lets whoever sends too much finish, and throws it away.

    Browsers look for an answer only when they have sent everything. A server that hangs up
    meanwhile gives them a broken connection to show, and not our page that says what is wrong. What
    is larger than any file of staff is cut off.
    """

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        status = ""

        def start(given: str, *rest: Any) -> Any:
            nonlocal status
            status = given
            return start_response(given, *rest)

        page = application(environ, start)
        length = environ.get("CONTENT_LENGTH") or "0"
        too_large = status.startswith(str(HTTPStatus.REQUEST_ENTITY_TOO_LARGE.value))
        return (
            _then_throw_away(page, environ["wsgi.input"])
            if too_large and int(length) <= settings.MOST_STAFF_BODY_BYTES
            else page
        )

    return answer


def _then_throw_away(page: Iterable[bytes], body: Any) -> Iterator[bytes]:
    with closing(page):  # type: ignore[type-var]  # Django's answers can be closed
        yield b"".join(page)
    while body.read(PIECE_BYTES):
        pass
