"""An email as a person reads it: its words, and every part that is not among them.

Pure. Each leaf of an email is either shown as text or listed as a part that can be downloaded.
"""

import hashlib
from dataclasses import dataclass, field
from email.message import Message as Mail

from responses.reviewing.inbound import outlook, tnef
from responses.reviewing.inbound.charsets import as_text
from responses.reviewing.inbound.headers import (
    header,
    kept,
    name_of_file,
    raw_header,
    sender_of,
    tolerant,
)
from responses.reviewing.inbound.parts import (
    FORWARDED,
    children_of,
    content_of,
    identity_of,
    leaves,
    mail_of,
    text_of,
    unwrap,
)

# More than anyone reads on one page; the page says so, and the file has everything.
SHOWN_CHARS = 500_000
# The HTML version is chosen over the plain one if it has this much more to read.
MORE, AT_LEAST = 1.2, 40


@dataclass(frozen=True)
class Part:
    """A leaf of an email that is not among its words.

    `forwarded`: it is a message, with its sender and subject. `other_form`: it says in another form
    what the words say.
    """

    number: int
    name: str
    kind: str
    bytes: int
    forwarded: bool = False
    sender: str = ""
    subject: str = ""
    other_form: bool = False
    wrapped: bool = False


@dataclass(frozen=True)
class Letter:
    """A message as a person reads it.

    Everything in it comes from outside and has to be shown as text. `replaced` characters could not
    be read; `guessed` names character sets that had to be guessed; `left_out` characters at the end
    are only in the file; `unreadable` is a file that nothing here can read.
    """

    identity: str
    sender: str = ""
    sender_name: str = ""
    sender_email: str = ""
    subject: str = ""
    sent: str = ""
    message_id: str = ""
    received: str = ""
    words: str = ""
    parts: list[Part] = field(default_factory=list)
    replaced: int = 0
    guessed: tuple[str, ...] = ()
    left_out: int = 0
    unreadable: bool = False


def letter_in(raw: bytes) -> Letter:
    """Return what a message says."""
    try:
        mail = mail_of(raw)
        # Before it is unwrapped: whether that succeeds must not make it another letter.
        identity = identity_of(mail)
        opened = unwrap(mail)
    except outlook.NotReadable:
        return unreadable_letter(raw)
    shown = {id(part): text_of(part) for part in _shown(mail)}
    words = "\n\n".join(text for read in shown.values() if (text := kept(read.text).strip("\n")))
    if not words.strip():
        words = kept(_beside_the_parts(mail))
    name, address = sender_of(mail)
    return Letter(
        sender=f"{name} <{address}>" if name and address else name or address,
        sender_name=name,
        sender_email=address,
        subject=header(mail, "Subject"),
        sent=header(mail, "Date"),
        message_id=header(mail, "Message-ID"),
        received=raw_header(mail, "Received").rpartition(";")[2],
        identity=identity,
        words=words[:SHOWN_CHARS],
        parts=[
            _listed(number, part, bool(words.strip()), opened=id(part) in opened)
            for number, part in enumerate(leaves(mail))
            if id(part) not in shown
        ],
        replaced=sum(read.replaced for read in shown.values()),
        guessed=tuple(sorted({read.guessed for read in shown.values() if read.guessed})),
        left_out=max(len(words) - SHOWN_CHARS, 0),
    )


def unreadable_letter(raw: bytes) -> Letter:
    """Return what stands for a message that nothing here can read."""
    return Letter(identity=hashlib.sha256(raw).hexdigest(), unreadable=True)


def _shown(part: Mail) -> list[Mail]:
    """Return the leaves whose text is the email's words."""
    if part.is_multipart() and part.get_content_maintype() == "multipart":
        ways = [_shown(child) for child in children_of(part)]
        if part.get_content_subtype() == "alternative":
            return _best(ways)
        return [leaf for way in ways for leaf in way]
    if part.get_content_maintype() == "multipart":
        return [part]
    if tolerant(part.get_content_disposition) == "attachment":
        return []
    return [part] if part.get_content_type() in {"text/plain", "text/html"} else []


def _best(ways: list[list[Mail]]) -> list[Mail]:
    """Return, of several versions of the same, the plain one, unless another clearly has more
    words.
    """
    best: list[Mail] = []
    most = 0
    for way in ways:
        letters = sum(letter.isalnum() for leaf in way for letter in text_of(leaf).text)
        if not best or letters > (max(most * MORE, most + AT_LEAST) if most else 0):
            best, most = way or best, letters
    return best


def _beside_the_parts(mail: Mail) -> str:
    """Return what is before and after the parts, where a broken email has its words."""
    return "\n".join(
        as_text(text.encode("utf-8", "surrogateescape")).text.strip()
        for text in (mail.preamble, mail.epilogue)
        if isinstance(text, str) and text.strip()
    )


def _listed(number: int, part: Mail, has_words: bool, *, opened: bool) -> Part:
    kind, name = kept(part.get_content_type()), name_of_file(part)
    forwarded = kind == FORWARDED
    inner = letter_in(content_of(part)) if forwarded else None
    return Part(
        number=number,
        name=name,
        kind=kind,
        bytes=len(content_of(part)),
        forwarded=forwarded,
        sender=inner.sender if inner else "",
        subject=inner.subject if inner else "",
        other_form=has_words and not name and kind in {"text/html", "text/plain"},
        wrapped=tnef.is_wrapping(kind, name) and not opened,
    )
