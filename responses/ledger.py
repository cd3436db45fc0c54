"""The ledger: what happened to each response.

This is its one door for single events; sealing writes its own in bulk.
"""

from responses.journal import note_in_journal
from responses.models import LedgerEntry, Response


def record_event(
    *, response: Response, event: LedgerEntry.Event, batch_number: int | None = None
) -> None:
    """Put one entry in the ledger, in the transaction of what it records.

    An arrival, and an email that went, stand in the journal too, once that is committed.
    """
    LedgerEntry.objects.create(
        response=response, event=event, digest=response.digest, batch_number=batch_number
    )
    note_in_journal(response=response, event=event)
