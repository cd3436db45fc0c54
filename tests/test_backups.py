"""The composition's backups: what it archives, and that the documents restore from there."""

import subprocess
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings

ROOT = Path(settings.BASE_DIR)


def services() -> dict[str, Any]:
    composition: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return dict(composition["services"])


def archive_command() -> str:
    line = next(
        line
        for line in services()["postgres"]["command"][-1].splitlines()
        if "archive_command" in line
    )
    return line.split("=", 1)[1].strip().strip("'")


def archive(wal: Path, into: Path) -> int:
    command = archive_command().replace("%p", str(wal)).replace("%f", wal.name)
    return subprocess.run(
        ["bash", "-c", command.replace("/archive/wal", str(into))], check=False
    ).returncode


def test_wal_is_archived_whole_and_never_over_what_is_there(tmp_path: Path) -> None:
    into, wal = tmp_path / "archive", tmp_path / "000000010000000000000001"
    into.mkdir()
    wal.write_bytes(b"first")
    assert archive(wal, into) == 0
    wal.write_bytes(b"second")
    assert archive(wal, into) != 0
    assert {file.name: file.read_bytes() for file in into.iterdir()} == {wal.name: b"first"}


def test_base_backups_are_a_profile_that_reaches_the_archive() -> None:
    backup, postgres = services()["base-backup"], services()["postgres"]
    assert backup["profiles"] == ["backup"]
    assert "archive:/archive" in backup["volumes"]
    assert "archive:/archive" in postgres["volumes"]
    script = backup["command"][-1]
    # Whole before it has its name, and no WAL goes that a kept one needs.
    assert script.index("pg_basebackup") < script.index("sync") < script.index("mv $$name.part")
    assert script.index("rm -r") < script.index("pg_archivecleanup /archive/wal")
    assert (
        subprocess.run(["bash", "-n", "-c", script.replace("$$", "$")], check=False).returncode == 0
    )


def test_the_documents_restore_from_where_the_composition_archives() -> None:
    written = (ROOT / "docs" / "operations.md").read_text()
    assert "docker compose --profile backup up --detach" in written
    assert "restore_command = 'cp /archive/wal/%f %p'" in written
    assert "/archive/base/" in written
    assert "recovery.signal" in written
    assert "archive_mode=${ARCHIVE_MODE:-off}" in services()["postgres"]["command"][-1]
