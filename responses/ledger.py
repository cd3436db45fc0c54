"""The ledger: what happened to each response.

Every single event is recorded here; sealing a batch writes its own in bulk.
"""

from responses.journal import note_in_journal
from responses.models import LedgerEntry, Response


def record_event(
    *, response: Response, event: LedgerEntry.Event, batch_number: int | None = None
) -> None:
    """Add one entry to the ledger, in the transaction of what it records.

    Arrivals and sent emails also go into the journal, once that is committed.
    """
    LedgerEntry.objects.create(
        response=response, event=event, digest=response.digest, batch_number=batch_number
    )
    note_in_journal(response=response, event=event)
