"""Downloads that can continue after they were cut off: byte ranges, as in RFC 9110, sections 13.1.5
and 14.
"""

import re
from collections.abc import Iterator

from django.core.files import File
from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.utils.http import content_disposition_header

CHUNK_BYTES = 1 << 16
RANGE = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})")


def resumable(
    request: HttpRequest, file: File, *, size: int, sha256: str, saved_as: str
) -> HttpResponseBase:
    """Return the file, or the one piece of it that was asked for.

    Its ETag is its SHA-256, so that pieces of two different files are never joined. A request for
    anything but one range gets the whole file, as the RFC allows.
    """
    etag = f'"{sha256}"'
    piece = _piece(request, size, etag)
    answer: HttpResponseBase
    if piece is None:
        answer = FileResponse(file, as_attachment=True, filename=saved_as)
    elif piece.start >= piece.stop:
        file.close()
        answer = HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    else:
        answer = StreamingHttpResponse(
            _read(file, piece), status=206, content_type="application/octet-stream"
        )
        answer["Content-Range"] = f"bytes {piece.start}-{piece.stop - 1}/{size}"
        answer["Content-Length"] = str(len(piece))
        answer["Content-Disposition"] = (
            content_disposition_header(as_attachment=True, filename=saved_as) or ""
        )
    answer["Accept-Ranges"], answer["ETag"], answer["X-Content-Type-Options"] = (
        "bytes",
        etag,
        "nosniff",
    )
    return answer


def goes_on(request: HttpRequest) -> bool:
    """Tell whether the client says that it has the start of a file and asks for the rest."""
    asked = RANGE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    return asked is not None and asked[1].strip("0") != ""


def _piece(request: HttpRequest, size: int, etag: str) -> range | None:
    """Return the bytes that are asked for: an empty range if there are none, None for the whole
    file.
    """
    asked = RANGE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    # A client with a piece of a different file gets all of this one.
    if request.method != "GET" or not asked or request.headers.get("If-Range", etag) != etag:
        return None
    first, last = asked.groups()
    if not first:
        return range(max(size - int(last), 0), size) if last else None
    if last and int(last) < int(first):
        return None
    return range(int(first), min(int(last) + 1, size) if last else size)


def _read(file: File, piece: range) -> Iterator[bytes]:
    with file:
        file.seek(piece.start)
        left = len(piece)
        while left and (chunk := file.read(min(CHUNK_BYTES, left))):
            left -= len(chunk)
            yield chunk
