"""Between an ASGI server and a WSGI application: two rooms, each with a limit.

People whose request is still arriving wait in an event loop, where waiting costs almost nothing.
Complete requests are answered by a few threads, as many as there are database connections for.
"""

import io
import sys
from collections.abc import Awaitable, Callable, Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote_to_bytes

from django.conf import settings

from consult.web.bodies import MOST_SENDING, Gone, Receive, TooSlow, receive_body, size_of
from consult.web.connections import STREAMS
from consult.web.work import Threads

Send = Callable[[dict[str, Any]], Awaitable[None]]
Headers = list[tuple[str, str]]

TOO_SLOW = (
    "Your browser did not finish sending this page, so nothing on it was saved.\n"
    "Go back: what you typed should still be there. Then send it again.\n"
)
BUSY = (
    "Too many people are sending right now, so nothing on this page was saved.\n"
    "Go back: what you typed should still be there. Wait a minute, then send it again.\n"
)


class Gateway:
    """An ASGI application that answers with a WSGI one, called in `threads` threads."""

    def __init__(self, answer: Callable[..., Any], *, threads: int) -> None:
        self.answer = answer
        self.threads = Threads(threads)
        # Streamed pages are read here, so that a slow receiver keeps nobody else waiting.
        self.streams = Threads(STREAMS)
        self.sending: set[object] = set()

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request.

        A body that does not arrive in time is answered with 408 and, if too many are sending at
        once, with 503: in plain text, since there is nothing yet to put on a page.
        """
        environ = environ_of(scope)
        declared, chunked = environ.get("CONTENT_LENGTH", ""), "HTTP_TRANSFER_ENCODING" in environ
        length = int(declared) if declared.isascii() and declared.isdigit() else None
        # Anything larger than staff's largest file is refused by its length alone.
        if chunked or 0 < (length or 0) <= settings.MOST_STAFF_BODY_BYTES:
            if len(self.sending) >= MOST_SENDING:
                return await say(send, HTTPStatus.SERVICE_UNAVAILABLE, BUSY)
            place = object()
            self.sending.add(place)
            try:
                body = await receive_body(receive, path=scope["path"])
            except TooSlow:
                return await say(send, HTTPStatus.REQUEST_TIMEOUT, TOO_SLOW)
            except Gone:
                return None
            finally:
                self.sending.remove(place)
            environ["wsgi.input"] = body
            if chunked:
                # Django reads as much as the length says, and nothing if there is none.
                environ["CONTENT_LENGTH"] = str(size_of(body))
        return await self.send_page(send, environ)

    async def send_page(self, send: Send, environ: dict[str, Any]) -> None:
        """Call the WSGI application in a working thread, and send what it returns."""
        began: dict[str, Any] = {}

        def start_response(status: str, headers: Headers, problem: object = None) -> Any:
            began.update(status=int(status.split(" ", 1)[0]), headers=headers)

        def work() -> tuple[Iterable[bytes], bytes | None]:
            page = self.answer(environ, start_response)
            if getattr(page, "streaming", True):
                return page, None
            return page, b"".join(page)

        page, whole = await self.threads.call(work)
        headers = [
            (name.encode("latin-1"), value.encode("latin-1")) for name, value in began["headers"]
        ]
        await send({"type": "http.response.start", "status": began["status"], "headers": headers})
        try:
            if whole is None:
                pieces = iter(page)
                while (piece := await self.streams.call(lambda: next(pieces, None))) is not None:
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                whole = b""
            await send({"type": "http.response.body", "body": whole, "more_body": False})
        finally:
            await self.streams.call(page.close)


def environ_of(scope: dict[str, Any]) -> dict[str, Any]:
    """Return a request as WSGI (PEP 3333) has it."""
    server, client = scope.get("server") or ("localhost", 80), scope.get("client") or ("", 0)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": path_of(scope),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1] or 80),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": client[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for raw, value in scope["headers"]:
        name = raw.decode("latin-1").upper()
        # An underscore would let a stranger set a header that only our own proxy sets.
        if "_" in name:
            continue
        name = name.replace("-", "_")
        if name not in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
            name = f"HTTP_{name}"
        said = value.decode("latin-1")
        between = "; " if name == "HTTP_COOKIE" else ","
        environ[name] = f"{environ[name]}{between}{said}" if name in environ else said
    return environ


def path_of(scope: dict[str, Any]) -> str:
    raw = scope.get("raw_path")
    whole = unquote_to_bytes(raw.split(b"?")[0]) if raw else scope["path"].encode()
    return whole.decode("latin-1")


async def say(send: Send, status: HTTPStatus, words: str) -> None:
    body = words.encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"retry-after", b"60"),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
