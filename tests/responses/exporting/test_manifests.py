"""The manifest, by which a receiver checks a batch."""

import json
from datetime import UTC, datetime
from typing import Any

from responses.exporting.manifests import Counts, FileEntry, build_manifest


def manifest(**overrides: Any) -> bytes:
    values: dict[str, Any] = {
        "consultation": "a-plan",
        "batch": 1,
        "sealed_at": datetime(2027, 3, 28, 1, tzinfo=UTC),
        "previous_manifest_sha256": None,
        "editions": [1],
        "includes_contacts": False,
        "counts": Counts(),
        "files": [FileEntry("responses.csv", 12, 0, "ab" * 32)],
    }
    return build_manifest(**values | overrides)


def test_a_nil_return_says_that_nothing_came() -> None:
    assert json.loads(manifest()) == {
        "format": 1,
        "consultation": "a-plan",
        "batch": 1,
        "previous_manifest_sha256": None,
        "sealed_at": "2027-03-28T02:00:00.000000+01:00",
        "editions": [1],
        "includes_contacts": False,
        "first_reference": None,
        "last_reference": None,
        "counts": {
            "responses": 0,
            "synthetic": 0,
            "act": {},
            "channel": {},
            "kind": {},
            "timing": {},
        },
        "files": [{"name": "responses.csv", "bytes": 12, "rows": 0, "sha256": "ab" * 32}],
    }


def test_the_order_of_counting_does_not_show_in_the_bytes() -> None:
    one, other = Counts(), Counts()
    one.channel.update(["post", "online"])
    other.channel.update(["online", "post"])
    assert manifest(counts=one) == manifest(counts=other)
