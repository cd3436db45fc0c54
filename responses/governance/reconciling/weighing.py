"""Whether what people said leads to a point. Until a decision, what leads nowhere is work left to
do and no difference: it is counted and named.
"""

from collections.abc import Iterator
from typing import Any

from consult.models import once_published
from consult.text import counted
from responses.deciding.unweighed import count_weighed, list_unweighed
from responses.governance.reconciling.findings import Findings

NAMED = 20


def check_weighing(findings: Findings) -> None:
    """Count, for each consultation, where its answers in words lead, and name the first of those
    that lead nowhere.
    """
    found: dict[str, dict[str, Any]] = {}
    for consultation in once_published().order_by("slug"):
        counted = count_weighed(consultation)
        left = list_unweighed(consultation, limit=NAMED) if counted.nowhere else []
        found[consultation.slug] = {
            "answers": counted.answers,
            "leading": counted.leading,
            "reasoned": counted.reasoned,
            "nowhere": counted.nowhere,
            "messages": counted.messages,
            "named": [f"{one.reference} {one.question}" for one in left],
        }
    findings.totals["weighing"] = found


def weighing_in_sentences(totals: dict[str, Any]) -> Iterator[str]:
    """Say where the answers in words of each consultation lead, in one line each."""
    for slug, row in totals.get("weighing", {}).items():
        yield (
            f"{slug}: {counted(row['answers'], 'answer')} in words = "
            f"{row['leading']:,} that make a point + {row['reasoned']:,} that make none for a "
            f"reason + {row['nowhere']:,} that lead nowhere yet"
        )
        if row["messages"]:
            yield f"{slug}: {counted(row['messages'], 'message')} that nobody has looked at"
        if row["named"]:
            more = row["nowhere"] - len(row["named"])
            yield f"  nowhere yet: {', '.join(row['named'])}{f' and {more:,} more' if more else ''}"
