"""Takes back the files of a batch that nobody has received yet, because something in them was
erased: they are written again without it.

The batch keeps its number and its rows. Its next manifest names the one that it replaces, so a
later batch that follows that one still fits.
"""

import logging
import shutil
from collections.abc import Iterable, Iterator
from functools import partial

from django.core.files.storage import FileSystemStorage, Storage, storages
from django.db import transaction
from django.db.models import Q, QuerySet

from consult.auditing import record
from consult.models import Action, AuditEntry
from responses.exporting.batches import folder_of, pack_of
from responses.exporting.high_water import has_destination
from responses.exporting.manifests import MANIFEST
from responses.models import Batch, BatchMember, Delivery, Removal, Response
from responses.stored_files import attachments_of

log = logging.getLogger(__name__)


def hold_batches(responses: QuerySet[Response]) -> list[Batch]:
    """Lock and return the batches that hold these, or files that came with them: a worker that is
    writing one finishes first, or starts when this transaction ends.
    """
    return list(
        Batch.objects.select_for_update(no_key=True, of=("self",))
        .select_related("consultation")
        .filter(
            Q(pk__in=BatchMember.objects.filter(response__in=responses).values("batch"))
            | Q(pk__in=attachments_of(responses).values("batch"))
        )
        .order_by("pk")
    )


def take_back(batches: Iterable[Batch]) -> list[Batch]:
    """Have each of these batches that was written and not handed over written again. Returns those.

    Call it with the batches locked, in the transaction that erased something in them. Their files
    are deleted once it is committed; if that fails, the writer does it first, as often as it takes.
    """
    taken = [batch for batch in batches if batch.written_at and not was_handed_over(batch)]
    for batch in taken:
        record(
            action=Action.BATCH_TAKEN_BACK,
            actor=None,
            subject=folder_of(batch),
            manifest_sha256=batch.manifest_sha256,
        )
        batch.instead_of = [*batch.instead_of, batch.manifest_sha256]
        batch.written_at, batch.manifest_sha256, batch.follows_sha256 = None, "", ""
        batch.files, batch.pack = [], None
        batch.save(
            update_fields=[
                *["instead_of", "written_at", "manifest_sha256", "follows_sha256", "files", "pack"]
            ]
        )
        transaction.on_commit(partial(_clear, batch))
    return taken


def was_handed_over(batch: Batch) -> bool:
    """Tell whether anyone outside may have a batch: it was delivered or acknowledged, or its
    files were removed after being kept long enough; or, if there is no destination, someone
    downloaded it.
    """
    if Removal.objects.filter(batch=batch).exists():
        return True
    delivery = Delivery.objects.filter(batch=batch).first()
    if delivery is not None and (
        delivery.state != Delivery.State.WAITING or delivery.delivered_at or delivery.sendings
    ):
        return True
    return (
        not has_destination()
        and AuditEntry.objects.filter(
            action=Action.BATCH_DOWNLOADED, subject=folder_of(batch)
        ).exists()
    )


def _clear(batch: Batch) -> None:
    with transaction.atomic():
        # A worker that is writing it has the row, and has cleared them itself.
        unwritten = Batch.objects.select_for_update(no_key=True).filter(
            pk=batch.pk, written_at=None
        )
        if not unwritten.exists():
            return
        try:
            clear_stored(batch)
        except OSError as trouble:
            log.warning(
                "The files of %s could not be deleted; its writer does it: %s",
                batch,
                trouble.strerror or type(trouble).__name__,
            )


def clear_stored(batch: Batch) -> None:
    """Delete all of a batch's files, its manifest last: as long as that is there, they are not
    gone. Raises OSError.
    """
    storage, folder = storages["exports"], folder_of(batch)
    storage.delete(pack_of(batch))
    names = sorted(_names_under(storage, folder), key=lambda name: name == f"{folder}/{MANIFEST}")
    for name in names:
        storage.delete(name)
    if isinstance(storage, FileSystemStorage) and storage.exists(folder):
        # Including anything left beside them by a worker that was killed while writing.
        shutil.rmtree(storage.path(folder))


def _names_under(storage: Storage, folder: str) -> Iterator[str]:
    try:
        folders, files = storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in folders:
        yield from _names_under(storage, f"{folder}/{name}")
    yield from (f"{folder}/{name}" for name in files)
