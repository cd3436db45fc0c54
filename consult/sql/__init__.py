"""The rules that the database itself keeps, as text. Those of each app's tables are in `APP/sql/`,
one file per subject.

The text is the rule as it is now, and one migration installs each file: the last one that changed
it. To change a rule, edit its file, install it in a new migration and remove it from the earlier
one, whose tables may lack what the new text needs. Every file can be run twice. A function or
trigger that is no longer needed is dropped by that migration, by name.
"""

from pathlib import Path

from django.db.migrations import RunSQL

CODE = Path(__file__).parent.parent.parent


def install(app: str, name: str) -> RunSQL:
    """Return what a migration runs to install `APP/sql/NAME.sql`.

    Undoing it leaves the rules in place: they go with their tables.
    """
    return RunSQL((CODE / app / "sql" / f"{name}.sql").read_text(), RunSQL.noop)
