"""Batches that were handed over but are missing from the database, because a backup was restored.

Until they are recovered, none of their responses goes into another batch: the receiver already has
them.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from django.core.files.storage import storages

from consult.files import CHUNK_BYTES
from consult.models import Consultation
from responses.exporting.beside import EQUALITY_TABLE, STOPPED_TABLE
from responses.exporting.formats.tables import LINES
from responses.exporting.high_water import (
    DELIVERED,
    FILES,
    STORED,
    CannotTell,
    Seen,
    handed_over_after,
    has_destination,
    mark_of,
)
from responses.exporting.manifests import MANIFEST
from responses.models import Batch


class LostUnread(CannotTell):
    """A batch was handed over and is missing from our records, and nobody here can read what it
    holds.
    """


@dataclass(frozen=True)
class Holds:
    """What a batch holds: references, and whether it has equality answers or a list of those no
    longer to be used.
    """

    references: frozenset[str]
    equality: bool


@dataclass(frozen=True)
class Lost:
    """The batches by number, and what they hold together."""

    batches: list[Seen]
    holds: Holds


def look_for_lost(consultation: Consultation) -> Lost:
    """Return the batches that were handed over but are missing from the database.

    Raises CannotTell, and LostUnread if nobody can say what one of them holds.
    """
    there = set(Batch.objects.filter(consultation=consultation).values_list("number", flat=True))
    highest = max(there, default=0)
    gap = next((number for number in range(1, highest) if number not in there), highest + 1)
    seen = handed_over_after(consultation, number=gap - 1)
    lost = [one for one in seen if one.number not in there]
    return Lost(lost, _together(_held_by(one, consultation) for one in lost))


def _together(found: Iterable[Holds]) -> Holds:
    every = list(found)
    return Holds(
        references=frozenset().union(*(one.references for one in every)),
        equality=any(one.equality for one in every),
    )


def _held_by(seen: Seen, consultation: Consultation) -> Holds:
    """Return what a batch holds, from its mark or else from its files. Raises LostUnread."""
    for read in _readers(seen, consultation):
        try:
            return read()
        except (OSError, ValueError, KeyError, TypeError):
            continue  # Missing, encrypted or damaged: another place may know.
    raise LostUnread(
        f"{seen.name} was handed over and is not in our records, and what it holds cannot be read "
        "here. Ask its receiver for its files, and recover it first: see “After a restore” in "
        "docs/operations.md."
    )


def _readers(seen: Seen, consultation: Consultation) -> Iterator[Callable[[], Holds]]:
    sha256 = seen.manifest_sha256
    mark = mark_of(consultation, number=seen.number, manifest_sha256=sha256)
    for place in (STORED, FILES) if sha256 else ():
        yield partial(_by_mark, place, mark)
    for place in (STORED, DELIVERED) if has_destination() else (STORED,):
        yield partial(_by_files, place, seen.name)


def _by_mark(place: str, name: str) -> Holds:
    said = json.loads(_read(place, name))
    return Holds(frozenset(said["references"]), said["equality"])


def _by_files(place: str, folder: str) -> Holds:
    named = {file["name"] for file in json.loads(_read(place, f"{folder}/{MANIFEST}"))["files"]}
    # Split only at line feeds: what people typed may contain other characters that Python treats as
    # line ends.
    lines = _read(place, f"{folder}/{LINES}").split("\n")
    return Holds(
        references=frozenset(json.loads(line)["reference"] for line in lines if line),
        equality=bool(named & {EQUALITY_TABLE, STOPPED_TABLE}),
    )


def _read(place: str, name: str) -> str:
    with storages[place].open(name, "rb") as file:
        return b"".join(file.chunks(CHUNK_BYTES)).decode()
