"""The manifest of a batch: what is in it and how to check it. Pure: values in, bytes out, the same for the same values."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

NAME = "manifest.json"


@dataclass(frozen=True)
class FileEntry:
    """One file of a batch: its size in bytes, its rows without the header, its SHA-256 as 64 hex digits."""

    name: str
    bytes: int
    rows: int
    sha256: str


def describe_file(path: Path, *, rows: int) -> FileEntry:
    """The entry of a file on disk."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return FileEntry(path.name, path.stat().st_size, rows, digest)


def manifest_bytes(*, about: dict[str, Any], previous: str, counts: dict[str, Any], files: list[FileEntry]) -> bytes:
    """The manifest as JSON. `previous` is the SHA-256 of the manifest before it, empty for the first batch."""
    content = {**about, "previous_manifest_sha256": previous, "counts": counts, "files": [asdict(entry) for entry in files]}
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()


def sha256_of(content: bytes) -> str:
    """The SHA-256 of a manifest, by which the next one names it."""
    return hashlib.sha256(content).hexdigest()
