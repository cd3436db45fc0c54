"""The files of a batch or an extract, made from the database and described.

The bytes depend only on what it holds. Only a few responses at a time are in memory.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from responses.exporting.beside import EQUALITY_TABLE, write_beside
from responses.exporting.contents import Pack, pack_of_batch, pack_of_extract
from responses.exporting.formats.copies import RESPONSES
from responses.exporting.formats.cover_note import (
    CODEBOOK_PAGE,
    COVER_NOTE,
    About,
    codebook_page,
    cover_note,
)
from responses.exporting.formats.describing import DESCRIPTION, build_description
from responses.exporting.formats.makers import Tick, write_whole
from responses.exporting.manifests import (
    MANIFEST,
    FileEntry,
    build_extract_note,
    build_manifest,
)
from responses.exporting.steps import Make, steps_of
from responses.exporting.verifying.joining import PROGRAM, verifying_program
from responses.models import Batch, Extract

EXTRACT = "extract.json"
# Runs a step by name, or returns what an earlier run of it made.
Run = Callable[[str, Make], list[FileEntry]]


def run_at_once(_name: str, make: Make) -> list[FileEntry]:
    """Run a step, even if it ran before."""
    return make()


def tell_nobody(_done: int) -> None:
    """Report to nobody how many rows are written."""


def make_files(
    *, batch: Batch, folder: Path, run: Run = run_at_once, tick: Tick = tell_nobody
) -> list[FileEntry]:
    """Make the files of a sealed batch in `folder`, its manifest last.

    The same batch always gives the same bytes. `run` runs each step.
    """
    pack = pack_of_batch(batch)
    made = _make(pack, folder, beside=[MANIFEST, PROGRAM], run=run, tick=tick)
    manifest = build_manifest(
        consultation=batch.consultation.slug,
        batch=batch.number,
        sealed_at=batch.sealed_at,
        previous_manifest_sha256=previous_manifest(batch),
        editions=[edition.number for edition in pack.editions],
        includes_contacts=batch.includes_contacts,
        not_in_our_records=[lost["number"] for lost in batch.lost_before],
        instead_of=batch.instead_of,
        petitions=pack.petitions,
        counts=pack.counts,
        files=made,
    )
    return [*made, write_whole(folder, MANIFEST, manifest)]


def make_extract(*, extract: Extract, folder: Path, tick: Tick = tell_nobody) -> list[FileEntry]:
    """Make the files of an extract in `folder`."""
    pack = pack_of_extract(extract)
    made = _make(pack, folder, beside=[EXTRACT], run=run_at_once, tick=tick)
    said = build_extract_note(
        consultation=extract.consultation.slug,
        extract=extract.pk,
        kind=extract.kind,
        query=extract.query,
        made_at=pack.made_at,
        editions=[edition.number for edition in pack.editions],
        includes_contacts=extract.includes_contacts,
        counts=pack.counts,
        files=made,
    )
    return [*made, write_whole(folder, EXTRACT, said)]


def _make(
    pack: Pack, folder: Path, *, beside: Sequence[str], run: Run, tick: Tick
) -> list[FileEntry]:
    """Make every file of a pack except the one that names the others.

    `beside` has the names of what comes after.
    """
    made = []
    for name, make in steps_of(pack, folder, tick=tick):
        made += run(name, make)
    made += write_beside(pack, folder, there={file.name for file in made})
    # The title from the edition of the questions, which never changes afterwards.
    newest = list(pack.plans.values())[-1]
    about = About(newest.title, pack.heading, pack.told)
    page = codebook_page(pack.plans_by_number, about=about, equality=pack.has_equality)
    made.append(write_whole(folder, CODEBOOK_PAGE, page.encode()))
    description = build_description(
        name=pack.name,
        title=f"{about.title}: {about.heading}",
        made_at=pack.made_at,
        files=made,
        answers={RESPONSES: pack.columns, EQUALITY_TABLE: pack.equality_columns},
    )
    made.append(write_whole(folder, DESCRIPTION, description))
    note = cover_note(
        about=about,
        counts=pack.counts,
        names=[*(file.name for file in made), *beside],
        checked=pack.batch is not None,
        petitions=pack.petitions,
    )
    return [*made, write_whole(folder, COVER_NOTE, note.encode())]


def copy_program(folder: Path) -> FileEntry:
    """Put the program with which a receiver checks the batch next to its files."""
    return write_whole(folder, PROGRAM, verifying_program().encode())


def previous_manifest(batch: Batch) -> str | None:
    """Return the SHA-256 of the manifest before this one, as the receiver has it.

    It stays as it was when the files were written, even if the files of the batch before are made
    again.
    """
    if batch.follows_sha256:
        return batch.follows_sha256
    if batch.lost_before:
        known: str = batch.lost_before[-1]["manifest_sha256"]
        return known
    if batch.number == 1:
        return None
    return Batch.objects.values_list("manifest_sha256", flat=True).get(
        consultation=batch.consultation, number=batch.number - 1
    )
