"""Headers of an email as text: encoded words, raw bytes and names of files, right or wrong.

Pure. Read leniently: a header that breaks every rule is still what someone wrote.
"""

import re
from collections.abc import Callable
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message as Mail
from email.utils import getaddresses
from typing import TypeVar

from consult.text import CANNOT_BE_KEPT, with_symbols
from responses.reviewing.inbound.charsets import as_text

T = TypeVar("T")
ENCODED_WORD = re.compile(r"=\?[^?\s]+\?[bqBQ]\?[^?]*\?=")
EMAIL = re.compile(r"[^\s<>\"',;:()\[\]]+@[^\s<>\"',;:()\[\]]+")
RAW_BYTES = re.compile("[\udc80-\udcff]")


def kept(text: str) -> str:
    """Return `text` as a database can store it and a page can show it."""
    return CANNOT_BE_KEPT.sub("\ufffd", with_symbols(text.replace("\0", "\u2400")))


def header(mail: Mail, name: str) -> str:
    """Return a header on one line, or "" if there is none."""
    return in_words(raw_header(mail, name))


def raw_header(mail: Mail, name: str) -> str:
    """Return the first header of that name as it was sent."""
    return next((str(value) for key, value in mail.raw_items() if key.lower() == name.lower()), "")


def in_words(raw: str) -> str:
    """Return a header's value with its encoded words decoded."""
    raw = from_bytes(raw)
    if not ENCODED_WORD.search(raw):
        return kept(" ".join(raw.split()))
    try:
        pieces = decode_header(raw)
    except (HeaderParseError, ValueError):
        return kept(" ".join(raw.split()))
    words = "".join(
        as_text(piece, charset or "").text if isinstance(piece, bytes) else piece
        for piece, charset in pieces
    )
    return kept(" ".join(words.split()))


def sender_of(mail: Mail) -> tuple[str, str]:
    """Return the name and the address of the sender; "" for what is missing."""
    raw = from_bytes(raw_header(mail, "From") or raw_header(mail, "Sender"))
    name, address = next(iter(getaddresses([raw])), ("", ""))
    if "@" not in address or " " in address:
        # Not written by the rules: what looks like an address is the address, and the rest is the
        # name.
        found = EMAIL.search(raw)
        address = found.group() if found else ""
        name = raw.replace(address, "") if address else raw
        name = name.strip(" <>\"'")
    return in_words(name.strip(" '")), kept(address)


def name_of_file(part: Mail) -> str:
    """Return the name of a part's file, or "" if it has none."""
    return in_words(str(tolerant(part.get_filename) or "")).replace("/", "_")


def charset_of(part: Mail) -> str:
    """Return the character set that a part names, however it does so."""
    return str(tolerant(part.get_content_charset) or "")


def tolerant(read: Callable[[], T]) -> T | None:
    """Return what the library makes of a header, or None if it fails."""
    try:
        return read()
    except (AttributeError, LookupError, TypeError, ValueError):
        return None


def from_bytes(raw: str) -> str:
    """Return bytes that were sent raw as text."""
    if not RAW_BYTES.search(raw):
        return raw
    return as_text(raw.encode("utf-8", "surrogateescape")).text
