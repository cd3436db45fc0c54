"""What a batch's files say is compared, and not how the release at hand writes it."""

import json
from pathlib import Path
from typing import Any

import pytest

from responses.governance.reconciling.contents import files_that_differ

NAME = "parks/batch-0001"
MANIFEST: dict[str, Any] = {
    "format": 1,
    "batch": 1,
    "counts": {"responses": 2, "channel": {"web": 2}},
    "files": [{"name": "responses.jsonl", "bytes": 9}],
    "petitions": [{"number": 1, "signatures": 40}],
}
LINES = ['{"reference": "A", "answers": {"q": "Yes."}}', '{"reference": "B", "answers": {}}']
CODES = ["question,code,name", "q,1,Lights"]


def differ(exports: Path, made: Path, **files: str) -> list[str]:
    """What differs where a release at hand writes `files` in place of what was stored."""
    before = {
        "manifest.json": json.dumps(MANIFEST),
        "responses.jsonl": "\n".join(LINES),
        "codes.csv": "\n".join(CODES),
    }
    for folder, said in ((exports / NAME, before), (made, before | files)):
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in said.items():
            (folder / name).write_text(text)
    return list(files_that_differ(stored=NAME, made=made, recorded=set(before)))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("manifest.json", json.dumps(MANIFEST | {"format": 2, "files": [], "language": "cy"})),
        (
            "manifest.json",
            json.dumps(MANIFEST | {"counts": MANIFEST["counts"] | {"language": {"cy": 2}}}),
        ),
        (
            "manifest.json",
            json.dumps(MANIFEST | {"petitions": [{"signatures": 40, "number": 1, "online": 3}]}),
        ),
        (
            "responses.jsonl",
            "\n".join(
                json.dumps(json.loads(line) | {"language": "cy"}, indent=None) for line in LINES
            ),
        ),
        ("codes.csv", '"code","question","name","colour"\r\n1,q,"Lights",red'),
    ],
    ids=["more", "another count", "more of a petition", "another key", "another column"],
)
def test_what_a_later_release_adds_or_writes_otherwise_is_quiet(
    name: str, text: str, exports: Path, tmp_path: Path
) -> None:
    assert differ(exports, tmp_path / "made", **{name: text}) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "manifest.json",
            json.dumps(MANIFEST | {"counts": MANIFEST["counts"] | {"channel": {"web": 1}}}),
        ),
        ("manifest.json", json.dumps(MANIFEST | {"petitions": []})),
        ("manifest.json", json.dumps(MANIFEST | {"petitions": [{"number": 1, "signatures": 4}]})),
        ("manifest.json", json.dumps(MANIFEST | {"batch": 2})),
        ("responses.jsonl", LINES[0]),
        ("responses.jsonl", "\n".join([LINES[0].replace("Yes", "No"), LINES[1]])),
        ("responses.jsonl", "not a line"),
        ("codes.csv", "question,code,name\nq,1,Parks"),
    ],
    ids=["count", "petition", "signatures", "batch", "row", "answer", "no line", "code"],
)
def test_what_says_something_else_is_a_difference(
    name: str, text: str, exports: Path, tmp_path: Path
) -> None:
    assert differ(exports, tmp_path / "made", **{name: text}) == [name]
