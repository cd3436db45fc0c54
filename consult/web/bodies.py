"""Receives all of what a browser sends before any work begins, so that slow senders hold up nobody
but themselves.
"""

import asyncio
import io
import tempfile
from collections.abc import Awaitable, Callable
from typing import IO, Any

from django.conf import settings

# A phone on a bad line sends 2 KB a second. Anyone slower, or silent, is given up.
LEAST_BYTES_A_SECOND = 2_000
LEAST_SECONDS = 10.0
# How many may be sending to one process at once. Nobody takes this long over a form: only someone
# who opens connections to keep them open gets here.
MOST_SENDING = 200

Receive = Callable[[], Awaitable[dict[str, Any]]]


class TooSlow(Exception):
    """The body did not arrive in time."""


class Gone(Exception):
    """The sender has left."""


async def receive_body(receive: Receive, *, path: str, length: int | None) -> IO[bytes]:
    """The whole body, from its beginning. Raises TooSlow or Gone.

    A body that is larger than its address allows is read and thrown away, up to the size of staff's
    files: browsers look for an answer only when they have sent everything, and a server that hangs
    up meanwhile gives them a broken connection to show instead of our page that says what is wrong.
    """
    most = settings.MOST_STAFF_BODY_BYTES
    kept = most if path.startswith(("/staff/", "/admin/")) else settings.MOST_BODY_BYTES
    expected = min(most if length is None else length, most)
    # Closed, and so removed, when nothing refers to it any more.
    body = tempfile.SpooledTemporaryFile(max_size=settings.MOST_BODY_BYTES)  # noqa: SIM115
    try:
        async with asyncio.timeout(LEAST_SECONDS + expected / LEAST_BYTES_A_SECOND):
            size, more = 0, True
            while more and size <= most:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Gone
                piece, more = message.get("body", b""), message.get("more_body", False)
                size += len(piece)
                if size <= kept:
                    body.write(piece)
    except TimeoutError as reason:
        raise TooSlow from reason
    body.seek(0)
    return body


def size_of(body: IO[bytes]) -> int:
    """Return how many bytes were received."""
    end = body.seek(0, io.SEEK_END)
    body.seek(0)
    return end
