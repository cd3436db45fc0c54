"""Deletes files: those of batches, scans, and emails from mailboxes, once kept long enough.

A batch's number, its members, its files' hashes and the ledger stay.
"""

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from consult.auditing import record
from consult.models import Action, Consultation, User
from consult.staff.drafts import remove_drafts_about
from responses.exporting.batches import folder_of
from responses.exporting.taking_back import clear_stored
from responses.file_removals import remove_due_files, remove_file
from responses.models import Attachment, Batch, Delivery, Message, Removal
from responses.reviewing.bundles.left import forget_rows, rows_held
from responses.reviewing.forwards import cut_from_forwards

log = logging.getLogger(__name__)


def files_held(consultation: Consultation, *, kept_for: timedelta) -> QuerySet[Batch]:
    """Return the batches whose files were written longer ago than `kept_for` and are there, or may
    be because their removal was cut off.
    """
    return Batch.objects.filter(
        consultation=consultation, written_at__lt=Now() - kept_for, removal__ended_at=None
    )


def remove_batch_files(*, batch: Batch, actor: User | None) -> bool:
    """Delete the files of a written batch for good. Returns whether they are all gone.

    Refuses if nobody has acknowledged the batch, or if it is to be delivered again. If the storage
    refuses, the next run continues.
    """
    with transaction.atomic():
        # Sending it again locks the row too, and then finds the removal.
        if (
            not Delivery.objects.select_for_update()
            .filter(batch=batch, state=Delivery.State.ACKNOWLEDGED)
            .exists()
        ):
            return False
        _, new = Removal.objects.get_or_create(batch=batch)
        if new:
            record(
                action=Action.BATCH_FILES_REMOVED,
                actor=actor,
                subject=folder_of(batch),
                manifest_sha256=batch.manifest_sha256,
            )
    # From here on nobody can download them, so a removal that is cut off never leaves a batch that
    # is half there.
    try:
        clear_stored(batch)
    except OSError as trouble:
        log.warning(
            "The files of %s could not be removed; the next run goes on: %s",
            batch,
            type(trouble).__name__,
        )
        return False
    with transaction.atomic():
        if Removal.objects.filter(batch=batch, ended_at=None).update(ended_at=Now()):
            record(action=Action.BATCH_FILES_GONE, actor=actor, subject=folder_of(batch))
    return True


def remove_files(*, scans: QuerySet[Attachment], messages: QuerySet[Message]) -> int:
    """Delete files that came with responses and emails of a mailbox, what their rows say about
    them, what staff were typing at an email's pages, and what a bundle still holds of an email. An
    email that was forwarded goes from the one that it came in, too, which keeps its own words.
    Returns how many files.
    """
    with transaction.atomic():
        count, files = scans.count(), list(messages.values_list("file", flat=True))
        numbers = list(messages.values_list("pk", flat=True))
        # The database has a file removed with the last row that names it.
        scans.delete()
        for message in messages.exclude(within=None).exclude(within__in=messages):
            cut_from_forwards(message)
        messages.update(**Message.EMPTIED)
        remove_drafts_about([f"message={pk}" for pk in numbers])
        remove_drafts_about([f"messages/{pk}" for pk in numbers])
        held = rows_held().filter(message__in=numbers)
        forget_rows(held.values_list("pk", flat=True), actor=None, why="its email was removed")
        for file in files:
            remove_file(storage="default", name=file)
        transaction.on_commit(remove_due_files)
    return count + len(files)
