"""Files that respondents attach to what they have not sent yet, where the plan lets them."""

from dataclasses import asdict
from typing import BinaryIO

from django.core.files import File
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from consult.plans.document import Attaching
from responses.file_removals import remove_file
from responses.models import Attachment, Draft, DraftFile, Response
from responses.stored_files import Stored, keep_file, kind_taken, read_file, sha256_of


class TooManyFiles(Exception):
    """The draft has as many files as the plan allows."""


def attach_to_draft(
    *, draft: Draft, file: BinaryIO | File, name: str, allowed: Attaching
) -> DraftFile:
    """Attach a file. The same content twice is attached once.

    Its revision is another one than what was checked, so that nothing is sent unseen. Raises
    FileTooLarge, FileEmpty, KindNotTaken, VirusFound, TooManyFiles, or Draft.DoesNotExist if the
    draft was sent or discarded meanwhile; then no file is kept.
    """
    content = read_file(file, most=allowed.most_bytes)
    kind = kind_taken(content, name, types=list(allowed.types))
    _refuse_one_too_many(draft, sha256_of(content), allowed)
    stored, new = keep_file(content, name=name, kind=kind), False
    try:
        with transaction.atomic():
            current = Draft.objects.select_for_update().get(pk=draft.pk)
            _refuse_one_too_many(current, stored.sha256, allowed)
            kept, new = DraftFile.objects.get_or_create(
                draft=current,
                sha256=stored.sha256,
                defaults=asdict(stored) | {"revision": current.revision + 1},
            )
            if new:
                _changed(current)
    finally:
        # Whatever ended it, a file without a row is not kept.
        if not new:
            remove_file(storage="default", name=stored.file)
    return kept


def detach_from_draft(*, draft: Draft, number: int) -> None:
    """Remove a file of a draft, by primary key; the second time nothing happens.

    Raises Draft.DoesNotExist.
    """
    with transaction.atomic():
        current = Draft.objects.select_for_update().get(pk=draft.pk)
        if DraftFile.objects.filter(draft=current, pk=number).delete()[0]:
            _changed(current)


def _refuse_one_too_many(draft: Draft, sha256: str, allowed: Attaching) -> None:
    others = DraftFile.objects.filter(draft=draft).exclude(sha256=sha256)
    if others.count() >= allowed.most:
        raise TooManyFiles


def _changed(draft: Draft) -> None:
    Draft.objects.filter(pk=draft.pk).update(revision=F("revision") + 1, saved_at=Now())


def files_of_draft(draft: Draft) -> tuple[Stored, ...]:
    """Return the files of a draft as they would be sent."""
    return tuple(_stored(one) for one in DraftFile.objects.filter(draft=draft))


def copy_files(*, response: Response, draft: Draft) -> None:
    """Let a draft that would change a response have the files that came with it."""
    DraftFile.objects.bulk_create(
        DraftFile(draft=draft, revision=0, **asdict(_stored(one)))
        for one in Attachment.objects.filter(response=response)
    )


def _stored(row: Attachment | DraftFile) -> Stored:
    return Stored(row.file, row.name, row.kind, row.bytes, row.sha256, row.scan)
