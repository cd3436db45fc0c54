"""Asks clamd, the daemon of ClamAV, whether a file has a virus, where CLAMD_URL names one."""

import logging
import socket
import struct
from urllib.parse import urlsplit

from django.conf import settings

log = logging.getLogger(__name__)

SECONDS = 20
PIECE_BYTES = 1 << 16
MOST_REPLY_BYTES = 1000
PORT = 3310


class VirusFound(ValueError):
    """The file has a virus; the message is its name."""


def is_clean(content: bytes) -> bool:
    """Tell whether the scanner found nothing. False where there is no scanner, or it did not say.

    Raises VirusFound.
    """
    if not settings.CLAMD_URL:
        return False
    try:
        said = _ask(content)
    except OSError as trouble:
        log.warning(
            "The virus scanner did not answer: %s", trouble.strerror or type(trouble).__name__
        )
        return False
    if said.endswith("FOUND"):
        raise VirusFound(said.removeprefix("stream:").removesuffix("FOUND").strip())
    if said != "stream: OK":
        log.warning("The virus scanner answered: %s", said)
    return said == "stream: OK"


def _ask(content: bytes) -> str:
    """What clamd says of it. Raises OSError."""
    with _connect() as clamd:
        clamd.sendall(b"zINSTREAM\0")
        for at in range(0, len(content), PIECE_BYTES):
            piece = content[at : at + PIECE_BYTES]
            clamd.sendall(struct.pack(">I", len(piece)) + piece)
        clamd.sendall(struct.pack(">I", 0))
        said = b""
        while not said.endswith(b"\0") and len(said) < MOST_REPLY_BYTES:
            piece = clamd.recv(MOST_REPLY_BYTES)
            if not piece:
                break
            said += piece
    return said.rstrip(b"\0\n").decode(errors="replace")


def _connect() -> socket.socket:
    address = urlsplit(settings.CLAMD_URL)
    if address.scheme == "unix":
        clamd = socket.socket(socket.AF_UNIX)
        clamd.settimeout(SECONDS)
        clamd.connect(address.path)
        return clamd
    return socket.create_connection((address.hostname, address.port or PORT), timeout=SECONDS)
