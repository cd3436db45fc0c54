"""The same values give a manifest the same bytes; an extract is never taken for a batch."""

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from responses.exporting.manifests import (
    Counts,
    FileEntry,
    build_extract_note,
    build_manifest,
)
from responses.exporting.verifying.batch import read_manifest

SEALED = datetime(2027, 1, 22, 2, tzinfo=UTC)
FILES = [
    FileEntry("responses.csv", 12, 3, "ab" * 32),
    FileEntry("codebook.html", 9, None, "cd" * 32),
]


def manifest(**more: Any) -> bytes:
    values: dict[str, Any] = {
        "consultation": "a-plan",
        "batch": 7,
        "sealed_at": SEALED,
        "previous_manifest_sha256": "ef" * 32,
        "editions": (1, 2),
        "includes_contacts": True,
        "counts": Counts(responses=3),
        "files": FILES,
    }
    return build_manifest(**values | more)


def note(**more: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "consultation": "a-plan",
        "extract": 4,
        "kind": "filter",
        "query": "word=clubs",
        "made_at": SEALED,
        "editions": [1],
        "includes_contacts": False,
        "counts": Counts(),
        "files": FILES,
    }
    read: dict[str, Any] = json.loads(build_extract_note(**values | more))
    return read


def test_the_order_of_counting_does_not_show_in_the_bytes() -> None:
    one = Counts(channel=Counter(["post", "online", "online"]))
    other = Counts(channel=Counter(["online", "post", "online"]))
    assert manifest(counts=one) == manifest(counts=other)


@pytest.mark.parametrize(
    "change",
    [
        {"batch": 8},
        {"consultation": "b-plan"},
        {"previous_manifest_sha256": None},
        {"editions": (1,)},
        {"includes_contacts": False},
        {"sealed_at": SEALED.replace(microsecond=1)},
        {"counts": Counts(responses=4)},
        {"files": FILES[:1]},
        {"not_in_our_records": [5]},
        {"instead_of": ["ab" * 32]},
    ],
)
def test_every_value_is_in_the_bytes(change: dict[str, Any]) -> None:
    assert manifest(**change) != manifest()


def test_what_is_rarely_so_is_said_only_then() -> None:
    usual = json.loads(manifest())
    assert {"not_in_our_records", "made_again_instead_of"}.isdisjoint(usual)
    rare = json.loads(manifest(not_in_our_records=[5, 6], instead_of=["ab" * 32]))
    assert (rare["not_in_our_records"], rare["made_again_instead_of"]) == ([5, 6], ["ab" * 32])


def test_each_file_is_listed_in_its_order_with_its_rows_or_none() -> None:
    listed = json.loads(manifest())["files"]
    assert [(one["name"], one["rows"]) for one in listed] == [
        ("responses.csv", 3),
        ("codebook.html", None),
    ]


def test_a_manifest_is_text_that_people_can_read() -> None:
    raw = manifest(consultation="café")
    assert raw.endswith(b"}\n")
    assert "café".encode() in raw
    assert b'\n  "batch": 7,' in raw


def test_an_extracts_note_has_no_batch_and_names_none_before_it() -> None:
    said = note()
    assert {"batch", "previous_manifest_sha256", "sealed_at"}.isdisjoint(said)
    assert (said["extract"], said["kind"], said["filter"]) == (4, "filter", "word=clubs")


def test_the_program_that_checks_batches_refuses_an_extracts_note() -> None:
    with pytest.raises((KeyError, ValueError)):
        read_manifest(json.dumps(note()).encode())
    read, entries, responses = read_manifest(manifest())
    assert (read["batch"], responses, set(entries)) == (7, 3, {"responses.csv", "codebook.html"})
