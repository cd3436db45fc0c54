"""The integrity check: everything received is there, unaltered, once, and in a batch or waiting for
one.

It reads everything and changes nothing. Each check names what it finds by reference, so that
someone can look at it.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict

from django.db import connection, transaction

from consult.auditing import record
from consult.models import Action
from responses.governance.outside import Outside, look_outside
from responses.governance.reconciling.batches import check_batches
from responses.governance.reconciling.changes import check_changes, check_equality_seals
from responses.governance.reconciling.findings import Findings
from responses.governance.reconciling.follow_ups import (
    check_confirmations,
    check_equality,
    check_reviews,
)
from responses.governance.reconciling.handed_over import check_deliveries, check_trail
from responses.governance.reconciling.outside import check_destination, check_outside
from responses.governance.reconciling.responses import (
    check_ledger,
    check_responses,
    check_ties,
    check_totals,
    check_versions,
)
from responses.governance.reconciling.rows import (
    check_editions,
    check_fingerprints,
    check_nothing_went,
    check_orphans,
)
from responses.governance.reconciling.rules import check_rules
from responses.governance.reconciling.stored import check_stored_files
from responses.governance.reconciling.trail import check_chain, check_seals
from responses.governance.reconciling.weighing import check_weighing, weighing_in_sentences
from responses.models import Reconciliation


def reconcile() -> Reconciliation:
    """Check everything, and store the result: no differences mean that all is well.

    Every check sees the same moment: what arrives meanwhile counts the next time. Only stored files
    are looked for afterwards. Must not run inside a transaction.
    """
    began = time.monotonic()
    # Before the database: what arrives in between is in the database, and not yet in what was read
    # here.
    outside = look_outside()
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        findings = go_through(outside)
    check_stored_files(findings)
    with transaction.atomic():
        record(action=Action.INTEGRITY_CHECKED, actor=None, differences=len(findings.differences))
        return Reconciliation.objects.create(
            seconds=round(time.monotonic() - began, 3),
            totals=findings.totals,
            differences=[asdict(difference) for difference in findings.differences],
        )


def go_through(outside: Outside | None = None) -> Findings:
    """Run every check in the current transaction. Stores nothing."""
    findings = Findings(outside=outside or look_outside())
    for check in CHECKS:
        check(findings)
    return findings


CHECKS: list[Callable[[Findings], None]] = [
    check_totals,
    check_nothing_went,
    check_fingerprints,
    check_orphans,
    check_responses,
    check_ledger,
    check_ties,
    check_versions,
    check_confirmations,
    check_reviews,
    check_equality,
    check_weighing,
    check_batches,
    check_deliveries,
    check_outside,
    check_destination,
    check_changes,
    check_equality_seals,
    check_trail,
    check_chain,
    check_seals,
    check_editions,
    check_rules,
]


def in_sentences(found: Reconciliation) -> Iterator[str]:
    """Return what was found, line by line, in plain words."""
    for channel, row in sorted(found.totals["channels"].items()):
        yield (
            f"{channel}: {row['received']:,} received = {row['in_batches']:,} in batches + "
            f"{row['waiting']:,} waiting"
        )
    yield f"versions: {_list(found.totals['acts'])}"
    yield f"confirmations: {_list(found.totals['confirmations'])}"
    yield f"reviews: {_list(found.totals['reviews'])}"
    gone = found.totals.get("batches_without_files", 0)
    removed = f", of {gone:,} the files were removed by the retention rule" if gone else ""
    yield f"batches: {found.totals['batches']:,}{removed}"
    yield from weighing_in_sentences(found.totals)
    for place, reason in found.totals.get("not_reached", {}).items():
        yield f"not looked at: {place} ({reason})"
    if not found.differences:
        yield "The integrity check passed."
        return
    yield (
        f"The integrity check failed. {len(found.differences):,} "
        f"difference{'' if len(found.differences) == 1 else 's'}:"
    )
    for difference in found.differences:
        yield f"  {difference['subject']}: {difference['words']}"


def _list(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items())) or "none"
