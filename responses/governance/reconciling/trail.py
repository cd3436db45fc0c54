"""The audit trail: the service wrote every entry, and each is as the later ones record it."""

from responses.governance.reconciling.findings import Findings, rows_of


def check_chain(findings: Findings) -> None:
    """Check that no entry that a later one names is missing or changed."""
    for entry, there in rows_of(
        """SELECT DISTINCT named::bigint, e.id IS NOT NULL
        FROM consult_auditentry later CROSS JOIN jsonb_each_text(later.earlier) AS tie (named, was)
        LEFT JOIN consult_auditentry e ON e.id = named::bigint
        WHERE e.fingerprint IS DISTINCT FROM was ORDER BY 1"""
    ):
        findings.note(
            f"audit entry {entry}",
            "Later entries recorded it with a different content."
            if there
            else "Later entries name it, and it is gone.",
        )


def check_seals(findings: Findings) -> None:
    """Check that the service wrote each entry, once: its seal fits its content
    and is not a copy.
    """
    for entry, fits in rows_of(
        """SELECT id, fits FROM (
            SELECT id, count(*) OVER (PARTITION BY seal) AS copies,
                substr(seal, 33) = encode(sha256(convert_to(concat_ws(
                    chr(31), substr(seal, 1, 32), action, actor_name, subject), 'UTF8')), 'hex')
                AS fits
            FROM consult_auditentry) AS entry
        WHERE NOT fits OR copies > 1 ORDER BY id"""
    ):
        findings.note(
            f"audit entry {entry}",
            "It is on the trail more than once: it was copied in."
            if fits
            else "It was put on the trail outside the service.",
        )
