"""Every change is part of an act on the trail or in the ledger; a change by plain SQL is part of
none.

Each row of a watched table, and each act, has the start time of the transaction that wrote it
(consult/sql/changes.sql). Rows without one are older than that rule; removing it leaves a
fingerprint that does not match.
"""

from responses.governance.reconciling.findings import Findings, rows_of
from responses.responding.submitting import ARRIVALS

# How many rows of one change are listed.
NAMED = 5
# What explains a row besides an act: each try changes its confirmation.
EXPLAINED = {
    "responses_confirmation": """EXISTS (SELECT FROM responses_confirmationattempt t
        WHERE t.confirmation_id = held.id AND t.changed_in = held.changed_in)""",
    "responses_confirmationattempt": """EXISTS (SELECT FROM responses_confirmation c
        WHERE c.id = held.confirmation_id AND c.changed_in >= held.changed_in)""",
}
# The ledger's entries are acts themselves, if what they record was written with them. An arrival is
# checked against its response.
ENTRIES = """
    SELECT 'responses_ledgerentry' AS of, held.id AS row, held.changed_in
    FROM responses_ledgerentry held
    WHERE event <> ALL (%s) AND held.changed_in IS NOT NULL
        AND NOT EXISTS (SELECT FROM consult_auditentry a WHERE a.changed_in = held.changed_in)
        AND NOT EXISTS (SELECT FROM responses_confirmation c
            JOIN responses_confirmationattempt t ON t.confirmation_id = c.id
            WHERE c.response_id = held.response_id AND t.changed_in = held.changed_in)
        AND NOT (event IN ('address-corrected', 'details-removed', 'address-removed') AND EXISTS (
            SELECT FROM responses_contact c
            WHERE c.response_id = held.response_id AND c.changed_in >= held.changed_in))
        AND NOT (event IN ('email-returned', 'email-complained') AND EXISTS (
            SELECT FROM responses_confirmation c
            WHERE c.response_id = held.response_id AND c.changed_in >= held.changed_in))
"""


def check_changes(findings: Findings) -> None:
    """Check that each row was last changed, or deleted, in the transaction of an act."""
    held = [
        f"""SELECT '{table}' AS of, id AS row, changed_in FROM {table} held
        WHERE NOT ({EXPLAINED.get(table, "false")})"""  # noqa: S608  # from the catalogue
        for table in held_tables()
        if table not in ("consult_auditentry", "responses_ledgerentry", "consult_removedrow")
    ]
    removed = "SELECT of || ' ', row, changed_in FROM consult_removedrow"
    unexplained = f"""WITH acts AS (
            SELECT changed_in FROM consult_auditentry
            UNION ALL SELECT changed_in FROM responses_ledgerentry)
        SELECT of, row, changed_in FROM ({" UNION ALL ".join([*held, removed])}) AS held
        WHERE changed_in IS NOT NULL
            AND NOT EXISTS (SELECT FROM acts WHERE acts.changed_in = held.changed_in)
        UNION ALL {ENTRIES}"""  # noqa: S608
    for table, at, count, rows in rows_of(
        f"""SELECT of, changed_in, count(*), (array_agg(row ORDER BY row))[:{NAMED}]
        FROM ({unexplained}) AS change GROUP BY of, changed_in ORDER BY 2, 1""",  # noqa: S608
        [[str(event) for event in ARRIVALS.values()]],
    ):
        did = "deletion" if table.endswith(" ") else "change"
        names = ", ".join(map(str, rows)) + (
            f" and {count - NAMED:,} more" if count > NAMED else ""
        )
        findings.note(
            f"{table.strip()} {names}",
            f"No act on the trail or in the ledger explains its {did} at "
            f"{at:%Y-%m-%d %H:%M:%S.%f} UTC.",
        )


def check_equality_seals(findings: Findings) -> None:
    """Check that equality answers, which must not carry a time, match their seals."""
    for (row,) in rows_of(
        """SELECT id FROM responses_equalityanswers
        WHERE seal <> CASE WHEN stopped THEN '' ELSE equality_seal(id, edition_id, choices, texts)
            END OR (stopped AND (choices <> '{}' OR texts <> '{}')) ORDER BY id"""
    ):
        findings.note(f"equality answers {row}", "They do not match their seal.")


def held_tables() -> list[str]:
    """Return the tables whose every change must be part of an act, according to the database."""
    return [
        table
        for (table,) in rows_of(
            "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'in_an_act' ORDER BY 1"
        )
    ]
