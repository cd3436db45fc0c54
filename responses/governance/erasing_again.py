"""Erasing again what a restored backup, or a recovered batch, brought back."""

from django.db import transaction

from consult.auditing import record
from consult.models import Action, User
from responses.deciding.pack_files import forget_in_packs
from responses.governance.erasing import (
    erase_response,
    erased_references,
    remove_what_else_tells,
    stop_emails,
)
from responses.journal import erasure_marks, keep_erasure_mark
from responses.models import Response
from responses.published import forget_public
from responses.reviewing.bulk_changes.asking import forget_words_in, hold_changes_about


def erase_again(*, actor: User | None) -> list[str]:
    """Erase again what a restored database still has although the marks outside it say it was
    erased.

    Returns the references.
    """
    there = Response.objects.filter(reference__in=erasure_marks())
    again = sorted(set(there.values_list("reference", flat=True)) - set(erased_references()))
    why = "erased before, and came back with a backup"
    for reference in again:
        erase_response(reference=reference, actor=actor, why=why)
    return again


def finish_erasure(*, reference: str, actor: User | None) -> None:
    """Do the rest of an erasure whose tombstone came back with a batch after a restore.

    Needs the transaction that brings it back.
    """
    versions = Response.objects.filter(reference=reference)
    changes, newest = hold_changes_about(versions), versions.latest("version")
    stop_emails(versions)
    forget_public(newest)
    forget_in_packs(versions)
    remove_what_else_tells(newest, versions)
    forget_words_in(changes)
    transaction.on_commit(lambda: keep_erasure_mark(reference))
    record(
        action=Action.RESPONSE_ERASED,
        actor=actor,
        subject=reference,
        versions=newest.version - 1,
        why="erased before, and came back with a batch",
    )
