"""Scans and originals, stored with what was typed in from them."""

import hashlib
import re
from pathlib import Path
from typing import BinaryIO

from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from consult.auditing import record
from consult.models import Action, User
from responses.file_removals import remove_file
from responses.models import Attachment, Response, Transcription
from responses.reviewing.reading import ChangedSinceOpened, hold_as_shown

ATTACHMENT_MAX_BYTES = 15_000_000
# The kinds of file that are accepted, recognised by how they begin and never by name. None that a
# browser runs.
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
OFFICE = {
    b"word/": (f"{OPEN_XML}wordprocessingml.document", "docx"),
    b"xl/": (f"{OPEN_XML}spreadsheetml.sheet", "xlsx"),
    b"ppt/": (f"{OPEN_XML}presentationml.presentation", "pptx"),
    b"application/vnd.oasis.opendocument.text": ("application/vnd.oasis.opendocument.text", "odt"),
}
HEIC = (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftyphevc")
ANYTHING = "application/octet-stream"
# The file endings that are kept from names that other people chose.
ENDING = re.compile(r"[a-z0-9]{1,8}")


class FileTooLarge(ValueError):
    """It is larger than ATTACHMENT_MAX_BYTES."""


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


def attach_file(
    *, transcription: Transcription, shown: Response, file: BinaryIO | File, by: User
) -> Attachment:
    """Keep a scan beside the response that was keyed from it. The same content twice is kept once.

    `shown` is the newest version of the response when the page was opened. Raises FileTooLarge and
    ChangedSinceOpened.
    """
    content = file.read(ATTACHMENT_MAX_BYTES + 1)
    if len(content) > ATTACHMENT_MAX_BYTES:
        raise FileTooLarge
    kind, ending = kind_of(content, getattr(file, "name", "") or "")
    sha256 = hashlib.sha256(content).hexdigest()
    if known := transcription.attachments.filter(sha256=sha256).first():
        return known
    # The file first: a file without a row is litter, a row without a file would be a loss.
    name = default_storage.save(
        f"attachments/{transcription.pk}-{sha256[:16]}.{ending}", ContentFile(content)
    )
    try:
        with transaction.atomic():
            hold_as_shown(shown)
            record(
                action=Action.FILE_ATTACHED,
                actor=by,
                subject=transcription.response.reference,
                sha256=sha256,
                bytes=len(content),
            )
            return Attachment.objects.create(
                transcription=transcription,
                file=name,
                kind=kind,
                bytes=len(content),
                sha256=sha256,
                by=by,
            )
    except ChangedSinceOpened:
        # It may have been erased: nothing of it stays.
        remove_file(storage="default", name=name)
        raise
