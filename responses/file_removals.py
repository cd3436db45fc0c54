"""Deleting files for good: one that cannot be deleted now is tried again until it is gone."""

import logging
from functools import partial

from django.core.files.storage import storages
from django.db import transaction
from django.db.models import F

from consult.jobs import trouble_recorded
from responses.models import FileRemoval

log = logging.getLogger(__name__)


def remove_file(*, storage: str, name: str) -> None:
    """Delete a file once this transaction is committed, trying until it works.

    A file that is not there counts as deleted.
    """
    removal = FileRemoval.objects.create(storage=storage, name=name)
    transaction.on_commit(partial(_try, removal))


def remove_due_files() -> int:
    """Try again every file that is still there, and return how many were deleted. One failure stops
    no other.
    """
    return sum(_try(removal) for removal in FileRemoval.objects.all())


def _try(removal: FileRemoval) -> bool:
    with trouble_recorded(partial(_note, removal)):
        try:
            storages[removal.storage].delete(removal.name)
        except FileNotFoundError:
            pass
        except OSError as trouble:
            reason = (trouble.strerror or type(trouble).__name__)[:300]
            log.warning("A file could not be deleted; another try follows: %s", reason)
            _note(removal, reason)
            return False
        FileRemoval.objects.filter(pk=removal.pk).delete()
        return True
    return False


def _note(removal: FileRemoval, reason: str) -> None:
    FileRemoval.objects.filter(pk=removal.pk).update(attempts=F("attempts") + 1, reason=reason)
