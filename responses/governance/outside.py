"""What is known outside the database: in the storage for batches, at the destination and in the
journal.

A restored backup knows less than they do. They are read before the database, so that everything
they name was committed by then.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from responses.exporting.high_water import (
    DELIVERED,
    PLACES,
    STORED,
    Seen,
    has_destination,
    list_batches,
)
from responses.journal import (
    ACKNOWLEDGED,
    CONFIRMED,
    EQUALITY,
    GIVEN_UP,
    RECEIVED,
    append_to_journal,
    confirmed_line,
    erasure_marks,
    read_journal,
    received_line,
)
from responses.models import Response

AT_ONCE = 2000
Version = tuple[str, int]
Line = dict[str, Any]


@dataclass
class Outside:
    """Everything that is known outside. `unreachable` says why, by place.

    `received` has several lines for a version if one was lost with the backup and its sender, who
    saw the earlier one, changed that again. `confirmed` says when, by Message-ID.
    """

    batches: list[Seen] = field(default_factory=list)
    unreachable: dict[str, str] = field(default_factory=dict)
    received: dict[Version, list[Line]] = field(default_factory=dict)
    confirmed: dict[str, datetime] = field(default_factory=dict)
    given_up: set[tuple[str, int, datetime]] = field(default_factory=set)
    erased: set[str] = field(default_factory=set)
    acknowledged: dict[str, Line] = field(default_factory=dict)
    equality_holders: dict[str, set[str]] = field(default_factory=dict)

    def line_of(self, version: Version, received_at: datetime) -> Line:
        """Return what the journal says about the version that came at that instant, if anything."""
        lines = self.received.get(version, [])
        return next((line for line in lines if arrival_of(line)[2] == received_at), {})

    def awaited(self) -> Iterator[Line]:
        """Return what the journal says was received and nobody has given up."""
        for lines in self.received.values():
            yield from (line for line in lines if arrival_of(line) not in self.given_up)


def arrival_of(line: Line) -> tuple[str, int, datetime]:
    """Return the reference and version that a line is about, and when that came."""
    return line["reference"], line["version"], datetime.fromisoformat(line["received_at"])


def look_outside() -> Outside:
    """Read the journal and the marks of erasures, and list both places."""
    found = Outside(erased=erasure_marks())
    for line in read_journal():
        match line["event"]:
            case event if event == RECEIVED:
                reference, number, at = arrival_of(line)
                if not found.line_of((reference, number), at):
                    found.received.setdefault((reference, number), []).append(line)
            case event if event == CONFIRMED:
                found.confirmed[line["message_id"]] = datetime.fromisoformat(line["at"])
            case event if event == GIVEN_UP:
                found.given_up.add(arrival_of(line))
            case event if event == ACKNOWLEDGED:
                found.acknowledged[line["batch"]] = line
            case event if event == EQUALITY:
                holders = found.equality_holders.setdefault(line["consultation"], set())
                holders.update(line["holders"])
    for place in (STORED, DELIVERED) if has_destination() else (STORED,):
        try:
            found.batches += list_batches(place)
        except OSError as trouble:
            found.unreachable[PLACES[place]] = trouble.strerror or str(trouble)
    return found


def still_missing(outside: Outside) -> dict[tuple[str, int, datetime], Line]:
    """Return what was received, according to the journal, and is not in the database, by reference.

    Erasures are not included: `erase_again` makes those again.
    """
    missing = {
        arrival_of(line): line
        for line in outside.awaited()
        if line["act"] != Response.Act.ERASED or line["reference"] not in outside.erased
    }
    there = Response.objects.order_by().values_list("reference", "version", "received_at")
    for arrival in there.iterator(chunk_size=AT_ONCE):
        missing.pop(arrival, None)
    return dict(sorted(missing.items()))


def complete_journal(outside: Outside) -> int:
    """Add what the journal did not get at the time: it could not be written, or the process was cut
    off just after the commit. Returns how many lines. Raises OSError.
    """
    lines: list[dict[str, Any]] = []
    every = Response.objects.select_related("consultation", "edition", "confirmation")
    for response in every.order_by("pk").iterator(chunk_size=AT_ONCE):
        if not hasattr(response, "confirmation"):
            continue  # The integrity check reports it.
        version = (response.reference, response.version)
        if not outside.line_of(version, response.received_at):
            lines.append(received_line(response))
        email = response.confirmation
        if email.sent_at is not None and email.message_id not in outside.confirmed:
            lines.append(confirmed_line(response))
    append_to_journal(lines)
    return len(lines)
