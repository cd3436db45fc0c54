"""One batch by itself: its files, its rows and its signature."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from typing import Any

from responses.exporting.verifying.ed25519 import signature_holds
from responses.exporting.verifying.places import MANIFEST, UNREADABLE, Findings, Place

SIGNATURE = "manifest.sig"
# What a batch may have in addition to the files that its manifest lists.
UNLISTED = {MANIFEST, SIGNATURE, "verify_batch.py"}
ATTACHED, ATTACHMENTS = "attachments.csv", "attachments/"
CHUNK = 1 << 20


def check_batch(place: Place, found: Findings, *, key: str) -> dict[str, Any] | None:
    """Check one batch by itself.

    Returns its manifest, with the manifest's own SHA-256 added, or None if it cannot be read.
    """
    names = place.names()
    if MANIFEST not in names:
        found.fails(f"there is no {MANIFEST}, so this is not a whole batch")
        return None
    try:
        with place.open(MANIFEST) as file:
            raw = file.read()
        manifest, entries, responses = read_manifest(raw)
    except (*UNREADABLE, KeyError, TypeError):
        found.fails(f"{MANIFEST} cannot be read")
        return None
    print(
        f"  batch {manifest['batch']} of {manifest['consultation']}, sealed {manifest['sealed_at']}"
    )
    for name, entry in entries.items():
        check_file(place, name, entry, found, there=name in names)
    for name in sorted(set(names) - set(entries) - UNLISTED):
        found.fails(f"{name} is there, but the manifest does not list it")
    check_attachments(place, entries, found, there=ATTACHED in names)
    for name in ("responses.csv", "responses.jsonl"):
        if name in entries and entries[name]["rows"] != responses:
            found.fails(
                f"the manifest counts {_counted(responses, 'response')}, but "
                f"{_counted(entries[name]['rows'], 'row')} in {name}"
            )
    check_signature(place, raw, names, found, key=key)
    manifest["sha256"] = hashlib.sha256(raw).hexdigest()
    return manifest


def read_manifest(raw: bytes) -> tuple[dict[str, Any], dict[str, dict[str, Any]], int]:
    """Return the manifest, its entry for each file by name, and how many responses it counts.

    Raises ValueError, KeyError or TypeError if it lacks anything that the checks need.
    """
    manifest = json.loads(raw)
    entries = {
        entry["name"]: entry
        for entry in manifest["files"]
        if {"bytes", "rows", "sha256"} <= set(entry)
    }
    missing = {"consultation", "sealed_at", "previous_manifest_sha256"} - set(manifest)
    if missing or not isinstance(manifest["batch"], int):
        raise ValueError(MANIFEST)
    return manifest, entries, manifest["counts"]["responses"]


def check_file(
    place: Place, name: str, entry: dict[str, Any], found: Findings, *, there: bool
) -> None:
    if not there:
        found.fails(f"{name} is missing")
        return
    digest, size = hashlib.sha256(), 0
    try:
        with place.open(name) as file:
            for chunk in iter(lambda: file.read(CHUNK), b""):
                digest.update(chunk)
                size += len(chunk)
    except UNREADABLE as trouble:
        found.fails(f"{name} cannot be read: {trouble}")
        return
    if size != entry["bytes"]:
        found.fails(f"{name} has {size:,} bytes, but the manifest says {entry['bytes']:,}")
    elif digest.hexdigest() != entry["sha256"]:
        found.fails(f"{name} was altered: its SHA-256 is not the one in the manifest")
    elif (rows := count_rows(place, name)) not in {None, entry["rows"]}:
        found.fails(f"{name} has {_counted(rows, 'row')}, but the manifest says {entry['rows']:,}")
    else:
        found.holds(
            f"{name}: {size:,} bytes"
            + (f", {_counted(entry['rows'], 'row')}" if entry["rows"] is not None else "")
        )


def check_attachments(
    place: Place, entries: dict[str, dict[str, Any]], found: Findings, *, there: bool
) -> None:
    """Whether the list of attachments and the files are about each other."""
    files = {name for name in entries if name.startswith(ATTACHMENTS)}
    rows = []
    if there:
        try:
            with place.open(ATTACHED) as file:
                rows = list(csv.DictReader(io.TextIOWrapper(file, encoding="utf-8", newline="")))
        except (*UNREADABLE, csv.Error):
            return  # It was said above.
    listed = {row.get("file"): row for row in rows if row.get("file")}
    for name, row in listed.items():
        entry = entries.get(name or "", {})
        if (str(entry.get("bytes")), entry.get("sha256")) != (row.get("bytes"), row.get("sha256")):
            found.fails(f"{ATTACHED} says of {name} what the manifest does not")
    for name in sorted(files - set(listed)):
        found.fails(f"{name} is there, but {ATTACHED} does not say whose it is")


def count_rows(place: Place, name: str) -> int | None:
    """Count a table's rows below its header; None for a file that is not a table."""
    # What someone attached is theirs, whatever it is called.
    if name.startswith(ATTACHMENTS) or not name.endswith((".csv", ".jsonl")):
        return None
    with place.open(name) as file:
        if name.endswith(".jsonl"):
            return sum(1 for _ in file)
        return sum(1 for _ in csv.reader(io.TextIOWrapper(file, encoding="utf-8", newline=""))) - 1


def check_signature(
    place: Place, raw: bytes, names: list[str], found: Findings, *, key: str
) -> None:
    if SIGNATURE not in names:
        found.fails("the manifest is not signed")
        return
    try:
        with place.open(SIGNATURE) as file:
            note = json.loads(file.read())
        public_key, signature = bytes.fromhex(note["public_key"]), bytes.fromhex(note["signature"])
        if (note["algorithm"], note["signed"]) != ("Ed25519", MANIFEST):
            raise ValueError(SIGNATURE)
    except (*UNREADABLE, KeyError, TypeError):
        found.fails(f"{SIGNATURE} cannot be read")
        return
    if not signature_holds(public_key, raw, signature):
        found.fails("the signature does not match the manifest")
    elif key and public_key.hex() != key.lower():
        found.fails(f"the manifest was signed with another key: {public_key.hex()}")
    elif key:
        found.holds("the manifest was signed with the key that you named")
    else:
        found.holds(f"the manifest was signed with the key {public_key.hex()}")
        print(
            "                Compare it with the key on the service's page, or use --key next time."
        )


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
