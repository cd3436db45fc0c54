"""The rules that the database itself keeps, as text: those of each app's tables stand in
`APP/sql/`, one file a theme.

The text is what a rule is now, and one migration installs each file: the last one that changed it.
To change a rule, edit its file, install it in a new migration and take it out of the earlier one,
whose tables may lack what the new text speaks of. Nothing in a file minds being run twice. A
function or trigger that goes is dropped by that migration, by name.
"""

from pathlib import Path

from django.db.migrations import RunSQL

CODE = Path(__file__).parent.parent.parent


def install(app: str, name: str) -> RunSQL:
    """What a migration runs to install `APP/sql/NAME.sql`.

    Undoing it leaves the rules in place: they go with their tables.
    """
    return RunSQL((CODE / app / "sql" / f"{name}.sql").read_text(), RunSQL.noop)
