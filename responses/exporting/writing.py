"""Writes a batch's files from its frozen membership: stores each step when it is done, the
manifest last. It can run as often as needed, with the same bytes every time.
"""

import logging
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from django.db import transaction
from django.db.models.functions import Now

from consult.auditing import record
from consult.files import Measured
from consult.models import Action
from responses.exporting.attached import FOLDER
from responses.exporting.batches import folder_of, pack_of
from responses.exporting.formats.makers import Tick, write_whole
from responses.exporting.high_water import forget_marks, mark_handed_over
from responses.exporting.manifests import MANIFEST, FileEntry
from responses.exporting.pack import (
    Run,
    copy_program,
    make_files,
    previous_manifest,
    run_at_once,
    tell_nobody,
)
from responses.exporting.progress import Progress, note_stopped, progress_of
from responses.exporting.signing import SIGNATURE, BadKey, sign
from responses.exporting.steps import Make
from responses.exporting.storing import (
    WORKPLACE,
    HandedOverAlready,
    StoredDifferently,
    remove_leftovers,
    store,
    stored,
)
from responses.exporting.taking_back import clear_stored
from responses.exporting.zipping import PACK, make_zip
from responses.models import Batch, Writing

log = logging.getLogger(__name__)


class BatchNotWritten(Exception):
    """The files could not be made or stored; the message says why.

    The batch stays sealed, and another try may help.
    """


class BeingWritten(Exception):
    """Another worker is writing this batch now."""


# What can keep a batch from being written; another try may help.
FORESEEN = (
    OSError,
    StoredDifferently,
    HandedOverAlready,
    BadKey,
)


def write_batch(*, batch: Batch, wait: bool = True) -> None:
    """Make a batch's files and store them, after any earlier batch that is not written yet: each
    manifest names the one before. A batch that is already written is left alone.

    A try that was cut off continues after its last step. Raises BatchNotWritten, after recording
    why, and BeingWritten if another worker has it and `wait` is False.
    """
    unwritten = Batch.objects.filter(
        consultation=batch.consultation_id, number__lte=batch.number, written_at=None
    )
    for one in list(unwritten.order_by("number")):
        try:
            _write(one.pk, wait=wait)
        except FORESEEN as trouble:
            reason = in_words(trouble)
            record_failure(one, reason)
            raise BatchNotWritten(reason) from trouble
    batch.refresh_from_db()


def record_failure(batch: Batch, reason: str) -> None:
    """Record why a batch could not be written, for staff and for the doctor."""
    failure = reason[:300]
    unwritten = Batch.objects.filter(pk=batch.pk, written_at=None).exclude(failure=failure)
    with transaction.atomic():
        if unwritten.update(failure=failure):
            record(action=Action.BATCH_NOT_WRITTEN, actor=None, subject=folder_of(batch))
    # Otherwise it would look as if someone were still writing it.
    note_stopped(batch.pk)


def in_words(trouble: Exception) -> str:
    """Return why a batch could not be written, in words fit for the page, without our own paths."""
    if isinstance(trouble, OSError):
        return f"The files could not be written: {trouble.strerror or type(trouble).__name__}."
    return str(trouble)


def _write(pk: int, *, wait: bool) -> None:
    remove_leftovers()
    with (
        transaction.atomic(),
        TemporaryDirectory(prefix=WORKPLACE) as place,
        ExitStack() as opened,
    ):
        # Two workers on one batch: the second waits for the first, or leaves, and finds it written.
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
        folder, progress = Path(place), opened.enter_context(progress_of(batch))
        files = _make_and_store(batch, folder, progress)
        whole = make_zip(batch, files, folder, tick=partial(progress.tell, Writing.Stage.ZIP))
        store(folder / PACK, pack_of(batch), whole)
        manifest = manifest_of(files)
        # From here on its number counts as used, whatever happens to the database.
        mark_handed_over(batch, manifest.sha256)
        forget_marks(batch, batch.instead_of)
        store(folder / MANIFEST, f"{folder_of(batch)}/{MANIFEST}", manifest, once=True)
        batch.files = [asdict(file) for file in files]
        batch.pack = {"bytes": whole.bytes, "sha256": whole.sha256}
        batch.manifest_sha256, batch.failure, batch.written_at = manifest.sha256, "", Now()
        batch.follows_sha256 = previous_manifest(batch) or ""
        batch.save(
            update_fields=[
                *["files", "pack", "manifest_sha256", "follows_sha256", "failure", "written_at"]
            ]
        )
        Writing.objects.filter(batch=batch).delete()
        record(
            action=Action.BATCH_WRITTEN,
            actor=None,
            subject=folder_of(batch),
            manifest_sha256=batch.manifest_sha256,
        )


def _make_and_store(batch: Batch, folder: Path, progress: Progress) -> list[FileEntry]:
    """Make every file, and store all of them except the manifest."""
    here = folder_of(batch)
    standing = stored(f"{here}/{MANIFEST}")
    if standing and standing.sha256 in batch.instead_of:
        clear_stored(batch)
        standing = None
    if standing is None:
        run = partial(_run_step, batch, folder, progress)
        files = make_all(batch, folder, run=run, tick=progress.tell_rows)
    else:
        # It is complete: a worker wrote it but was cut off before recording that, or a backup was
        # restored since. Nothing there is touched unless it proves to be the same.
        progress.made = {}
        files = make_all(batch, folder, tick=progress.tell_rows)
        refuse_another(batch, standing, manifest_of(files).sha256)
    kept = {file.name for made in progress.made.values() for file in made}
    rest = [file for file in files if file.name != MANIFEST and file.name not in kept]
    for number, file in enumerate(rest, 1):
        store(folder / file.name, f"{here}/{file.name}", file, once=standing is not None)
        progress.tell(Writing.Stage.FILES, len(kept) + number, len(files))
    return files


def _run_step(
    batch: Batch, folder: Path, progress: Progress, step: str, make: Make
) -> list[FileEntry]:
    """Make and store the files of a step, unless an earlier try did and they are still whole."""
    here, made = folder_of(batch), progress.made.get(step, [])
    if made and all(
        stored(f"{here}/{file.name}") == Measured(file.bytes, file.sha256) for file in made
    ):
        return made
    files = make()
    for file in files:
        store(folder / file.name, f"{here}/{file.name}", file)
        if file.name.startswith(f"{FOLDER}/"):
            # There may be more of them than a temporary folder holds; the zip takes them from the
            # storage.
            (folder / file.name).unlink()
    progress.note_made(step, files)
    return files


def make_all(
    batch: Batch, folder: Path, *, run: Run = run_at_once, tick: Tick = tell_nobody
) -> list[FileEntry]:
    """Make every file of a batch in `folder`, including those that its manifest does not list."""
    files = make_files(batch=batch, folder=folder, run=run, tick=tick)
    if signature := sign((folder / MANIFEST).read_bytes()):
        files.append(write_whole(folder, SIGNATURE, signature))
    return [*files, copy_program(folder)]


def manifest_of(files: Sequence[FileEntry]) -> FileEntry:
    return next(file for file in files if file.name == MANIFEST)


def refuse_another(batch: Batch, standing: Measured, manifest_sha256: str) -> None:
    """Raise HandedOverAlready if the manifest that is there already, `standing`, is a different
    one.
    """
    if standing.sha256 != manifest_sha256:
        raise HandedOverAlready(
            f"The storage has another batch {batch.number}, and nothing handed over is "
            "overwritten. See “After a restore” in docs/operations.md."
        )
