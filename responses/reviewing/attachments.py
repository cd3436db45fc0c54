"""Scans and originals kept beside what was keyed from them."""

import hashlib
from typing import BinaryIO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from consult.auditing import record
from consult.models import Action, User
from responses.file_removals import remove_file
from responses.models import Attachment, Response, Transcription
from responses.reviewing.reading import ChangedSinceOpened, hold_as_shown

ATTACHMENT_MAX_BYTES = 15_000_000
# The kinds of file that are taken, recognised by how they begin and never by name. Nothing that a
# browser runs.
BEGINNINGS = {
    b"%PDF-": ("application/pdf", "pdf"),
    b"\x89PNG\r\n\x1a\n": ("image/png", "png"),
    b"\xff\xd8\xff": ("image/jpeg", "jpg"),
    b"II*\x00": ("image/tiff", "tif"),
    b"MM\x00*": ("image/tiff", "tif"),
}


class NotAFileWeTake(ValueError):
    """By its content it is not a PDF, PNG, JPEG or TIFF."""


class FileTooLarge(ValueError):
    """It has more than ATTACHMENT_MAX_BYTES."""


def kind_of(beginning: bytes) -> tuple[str, str]:
    """Return the media type and file ending for content that begins like this.

    Raises NotAFileWeTake.
    """
    for start, kind in BEGINNINGS.items():
        if beginning.startswith(start):
            return kind
    raise NotAFileWeTake


def attach_file(
    *, transcription: Transcription, shown: Response, file: BinaryIO, by: User
) -> Attachment:
    """Keep a scan beside the response that was keyed from it. The same content twice is kept once.

    `shown` is the newest version of the response when the page was opened. Raises NotAFileWeTake,
    FileTooLarge and ChangedSinceOpened.
    """
    content = file.read(ATTACHMENT_MAX_BYTES + 1)
    if len(content) > ATTACHMENT_MAX_BYTES:
        raise FileTooLarge
    kind, ending = kind_of(content)
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
