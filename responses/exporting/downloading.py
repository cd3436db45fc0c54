"""Downloading a batch's files: who may, and what is recorded."""

from django.core.files import File
from django.core.files.storage import storages

from consult.auditing import began_recently, record
from consult.models import Action, User
from responses.exporting.batches import folder_of, pack_of
from responses.exporting.files import WITHOUT_CONTACTS
from responses.exporting.manifests import FileEntry
from responses.exporting.taking_contacts import require_contacts_allowed
from responses.exporting.zipping import PACK
from responses.models import Batch, Removal


class NoSuchFile(Exception):
    """The batch has no file of that name."""


class FileGone(Exception):
    """The batch had this file, but it is not where it was stored."""


class FilesRemoved(Exception):
    """The batch's files were removed after being kept long enough."""


def refuse_removed(batch: Batch) -> None:
    """Raise FilesRemoved if the batch's files were removed after being kept long enough."""
    if Removal.objects.filter(batch=batch).exists():
        raise FilesRemoved(folder_of(batch))


def may_hold_contacts(*, batch: Batch, name: str) -> bool:
    """Tell whether a file of that name must be kept from people who may not take contact
    details.
    """
    return batch.includes_contacts and name not in WITHOUT_CONTACTS


def open_file(
    *, batch: Batch, name: str, reader: User, goes_on: bool = False
) -> tuple[File, FileEntry]:
    """Open one of a written batch's files, or PACK, the zip of them all, for someone who takes it
    away. Returns the file and its entry in the manifest.

    Recorded on the trail, once for a download that was cut off and continued (`goes_on`). Raises
    NoSuchFile, FilesRemoved, FileGone and, for contact details, MayNotTakeContacts and
    SecondPersonNeeded.
    """
    there = {file["name"]: FileEntry(**file) for file in batch.files}
    if batch.pack:
        there[PACK] = FileEntry(PACK, batch.pack["bytes"], None, batch.pack["sha256"])
    if name not in there:
        raise NoSuchFile(name)
    refuse_removed(batch)
    if may_hold_contacts(batch=batch, name=name):
        require_contacts_allowed(reader, subject=folder_of(batch))
    try:
        file = storages["exports"].open(
            pack_of(batch) if name == PACK else f"{folder_of(batch)}/{name}", "rb"
        )
    except FileNotFoundError as reason:
        raise FileGone(name) from reason
    if not (
        goes_on
        and began_recently(
            action=Action.BATCH_DOWNLOADED, actor=reader, subject=folder_of(batch), file=name
        )
    ):
        record(action=Action.BATCH_DOWNLOADED, actor=reader, subject=folder_of(batch), file=name)
    return file, there[name]
