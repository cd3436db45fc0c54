"""Files: measured as they pass, and in their place whole or not at all."""

import hashlib
from pathlib import Path

import pytest

from consult.files import CHUNK_BYTES, Measured, measure, measure_path, put_in_place


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_pieces_are_measured_together_and_each_is_reported() -> None:
    told: list[str] = []
    found = measure([b"ab", b"", b"cde"], flows=lambda: told.append("a piece"))
    assert found == Measured(5, sha256(b"abcde"))
    assert len(told) == 3


def test_nothing_has_a_size_and_a_digest_too() -> None:
    assert measure([]) == Measured(0, sha256(b""))


def test_a_file_larger_than_a_piece_is_measured_whole(tmp_path: Path) -> None:
    content = b"x" * (CHUNK_BYTES * 2 + 7)
    (tmp_path / "large").write_bytes(content)
    assert measure_path(tmp_path / "large") == Measured(len(content), sha256(content))


def test_a_file_takes_the_place_of_an_earlier_one(tmp_path: Path) -> None:
    aside, path = tmp_path / "new.part", tmp_path / "new"
    path.write_text("before")
    aside.write_text("after")
    put_in_place(aside, path)
    assert (path.read_text(), aside.exists()) == ("after", False)


def test_a_file_that_may_be_put_once_leaves_what_is_there(tmp_path: Path) -> None:
    aside, path = tmp_path / "new.part", tmp_path / "new"
    path.write_text("before")
    aside.write_text("after")
    with pytest.raises(FileExistsError):
        put_in_place(aside, path, once=True)
    assert (path.read_text(), aside.read_text()) == ("before", "after")


def test_a_file_that_may_be_put_once_is_put(tmp_path: Path) -> None:
    aside, path = tmp_path / "new.part", tmp_path / "new"
    aside.write_text("after")
    put_in_place(aside, path, once=True)
    assert (path.read_text(), aside.exists()) == ("after", False)


@pytest.mark.parametrize("there", [True, False])
def test_a_drive_without_hard_links_is_written_to_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    def refuses(self: Path, target: Path) -> None:
        raise PermissionError("no hard links here")

    monkeypatch.setattr(Path, "hardlink_to", refuses)
    aside, path = tmp_path / "new.part", tmp_path / "new"
    aside.write_text("after")
    if there:
        path.write_text("before")
        with pytest.raises(FileExistsError):
            put_in_place(aside, path, once=True)
        assert path.read_text() == "before"
    else:
        put_in_place(aside, path, once=True)
        assert (path.read_text(), aside.exists()) == ("after", False)
