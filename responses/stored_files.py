"""Files that come from outside: typed by their content, scanned, and kept where no website is.

A letter's original and what a respondent attaches are kept by the same rule.
"""

import hashlib
import re
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from uuid import uuid4
from zipfile import BadZipFile, ZipFile

from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import Q, QuerySet

from consult.text import storable, with_symbols
from consult.virus_scan import is_clean
from responses.models import Attachment, Response, Scan

FOLDER = "attachments"
NAME_CHARACTERS = 200
# The kinds of file that are known, recognised by how they begin and never by name.
BEGINNINGS = {
    b"%PDF-": ("application/pdf", "pdf"),
    b"\x89PNG\r\n\x1a\n": ("image/png", "png"),
    b"\xff\xd8\xff": ("image/jpeg", "jpg"),
    b"II*\x00": ("image/tiff", "tif"),
    b"MM\x00*": ("image/tiff", "tif"),
    b"GIF8": ("image/gif", "gif"),
    b"{\\rtf": ("application/rtf", "rtf"),
    b"\xd0\xcf\x11\xe0": ("application/x-ole-storage", ""),
    b"ID3": ("audio/mpeg", "mp3"),
    b"OggS": ("audio/ogg", "ogg"),
}
OPEN_XML = "application/vnd.openxmlformats-officedocument."
WORD = f"{OPEN_XML}wordprocessingml.document"
OPEN_TEXT = "application/vnd.oasis.opendocument.text"
OFFICE = {
    b"word/": (WORD, "docx"),
    b"xl/": (f"{OPEN_XML}spreadsheetml.sheet", "xlsx"),
    b"ppt/": (f"{OPEN_XML}presentationml.presentation", "pptx"),
    OPEN_TEXT.encode(): (OPEN_TEXT, "odt"),
}
HEIC = (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftyphevc")
ANYTHING, PLAIN = "application/octet-stream", "text/plain"
OLD_WORD = "application/msword"
# How a Word document of before 2007 names its main stream.
OLD_WORD_STREAM = "WordDocument".encode("utf-16-le")
# What may stand as the ending of a name that someone else gave.
ENDING = re.compile(r"[a-z0-9]{1,8}")
# What a plan can let respondents attach, by its name there.
TYPES = {
    "pdf": ["application/pdf"],
    "word": [WORD, OLD_WORD, "application/rtf"],
    "opendocument": [OPEN_TEXT],
    "image": ["image/jpeg", "image/png", "image/heic", "image/gif", "image/tiff"],
    "text": [PLAIN],
}
# The file in a zip without which it is no document of that kind.
MUST_HAVE = {WORD: "word/document.xml", OPEN_TEXT: "content.xml"}


class FileTooLarge(ValueError):
    """It has more bytes than are taken."""


class FileEmpty(ValueError):
    """It has no bytes."""


class KindNotTaken(ValueError):
    """By its content it is none of the kinds that are taken."""


@dataclass(frozen=True)
class Stored:
    """A file in the default storage, as the rows that name it describe it."""

    file: str
    name: str
    kind: str
    bytes: int
    sha256: str
    scan: str


def kind_of(content: bytes, name: str = "") -> tuple[str, str]:
    """Return the media type and the file ending that some content has, whatever it is called.

    Of what nobody here knows, the ending of its `name` is kept: it is handed out as a download that
    no browser opens.
    """
    found = ANYTHING, ""
    if content.startswith(b"PK\x03\x04"):
        parts = (kind for part, kind in OFFICE.items() if part in content)
        found = next(parts, ("application/zip", "zip"))
    elif content[4:12] in HEIC:
        found = "image/heic", "heic"
    else:
        for start, kind in BEGINNINGS.items():
            if content.startswith(start):
                found = kind
    given = Path(name).suffix[1:].lower()
    kind_found, ending = found
    return kind_found, ending or (given if ENDING.fullmatch(given) else "bin")


def kind_taken(content: bytes, name: str, *, types: list[str]) -> tuple[str, str]:
    """Return the same for what a respondent attaches. Raises KindNotTaken."""
    kind, ending = kind_of(content, name)
    if kind == "application/x-ole-storage" and OLD_WORD_STREAM in content:
        kind, ending = OLD_WORD, "doc"
    elif kind == ANYTHING and ending in {"txt", "text"} and _reads_as_text(content):
        kind, ending = PLAIN, "txt"
    if kind not in {one for name in types for one in TYPES[name]} or not _is_whole(content, kind):
        raise KindNotTaken(kind)
    return kind, ending


def _reads_as_text(content: bytes) -> bool:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return with_symbols(text) == text and "\0" not in text


def _is_whole(content: bytes, kind: str) -> bool:
    """Tell whether a document in a zip can be opened, and has no programs in it."""
    if kind not in MUST_HAVE:
        return True
    try:
        with ZipFile(BytesIO(content)) as opened:
            names = set(opened.namelist())
    except (BadZipFile, ValueError, NotImplementedError):
        return False
    programs = any(name.endswith("vbaProject.bin") or name.startswith("Basic/") for name in names)
    return MUST_HAVE[kind] in names and not programs


def read_file(file: BinaryIO | File, *, most: int) -> bytes:
    """Return what is in it. Raises FileTooLarge or FileEmpty."""
    content = file.read(most + 1)
    if len(content) > most:
        raise FileTooLarge
    if not content:
        raise FileEmpty
    return content


def keep_file(content: bytes, *, name: str, kind: tuple[str, str]) -> Stored:
    """Scan a file and put it into the default storage, under a name that says nothing.

    The file first: a file without a row is litter, a row without a file would be a loss. Raises
    VirusFound, and then nothing was kept.
    """
    scan = Scan.CLEAN if is_clean(content) else Scan.NOT_SCANNED
    media_type, ending = kind
    return Stored(
        file=default_storage.save(new_place(f".{ending}"), ContentFile(content)),
        name=name_to_show(name),
        kind=media_type,
        bytes=len(content),
        sha256=sha256_of(content),
        scan=scan,
    )


def new_place(ending: str) -> str:
    """Return a name in the storage that says nothing and that no other file has."""
    return f"{FOLDER}/{uuid4()}{ending}"


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def name_to_show(name: str) -> str:
    """Return a file's name without folders and control characters, its ending kept where it is
    long.
    """
    bare = with_symbols(storable(name).replace("\\", "/").rpartition("/")[2]).strip()
    path = PurePosixPath(bare)
    return bare if len(bare) <= NAME_CHARACTERS else path.stem[:150] + path.suffix[:20]


def attachments_of(versions: QuerySet[Response]) -> QuerySet[Attachment]:
    """Return what came with these versions: what respondents attached, and the originals of what
    was keyed.
    """
    return Attachment.objects.filter(
        Q(response__in=versions) | Q(transcription__response__in=versions)
    )
