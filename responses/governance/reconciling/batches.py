"""Every batch: no number is missing, it holds what the ledger says, and its files are as they were
stored.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from django.core.files.storage import storages
from django.db.models import Count, Max

from consult.files import CHUNK_BYTES, measure
from consult.models import Action, AuditEntry, Consultation, Edition
from consult.text import counted
from responses.exporting.batches import folder_of, pack_of
from responses.exporting.pack import make_files
from responses.governance.reconciling.contents import READERS, files_that_differ
from responses.governance.reconciling.findings import Findings, rows_of
from responses.governance.reconciling.responses import LESS_OF_A_CONTACT
from responses.models import Batch, LedgerEntry, Response

# The files of a batch without anything that anyone wrote.
WITHOUT_WORDS = {
    "codebook.csv",
    "codebook.html",
    "README.txt",
    "equality.csv",
    "equality-stopped.csv",
}


def check_batches(findings: Findings) -> None:
    """Check that numbers run without a gap, that each batch holds what it says on rows 1, 2, 3, and
    that the ledger says the same.
    """
    for consultation in Consultation.objects.order_by("pk"):
        batches = list(
            Batch.objects.filter(consultation=consultation)
            .select_related("removal")
            .order_by("number")
        )
        numbers = [batch.number for batch in batches]
        for gap in sorted(set(range(1, max(numbers, default=0) + 1)) - set(numbers)):
            findings.note(f"{consultation.slug} batch {gap}", "There is no batch of this number.")
        previous = None
        for batch in batches:
            _check_batch(batch, previous, findings)
            previous = batch
    for reference, number in rows_of(
        """SELECT reference, batch_number FROM responses_ledgerentry e
            JOIN responses_response r ON r.id = e.response_id
        WHERE event = 'batched' AND NOT EXISTS (
            SELECT FROM responses_batchmember m JOIN responses_batch b ON b.id = m.batch_id
            WHERE m.response_id = e.response_id AND b.number = e.batch_number
                AND b.consultation_id = r.consultation_id)
        ORDER BY e.id"""
    ):
        findings.note(reference, f"By the ledger it is in batch {number}, and it is not.")
    for reference, number in rows_of(
        """SELECT reference, b.number FROM responses_batchmember m
        JOIN responses_batch b ON b.id = m.batch_id
            JOIN responses_response r ON r.id = m.response_id
        WHERE b.consultation_id <> r.consultation_id OR NOT EXISTS (
            SELECT FROM responses_ledgerentry e
            WHERE e.response_id = m.response_id AND event = 'batched' AND e.batch_number = b.number)
        ORDER BY m.id"""
    ):
        findings.note(reference, f"It is in batch {number}, and the ledger does not say so.")


def _check_batch(batch: Batch, previous: Batch | None, findings: Findings) -> None:
    name = folder_of(batch)
    members = batch.members.aggregate(count=Count("pk"), last=Max("row"))
    if members["count"] != batch.size or (members["last"] or 0) != batch.size:
        findings.note(
            name,
            f"It says that it holds {counted(batch.size, 'response')}, and has {members['count']}.",
        )
    # Without the batch before it, which is reported already, its manifest cannot be made again.
    if batch.written_at is None or batch.number != (previous.number if previous else 0) + 1:
        return
    if previous is not None and previous.written_at is None and not previous.instead_of:
        findings.note(name, "It was written before the batch whose manifest it names.")
        return
    recorded = {entry["name"]: (entry["bytes"], entry["sha256"]) for entry in batch.files}
    if recorded.get("manifest.json", (0, ""))[1] != batch.manifest_sha256:
        findings.note(name, "Two places have different hashes of its manifest.")
    _check_files(batch, recorded, findings)
    answered = set(batch.members.values_list("response__edition", flat=True))
    if Edition.objects.filter(pk__in=answered, consultation=batch.consultation_id).count() < len(
        answered
    ):
        findings.note(name, "An edition that its responses answered is gone.")
        return
    # Equality answers whose use was stopped since are gone for good; their file stays as it was
    # delivered.
    gone = {"equality.csv"} if batch.equality_answers.filter(stopped=True).exists() else set()
    # The same goes for words that were erased and details that were removed since, and for a
    # version that was changed again before the batch was recovered: the rows are compared with the
    # ledger instead.
    if _removed_since(batch) or _has_overtaken(name):
        gone |= set(READERS) - WITHOUT_WORDS
    # The files depend only on the database: if they differ when made again, something beneath them
    # changed.
    with TemporaryDirectory(prefix="consult-check-") as folder:
        make_files(batch=batch, folder=Path(folder))
        differ = files_that_differ(stored=name, made=Path(folder), recorded=set(recorded))
        for file in sorted(set(differ) - gone):
            findings.note(name, f"{file} is not what the database would make today.")


def _check_files(batch: Batch, recorded: dict[str, tuple[int, str]], findings: Findings) -> None:
    """Check that each file of a batch is what was stored or, after its time, gone."""
    name, removal = folder_of(batch), getattr(batch, "removal", None)
    if removal is not None and removal.ended_at is None:
        return  # Some may still be there until the next run.
    places = [(file, f"{name}/{file}", expected) for file, expected in recorded.items()]
    if batch.pack:
        # Its bytes depend on the compression library, so it is only compared with what was stored.
        places.append(
            ("The zip of its files", pack_of(batch), (batch.pack["bytes"], batch.pack["sha256"]))
        )
    for file, place, expected in places:
        stored = _stored(place)
        if removal is not None:
            if stored is not None:
                findings.note(name, f"{file} was removed by the retention rule, and is there.")
        elif stored is None:
            findings.note(name, f"{file} is not where it was stored.")
        elif stored != expected:
            findings.note(name, f"{file} is not what was stored.")


def _removed_since(batch: Batch) -> bool:
    """Tell whether, after the files were made, a member of the batch was erased or contact
    details in its files were removed.
    """
    tombstones = Response.objects.filter(act=Response.Act.ERASED, received_at__gt=batch.written_at)
    removed = LedgerEntry.objects.filter(
        event__in=LESS_OF_A_CONTACT,
        at__gt=batch.written_at,
        response__membership__batch=batch,
    )
    erased = batch.members.filter(response__reference__in=tombstones.values("reference"))
    return erased.exists() or (batch.includes_contacts and removed.exists())


def _has_overtaken(name: str) -> bool:
    """Tell whether a batch, when it was recovered, had other words for a version than the
    database.
    """
    recovered = AuditEntry.objects.filter(action=Action.RESPONSES_RECOVERED, subject=name)
    return recovered.exclude(details__overtaken=[]).exists()


def _stored(name: str) -> tuple[int, str] | None:
    """Return the size and SHA-256 of the storage's file `name`, or None if there is none."""
    try:
        with storages["exports"].open(name, "rb") as file:
            found = measure(file.chunks(CHUNK_BYTES))
    except FileNotFoundError:
        return None
    return found.bytes, found.sha256
