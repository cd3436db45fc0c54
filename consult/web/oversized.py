"""Reading requests that are too large to the end, so that people see why they were refused."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from http import HTTPStatus
from typing import Any

from django.conf import settings

PIECE_BYTES = 65_536

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def read_oversized_bodies(application: Application) -> Application:
    """Return the same WSGI application, but let an oversized request finish, and discard it.

    Browsers read the response only after sending everything. If the server hangs up earlier they
    show a broken connection, and not our page that says what is wrong. Requests larger than any
    file that staff can send are still cut off.
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
            _then_discard(page, environ["wsgi.input"])
            if too_large and int(length) <= settings.MOST_STAFF_BODY_BYTES
            else page
        )

    return answer


def _then_discard(page: Iterable[bytes], body: Any) -> Iterator[bytes]:
    with closing(page):  # type: ignore[type-var]  # Django's answers can be closed
        yield b"".join(page)
    while body.read(PIECE_BYTES):
        pass
