"""Receives all that a browser sends before any work begins, so that slow senders delay only
themselves.
"""

import asyncio
import io
import tempfile
from collections.abc import Awaitable, Callable
from typing import IO, Any

from django.conf import settings

# A phone on a bad line sends 2 KB a second. Anyone slower, or silent, is given up, whatever length
# was declared: it is what arrives that buys time.
LEAST_BYTES_A_SECOND = 2_000
LEAST_SECONDS = 10.0
# How many can be sending to one process at once. Only an attacker who holds connections open gets
# here.
MOST_SENDING = 200
# On the page where respondents attach a file.
MOST_FILE_BODY_BYTES = 10_500_000

Receive = Callable[[], Awaitable[dict[str, Any]]]


class TooSlow(Exception):
    """The body did not arrive in time."""


class Gone(Exception):
    """The sender closed the connection."""


async def receive_body(receive: Receive, *, path: str) -> IO[bytes]:
    """Return the whole body, from its beginning. Raises TooSlow or Gone.

    A body larger than its address allows is read and discarded, up to the size of staff's files:
    browsers only look for a reply once they have sent everything, and a server that hangs up
    meanwhile makes them show a broken connection instead of our page that explains it.
    """
    most = settings.MOST_STAFF_BODY_BYTES
    kept = most if path.startswith(("/staff/", "/admin/")) else most_from_the_public(path)
    # Closed, and so deleted, once nothing refers to it.
    body = tempfile.SpooledTemporaryFile(max_size=settings.MOST_BODY_BYTES)  # noqa: SIM115
    until = asyncio.get_running_loop().time() + LEAST_SECONDS
    try:
        async with asyncio.timeout_at(until) as patience:
            size, more = 0, True
            while more and size <= most:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Gone
                piece, more = message.get("body", b""), message.get("more_body", False)
                size += len(piece)
                if size <= kept:
                    body.write(piece)
                    patience.reschedule(until + size / LEAST_BYTES_A_SECOND)
    except TimeoutError as reason:
        raise TooSlow from reason
    body.seek(0)
    return body


def most_from_the_public(path: str) -> int:
    """How many bytes anyone may send to an address: one page takes a file."""
    return MOST_FILE_BODY_BYTES if path.endswith("/respond/files/") else settings.MOST_BODY_BYTES


def size_of(body: IO[bytes]) -> int:
    """Return how many bytes were received."""
    end = body.seek(0, io.SEEK_END)
    body.seek(0)
    return end
