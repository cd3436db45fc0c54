"""The messages in a file that a mail program wrote: mbox, .eml, .emlx, .msg, or a zip of them.

Pure. Its content says what a file is, never its name.
"""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from responses.reviewing.inbound import outlook

# The line that begins a message in an mbox file: with the moment as asctime writes it, or bare.
# One that someone wrote ("From next year the plan ...") has neither, and stays theirs.
SEPARATOR = re.compile(
    rb"From (?:|-|\S.*? )?"
    rb"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +(?:[A-Z][a-z]{2} +\d{1,2}|\d{1,2} +[A-Z][a-z]{2}),? +"
    rb"(?:\d{4} +)?\d{1,2}:\d\d(?::\d\d)?(?: +[-+A-Z0-9]+)*(?: +\d{4})?"
    rb"(?: +remote from \S+)?)?[ \t]*\r?\n?"
)
HEADER = re.compile(rb"[!-9;-~]+[ \t]*:|>From ")
# A file that begins like this, and has none of these, is not an email.
OF_A_MAIL = re.compile(
    rb"(?:From|To|Cc|Subject|Date|Received|Return-Path|Message-ID|MIME-Version|Content-Type"
    rb"|Delivered-To|Sender|Reply-To|X-[!-9;-~]+)[ \t]*:",
    re.IGNORECASE,
)
# In an mbox file a line that begins so is written with one more ">", or it would begin the next
# message. https://www.loc.gov/preservation/digital/formats/fdd/fdd000385.shtml
QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)
BYTE_COUNT = re.compile(rb"\s*(\d+)[ \t]*\r?\n")
MARK = b"\xef\xbb\xbf"
WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")
ZIP = b"PK\x03\x04"
LITTER = ("__MACOSX/", ".DS_Store", "Thumbs.db")
# A zip may claim to be small and be larger than any disk.
ZIP_MAX_BYTES = 2_000_000_000
BEGINNING = 4096


@dataclass(frozen=True)
class Found:
    """A message in a file; or None, with the name, for a file that contains none."""

    raw: bytes | None
    name: str


def messages_in(path: Path, *, name: str = "") -> Iterator[Found]:
    """Yield each message in the file, as bytes, and each file in a zip that contains none.

    Raises OSError if the file cannot be read.
    """
    with path.open("rb") as file:
        yield from _messages(file, name or path.name)


def _messages(file: IO[bytes], name: str, *, inside: bool = False) -> Iterator[Found]:
    beginning = file.read(BEGINNING)
    file.seek(0)
    if beginning.startswith(ZIP) and not inside:
        yield from _in_a_zip(file, name)
    elif beginning.startswith(outlook.BEGINNING):
        yield Found(file.read(), name)
    elif _begins_an_mbox(beginning.removeprefix(MARK)):
        found = False
        for raw in _split(file):
            found = True
            yield Found(raw, name)
        if not found:
            yield Found(None, name)
    else:
        yield Found(_one(file.read()), name)


def _in_a_zip(file: IO[bytes], name: str) -> Iterator[Found]:
    try:
        archive = zipfile.ZipFile(file)
        members = [one for one in archive.infolist() if not one.is_dir()]
    except (zipfile.BadZipFile, OSError, ValueError):
        yield Found(None, name)
        return
    left = ZIP_MAX_BYTES
    for member in members:
        if any(part in member.filename for part in LITTER):
            continue
        left -= member.file_size
        if left < 0:
            yield Found(None, member.filename)
            continue
        try:
            with archive.open(member) as content:
                yield from _messages(content, member.filename, inside=True)
        except (zipfile.BadZipFile, NotImplementedError, OSError, RuntimeError, ValueError):
            # Truncated, locked with a password, or compressed in a way that cannot be opened here.
            yield Found(None, member.filename)


def _begins_an_mbox(beginning: bytes) -> bool:
    lines = beginning.lstrip(b"\r\n").splitlines(keepends=True)
    return len(lines) > 1 and _separates(lines[0], lines[1])


def _separates(line: bytes, after: bytes) -> bool:
    return (
        line.startswith(b"From ")
        and SEPARATOR.fullmatch(line) is not None
        and HEADER.match(after) is not None
    )


def _split(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the messages of an mbox file, one at a time."""
    lines: list[bytes] = []
    held: bytes | None = None
    first = True
    for line in file:
        if first:
            line, first = line.removeprefix(MARK), False
        if held is not None:
            if _separates(held, line):
                if any(one.strip() for one in lines):
                    yield _unquoted(lines)
                lines = []
            else:
                lines.append(held)
            held = None
        if line.startswith(b"From "):
            held = line
        else:
            lines.append(line)
    if held is not None:
        lines.append(held)
    if any(one.strip() for one in lines):
        yield _unquoted(lines)


def _unquoted(lines: list[bytes]) -> bytes:
    """Return a message without the empty line that ends it in its file."""
    raw = b"".join(lines)
    for ending in (b"\r\n", b"\n"):
        if raw.endswith(ending * 2):
            raw = raw.removesuffix(ending)
            break
    return QUOTED_FROM.sub(rb"\1", raw)


def _one(raw: bytes) -> bytes | None:
    """Return the message in a file that contains one, or None if it is not an email."""
    if raw.startswith(WIDE_MARKS):
        raw = raw.decode("utf-16", errors="replace").encode()
    raw = raw.removeprefix(MARK).lstrip(b"\r\n")
    counted = BYTE_COUNT.match(raw)
    if counted:
        # Apple's .emlx: the number of bytes, the message, and what the program noted about it.
        raw = raw[counted.end() :][: int(counted.group(1))]
    head = re.split(rb"\r?\n\r?\n|\r\r", raw, maxsplit=1)[0]
    if HEADER.match(raw) and any(OF_A_MAIL.match(line) for line in re.split(rb"\r\n|\n|\r", head)):
        return raw
    return None
