"""What was delivered is what was written, and the trail records the same batches and erasures."""

from consult.models import Action, AuditEntry
from consult.text import counted
from responses.exporting.batches import folder_of, forms_of
from responses.governance.erasing import erased_references
from responses.governance.reconciling.findings import Findings, rows_of
from responses.models import Batch, Delivery, LedgerEntry, Removal


def check_deliveries(findings: Findings) -> None:
    """Check that what was delivered is what was written, and that the ledger says so of each
    response in it.
    """
    for delivery in Delivery.objects.select_related("batch__consultation").order_by("pk"):
        name = folder_of(delivery.batch)
        # Encrypted files have different bytes each time; their content was checked on the way.
        carried = {
            str(file)
            for file in delivery.files
            if isinstance(file, dict) and not str(file.get("name")).endswith(".age")
        }
        written = [file for file in delivery.batch.files if isinstance(file, dict)]
        if carried - {
            str({key: file.get(key) for key in ("name", "bytes", "sha256")}) for file in written
        }:
            findings.note(name, "What was delivered is not what was written.")
        entries = LedgerEntry.objects.filter(
            response__membership__batch=delivery.batch, batch_number=delivery.batch.number
        )
        for event, at in (
            (LedgerEntry.Event.DELIVERED, delivery.delivered_at),
            (LedgerEntry.Event.ACKNOWLEDGED, delivery.acknowledged_at),
        ):
            said = entries.filter(event=event).count()
            # If it was acknowledged before it was sent again, the ledger still says so.
            if said != delivery.batch.size and (
                at is not None or (said and event == LedgerEntry.Event.DELIVERED)
            ):
                findings.note(
                    name,
                    f"By the ledger {said} of its {counted(delivery.batch.size, 'response')} were "
                    f"{event}.",
                )
    for reference, number, event in rows_of(
        """SELECT reference, batch_number, event FROM responses_ledgerentry e
            JOIN responses_response r ON r.id = e.response_id
        WHERE event IN ('delivered', 'acknowledged') AND NOT EXISTS (
            SELECT FROM responses_batchmember m
                JOIN responses_delivery d ON d.batch_id = m.batch_id
                    WHERE m.response_id = e.response_id)
        ORDER BY e.id"""
    ):
        findings.note(
            reference,
            f"By the ledger it was {event} with batch {number}, and there is no such delivery.",
        )


def check_trail(findings: Findings) -> None:
    """Check that the trail records the same batches and manifests."""
    there = {folder_of(batch): batch for batch in Batch.objects.select_related("consultation")}
    sealed = set(
        AuditEntry.objects.filter(action=Action.BATCH_SEALED).values_list("subject", flat=True)
    )
    for name in sorted(sealed - set(there)):
        findings.note(name, "The trail says that it was sealed, but there is no such batch.")
    for name in sorted(set(there) - sealed):
        findings.note(name, "The trail does not say that it was sealed.")
    written = AuditEntry.objects.filter(action=Action.BATCH_WRITTEN).order_by("pk")
    for name, manifest in written.values_list("subject", "details__manifest_sha256"):
        if name in there and manifest not in forms_of(there[name]):
            findings.note(name, "The trail says that it was written with another manifest.")
    removed = {
        folder_of(removal.batch)
        for removal in Removal.objects.select_related("batch__consultation")
    }
    said = AuditEntry.objects.filter(action=Action.BATCH_FILES_REMOVED).values_list(
        "subject", flat=True
    )
    for name in sorted(removed.symmetric_difference(said)):
        findings.note(
            name,
            "Either the trail or the database, but not both, says that the retention rule removed "
            "its files.",
        )
    told = set(
        AuditEntry.objects.filter(action=Action.RESPONSE_ERASED).values_list("subject", flat=True)
    )
    for reference in sorted(told.symmetric_difference(erased_references())):
        findings.note(
            reference, "Either the trail or the database, but not both, says that it was erased."
        )
