"""Removing files: those of a batch after their time, scans, and emails of a mailbox.

A batch's number, its members, its files' hashes and the ledger stay.
"""

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from consult.auditing import record
from consult.models import Action, Consultation, User
from responses.exporting.batches import folder_of
from responses.exporting.taking_back import clear_stored
from responses.file_removals import remove_file
from responses.models import Attachment, Batch, Delivery, Message, Removal

log = logging.getLogger(__name__)


def files_held(consultation: Consultation, *, kept_for: timedelta) -> QuerySet[Batch]:
    """The batches whose files were written longer ago than `kept_for`, and are there, or may be
    since their removal was cut.
    """
    return Batch.objects.filter(
        consultation=consultation, written_at__lt=Now() - kept_for, removal__ended_at=None
    )


def remove_batch_files(*, batch: Batch, actor: User | None) -> bool:
    """Remove the files of a written batch for good.

    True where they are all gone afterwards.

    Not where nobody acknowledged that they have them, or where they are to be delivered again; nor
    if the storage refuses, in which case the next run goes on.
    """
    with transaction.atomic():
        # Sending it again holds the row too, and finds the removal.
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
    # From here on nobody is given them any more, so that being cut off in between leaves no
    # batch that is half there.
    try:
        clear_stored(batch)
    except OSError as trouble:
        log.warning(
            "The files of %s could not be removed; the next run goes on: %s",
            batch,
            type(trouble).__name__,
        )
        return False
    Removal.objects.filter(batch=batch, ended_at=None).update(ended_at=Now())
    return True


def remove_files(*, scans: QuerySet[Attachment], messages: QuerySet[Message]) -> int:
    """Remove scans and emails of a mailbox, with what their rows say of them. How many."""
    with transaction.atomic():
        files = [*scans.values_list("file", flat=True), *messages.values_list("file", flat=True)]
        scans.delete()
        messages.update(**Message.EMPTIED)
        for file in files:
            remove_file(storage="default", name=file)
    return len(files)
