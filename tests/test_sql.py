"""The rules that the database keeps are those of the files in `sql/`: read there,
nobody is misled.
"""

from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from tests.support.tampering import behind_its_back

APPS = ("consult", "responses")
FILES = [
    path for app in APPS for path in sorted((Path(settings.BASE_DIR) / app / "sql").glob("*.sql"))
]
# What the database holds, in its own words. Functions that came with an extension are none of ours.
FUNCTIONS = """SELECT oid::regprocedure::text, pg_get_functiondef(oid) FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace AND prokind <> 'a'
        AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass
            AND objid = pg_proc.oid AND deptype = 'e')"""
TRIGGERS = """SELECT format('%s on %s', tgname, tgrelid::regclass), format('%s (%s)',
       pg_get_triggerdef(oid), tgenabled)
    FROM pg_trigger WHERE NOT tgisinternal"""


def rules() -> dict[str, str]:
    """Every function and trigger of the database, by its name, as text."""
    with connection.cursor() as cursor:
        cursor.execute(f"{FUNCTIONS} UNION ALL {TRIGGERS}")
        return dict(cursor.fetchall())


def rules_of_the_files() -> dict[str, str]:
    """The same, after they all went and the files were run.

    Only within a test's transaction, which undoes it.
    """
    with connection.cursor() as cursor:
        for name in [name for name in rules() if " on " not in name]:
            cursor.execute(f"DROP FUNCTION IF EXISTS {name} CASCADE")
        for path in FILES:
            cursor.execute(path.read_text())
    return rules()


def test_the_databases_rules_are_those_of_the_files(db: None) -> None:
    there = rules()
    assert len(there) > 60
    assert there == rules_of_the_files()


@pytest.mark.parametrize(
    "change",
    [
        "CREATE FUNCTION unheard_of() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        (
            "CREATE TRIGGER unheard_of BEFORE UPDATE ON consult_jobrun FOR EACH ROW EXECUTE "
            "FUNCTION "
            "refuse_change()"
        ),
        "DROP TRIGGER append_only ON consult_auditentry",
        "DROP FUNCTION keep_sealed() CASCADE",
        "ALTER TABLE responses_response DISABLE TRIGGER append_only",
        (
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN "
            "RETURN NEW; END'"
        ),
        (
            "CREATE OR REPLACE TRIGGER erase_words AFTER UPDATE ON responses_response FOR EACH ROW "
            "EXECUTE FUNCTION erase_words()"
        ),
        "ALTER TABLE responses_review ADD COLUMN unwatched text",
    ],
)
def test_a_rule_that_differs_from_the_files_is_noticed(db: None, change: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(change)
    assert rules() != rules_of_the_files()


def test_every_function_says_above_it_what_it_refuses_and_why() -> None:
    for path in FILES:
        lines = path.read_text().splitlines()
        for before, line in zip(["", *lines], lines, strict=False):
            assert not line.startswith("CREATE OR REPLACE FUNCTION") or before.startswith("-- "), (
                f"{path.name}: {line}"
            )


def test_lines_of_sql_can_be_read_without_scrolling() -> None:
    assert [
        f"{path.name}: {line}"
        for path in FILES
        for line in path.read_text().splitlines()
        if len(line) > 100
    ] == []


def test_watching_a_watched_table_again_holds_nobody_up(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT watch_rows('responses_response')")
        cursor.execute(
            "SELECT mode FROM pg_locks WHERE pid = pg_backend_pid() AND relation = "
            "'responses_response'::regclass"
        )
        assert cursor.fetchall() == []


def test_watching_again_does_not_hide_a_fingerprint_that_was_taken_away(
    consultation: object,
) -> None:
    with connection.cursor() as cursor:
        with behind_its_back():
            cursor.execute("UPDATE consult_consultation SET fingerprint = NULL")
        cursor.execute("SELECT watch_rows('consult_consultation')")
        cursor.execute("SELECT fingerprint FROM consult_consultation")
        assert cursor.fetchall() == [(None,)]
