"""The files that came with recovered responses, out of the batch that handed them over."""

from django.core.files import File
from django.core.files.storage import default_storage

from consult.cells import restore_cell
from responses.exporting.beside import ATTACHMENTS_TABLE
from responses.governance.outside import Outside
from responses.governance.recovering.sources import Fetched
from responses.governance.recovering.tables import read_table
from responses.models import Attachment, Batch, Response
from responses.stored_files import attachments_of, new_place


def take_attachments(*, batch: Fetched, row: Batch, outside: Outside) -> int:
    """Put the files of a batch back into the storage, each beside its version, unless it is there:
    then it only belongs to this batch again. Returns how many came back. What was erased stays
    away. Needs the transaction that makes the batch.
    """
    every = list(read_table(batch, ATTACHMENTS_TABLE))
    named = {one["reference"] for one in every} - set(outside.erased)
    found = Response.objects.filter(consultation=row.consultation, reference__in=named)
    gone = found.filter(act=Response.Act.ERASED).values("reference")
    found = found.exclude(reference__in=gone)
    versions = {(one.reference, one.version): one for one in found}
    kept = attachments_of(found).select_related("response", "transcription__response")
    there = {(one.of.reference, one.of.version, one.sha256): one for one in kept}
    # Versions of a response share a file, here as in the batch.
    placed: dict[str, str] = {}
    made = []
    for one in every:
        version = one["reference"], int(one["version"])
        if same := there.get((*version, one["sha256"])):
            Attachment.objects.filter(pk=same.pk, batch=None).update(batch=row)
        elif one["file"] and version in versions:
            if one["file"] not in placed:
                placed[one["file"]] = _put_back(batch, one["file"])
            made.append(
                Attachment(
                    response=versions[version],
                    file=placed[one["file"]],
                    name=restore_cell(one["name"]),
                    kind=one["kind"],
                    bytes=int(one["bytes"]),
                    sha256=one["sha256"],
                    scan=one["scan"],
                    batch=row,
                )
            )
    Attachment.objects.bulk_create(made)
    return len(made)


def _put_back(batch: Fetched, name: str) -> str:
    """Return the name of a batch's file in the storage, to which it is copied."""
    path = batch.folder / name
    with path.open("rb") as content:
        return default_storage.save(new_place(path.suffix), File(content))
