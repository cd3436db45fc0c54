"""Every table: its rows are as the service wrote them, refer to rows that exist, and none is
missing.
"""

import json
from typing import Any

from consult.models import Consultation, Edition
from consult.plans.publishing import digest_of_content, plan_content
from responses.governance.reconciling.findings import Findings, rows_of
from responses.models import Reconciliation, Response


def check_fingerprints(findings: Findings) -> None:
    """Check that each row of a watched table is as the service wrote it."""
    for table, columns in watched_tables():
        check_fingerprints_of(table, columns, findings)


def check_fingerprints_of(table: str, columns: list[str], findings: Findings) -> None:
    """Check that each row of `table` has the fingerprint of its `columns`."""
    for (content,) in rows_of(
        f"""SELECT to_jsonb(t) FROM {table} t
        WHERE fingerprint IS DISTINCT FROM fingerprint_of(to_jsonb(t), %s)""",  # noqa: S608  # from the catalogue
        [columns],
    ):
        row = json.loads(content)
        findings.note(
            f"{table} {row['id']}",
            f"This row was altered outside the service{_of(table, row)}.",
        )


def watched_tables() -> list[tuple[str, list[str]]]:
    """Return the watched tables, each with the columns of its fingerprint, as the database has
    them.
    """
    return rows_of(
        r"""SELECT tgrelid::regclass::text, array_remove(string_to_array(encode(tgargs, 'escape'),
            '\000'), '')
        FROM pg_trigger WHERE tgname = 'leave_fingerprint' ORDER BY 1"""
    )


def _of(table: str, row: dict[str, Any]) -> str:
    """Say which response a row belongs to, as far as it tells."""
    if table == "responses_response":
        return f": response {row['reference']}"
    reference = (
        Response.objects.filter(pk=row.get("response_id") or 0)
        .values_list("reference", flat=True)
        .first()
    )
    return f": response {reference}" if reference else ""


def check_orphans(findings: Findings) -> None:
    """Check that no row refers to one that is missing."""
    keys = rows_of(
        """SELECT conrelid::regclass::text, child.attname, confrelid::regclass::text, name.attname
        FROM pg_constraint JOIN pg_attribute child ON child.attrelid = conrelid
            AND child.attnum = conkey[1]
        JOIN pg_index ON indrelid = conrelid AND indisprimary
        JOIN pg_attribute name ON name.attrelid = conrelid AND name.attnum = indkey[0]
        WHERE contype = 'f' AND (conrelid::regclass::text LIKE 'responses\\_%'
            OR conrelid::regclass::text LIKE 'consult\\_%')
        ORDER BY 1, 2"""
    )
    for table, column, parent, name in keys:
        for row, key in rows_of(
            f"""SELECT child.{name}, child.{column} FROM {table} child
            WHERE child.{column} IS NOT NULL AND NOT EXISTS (SELECT FROM {parent}
                WHERE {parent}.id = child.{column})"""  # noqa: S608
        ):
            findings.note(f"{table} {row}", f"It belongs to row {key} of {parent}, which is gone.")


def check_nothing_went(findings: Findings) -> None:
    """Check that everything that was there at the last integrity check is there now, or is on
    record as deleted.
    """
    last = Reconciliation.objects.first()
    before = last.totals.get("rows", {}) if last else {}
    now = {}
    for (table,) in rows_of(
        """SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger
        WHERE tgname IN ('append_only', 'keep_sealed', 'in_an_act') ORDER BY 1"""
    ):
        highest, there = before.get(table, [0, 0])
        [(still, newest, count)] = rows_of(
            f"""SELECT count(*) FILTER (WHERE row <= %s), coalesce(max(row), 0), count(*) FROM (
                SELECT id AS row FROM {table}
                UNION ALL SELECT row FROM consult_removedrow WHERE of = %s) AS ever""",  # noqa: S608  # from the catalogue
            [highest, table],
        )
        if still < there:
            gone = there - still
            are = "is" if gone == 1 else "are"
            findings.note(table, f"{gone:,} of its rows {are} gone since the last integrity check.")
        # Until they are back, they are reported every time.
        now[table] = [highest, there] if still < there else [newest, count]
    findings.totals["rows"] = now


def check_editions(findings: Findings) -> None:
    """Check that each edition matches its digest, and that the newest one matches the
    consultation's rows.
    """
    for edition in Edition.objects.select_related("consultation").iterator(chunk_size=10):
        if digest_of_content(edition.content) != edition.digest:
            findings.note(str(edition), "Its wording is not what was published.")
    for consultation in Consultation.objects.filter(published_at__isnull=False):
        newest = consultation.editions.order_by("-number").first()
        if newest is None or digest_of_content(plan_content(consultation)) != newest.digest:
            findings.note(
                consultation.slug, "What its rows say is not what its newest edition says."
            )
