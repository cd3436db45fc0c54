"""The rules in the database are those of the files in `sql/`: all of them, no others, and all
switched on.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from django.db import connection
from django.db.migrations.loader import MigrationLoader

from consult.sql import CODE
from responses.governance.reconciling.findings import Findings, rows_of

APPS = ("consult", "responses")
FUNCTION = re.compile(
    r"CREATE OR REPLACE FUNCTION (\w+)\(.*?\)\s+RETURNS (.*?)AS \$\$(.*?)\$\$;", re.DOTALL
)
TRIGGER = re.compile(
    r"CREATE (?:OR REPLACE )?TRIGGER (\w+) (BEFORE|AFTER) (\S[^;]*?) ON (?:public\.)?(\w+) "
    r"FOR EACH (ROW|STATEMENT) (?:WHEN (.*?) )?EXECUTE FUNCTION (\w+)\((.*?)\)"
)
CALL = re.compile(r"SELECT (hold_rows|watch_rows)\((.*?)\);")
# What `hold_rows` and `watch_rows` create for a table.
MADE = {
    "hold_rows": """
        CREATE TRIGGER in_an_act BEFORE INSERT OR UPDATE ON {table}
            FOR EACH ROW EXECUTE FUNCTION note_transaction({arguments});
        CREATE TRIGGER removal AFTER DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION note_removal();
        CREATE TRIGGER no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT
            WHEN (current_setting('consult.tests_may_truncate', true) IS DISTINCT FROM 'on')
            EXECUTE FUNCTION refuse_change();
    """,
    "watch_rows": """
        CREATE TRIGGER leave_fingerprint BEFORE INSERT OR UPDATE ON {table}
            FOR EACH ROW EXECUTE FUNCTION leave_fingerprint({columns});
    """,
}


class Trigger(NamedTuple):
    """What a trigger does, however its SQL is written."""

    timing: str
    events: frozenset[str]
    level: str
    when: str
    function: str
    arguments: str


def check_rules(findings: Findings) -> None:
    """Check that each function and trigger is as its file says and switched on, and that there is
    no other.

    Skipped while the database is of another release than this program.
    """
    if not _is_of_this_release():
        findings.totals.setdefault("not_reached", {})["the database's rules"] = (
            "the database is of another release"
        )
        return
    files = [
        path.read_text()
        for app in APPS
        for path in sorted((Path(CODE) / app / "sql").glob("*.sql"))
    ]
    _compare(findings, "function", _functions_of(files), _functions_there())
    _compare(findings, "trigger", _triggers_of(files), _triggers_there())
    for table, trigger in rows_of(
        """SELECT tgrelid::regclass::text, tgname FROM pg_trigger
        WHERE NOT tgisinternal AND tgenabled <> 'O' ORDER BY 1, 2"""
    ):
        findings.note(table, f"The trigger {trigger} is switched off.")


def _is_of_this_release() -> bool:
    migrations = MigrationLoader(connection)
    known, applied = (
        {key for key in keys if key[0] in APPS}
        for keys in (migrations.disk_migrations, migrations.applied_migrations)
    )
    return known == applied


def _compare(
    findings: Findings, kind: str, wanted: Mapping[str, object], there: Mapping[str, object]
) -> None:
    for name in sorted({*wanted, *there}):
        if name not in there:
            findings.note(f"{kind} {name}", "It is missing from the database.")
        elif name not in wanted:
            findings.note(
                f"{kind} {name}", "It is in the database, but is not one of the service's."
            )
        elif wanted[name] != there[name]:
            findings.note(f"{kind} {name}", "It is not as the service's rules say.")


def _functions_of(files: list[str]) -> dict[str, tuple[str, bool]]:
    """Return the body of each function, and whether it sets the time zone."""
    return {
        name: (body, "SET timezone" in head)
        for text in files
        for name, head, body in FUNCTION.findall(text)
    }


def _functions_there() -> dict[str, tuple[str, bool]]:
    """Return the same from the database; of two with one name the second counts as another."""
    found: dict[str, tuple[str, bool]] = {}
    for name, body, configured in rows_of(
        """SELECT proname, prosrc, proconfig IS NOT NULL FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND NOT EXISTS (
            SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid
                AND deptype = 'e')
        ORDER BY proname, pg_proc.oid"""
    ):
        found[f"{name} (another)" if name in found else name] = (body, configured)
    return found


def _triggers_of(files: list[str]) -> dict[str, Trigger]:
    columns = {
        table: ", ".join(f"'{name}'" for name in names)
        for table, names in rows_of(
            """SELECT attrelid::regclass::text, array_agg(attname::text ORDER BY attnum)
            FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
            WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
                AND attnum > 0 AND NOT attisdropped AND attname <> 'fingerprint' GROUP BY 1"""
        )
    }
    said = ""
    for text in files:
        # Without the functions' bodies and the comments.
        plain = re.sub(r"(?m)^--.*$", "", re.sub(r"(?s)\$\$.*?\$\$", "", text))
        said += plain
        for call, given in CALL.findall(plain):
            table, _, arguments = given.partition(", ")
            table = table.strip("'")
            said += MADE[call].format(
                table=table, arguments=arguments, columns=columns.get(table, "")
            )
    return dict(_read(one) for one in said.split(";") if "TRIGGER" in one)


def _triggers_there() -> dict[str, Trigger]:
    every = "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal"
    return dict(_read(said) for (said,) in rows_of(every))


def _read(said: str) -> tuple[str, Trigger]:
    """Return a trigger's name and table, and what it does, from its SQL."""
    match = TRIGGER.search(" ".join(said.split()))
    if match is None:
        return said[:200], Trigger("", frozenset(), "", said, "", "")
    name, timing, events, table, level, when, function, arguments = match.groups()
    condition = re.sub(r"::[a-z]+( varying)?|[()\s]", "", (when or "").lower())
    return f"{name} on {table}", Trigger(
        timing, frozenset(events.split(" OR ")), level, condition, function, arguments
    )
