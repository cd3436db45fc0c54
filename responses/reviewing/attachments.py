"""Scans and originals, stored with what was typed in from them."""

from dataclasses import asdict
from typing import BinaryIO

from django.core.files import File
from django.db import transaction

from consult.auditing import record
from consult.models import Action, User
from responses.file_removals import remove_file
from responses.models import Attachment, Response, Transcription
from responses.reviewing.reading import ChangedSinceOpened, hold_as_shown
from responses.stored_files import keep_file, kind_of, read_file, sha256_of

ATTACHMENT_MAX_BYTES = 15_000_000


def attach_file(
    *, transcription: Transcription, shown: Response, file: BinaryIO | File, by: User
) -> Attachment:
    """Keep a scan beside the response that was keyed from it. The same content twice is kept once.

    `shown` is the newest version of the response when the page was opened. Raises FileTooLarge,
    FileEmpty, VirusFound and ChangedSinceOpened.
    """
    content, name = read_file(file, most=ATTACHMENT_MAX_BYTES), getattr(file, "name", "") or ""
    if known := transcription.attachments.filter(sha256=sha256_of(content)).first():
        return known
    stored = keep_file(content, name=name, kind=kind_of(content, name))
    try:
        with transaction.atomic():
            hold_as_shown(shown)
            record(
                action=Action.FILE_ATTACHED,
                actor=by,
                subject=transcription.response.reference,
                sha256=stored.sha256,
                bytes=stored.bytes,
            )
            return Attachment.objects.create(transcription=transcription, by=by, **asdict(stored))
    except ChangedSinceOpened:
        # It may have been erased: nothing of it stays.
        remove_file(storage="default", name=stored.file)
        raise
