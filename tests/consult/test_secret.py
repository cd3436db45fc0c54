"""The key of a rehearsal: made once, kept, and readable by its owner alone."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from consult.secret import local_secret_key


def test_the_key_is_made_once_and_outlives_a_restart(tmp_path: Path) -> None:
    first = local_secret_key(tmp_path / "var")
    assert local_secret_key(tmp_path / "var") == first
    assert len(first) >= 50


def test_two_installations_have_two_keys(tmp_path: Path) -> None:
    assert local_secret_key(tmp_path / "one") != local_secret_key(tmp_path / "two")


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    local_secret_key(tmp_path)
    (key,) = tmp_path.iterdir()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_a_key_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "secret-key").write_text("kept from before\n")
    assert local_secret_key(tmp_path) == "kept from before"


def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as pool:
        keys = {pool.submit(local_secret_key, tmp_path).result() for _start in range(4)}
    assert len(keys) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret-key"]
