#!/usr/bin/env python3
"""Check batches that you received, with Python alone: no network, no other file, nothing to
install.

    python verify_batch.py [--key PUBLIC_KEY] PLACE [PLACE ...]

A PLACE is a batch's folder, its zip file, or a folder with several of either. It checks that every
file is the one that the manifest names, that each row is there, that the manifest was signed, and
that the batches follow one another without a gap and hold each version of a response once. Prints
what holds and what does not; exits with 0 only where everything holds.
"""

import argparse
import csv
import hashlib
import io
import json
import struct
import sys
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

MANIFEST = "manifest.json"
SIGNATURE = "manifest.sig"
OUTSIDE = {
    MANIFEST,
    SIGNATURE,
    "verify_batch.py",
}  # What a batch may have beside the files that its manifest names.
CHUNK = 1 << 20
# What reading a file, or a damaged zip, can end with.
UNREADABLE = (
    OSError,
    EOFError,
    RuntimeError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
)
csv.field_size_limit(
    2**31 - 1
)  # An answer may be longer than what Python takes without being asked.

# Ed25519 as in RFC 8032, section 5.1: the curve's prime, the order of its base point, and its
# constant d.
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]


def add(one: Point, other: Point) -> Point:
    """The sum of two points of the curve, in extended coordinates (section 5.1.4)."""
    a = (one[1] - one[0]) * (other[1] - other[0]) % P
    b = (one[1] + one[0]) * (other[1] + other[0]) % P
    c = 2 * one[3] * other[3] * D % P
    d = 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(factor: int, point: Point) -> Point:
    total: Point = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            total = add(total, point)
        point = add(point, point)
        factor >>= 1
    return total


def point_of(encoded: bytes) -> Point:
    """The point that 32 bytes stand for (section 5.1.3).

    Raises ValueError where they stand for none.
    """
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if len(encoded) != 32 or y >= P:
        raise ValueError("these bytes are no point of the curve")
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * ROOT_OF_MINUS_ONE % P
    if x * x % P != square or (x == 0 and sign):
        raise ValueError("these bytes are no point of the curve")
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


BASE = point_of(bytes([0x58]) + bytes([0x66]) * 31)


def signature_holds(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` was made over `message` with the private key behind `public_key` (section
    5.1.7).
    """
    try:
        key, commitment = point_of(public_key), point_of(signature[:32])
    except ValueError:
        return False
    scalar = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or scalar >= ORDER:
        return False
    challenge = (
        int.from_bytes(hashlib.sha512(signature[:32] + public_key + message).digest(), "little")
        % ORDER
    )
    left, right = times(scalar, BASE), add(commitment, times(challenge, key))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (
        left[1] * right[2] - right[1] * left[2]
    ) % P == 0


class Place:
    """A batch as it was received: a folder, or a zip file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.zip = None if path.is_dir() else zipfile.ZipFile(path)

    def names(self) -> list[str]:
        if self.zip:
            names = sorted(name for name in self.zip.namelist() if not name.endswith("/"))
            if twice := [name for name, times in Counter(names).items() if times > 1]:
                # One program reads the first of them and another the last.
                raise ValueError(f"a name stands in it twice: {', '.join(twice)}")
            return names
        return sorted(
            str(path.relative_to(self.path).as_posix())
            for path in self.path.rglob("*")
            if path.is_file()
        )

    def open(self, name: str) -> BinaryIO:
        return self.zip.open(name) if self.zip else (self.path / name).open("rb")  # type: ignore[return-value]  # a ZipExtFile reads the same


class Findings:
    """What holds and what does not, in words."""

    def __init__(self) -> None:
        self.wrong = 0

    def holds(self, words: str) -> None:
        print(f"  holds:        {words}")

    def fails(self, words: str) -> None:
        self.wrong += 1
        print(f"  DOES NOT HOLD: {words}")


def check_batch(place: Place, found: Findings, *, key: str) -> "dict[str, Any] | None":
    """Check one batch by itself.

    Gives its manifest, with its own hash in it; None where there is none to read.
    """
    names = place.names()
    if MANIFEST not in names:
        found.fails(f"there is no {MANIFEST}, so that this is not a whole batch")
        return None
    try:
        with place.open(MANIFEST) as file:
            raw = file.read()
        manifest: dict[str, Any] = json.loads(raw)
        entries = {
            entry["name"]: entry
            for entry in manifest["files"]
            if {"bytes", "rows", "sha256"} <= set(entry)
        }
        responses, _ = manifest["counts"]["responses"], manifest["previous_manifest_sha256"]
        if not isinstance(manifest["batch"], int):
            raise TypeError
        print(
            f"  batch {manifest['batch']} of {manifest['consultation']}, sealed "
            f"{manifest['sealed_at']}"
        )
    except (*UNREADABLE, KeyError, TypeError):
        found.fails(f"{MANIFEST} cannot be read")
        return None
    for name, entry in entries.items():
        check_file(place, name, entry, found, there=name in names)
    for name in sorted(set(names) - set(entries) - OUTSIDE):
        found.fails(f"{name} is there, and the manifest does not name it")
    for name in ("responses.csv", "responses.jsonl"):
        if name in entries and entries[name]["rows"] != responses:
            found.fails(
                f"the manifest counts {responses} responses, and {entries[name]['rows']} rows of "
                f"{name}"
            )
    check_signature(place, raw, names, found, key=key)
    manifest["sha256"] = hashlib.sha256(raw).hexdigest()
    return manifest


def check_file(
    place: Place, name: str, entry: "dict[str, Any]", found: Findings, *, there: bool
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
        found.fails(f"{name} has {size:,} bytes, and the manifest says {entry['bytes']:,}")
    elif digest.hexdigest() != entry["sha256"]:
        found.fails(f"{name} was altered: its SHA-256 is not the one in the manifest")
    elif (rows := count_rows(place, name)) not in {None, entry["rows"]}:
        found.fails(f"{name} has {rows:,} rows, and the manifest says {entry['rows']:,}")
    else:
        found.holds(
            f"{name}: {size:,} bytes"
            + (f", {entry['rows']:,} rows" if entry["rows"] is not None else "")
        )


def count_rows(place: Place, name: str) -> "int | None":
    """How many rows a table has, its header not counted; None for other files."""
    if not name.endswith((".csv", ".jsonl")):
        return None
    with place.open(name) as file:
        if name.endswith(".jsonl"):
            return sum(1 for _ in file)
        return sum(1 for _ in csv.reader(io.TextIOWrapper(file, encoding="utf-8", newline=""))) - 1


def check_signature(
    place: Place, raw: bytes, names: "list[str]", found: Findings, *, key: str
) -> None:
    if SIGNATURE not in names:
        found.fails("the manifest is not signed")
        return
    try:
        with place.open(SIGNATURE) as file:
            said = json.loads(file.read())
        public_key, signature = bytes.fromhex(said["public_key"]), bytes.fromhex(said["signature"])
        if (said["algorithm"], said["signed"]) != ("Ed25519", MANIFEST):
            raise ValueError(SIGNATURE)
    except (*UNREADABLE, KeyError, TypeError):
        found.fails(f"{SIGNATURE} cannot be read")
        return
    if not signature_holds(public_key, raw, signature):
        found.fails("the signature does not fit the manifest")
    elif key and public_key.hex() != key.lower():
        found.fails(f"the manifest was signed with another key: {public_key.hex()}")
    elif key:
        found.holds("the manifest was signed with the key that you named")
    else:
        found.holds(f"the manifest was signed with the key {public_key.hex()}")
        print(
            "                Compare it with the key on the service's page, or say --key next time."
        )


def check_chain(batches: "list[tuple[Place, dict[str, Any]]]", found: Findings) -> None:
    """Each batch names the one before it, no number is missing, and no version of a response is
    there twice.
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
            found.fails("batch 1 names a batch before it, and there can be none")
        elif before and current["previous_manifest_sha256"] not in forms_of(before):
            found.fails(
                f"batch {number} does not follow this batch {number - 1}: it names another "
                "manifest before it"
            )
    if first > 1:
        print(f"  You have no batch before {first}, so that what came before cannot be checked.")
    check_versions(batches, found)


def forms_of(manifest: "dict[str, Any]") -> "list[str]":
    """The hash of a manifest, and of those it stands instead of: before they were handed over, the
    files were made again without what was erased.
    """
    earlier = manifest.get("made_again_instead_of")
    return [manifest["sha256"], *(earlier if isinstance(earlier, list) else [])]


def check_versions(batches: "list[tuple[Place, dict[str, Any]]]", found: Findings) -> None:
    """No version is there twice, and each that replaces another names the place where that one
    stands.
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
        words = (
            f"{len(placed):,} versions of {len({reference for reference, _ in placed}):,} "
            "responses, none of them twice"
        )
        found.holds(f"{len(batches):,} batch{'' if len(batches) == 1 else 'es'}: {words}")


def lines_of(place: Place) -> "Iterator[dict[str, Any]]":
    if "responses.jsonl" not in place.names():
        return
    try:
        with place.open("responses.jsonl") as file:
            for line in file:
                said = json.loads(line)
                yield {
                    name: said[name]
                    for name in ("reference", "version", "row", "replaces_batch", "replaces_row")
                }
    except (*UNREADABLE, KeyError, TypeError):
        return  # Altered, which was said already.


def find_places(paths: "list[Path]") -> "list[Path]":
    """Each batch in `paths`: a folder or zip file that is one, or the ones that stand
    in a folder.
    """
    found = []
    for path in paths:
        inside = (
            sorted(
                one for one in path.iterdir() if one.suffix == ".zip" or (one / MANIFEST).is_file()
            )
            if path.is_dir()
            else []
        )
        found += [path] if not inside or (path / MANIFEST).is_file() else inside
    return found


def main(arguments: "list[str] | None" = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "places",
        nargs="+",
        type=Path,
        metavar="PLACE",
        help="a batch's folder or zip file, or a folder of them",
    )
    parser.add_argument(
        "--key",
        default="",
        help="the public key that you trust, 64 hexadecimal digits from the service's page",
    )
    options = parser.parse_args(arguments)
    found, batches = Findings(), []
    for path in find_places(options.places):
        print(path)
        try:
            place = Place(path)
            if manifest := check_batch(place, found, key=options.key):
                batches.append((place, manifest))
        except UNREADABLE as trouble:
            found.fails(f"it cannot be read: {trouble}")
    if batches:
        print("All together")
        check_chain(batches, found)
    print(
        "Everything holds."
        if not found.wrong
        else (
            f"{found.wrong} thing{'' if found.wrong == 1 else 's'} did not hold. Do not use this "
            "data."
        )
    )
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
