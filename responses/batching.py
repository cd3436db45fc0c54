"""Batches: every response in exactly one, numbered without gaps, and their files a function of what is in them.

Sealing decides, in one short transaction, which responses a batch holds; nothing changes that again. Writing makes its
files, as often as it takes.
"""

import csv
import hashlib
import logging
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage, storages
from django.db import connection, models, transaction
from django.db.models import OuterRef, Subquery
from django.db.models.functions import Now

from consult.auditing import record
from consult.clock import latest_daily
from consult.editions import plan_of
from consult.models import Action, Consultation, Edition, User
from consult.plan import Plan
from responses.equality import put_in_batch, to_hand_over, to_recall
from responses.manifests import MANIFEST, Counts, FileEntry, build_manifest
from responses.models import Batch, BatchMember, Contact, EqualityAnswers, Response
from responses.rows import (
    CODEBOOK_COLUMNS,
    CONTACT_COLUMNS,
    EQUALITY_COLUMNS,
    RESPONSE_COLUMNS,
    Place,
    answer_columns,
    codebook_rows,
    contact_row,
    equality_columns,
    equality_row,
    response_line,
    response_row,
)
from responses.signing import SIGNATURE, BadKey, sign

log = logging.getLogger(__name__)

DAILY_HOUR = 2  # London; the hour at which every day has exactly one.
RESPONSES_AT_ONCE = 200
CHUNK_BYTES = 1 << 20
CONTACTS = "contacts.csv"
# Every other file of a batch that hands over contact details may hold some, unless it is one of these.
WITHOUT_CONTACTS = {
    *{"responses.csv", "responses.jsonl", "codebook.csv", "equality.csv", "equality-stopped.csv"},
    *{"manifest.json", "manifest.sig"},
}
WORKPLACE = "consult-batch-"
LEFTOVER_SECONDS = 24 * 3600

# Whatever is in no batch yet, whenever it came: what was committed late, or while another batch was being sealed, is in the next.
CLAIM = """
    INSERT INTO responses_batchmember (batch_id, response_id, "row")
    SELECT %s, response.id, row_number() OVER (ORDER BY response.id)
    FROM responses_response AS response
    WHERE response.consultation_id = %s
      AND NOT EXISTS (SELECT FROM responses_batchmember AS member WHERE member.response_id = response.id)
"""
ENTER_IN_LEDGER = """
    INSERT INTO responses_ledgerentry (response_id, event, digest, batch_number)
    SELECT response.id, 'batched', response.digest, %s
    FROM responses_batchmember AS member JOIN responses_response AS response ON response.id = member.response_id
    WHERE member.batch_id = %s
    ORDER BY member."row"
"""


class BatchNotWritten(Exception):
    """The files could not be made or stored; the message says why. The batch stays as it was sealed, and another try may help."""


class BeingWritten(Exception):
    """Another worker is writing this batch at this moment."""


class StoredDifferently(Exception):
    """What the storage gives back is not what it was given."""


class NoSuchFile(Exception):
    """The batch has no file of that name."""


class FileGone(Exception):
    """The batch had such a file, but it is not where it was stored."""


def seal_batch(*, consultation: Consultation, actor: User | None, number: int | None = None) -> Batch:
    """Put every response that is in no batch yet into the next one; without any, it is a nil return.

    `number` is the one that the caller expects. Where a batch of that number is there already, it is returned and nothing
    is sealed, so that pressing a button twice is pressing it once.
    """
    with transaction.atomic():
        current = _take_turn(consultation)
        sealed = Batch.objects.filter(consultation=current, number=number).first() if number else None
        return sealed or _seal(current, actor)


def seal_due_batches(*, now: datetime | None = None) -> list[Batch]:
    """Seal what is due at `now`, by default the database's, and write every batch that waits to be written.

    A batch is due once a day at 02:00 in London, from opening until everything is in one that was sealed after the end of
    the grace period. Days on which nothing ran are made up for by one batch. Gives the batches that were sealed.
    """
    sealed = []
    for consultation in Consultation.objects.filter(published_at__isnull=False).order_by("pk"):
        with transaction.atomic():
            current = _take_turn(consultation)
            # Asked only when it is our turn: two schedules that come at once must not seal the same day twice.
            if is_due(consultation=current, now=now or current.now):
                sealed.append(_seal(current, None))
    # The newest brings the earlier ones with it.
    for batch in Batch.objects.filter(written_at=None).order_by("consultation_id", "-number").distinct("consultation_id"):
        try:
            write_batch(batch=batch, wait=False)
        except BatchNotWritten as reason:
            log.warning("%s could not be written; another try follows: %s", batch, reason)
        except BeingWritten:
            log.info("%s is being written by another worker", batch)
    return sealed


def is_due(*, consultation: Consultation, now: datetime) -> bool:
    """Whether a daily batch of a published consultation is due at `now`."""
    last = Batch.objects.filter(consultation=consultation).order_by("-number").first()
    since = last.sealed_at if last else max(consultation.opens_at, consultation.published_at or consultation.opens_at)
    if latest_daily(DAILY_HOUR, now=now) <= since:
        return False
    final = consultation.withdrawn_at is not None or (last is not None and last.sealed_at >= consultation.grace_ends_at)
    if not final or waiting(consultation).exists():
        return True
    return to_hand_over(consultation, now=now).exists() or to_recall(consultation).exists()


def waiting(consultation: Consultation) -> models.QuerySet[Response]:
    """The responses that are in no batch yet."""
    return Response.objects.filter(consultation=consultation, membership=None)


def count_waiting() -> dict[int, int]:
    """How many responses of each consultation are in no batch yet, by its primary key; those with none are left out."""
    alone = Response.objects.filter(membership=None).order_by()
    return dict(alone.values_list("consultation").annotate(models.Count("pk")))


def _take_turn(consultation: Consultation) -> Consultation:
    """Wait until nobody else is sealing a batch of this consultation; our turn ends with the transaction.

    Without it, two at once would take one number. NO KEY leaves people free to send responses meanwhile.
    """
    turn = Consultation.objects.select_for_update(no_key=True)
    return turn.annotate(now=Now()).get(pk=consultation.pk)  # type: ignore[no-redef]  # declared on the model for its readers


def _seal(consultation: Consultation, actor: User | None) -> Batch:
    highest = Batch.objects.filter(consultation=consultation).aggregate(number=models.Max("number"))["number"] or 0
    batch = Batch.objects.create(
        consultation=consultation,
        number=highest + 1,
        sealed_by=actor,
        size=0,
        includes_contacts=consultation.batches_include_contacts,
    )
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [batch.pk, consultation.pk])
        batch.size = cursor.rowcount
        cursor.execute(ENTER_IN_LEDGER, [batch.number, batch.pk])
    batch.save(update_fields=["size"])
    batch.refresh_from_db(fields=["sealed_at"])
    put_in_batch(batch=batch, now=batch.sealed_at)
    record(action=Action.BATCH_SEALED, actor=actor, subject=folder_of(batch), size=batch.size)
    return batch


def folder_of(batch: Batch) -> str:
    """Where a batch's files stand in the storage for exports. Also its name on the audit trail."""
    return f"{batch.consultation.slug}/batch-{batch.number:04}"


def write_batch(*, batch: Batch, wait: bool = True) -> None:
    """Make a batch's files and store them, earlier unwritten ones first: each manifest names the one before. Once is enough.

    Raises BatchNotWritten, having recorded why, and BeingWritten where another worker has it in hand and `wait` is False.
    """
    unwritten = Batch.objects.filter(consultation=batch.consultation_id, number__lte=batch.number, written_at=None)
    for pk in list(unwritten.order_by("number").values_list("pk", flat=True)):
        try:
            _write(pk, wait=wait)
        except (OSError, StoredDifferently, BadKey) as trouble:
            reason = _in_words(trouble)
            Batch.objects.filter(pk=pk, written_at=None).update(failure=reason)
            raise BatchNotWritten(reason) from trouble
    batch.refresh_from_db()


def _write(pk: int, *, wait: bool) -> None:
    _remove_leftovers()
    with transaction.atomic(), TemporaryDirectory(prefix=WORKPLACE) as folder:
        # Two workers at one batch: the second waits for the first, or leaves, and finds it written.
        batch = (
            Batch.objects.select_for_update(no_key=True, of=("self",), skip_locked=not wait)
            .select_related("consultation")
            .filter(pk=pk)
            .first()
        )
        if batch is None:
            raise BeingWritten
        if batch.written_at:
            return
        files = make_files(batch=batch, folder=Path(folder))
        if signature := sign((Path(folder) / MANIFEST).read_bytes()):
            (Path(folder) / SIGNATURE).write_bytes(signature)
            files.append(describe(Path(folder) / SIGNATURE, rows=None))
        for file in files:
            _store(Path(folder) / file.name, f"{folder_of(batch)}/{file.name}", file)
        batch.files = [asdict(file) for file in files]
        batch.manifest_sha256 = next(file.sha256 for file in files if file.name == MANIFEST)
        batch.failure = ""
        batch.written_at = Now()
        batch.save(update_fields=["files", "manifest_sha256", "failure", "written_at"])
        record(action=Action.BATCH_WRITTEN, actor=None, subject=folder_of(batch), manifest_sha256=batch.manifest_sha256)


def _remove_leftovers() -> None:
    """Remove what workers that were killed on this machine left half made: it holds people's answers, and takes up room."""
    for folder in Path(gettempdir()).glob(f"{WORKPLACE}*"):
        # By then nobody can still be at work there: a task ends after less than an hour.
        # Another worker may be done with its own, and remove it, between our two looks.
        with suppress(FileNotFoundError):
            if time.time() - folder.stat().st_mtime > LEFTOVER_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


def make_files(*, batch: Batch, folder: Path) -> list[FileEntry]:
    """Make the files of a sealed batch in `folder`, its manifest last. The same batch always gives the same bytes.

    Rows come from the database and go to the disk a few at a time, however many there are. Needs a transaction.
    """
    editions = _editions_of(batch)
    plans = {edition.number: plan_of(edition) for edition in editions}
    numbers = {edition.pk: edition.number for edition in editions}
    columns = answer_columns(list(plans.values()))
    counts = Counts()
    with ExitStack() as files:
        csv_file = files.enter_context((folder / "responses.csv").open("w", encoding="utf-8", newline=""))
        lines = files.enter_context((folder / "responses.jsonl").open("w", encoding="utf-8", newline="\n"))
        table = csv.writer(csv_file)
        table.writerow(RESPONSE_COLUMNS + [column.name for column in columns])
        for row, (response, replaces) in enumerate(_members_in_order(batch), 1):
            edition = numbers[response.edition_id]
            table.writerow(response_row(response, row=row, replaces=replaces, edition=edition, plan=plans[edition], columns=columns))
            lines.write(response_line(response, row=row, replaces=replaces, edition=edition))
            counts.add(response)
    made = [describe(folder / name, rows=counts.responses) for name in ("responses.csv", "responses.jsonl")]
    codebook = folder / "codebook.csv"
    said = EqualityAnswers.objects.filter(batch=batch)
    lines_of = codebook_rows(plans, equality=said.exists())
    made.append(describe(codebook, rows=_write_table(codebook, CODEBOOK_COLUMNS, lines_of)))
    made += _write_equality(batch, folder, plans, numbers)
    if batch.includes_contacts:
        path = folder / CONTACTS
        people = Contact.objects.filter(response__membership__batch=batch).order_by("response__membership__row")
        found = people.select_related("response").only("response__reference", "response__version", "name", "email", "postcode_district")
        lines_of = (contact_row(who.response.reference, who.response.version, who) for who in found.iterator())
        made.append(describe(path, rows=_write_table(path, CONTACT_COLUMNS, lines_of)))
    manifest = folder / MANIFEST
    manifest.write_bytes(
        build_manifest(
            consultation=batch.consultation.slug,
            batch=batch.number,
            sealed_at=batch.sealed_at,
            previous_manifest_sha256=_previous_manifest(batch),
            editions=list(plans),
            includes_contacts=batch.includes_contacts,
            counts=counts,
            files=made,
        )
    )
    return [*made, describe(manifest, rows=None)]


def _write_equality(batch: Batch, folder: Path, plans: dict[int, Plan], numbers: dict[int, int]) -> list[FileEntry]:
    """The equality answers that the batch takes, and the ids of earlier ones that are out of use; each where there are any."""
    made = []
    # By their random id: an order that says nothing about who answered when.
    said = EqualityAnswers.objects.filter(batch=batch, stopped=False).order_by("pk")
    if EqualityAnswers.objects.filter(batch=batch).exists():
        columns = equality_columns(list(plans.values()))
        rows = (
            equality_row(row, edition=numbers[row.edition_id], plan=plans[numbers[row.edition_id]], columns=columns)
            for row in said.iterator(chunk_size=RESPONSES_AT_ONCE)
        )
        path = folder / "equality.csv"
        header = EQUALITY_COLUMNS + [column.name for column in columns]
        made.append(describe(path, rows=_write_table(path, header, rows)))
    if batch.equality_recalls.exists():
        path = folder / "equality-stopped.csv"
        stopped = ([str(pk)] for pk in batch.equality_recalls.order_by("pk").values_list("pk", flat=True))
        made.append(describe(path, rows=_write_table(path, ["id"], stopped)))
    return made


def _members(batch: Batch) -> models.QuerySet[Response]:
    return Response.objects.filter(membership__batch=batch).order_by("membership__row")


def _members_in_order(batch: Batch) -> Iterator[tuple[Response, Place | None]]:
    """Each member with the place of the version that it replaces, a few at a time however many there are."""
    before = BatchMember.objects.filter(response__reference=OuterRef("reference"), response__version=OuterRef("version") - 1)
    # An earlier version was there before this one could be written, so that it is in an earlier batch or on an earlier row.
    placed = _members(batch).annotate(
        before_batch=Subquery(before.values("batch__number")[:1]), before_row=Subquery(before.values("row")[:1])
    )
    for response in placed.iterator(chunk_size=RESPONSES_AT_ONCE):
        yield response, Place(response.before_batch, response.before_row) if response.before_batch else None


def _editions_of(batch: Batch) -> list[Edition]:
    """The editions that the batch's responses answered, in order; for a nil return the one that was current when it was sealed."""
    editions = Edition.objects.filter(consultation=batch.consultation).defer("content").order_by("number")
    taken = EqualityAnswers.objects.filter(batch=batch).values("edition")
    answered = list(editions.filter(models.Q(pk__in=_members(batch).order_by().values("edition")) | models.Q(pk__in=taken)))
    return answered or list(editions.filter(published_at__lte=batch.sealed_at))[-1:]


def _previous_manifest(batch: Batch) -> str | None:
    if batch.number == 1:
        return None
    return Batch.objects.values_list("manifest_sha256", flat=True).get(consultation=batch.consultation, number=batch.number - 1)


def _write_table(path: Path, header: list[str], lines: Iterable[list[str]]) -> int:
    """Write a CSV file and say how many rows it has, its header not counted."""
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(header)
        for line in lines:
            table.writerow(line)
            count += 1
    return count


def describe(path: Path, *, rows: int | None) -> FileEntry:
    """A file's entry in the manifest."""
    with path.open("rb") as file:
        return FileEntry(path.name, path.stat().st_size, rows, hashlib.file_digest(file, "sha256").hexdigest())


def _store(source: Path, name: str, entry: FileEntry) -> None:
    """Put a file into the storage for exports, and read it back to see that it arrived. Raises OSError or StoredDifferently."""
    storage = storages["exports"]
    with source.open("rb") as file:
        if isinstance(storage, FileSystemStorage):
            # Whoever looks into the folder sees a whole file or none.
            aside = storage.save(f"{name}.part", File(file))
            _put_in_place(Path(storage.path(aside)), Path(storage.path(name)))
        else:
            if storage.exists(name):
                storage.delete(name)  # What an earlier try left; else some storages choose another name.
            storage.save(name, File(file))
    digest, size = _read_back(storage, name)
    if (size, digest) != (entry.bytes, entry.sha256):
        raise StoredDifferently(f"{entry.name} came back as {size:,} bytes that are not the {entry.bytes:,} bytes stored.")


def _put_in_place(aside: Path, path: Path) -> None:
    """Rename `aside` to `path` so that a power cut leaves the whole file or none."""
    _sync(aside)
    aside.replace(path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read_back(storage: Storage, name: str) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with storage.open(name, "rb") as file:
        for chunk in file.chunks(CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
    return digest.hexdigest(), size


def _in_words(trouble: Exception) -> str:
    """Why a batch could not be written, in words fit for the page: no path of ours."""
    if isinstance(trouble, OSError):
        return f"The files could not be written: {trouble.strerror or type(trouble).__name__}."[:300]
    return str(trouble)[:300]


def may_hold_contacts(*, batch: Batch, name: str) -> bool:
    """Whether a file of that name has to be kept from whoever may not take contact details."""
    return batch.includes_contacts and name not in WITHOUT_CONTACTS


def open_file(*, batch: Batch, name: str, reader: User) -> File:
    """One of a written batch's files, opened for somebody who takes it away; that is put on the trail.

    Raises NoSuchFile and FileGone.
    """
    if name not in {file["name"] for file in batch.files}:
        raise NoSuchFile(name)
    try:
        file = storages["exports"].open(f"{folder_of(batch)}/{name}", "rb")
    except FileNotFoundError as reason:
        raise FileGone(name) from reason
    record(action=Action.BATCH_DOWNLOADED, actor=reader, subject=folder_of(batch), file=name)
    return file
