"""The files that came with responses, as a batch hands them over: each under a name of ours, so
that no name that someone gave can do harm.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from django.core.files.storage import default_storage

from consult.files import CHUNK_BYTES
from responses.exporting.formats.makers import describe
from responses.exporting.manifests import FileEntry
from responses.models import Attachment, Batch

log = logging.getLogger(__name__)

FOLDER = "attachments"
AT_ONCE = 20


@dataclass(frozen=True)
class Attached:
    """A row of attachments.csv. `path` is empty if the file was lost."""

    row: Attachment
    path: str


def attachments_in(batch: Batch | None) -> Sequence[Attachment]:
    """Return the files of a batch, by response; an extract has none."""
    if batch is None:
        return []
    found = Attachment.objects.filter(batch=batch)
    found = found.select_related("response", "transcription__response")
    return sorted(found, key=lambda one: (one.of.pk, one.pk))


def path_of(attachment: Attachment) -> str:
    """Where it is in the batch. Versions of a response with the same file share it."""
    ending = Path(attachment.file).suffix
    return f"{FOLDER}/{attachment.of.reference}-{attachment.sha256[:16]}{ending}"


def copying_steps(
    attachments: Sequence[Attachment], folder: Path
) -> Iterator[tuple[str, partial[list[FileEntry]]]]:
    """Yield the steps that copy the files into `folder`, a few at a time."""
    rest, number = iter({path_of(one): one for one in attachments}.items()), 0
    while some := dict(islice(rest, AT_ONCE)):
        number += 1
        yield f"{FOLDER}-{number}", partial(_copy, some, folder)


def _copy(by_path: dict[str, Attachment], folder: Path) -> list[FileEntry]:
    (folder / FOLDER).mkdir(exist_ok=True)
    found = []
    for path, attachment in by_path.items():
        try:
            with (
                default_storage.open(attachment.file) as source,
                (folder / path).open("wb") as target,
            ):
                for chunk in source.chunks(CHUNK_BYTES):
                    target.write(chunk)
        except FileNotFoundError:
            log.warning("A file that came with %s is lost.", attachment.of.reference)
            (folder / path).unlink(missing_ok=True)
            continue
        entry = describe(folder, path, rows=None)
        if entry.sha256 == attachment.sha256:
            found.append(entry)
        else:
            # Handing over something else under its name would be worse than none.
            log.warning("A file that came with %s is damaged.", attachment.of.reference)
            (folder / path).unlink()
    return found
