"""Batches together: they follow one another, and hold each version of a response once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from responses.exporting.verifying.places import UNREADABLE, Findings, Place


def check_chain(batches: list[tuple[Place, dict[str, Any]]], found: Findings) -> None:
    """Check that each batch names the one before it, that no number is missing, and that no version
    of a response appears twice.
    """
    by_number: dict[int, dict[str, Any]] = {}
    consultations = sorted({str(manifest["consultation"]) for _, manifest in batches})
    if len(consultations) > 1:
        found.fails(f"the batches are of different consultations: {', '.join(consultations)}")
        return
    for _, manifest in batches:
        if manifest["batch"] in by_number:
            found.fails(f"batch {manifest['batch']} is there twice")
        by_number[manifest["batch"]] = manifest
    first, last = min(by_number), max(by_number)
    for number in range(first, last + 1):
        current, before = by_number.get(number), by_number.get(number - 1)
        if current is None:
            found.fails(f"batch {number} is missing")
        elif number == 1 and current["previous_manifest_sha256"] is not None:
            found.fails("batch 1 names a batch before it, but there cannot be one")
        elif before and current["previous_manifest_sha256"] not in forms_of(before):
            found.fails(
                f"batch {number} does not follow this batch {number - 1}: it names a different "
                "manifest before it"
            )
    if first > 1:
        print(f"  You have no batch before {first}, so earlier ones cannot be checked.")
    check_versions(batches, found)


def forms_of(manifest: dict[str, Any]) -> list[str]:
    """Return the hash of a manifest and of those that it replaced: the files were made again,
    without what was erased, before they were handed over.
    """
    earlier = manifest.get("made_again_instead_of")
    return [manifest["sha256"], *(earlier if isinstance(earlier, list) else [])]


def check_versions(batches: list[tuple[Place, dict[str, Any]]], found: Findings) -> None:
    """Check that no version appears twice, and that each one that replaces another names the row
    where that one is.
    """
    placed: dict[tuple[str, int], tuple[int, int]] = {}
    first = min(manifest["batch"] for _, manifest in batches)
    wrong = found.wrong
    for place, manifest in sorted(batches, key=lambda pair: pair[1]["batch"]):
        for line in lines_of(place):
            version = (line["reference"], line["version"])
            if version in placed:
                found.fails(
                    f"{version[0]} version {version[1]} is in batch {placed[version][0]} and in "
                    f"batch {manifest['batch']}"
                )
            placed[version] = (manifest["batch"], line["row"])
            before = (line["replaces_batch"], line["replaces_row"])
            if (
                version[1] > 1
                and before[0] is not None
                and before[0] >= first
                and placed.get((version[0], version[1] - 1)) != before
            ):
                found.fails(
                    f"{version[0]} version {version[1]} replaces row {before[1]} of batch "
                    f"{before[0]}, which is something else"
                )
    if found.wrong == wrong:
        people = len({reference for reference, _ in placed})
        words = (
            f"{len(placed):,} version{'' if len(placed) == 1 else 's'} of "
            f"{people:,} response{'' if people == 1 else 's'}, none of them twice"
        )
        found.holds(f"{len(batches):,} batch{'' if len(batches) == 1 else 'es'}: {words}")


def lines_of(place: Place) -> Iterator[dict[str, Any]]:
    if "responses.jsonl" not in place.names():
        return
    names = ("reference", "version", "row", "replaces_batch", "replaces_row")
    try:
        with place.open("responses.jsonl") as file:
            for line in file:
                row = json.loads(line)
                yield {name: row[name] for name in names}
    except (*UNREADABLE, KeyError, TypeError):
        return  # Altered, which checking the batch by itself reports.
