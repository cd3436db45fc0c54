"""The parts of an email, and what each contains.

Pure. A leaf is a part without parts of its own; a message within the email is one leaf.
"""

import hashlib
import re
import time
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.header import Header
from email.message import Message as Mail

from consult.text import one_line_break
from responses.reviewing.inbound import outlook, tnef
from responses.reviewing.inbound.charsets import Decoded, as_text
from responses.reviewing.inbound.flowed import unflowed
from responses.reviewing.inbound.headers import (
    RAW_BYTES,
    charset_of,
    from_bytes,
    header,
    kept,
    name_of_file,
    sender_of,
    tolerant,
)
from responses.reviewing.inbound.html_text import text_of_html

META_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
QUOTED_FROM = re.compile(r"^>+From ", re.MULTILINE)
BASE64_LINES = re.compile(r"(?:[A-Za-z0-9+/=]*[ \t]*(?:\r?\n|\r|\Z))*")
FORWARDED = "message/rfc822"


@dataclass(frozen=True)
class Content:
    """A part as a file: its name, or "" if it has none, and the type that it claims to be."""

    name: str
    kind: str
    content: bytes

    @property
    def forwarded(self) -> bool:
        """Whether it is a message of its own."""
        return self.kind == FORWARDED


def mail_of(raw: bytes) -> Mail:
    """Return the email that a file's bytes are. Raises outlook.NotReadable."""
    if raw.startswith(outlook.BEGINNING):
        return outlook.as_mail(raw)
    try:
        mail = message_from_bytes(raw)
        for part in mail.walk():
            _read_raw_headers(part)
    except RecursionError:
        # Parts within parts, hundreds deep: the whole is read as one text.
        head, _, body = raw.partition(b"\n\n")
        mail = message_from_bytes(re.sub(rb"(?im)^content-type:", b"X-Content-Type:", head))
        mail.set_payload(body)
    return mail


def _read_raw_headers(part: Mail) -> None:
    """Turn bytes that were sent raw in a header into text that the library can read."""
    said = [(name, str(value)) for name, value in part.raw_items()]
    if not any(RAW_BYTES.search(value) for _name, value in said):
        return
    for name, _value in said:
        del part[name]
    for name, value in said:
        part.set_raw(name, from_bytes(value))


def unwrap(mail: Mail) -> set[int]:
    """Put what Outlook wrapped in a winmail.dat beside the wrapping itself. Returns the ids of the
    wrappings that could be opened.
    """
    done = set()
    wrapped = [
        part
        for part in leaves(mail)
        if tnef.is_wrapping(part.get_content_type(), name_of_file(part))
    ]
    ends_at = time.monotonic() + tnef.RUN_SECONDS
    for part in wrapped:
        # However many there are, one message never takes longer than one may.
        if time.monotonic() < ends_at:
            held = tnef.opened(content_of(part))
            if held:
                done.add(id(_put_beside(part, held)))
    return done


def _put_beside(part: Mail, held: list[Mail]) -> Mail:
    """Make a part into several: itself, which is returned, and what it holds."""
    itself = Mail()
    for name, value in part.raw_items():
        if name.lower().startswith("content-"):
            itself.set_raw(name, str(value))
    itself["Content-Disposition"] = itself.get("Content-Disposition") or "attachment"
    itself.set_payload(part.get_payload())
    for name in ("Content-Type", "Content-Transfer-Encoding", "Content-Disposition"):
        del part[name]
    part["Content-Type"] = "multipart/mixed"
    part.set_payload([itself, *held])
    return itself


def leaves(mail: Mail) -> Iterator[Mail]:
    """Yield each part without parts of its own, in order; a message within the email is one."""
    waiting = [mail]
    while waiting:
        part = waiting.pop()
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            waiting.extend(reversed(children_of(part)))
        else:
            yield part


def children_of(part: Mail) -> list[Mail]:
    payload = part.get_payload()
    return [one for one in payload if isinstance(one, Mail)] if isinstance(payload, list) else []


def content_of(part: Mail) -> bytes:
    """Return what a leaf contains, as a file; for a message within the email, the message."""
    if part.is_multipart():
        inner = children_of(part)
        whole = b"\n".join(one.as_bytes() for one in inner)
        if "base64" in header(part, "Content-Transfer-Encoding").lower():
            try:
                return b64decode(whole)
            except NotBase64:
                return whole
        return whole
    encoding = header(part, "Content-Transfer-Encoding").lower()
    if "base64" in encoding and isinstance(raw := part.get_payload(), str):
        return _from_base64(raw)
    content = tolerant(lambda: part.get_payload(decode=True))
    if isinstance(content, bytes):
        return content
    return str(part.get_payload()).encode("utf-8", "surrogateescape")


def _from_base64(raw: str) -> bytes:
    """Decode what is encoded, and keep what was not, such as a mailing list's footer."""
    found = BASE64_LINES.match(raw)
    encoded = found.group() if found else ""
    rest = raw[len(encoded) :].encode("utf-8", "surrogateescape")
    packed = "".join(encoded.split()).rstrip("=")
    try:
        return b64decode(packed + "=" * (-len(packed) % 4)) + rest
    except NotBase64:
        return raw.encode("utf-8", "surrogateescape")


def text_of(part: Mail) -> Decoded:
    """Return the text of a leaf as a person reads it."""
    content = content_of(part)
    declared = charset_of(part)
    markup = part.get_content_type() == "text/html"
    if markup and not declared and (said := META_CHARSET.search(content[:4096])):
        declared = said.group(1).decode()
    read = as_text(content, declared)
    text = one_line_break(read.text)
    if markup:
        text = text_of_html(text)
    elif str(tolerant(lambda: part.get_param("format")) or "").lower() == "flowed":
        del_sp = str(tolerant(lambda: part.get_param("delsp")) or "").lower() == "yes"
        text = unflowed(text, del_sp=del_sp)
    return Decoded(text, read.replaced, read.guessed)


def part_of(raw: bytes, number: int) -> Content | None:
    """Return the leaf of that number in a message, or None."""
    try:
        mail = mail_of(raw)
        unwrap(mail)
    except outlook.NotReadable:
        return None
    return next(
        (
            Content(name_of_file(part), kept(part.get_content_type()), content_of(part))
            for at, part in enumerate(leaves(mail))
            if at == number
        ),
        None,
    )


def without_forwarded(raw: bytes, identity: str) -> bytes:
    """Return a message without those of that identity which were forwarded within it."""
    mail = mail_of(raw)
    unwrap(mail)
    for part in list(leaves(mail)):
        if part.get_content_type() == FORWARDED and _identity_in(part) == identity:
            for name in ("Content-Type", "Content-Transfer-Encoding", "Content-Disposition"):
                del part[name]
            part["Content-Type"] = "text/plain"
            part.set_payload("Erased.\n")
    for part in mail.walk():
        for name, value in part.raw_items():
            if not str(value).isascii():
                part.replace_header(name, Header(str(value), "utf-8").encode())
    return mail.as_bytes()


def _identity_in(part: Mail) -> str:
    try:
        return identity_of(mail_of(content_of(part)))
    except outlook.NotReadable:
        return ""


def identity_of(mail: Mail) -> str:
    """Return a value that stays the same for a letter, whatever a mail program did since: read,
    flagged, moved, or saved again in another encoding or with other line endings.
    """
    said = [" ".join(header(mail, name).split()) for name in ("Message-ID", "Date", "Subject")]
    said += sender_of(mail)
    if not said[0]:
        # It has no Message-ID: when and which way it came tells it from another with the same
        # words.
        received = (str(value) for name, value in mail.raw_items() if name.lower() == "received")
        # Programs fold long headers differently.
        said += sorted(" ".join(value.split()) for value in received)
    for part in leaves(mail):
        kind = part.get_content_type()
        if kind in {"text/plain", "text/html"}:
            text = QUOTED_FROM.sub("From ", text_of(part).text)
            lines = [line.rstrip() for line in text.strip().split("\n")]
            content = "\n".join(lines).encode("utf-8", "replace")
        else:
            content = content_of(part)
            if part.get_content_maintype() in {"text", "message"}:
                content = content.replace(b"\r\n", b"\n").strip()
        said += [kind, name_of_file(part), hashlib.sha256(content).hexdigest()]
    return hashlib.sha256("\0".join(said).encode("utf-8", "replace")).hexdigest()
