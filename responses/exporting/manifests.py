"""The manifest: what a batch holds, so that its receiver can check that all of it arrived. Pure."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from consult.clock import iso

FORMAT = 1
MANIFEST = "manifest.json"
NOT_SAID = "not-said"


@dataclass(frozen=True)
class FileEntry:
    """One file of a batch.

    `rows` counts its responses or questions, not its lines; None if it has none.
    """

    name: str
    bytes: int
    rows: int | None
    sha256: str


@dataclass(frozen=True)
class Signatures:
    """A petition as it stood when the batch was sealed. It is no response, and in no count."""

    number: int
    title: str
    text: str
    signatures: int
    received_on: str
    channel: str


@dataclass(frozen=True)
class Counts:
    """How many responses of each kind a batch holds."""

    responses: int = 0
    synthetic: int = 0
    act: Counter[str] = field(default_factory=Counter)
    channel: Counter[str] = field(default_factory=Counter)
    kind: Counter[str] = field(default_factory=Counter)
    timing: Counter[str] = field(default_factory=Counter)
    first_reference: str | None = None
    last_reference: str | None = None


def build_manifest(
    *,
    consultation: str,
    batch: int,
    sealed_at: datetime,
    previous_manifest_sha256: str | None,
    editions: Sequence[int],
    includes_contacts: bool,
    not_in_our_records: Sequence[int] = (),
    instead_of: Sequence[str] = (),
    petitions: Sequence[Signatures] = (),
    counts: Counts,
    files: Sequence[FileEntry],
) -> bytes:
    """Return the manifest as it is written: the same values give the same bytes."""
    content = {
        "format": FORMAT,
        "consultation": consultation,
        "batch": batch,
        "previous_manifest_sha256": previous_manifest_sha256,
        "sealed_at": iso(sealed_at),
        "editions": list(editions),
        "includes_contacts": includes_contacts,
        "first_reference": counts.first_reference,
        "last_reference": counts.last_reference,
        "counts": _counted(counts),
        "files": [asdict(file) for file in files],
    }
    if petitions:
        content["petitions"] = [asdict(one) for one in petitions]
    if not_in_our_records:
        content["not_in_our_records"] = list(not_in_our_records)
    if instead_of:
        content["made_again_instead_of"] = list(instead_of)
    return _as_bytes(content)


def build_extract_note(
    *,
    consultation: str,
    extract: int,
    kind: str,
    query: str,
    made_at: datetime,
    editions: Sequence[int],
    includes_contacts: bool,
    counts: Counts,
    files: Sequence[FileEntry],
) -> bytes:
    """Return the note about an extract.

    It is not a manifest, so that nobody takes it for a batch's: it has no number and names none
    before it.
    """
    content = {
        "format": FORMAT,
        "consultation": consultation,
        "extract": extract,
        "kind": kind,
        "filter": query,
        "made_at": iso(made_at),
        "editions": list(editions),
        "includes_contacts": includes_contacts,
        "counts": _counted(counts),
        "files": [asdict(file) for file in files],
    }
    return _as_bytes(content)


def _counted(counts: Counts) -> dict[str, object]:
    # Sorted, so that the order of counting does not show in the bytes.
    by = {
        name: dict(sorted(getattr(counts, name).items()))
        for name in ("act", "channel", "kind", "timing")
    }
    return {"responses": counts.responses, "synthetic": counts.synthetic, **by}


def _as_bytes(content: dict[str, object]) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()
