"""A winmail.dat, in which Outlook wraps a message for Outlook alone, opened into what it holds."""

import json
import subprocess
import sys
from base64 import b64decode
from email.message import Message as Mail
from email.mime.base import MIMEBase
from email.mime.text import MIMEText
from pathlib import Path
from typing import Any

from responses.reviewing.inbound.charsets import as_text

KIND = "application/ms-tnef"
NAME = "winmail.dat"
CODE = Path(__file__).parent.parent.parent.parent
RUN_SECONDS = 20


def is_wrapping(kind: str, name: str) -> bool:
    """Whether a part of a message is such a file."""
    return kind == KIND or name.lower() == NAME


def opened(content: bytes) -> list[Mail]:
    """Return what such a file holds, as parts of a message; none if it cannot be opened."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "responses.reviewing.inbound.tnef_program"],
            input=content,
            capture_output=True,
            cwd=CODE,
            timeout=RUN_SECONDS,
            check=True,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return []
    said = json.loads(done.stdout)
    return [*_words(said), *(_file(name, b64decode(held)) for name, held in said["files"])]


def _words(said: dict[str, Any]) -> list[Mail]:
    """The first form in which the words are. Rich text alone stays in the wrapping."""
    for form in ("plain", "html"):
        if content := b64decode(said[form]).rstrip(b"\0"):
            text = as_text(content, said["codepage"]).text
            return [MIMEText(text.encode("utf-8", "replace").decode(), form, "utf-8")]
    return []


def _file(name: str, content: bytes) -> Mail:
    part = MIMEBase("application", "octet-stream")
    part.set_payload(content)
    part.add_header("Content-Disposition", "attachment", filename=("utf-8", "", name or "file"))
    return part
