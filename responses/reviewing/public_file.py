"""The file of all published responses, and its figures: a worker makes both whenever what can be
read has changed, and they are served as they are.
"""

import logging
from functools import partial
from tempfile import TemporaryFile
from typing import IO

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from consult.auditing import record
from consult.jobs import ROW_TROUBLE, trouble_recorded
from consult.models import Action
from responses.models import PublishedSet, Response
from responses.reviewing.public_version import public_line
from responses.reviewing.publication import gaps, published_responses

log = logging.getLogger(__name__)
AT_ONCE = 500
MOST_NAMED = 8
UNREADABLE = "A fault on our side. We are looking into it."


class FileBeingMade(Exception):
    """There is no file, or it has words that are now kept back. A worker is making a new one."""


def make_public_files() -> None:
    """Make the files and figures of every set that changed since its file was made.

    If one cannot be made, its row says so, and the others are made. Two runs at once make the same
    file twice.
    """
    for found in PublishedSet.objects.exclude(consultation__withdrawn_at=None).exclude(file=""):
        # Nobody may read it, and what is erased must be deleted from it too.
        with trouble_recorded(partial(_note_trouble, found, "deleted")):
            default_storage.delete(found.file)
            _note(found, file="", written_revision=0, trouble="")
    due = PublishedSet.objects.filter(
        written_revision__lt=F("revision"), consultation__withdrawn_at=None
    )
    for found in due.select_related("consultation").order_by("pk"):
        with trouble_recorded(partial(_note_trouble, found, "made")):
            _make(found)


def _note_trouble(found: PublishedSet, what: str, kind: str) -> None:
    words = f"It cannot be {what}: {kind}."
    _note(found, ~Q(trouble=words), trouble=words)


def _make(found: PublishedSet) -> None:
    # The revision was read before the rows are: what is kept back while they are written makes it
    # a later one, and then this file is never served.
    consultation = found.consultation
    with TemporaryFile() as file:
        count, unreadable = _write(found, file)
        file.seek(0)
        name = default_storage.save(
            f"published/{consultation.slug}-{found.revision}.jsonl", File(file)
        )
    left_out = [(UNREADABLE, len(unreadable))] if unreadable else []
    earlier = PublishedSet.objects.filter(pk=found.pk).values_list("file", flat=True).first()
    # What was kept back or erased meanwhile must not stay in a file, even one that is never served.
    kept = _note(
        found,
        Q(written_revision__lt=found.revision, serve_from__lte=found.revision),
        file=name,
        count=count,
        gaps=[*gaps(consultation), *left_out],
        written_revision=found.revision,
        written_at=Now(),
        trouble=_in_words(unreadable),
    )
    gone = earlier if kept else name
    if gone:
        default_storage.delete(gone)


def _note(found: PublishedSet, still: Q | None = None, **changes: object) -> bool:
    """Record what became of the file, if it is `still` so, also on the trail."""
    with transaction.atomic():
        noted = PublishedSet.objects.filter(still or Q(), pk=found.pk).update(**changes)
        if noted:
            record(action=Action.PUBLIC_FILE_CHANGED, actor=None, subject=found.consultation.slug)
    return bool(noted)


def _write(found: PublishedSet, file: IO[bytes]) -> tuple[int, list[str]]:
    """Write each response that can be written. Returns how many, and the
    references of the others.
    """
    rows = published_responses(found.consultation).iterator(chunk_size=AT_ONCE)
    count, unreadable = 0, []
    for row in rows:
        try:
            line = public_line(row).encode()
        except ROW_TROUBLE as trouble:
            note_unreadable(row, trouble)
            unreadable.append(row.reference)
            continue
        file.write(line)
        count += 1
    return count, unreadable


def _in_words(unreadable: list[str]) -> str:
    named = ", ".join(unreadable[:MOST_NAMED])
    more = f" and {len(unreadable) - MOST_NAMED:,} more" if len(unreadable) > MOST_NAMED else ""
    return f"It leaves out what cannot be written: {named}{more}." if unreadable else ""


def note_unreadable(response: Response, trouble: Exception) -> None:
    """Log that one response cannot be shown to the public, and the kind of trouble only: its words
    may be what someone wrote.
    """
    log.error("%s cannot be published: %s", response.reference, type(trouble).__name__)


def has_public_file(found: PublishedSet) -> bool:
    """Tell whether there is a file with nothing in it that is now kept back."""
    return bool(found.file) and found.written_revision >= found.serve_from


def public_file(found: PublishedSet) -> IO[bytes]:
    """Return the file as it was last made. Raises FileBeingMade; a lost file is made again."""
    if not has_public_file(found):
        raise FileBeingMade
    try:
        return default_storage.open(found.file)
    except FileNotFoundError as reason:
        _note(found, revision=F("revision") + 1)
        raise FileBeingMade from reason
