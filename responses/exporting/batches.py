"""Batches: every response in exactly one, numbered without gaps, and their files a function of what
is in them.

Sealing decides, in one short transaction, which responses a batch holds; nothing changes that
again. Writing makes its files, as often as it takes.
"""

import logging
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

from django.core.files import File
from django.core.files.storage import FileSystemStorage, storages
from django.db import connection, models, transaction
from django.db.models.functions import Now

from consult.auditing import began_recently, record
from consult.clock import latest_daily, next_daily
from consult.files import CHUNK_BYTES, Measured, measure, put_in_place
from consult.models import Action, Consultation, TwoPersonAct, User
from consult.staff.second_person import require_second_person
from responses.exporting.contents import codes_of
from responses.exporting.files import WITHOUT_CONTACTS
from responses.exporting.formats.makers import describe
from responses.exporting.manifests import MANIFEST, FileEntry
from responses.exporting.pack import copy_program, make_files
from responses.exporting.progress import telling
from responses.exporting.signing import SIGNATURE, BadKey, sign
from responses.exporting.zipping import pieces_of, zip_chunks
from responses.models import Batch, Code, Removal, Response, Writing
from responses.responding.equality import put_in_batch, to_hand_over, to_recall

log = logging.getLogger(__name__)

PACK = "pack.zip"
WORKPLACE = "consult-batch-"
LEFTOVER_SECONDS = 24 * 3600

# Whatever is in no batch yet, whenever it came: what was committed late, or while another batch was
# being sealed, is in the next.
CLAIM = """
    INSERT INTO responses_batchmember (batch_id, response_id, "row")
    SELECT %s, response.id, row_number() OVER (ORDER BY response.id)
    FROM responses_response AS response
    WHERE response.consultation_id = %s
      AND NOT EXISTS (
          SELECT FROM responses_batchmember AS member WHERE member.response_id = response.id
      )
"""
ENTER_IN_LEDGER = """
    INSERT INTO responses_ledgerentry (response_id, event, digest, batch_number)
    SELECT response.id, 'batched', response.digest, %s
    FROM responses_batchmember AS member
        JOIN responses_response AS response ON response.id = member.response_id
    WHERE member.batch_id = %s
    ORDER BY member."row"
"""
# What reviewers have made of the members at this moment: read when the files are written, so that
# writing again changes nothing.
MARK = """
    WITH taken AS (SELECT id, response_id FROM responses_batchmember WHERE batch_id = %s),
    named AS (
        SELECT taken.id, array_agg(campaign.name ORDER BY campaign.name) AS campaigns
        FROM taken JOIN responses_campaignmember AS one ON one.response_id = taken.response_id
        JOIN responses_campaign AS campaign ON campaign.id = one.campaign_id
        WHERE NOT campaign.ended GROUP BY taken.id
    ),
    given AS (
        SELECT taken.id, jsonb_agg(DISTINCT jsonb_build_array(coding.question, code.name)) AS codes
        FROM taken JOIN responses_coding AS coding ON coding.response_id = taken.response_id
        JOIN responses_code AS code ON code.id = coding.code_id
        WHERE coding.removed_at IS NULL GROUP BY taken.id
    )
    INSERT INTO responses_membermarks (member_id, campaigns, codes)
    SELECT id, coalesce(campaigns, '{}'), coalesce(codes, '[]') FROM named FULL
        JOIN given USING (id)
"""


class BatchNotWritten(Exception):
    """The files could not be made or stored; the message says why.

    The batch stays as it was sealed, and another try may help.
    """


class BeingWritten(Exception):
    """Another worker is writing this batch at this moment."""


class StoredDifferently(Exception):
    """What the storage gives back is not what it was given."""


class NoSuchFile(Exception):
    """The batch has no file of that name."""


class FileGone(Exception):
    """The batch had such a file, but it is not where it was stored."""


class FilesRemoved(Exception):
    """The batch's files were removed after their time, as its removal says."""


def seal_batch(
    *, consultation: Consultation, actor: User | None, number: int | None = None
) -> Batch:
    """Put every response that is in no batch yet into the next one; without any, it is a nil
    return.

    `number` is the one that the caller expects. Where a batch of that number is there already, it
    is returned and nothing is sealed, so that pressing a button twice is pressing it once.
    """
    with transaction.atomic():
        current = _take_turn(consultation)
        sealed = (
            Batch.objects.filter(consultation=current, number=number).first() if number else None
        )
        return sealed or _seal(current, actor)


def seal_due_batches(*, now: datetime | None = None) -> list[Batch]:
    """Seal what is due at `now`, by default the database's, and write every batch that waits to be
    written.

    A batch is due once a day at the consultation's hour in London, from opening until everything is
    in one that was sealed after the end of the grace period. Days on which nothing ran are made up
    for by one batch. Gives the batches that were sealed.
    """
    sealed = []
    for consultation in Consultation.objects.filter(published_at__isnull=False).order_by("pk"):
        with transaction.atomic():
            current = _take_turn(consultation)
            # Asked only when it is our turn: two schedules that come at once must not seal the same
            # day twice.
            if is_due(consultation=current, now=now or current.now):
                sealed.append(_seal(current, None))
    # The newest brings the earlier ones with it.
    for batch in (
        Batch.objects.filter(written_at=None)
        .order_by("consultation_id", "-number")
        .distinct("consultation_id")
    ):
        try:
            write_batch(batch=batch, wait=False)
        except BatchNotWritten as reason:
            log.warning("%s could not be written; another try follows: %s", batch, reason)
        except BeingWritten:
            log.info("%s is being written by another worker", batch)
    return sealed


def is_due(*, consultation: Consultation, now: datetime) -> bool:
    """Whether a daily batch of a published consultation is due at `now`."""
    at = due_at(consultation=consultation, now=now)
    return at is not None and at <= now


def due_at(*, consultation: Consultation, now: datetime) -> datetime | None:
    """When the next daily batch of a published consultation is due, which may be over at `now`;
    None where none is to come.

    None means as things stand: what is received later, or stopped, is due at the next hour.
    """
    last = Batch.objects.filter(consultation=consultation).order_by("-number").first()
    since = (
        last.sealed_at
        if last
        else max(consultation.opens_at, consultation.published_at or consultation.opens_at)
    )
    at = latest_daily(consultation.batch_hour, now=now)
    if at <= since:
        at = next_daily(consultation.batch_hour, after=max(since, now))
    final = consultation.withdrawn_at is not None or (
        last is not None and last.sealed_at >= consultation.grace_ends_at
    )
    if not final or waiting(consultation).exists():
        return at
    more = to_hand_over(consultation, now=max(at, now)).exists() or to_recall(consultation).exists()
    return at if more else None


def waiting(consultation: Consultation) -> models.QuerySet[Response]:
    """The responses that are in no batch yet."""
    return Response.objects.filter(consultation=consultation, membership=None)


def count_waiting() -> dict[int, int]:
    """How many responses of each consultation are in no batch yet, by its primary key; those with
    none are left out.
    """
    alone = Response.objects.filter(membership=None).order_by()
    return dict(alone.values_list("consultation").annotate(models.Count("pk")))


def _take_turn(consultation: Consultation) -> Consultation:
    """Wait until nobody else is sealing a batch of this consultation; our turn ends with the
    transaction.

    Without it, two at once would take one number. NO KEY leaves people free to send responses
    meanwhile.
    """
    turn = Consultation.objects.select_for_update(no_key=True)
    return turn.annotate(now=Now()).get(pk=consultation.pk)  # type: ignore[no-redef]  # declared on the model for its readers


def _seal(consultation: Consultation, actor: User | None) -> Batch:
    highest = (
        Batch.objects.filter(consultation=consultation).aggregate(number=models.Max("number"))[
            "number"
        ]
        or 0
    )
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
        # Nobody renames a code between the two: its rows are held, and who makes a new one waits
        # for our turn to end.
        list(
            Code.objects.select_for_update(no_key=True)
            .filter(consultation=consultation)
            .order_by("pk")
            .values_list("pk")
        )
        cursor.execute(MARK, [batch.pk])
    batch.codes = codes_of(consultation)
    batch.save(update_fields=["size", "codes"])
    batch.refresh_from_db(fields=["sealed_at"])
    put_in_batch(batch=batch, now=batch.sealed_at)
    record(action=Action.BATCH_SEALED, actor=actor, subject=folder_of(batch), size=batch.size)
    return batch


def folder_of(batch: Batch) -> str:
    """Where a batch's files stand in the storage for exports. Also its name on the audit trail."""
    return f"{batch.consultation.slug}/batch-{batch.number:04}"


def pack_of(batch: Batch) -> str:
    """Where the zip of a batch's files stands in the storage for exports: not among them, since the
    manifest does not name it.
    """
    return f"{batch.consultation.slug}/packs/batch-{batch.number:04}.zip"


def write_batch(*, batch: Batch, wait: bool = True) -> None:
    """Make a batch's files and store them, earlier unwritten ones first: each manifest names the
    one before. Once is enough.

    Raises BatchNotWritten, having recorded why, and BeingWritten where another worker has it in
    hand and `wait` is False.
    """
    unwritten = Batch.objects.filter(
        consultation=batch.consultation_id, number__lte=batch.number, written_at=None
    )
    for pk in list(unwritten.order_by("number").values_list("pk", flat=True)):
        try:
            _write(pk, wait=wait)
        except (OSError, StoredDifferently, BadKey) as trouble:
            reason = _in_words(trouble)
            Batch.objects.filter(pk=pk, written_at=None).update(failure=reason)
            Writing.objects.filter(
                batch=pk
            ).delete()  # Else it would look as if somebody were still at it.
            raise BatchNotWritten(reason) from trouble
    batch.refresh_from_db()


def _write(pk: int, *, wait: bool) -> None:
    remove_leftovers()
    with (
        transaction.atomic(),
        TemporaryDirectory(prefix=WORKPLACE) as folder,
        ExitStack() as workers,
    ):
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
        tell = workers.enter_context(telling(batch))
        files = make_files(
            batch=batch,
            folder=Path(folder),
            tick=lambda row: tell(Writing.Stage.ROWS, row, batch.size),
        )
        if signature := sign((Path(folder) / MANIFEST).read_bytes()):
            (Path(folder) / SIGNATURE).write_bytes(signature)
            files.append(describe(Path(folder), SIGNATURE, rows=None))
        files.append(copy_program(Path(folder)))
        for number, file in enumerate(files, 1):
            store(Path(folder) / file.name, f"{folder_of(batch)}/{file.name}", file)
            tell(Writing.Stage.FILES, number, len(files))
        whole = _make_pack(
            files, Path(folder), tick=lambda done, total: tell(Writing.Stage.ZIP, done, total)
        )
        store(Path(folder) / PACK, pack_of(batch), whole)
        batch.files = [asdict(file) for file in files]
        batch.pack = {"bytes": whole.bytes, "sha256": whole.sha256}
        batch.manifest_sha256 = next(file.sha256 for file in files if file.name == MANIFEST)
        batch.failure = ""
        batch.written_at = Now()
        batch.save(update_fields=["files", "pack", "manifest_sha256", "failure", "written_at"])
        Writing.objects.filter(batch=batch).delete()
        record(
            action=Action.BATCH_WRITTEN,
            actor=None,
            subject=folder_of(batch),
            manifest_sha256=batch.manifest_sha256,
        )


def _make_pack(
    files: Sequence[FileEntry], folder: Path, *, tick: Callable[[int, int], None]
) -> FileEntry:
    """Put all the files together as one zip beside them: kept as a whole, so that a download of it
    can go on where it was cut.
    """
    total = pieces_of(files)
    with (folder / PACK).open("wb") as packed:
        for done, piece in enumerate(
            zip_chunks(files, open_one=lambda name: File((folder / name).open("rb"))), 1
        ):
            packed.write(piece)
            tick(done, total)
    return describe(folder, PACK, rows=None)


def remove_leftovers() -> None:
    """Remove what workers that were killed on this machine left half made: it holds people's
    answers, and takes up room.
    """
    for folder in Path(gettempdir()).glob(f"{WORKPLACE}*"):
        # By then nobody can still be at work there: a task ends after less than an hour.
        # Another worker may be done with its own, and remove it, between our two looks.
        with suppress(FileNotFoundError):
            if time.time() - folder.stat().st_mtime > LEFTOVER_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


def store(source: Path, name: str, entry: FileEntry) -> None:
    """Put a file into the storage for exports, and read it back to see that it arrived.

    Raises OSError or StoredDifferently.
    """
    storage = storages["exports"]
    with source.open("rb") as file:
        if isinstance(storage, FileSystemStorage):
            # Whoever looks into the folder sees a whole file or none.
            aside = storage.save(f"{name}.part", File(file))
            put_in_place(Path(storage.path(aside)), Path(storage.path(name)))
        else:
            if storage.exists(name):
                storage.delete(
                    name
                )  # What an earlier try left; else some storages choose another name.
            storage.save(name, File(file))
    with storage.open(name, "rb") as stored:
        found = measure(stored.chunks(CHUNK_BYTES))
    if found != Measured(entry.bytes, entry.sha256):
        raise StoredDifferently(
            f"{entry.name} came back as {found.bytes:,} bytes that are not the "
            f"{entry.bytes:,} bytes stored."
        )


def _in_words(trouble: Exception) -> str:
    """Why a batch could not be written, in words fit for the page: no path of ours."""
    if isinstance(trouble, OSError):
        return f"The files could not be written: {trouble.strerror or type(trouble).__name__}."[
            :300
        ]
    return str(trouble)[:300]


def refuse_removed(batch: Batch) -> None:
    """Raise FilesRemoved where the batch's files had their time."""
    if Removal.objects.filter(batch=batch).exists():
        raise FilesRemoved(folder_of(batch))


def may_hold_contacts(*, batch: Batch, name: str) -> bool:
    """Whether a file of that name has to be kept from whoever may not take contact details."""
    return batch.includes_contacts and name not in WITHOUT_CONTACTS


def open_file(
    *, batch: Batch, name: str, reader: User, goes_on: bool = False
) -> tuple[File, FileEntry]:
    """One of a written batch's files, or PACK, the zip of them all, opened for somebody who takes
    it away; and what it has to be.

    That is put on the trail, once for a download that was cut and `goes_on`. Raises NoSuchFile,
    FilesRemoved, FileGone and, for contact details, SecondPersonNeeded.
    """
    there = {file["name"]: FileEntry(**file) for file in batch.files}
    if batch.pack:
        there[PACK] = FileEntry(PACK, batch.pack["bytes"], None, batch.pack["sha256"])
    if name not in there:
        raise NoSuchFile(name)
    refuse_removed(batch)
    if may_hold_contacts(batch=batch, name=name):
        require_second_person(
            act=TwoPersonAct.TAKE_CONTACTS, actor=reader, subject=folder_of(batch), once=False
        )
    try:
        file = storages["exports"].open(
            pack_of(batch) if name == PACK else f"{folder_of(batch)}/{name}", "rb"
        )
    except FileNotFoundError as reason:
        raise FileGone(name) from reason
    if not (
        goes_on
        and began_recently(
            action=Action.BATCH_DOWNLOADED, actor=reader, subject=folder_of(batch), file=name
        )
    ):
        record(action=Action.BATCH_DOWNLOADED, actor=reader, subject=folder_of(batch), file=name)
    return file, there[name]
