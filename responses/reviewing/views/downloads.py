"""Files that came from outside, given to staff: always as a download that no browser runs."""

from typing import Any, BinaryIO

from django.core.files import File
from django.http import FileResponse


def as_download(file: "BinaryIO | File[Any]", *, name: str, kind: str) -> FileResponse:
    """Return the file as `name`, for a browser to save and never to show."""
    answer = FileResponse(file, as_attachment=True, filename=name, content_type=kind)
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer
