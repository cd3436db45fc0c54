"""The tables that explain the responses or are kept apart from them."""

from collections.abc import Collection
from pathlib import Path

from responses.exporting.attached import Attached, attachments_in, path_of
from responses.exporting.columns.beside import ATTACHMENTS, CODES, CONTACTS, EQUALITY, STOPPED
from responses.exporting.columns.codebook import CODEBOOK, asked_by
from responses.exporting.columns.entries import EqualityEntry
from responses.exporting.contents import Pack
from responses.exporting.formats.makers import describe
from responses.exporting.formats.tables import write_table
from responses.exporting.manifests import FileEntry
from responses.exporting.members import ROWS_AT_ONCE
from responses.models import Batch, Contact, EqualityAnswers

CODEBOOK_TABLE = "codebook.csv"
ATTACHMENTS_TABLE = "attachments.csv"
CODES_TABLE = "codes.csv"
CONTACTS_TABLE = "contacts.csv"
EQUALITY_TABLE = "equality.csv"
STOPPED_TABLE = "equality-stopped.csv"


def write_beside(pack: Pack, folder: Path, *, there: Collection[str]) -> list[FileEntry]:
    """Write the codebook and, if there are any, the list of attachments, the codes, equality
    answers and contact details. `there` has the names of the files that the pack has already.
    """
    asked = asked_by(pack.plans_by_number, codes=pack.option_codes, equality=pack.has_equality)
    lines = write_table(folder / CODEBOOK_TABLE, CODEBOOK, asked)
    made = [describe(folder, CODEBOOK_TABLE, rows=lines)]
    if attachments := attachments_in(pack.batch):
        attached = (
            Attached(one, path if (path := path_of(one)) in there else "") for one in attachments
        )
        lines = write_table(folder / ATTACHMENTS_TABLE, ATTACHMENTS, attached)
        made.append(describe(folder, ATTACHMENTS_TABLE, rows=lines))
    if pack.codes:
        lines = write_table(folder / CODES_TABLE, CODES, pack.codes)
        made.append(describe(folder, CODES_TABLE, rows=lines))
    if pack.has_equality:
        made.append(_write_equality(pack, folder))
    if pack.batch and pack.batch.equality_recalls.exists():
        made.append(_write_stopped(pack.batch, folder))
    if pack.includes_contacts:
        made.append(_write_contacts(pack, folder))
    return made


def _write_equality(pack: Pack, folder: Path) -> FileEntry:
    numbers = {edition.pk: edition.number for edition in pack.editions}
    # By their random id, so that the order says nothing about who answered when.
    said = EqualityAnswers.objects.filter(batch=pack.batch, stopped=False).order_by("pk")
    rows = (
        EqualityEntry(row, numbers[row.edition_id], pack.plans[row.edition_id])
        for row in said.iterator(chunk_size=ROWS_AT_ONCE)
    )
    columns = [*EQUALITY, *pack.equality_columns]
    lines = write_table(folder / EQUALITY_TABLE, columns, rows)
    return describe(folder, EQUALITY_TABLE, rows=lines)


def _write_stopped(batch: Batch, folder: Path) -> FileEntry:
    """Write the ids of equality answers in earlier batches that must not be used any more."""
    stopped = batch.equality_recalls.only("pk").order_by("pk")
    lines = write_table(folder / STOPPED_TABLE, STOPPED, stopped.iterator(chunk_size=ROWS_AT_ONCE))
    return describe(folder, STOPPED_TABLE, rows=lines)


def _write_contacts(pack: Pack, folder: Path) -> FileEntry:
    # Rows are in the order of arrival, which is the order of the ids.
    people = (
        Contact.objects.filter(response__in=pack.members.order_by().values("pk"))
        .order_by("response_id")
        .select_related("response")
        .only("response__reference", "response__version", "name", "email", "postcode_district")
    )
    lines = write_table(folder / CONTACTS_TABLE, CONTACTS, people.iterator(chunk_size=ROWS_AT_ONCE))
    return describe(folder, CONTACTS_TABLE, rows=lines)
