"""Writes the files of a batch again if they were lost: byte for byte what was handed over."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from django.db import transaction

from consult.files import Measured
from responses.exporting.batches import folder_of, pack_of
from responses.exporting.downloading import refuse_removed
from responses.exporting.high_water import mark_handed_over
from responses.exporting.manifests import MANIFEST, FileEntry
from responses.exporting.pack import PROGRAM
from responses.exporting.signing import SIGNATURE
from responses.exporting.storing import WORKPLACE, store, stored
from responses.exporting.writing import make_all, refuse_another
from responses.exporting.zipping import PACK, make_zip
from responses.models import Batch

# A newer release or another key makes these differently. No manifest lists them.
BESIDE = {SIGNATURE, PROGRAM}


class WouldDiffer(Exception):
    """These files would not be what was handed over: something in them was erased since, or a newer
    release writes them differently.
    """

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(", ".join(names))
        self.names = names


@dataclass(frozen=True)
class Rewritten:
    """The files that were `stored` again, and the files that no manifest lists that would be
    `unlike` what was handed over and so were not.
    """

    stored: list[str]
    unlike: list[str]


def rewrite_batch(*, batch: Batch) -> Rewritten:
    """Store again the lost or damaged files of a written batch. Doing it again changes nothing.

    Nothing is stored unless every file that the manifest lists would be byte for byte what was
    handed over: raises WouldDiffer. Raises HandedOverAlready if a different manifest is there,
    FilesRemoved, OSError and StoredDifferently.
    """
    with transaction.atomic(), TemporaryDirectory(prefix=WORKPLACE) as place:
        # Meanwhile nobody can erase what it holds, or write it too.
        batch = (
            Batch.objects.select_for_update(no_key=True, of=("self",))
            .select_related("consultation")
            .get(pk=batch.pk)
        )
        refuse_removed(batch)
        folder = Path(place)
        if standing := stored(f"{folder_of(batch)}/{MANIFEST}"):
            refuse_another(batch, standing, batch.manifest_sha256)
        handed_over = {file["name"]: FileEntry(**file) for file in batch.files}
        made = {file.name: file for file in make_all(batch, folder)}
        unlike = sorted(name for name in handed_over if made.get(name) != handed_over[name])
        if broken := [name for name in unlike if name not in BESIDE]:
            raise WouldDiffer(broken)
        again = [name for name in handed_over if name not in {*unlike, MANIFEST}]
        missing = [name for name in [*again, MANIFEST] if _is_lost(batch, handed_over[name])]
        zipped = _store_zip(batch, list(made.values()), folder) if batch.pack else None
        for name in missing:
            if name == MANIFEST:
                mark_handed_over(batch, batch.manifest_sha256)
            store(folder / name, f"{folder_of(batch)}/{name}", handed_over[name])
    return Rewritten(
        [*missing, *([PACK] if zipped else [])], [*unlike, *([PACK] if zipped is False else [])]
    )


def _is_lost(batch: Batch, file: FileEntry) -> bool:
    return stored(f"{folder_of(batch)}/{file.name}") != Measured(file.bytes, file.sha256)


def _store_zip(batch: Batch, files: Sequence[FileEntry], folder: Path) -> bool | None:
    """Store the zip again if it is lost. Returns None if it is not, False if it would differ."""
    recorded = batch.pack or {}
    wanted = Measured(recorded["bytes"], recorded["sha256"])
    if stored(pack_of(batch)) == wanted:
        return None
    whole = make_zip(batch, files, folder, tick=lambda _done, _total: None)
    if Measured(whole.bytes, whole.sha256) != wanted:
        return False
    store(folder / PACK, pack_of(batch), whole)
    return True
