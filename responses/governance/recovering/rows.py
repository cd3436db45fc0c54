"""The rows of a recovered batch: responses as they were received, and what follows.

Written a thousand at a time. Trouble with one row does not stop the others.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID, uuid4

from django.db import connection

from consult.models import Edition
from responses.answers import Answers, digest_of
from responses.governance.erasing import NOBODY
from responses.governance.outside import Line, Outside, Version
from responses.governance.recovering.sources import CannotRecover, Fetched
from responses.governance.recovering.tables import contacts_in
from responses.governance.recovering.versions import Returning, write_versions
from responses.models import Batch, BatchMember, LedgerEntry, MemberMarks, Response

AT_ONCE = 1000
ENTER = """
    INSERT INTO responses_ledgerentry (response_id, event, at, digest, batch_number)
    SELECT response.id, %s, coalesce(%s, statement_timestamp()), response.digest, %s
    FROM responses_batchmember AS member
        JOIN responses_response AS response ON response.id = member.response_id
    WHERE member.batch_id = %s ORDER BY member."row"
"""
# Staff read only the newest version of a response.
SUPERSEDE = """
    UPDATE responses_review SET superseded = newest.version <> mine.version
    FROM responses_response AS mine,
        (SELECT reference, max(version) AS version FROM responses_response
            WHERE reference = ANY(%s) GROUP BY reference) AS newest
    WHERE mine.id = response_id AND mine.reference = newest.reference
        AND superseded IS DISTINCT FROM (newest.version <> mine.version)
"""


@dataclass(frozen=True)
class Returned:
    """A version of a response that came back, and in words what of it did not."""

    reference: str
    version: int
    lacks: str


@dataclass
class Taken:
    """The result for a batch's rows.

    `erased` are the references whose tombstone it brought back, `overtaken` are lines whose version
    has different content in the database, and `troubles` explains these and others in words.
    """

    returned: list[Returned] = field(default_factory=list)
    erased: list[str] = field(default_factory=list)
    overtaken: list[dict[str, Any]] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)


def take_rows(*, batch: Fetched, row: Batch, outside: Outside) -> Taken:
    """Write each version that the batch holds and the database lacks, and put all of them into the
    batch, with what reviewers had made of them and the ledger's entries. Needs the transaction that
    makes the batch.

    Raises CannotRecover where the database lacks an edition that they answered.
    """
    editions = {edition.number: edition for edition in row.consultation.editions.all()}
    if missing := set(batch.manifest["editions"]) - set(editions):
        raise CannotRecover(
            f"{batch.name} answers edition {min(missing)}, which the database does not have: load "
            "the plan as it was published then, and try again."
        )
    contacts, taken = contacts_in(batch), Taken()
    every = batch.lines()
    while lines := list(islice(every, AT_ONCE)):
        there = _there(lines)
        new = [line for line in lines if _version(line) not in there]
        for line in lines:
            if (standing := there.get(_version(line))) and not _is_the_same(standing, line):
                taken.overtaken.append(line)
        made = _write(new, editions, contacts, outside, taken)
        _put_in_batch(lines, there | made, row, taken)
    _replace_overtaken(row, outside, taken)
    with connection.cursor() as cursor:
        touched = {one.reference for one in taken.returned}
        touched |= {line["reference"] for line in taken.overtaken}
        cursor.execute(SUPERSEDE, [sorted(touched)])
    enter_in_ledger(row, LedgerEntry.Event.BATCHED, at=batch.sealed_at)
    return taken


def _version(line: Mapping[str, Any]) -> Version:
    return line["reference"], line["version"]


def _there(lines: list[dict[str, Any]]) -> dict[Version, Response]:
    """Return the versions that exist of the references in these lines."""
    found = Response.objects.filter(reference__in={line["reference"] for line in lines})
    found = found.select_related("membership__batch")
    return {(one.reference, one.version): one for one in found}


def _is_the_same(there: Response, line: Mapping[str, Any]) -> bool:
    # By its instant, since words may have been erased.
    return there.received_at == datetime.fromisoformat(line["received_at"])


def _write(
    lines: list[dict[str, Any]],
    editions: Mapping[int, Edition],
    contacts: Mapping[Version, dict[str, str]],
    outside: Outside,
    taken: Taken,
) -> dict[Version, Response]:
    """Write these versions as they were received."""
    known = {
        _version(line): outside.line_of(_version(line), datetime.fromisoformat(line["received_at"]))
        for line in lines
    }
    keys = _keys(known, taken)
    returning = [
        Returning.from_batch(
            line,
            editions[line["edition"]],
            known=known[_version(line)],
            key=keys[_version(line)],
            contact=contacts.get(_version(line)),
            # No word of it comes back, and it is erased again once all batches are in.
            erased=line["reference"] in outside.erased,
        )
        for line in lines
    ]
    write_versions(returning, outside)
    taken.erased += [line["reference"] for line in lines if line["act"] == Response.Act.ERASED]
    taken.returned += [Returned(*one.version, one.lacks) for one in returning]
    return {one.version: one.response for one in returning}


def _keys(known: Mapping[Version, Line], taken: Taken) -> dict[Version, UUID]:
    """Return the forms' own keys, so that sending one again leads to its receipt; a new key if
    its sender has sent it again since the backup was restored, as a separate response.
    """
    keys = {
        version: UUID(line["submission_key"]) if line else uuid4()
        for version, line in known.items()
    }
    again = Response.objects.filter(submission_key__in=keys.values())
    sent_again = dict(again.values_list("submission_key", "reference"))
    for version, key in keys.items():
        if key in sent_again:
            keys[version] = uuid4()
            taken.troubles.append(
                f"{version[0]} version {version[1]} came back, and its sender has sent the same "
                f"form again as {sent_again[key]} since the backup was restored. Both count: ask "
                "them which of the two to withdraw."
            )
    return keys


def _put_in_batch(
    lines: list[dict[str, Any]], there: Mapping[Version, Response], row: Batch, taken: Taken
) -> None:
    """Put the members in their rows of the batch, with what reviewers had decided about them."""
    members, marks = [], []
    for line in lines:
        response = there[_version(line)]
        if other := getattr(response, "membership", None):
            taken.troubles.append(
                f"{line['reference']} version {line['version']} is in batch {other.batch.number} "
                f"too. It stays there, and row {line['row']} of batch {row.number} is not filled: "
                "tell the receiver to count it once."
            )
            continue
        member = BatchMember(batch=row, response=response, row=line["row"])
        members.append(member)
        codes = [list(code.partition("=")[::2]) for code in line["codes"]]
        if line["campaigns"] or codes:
            marks.append(MemberMarks(member=member, campaigns=line["campaigns"], codes=codes))
    BatchMember.objects.bulk_create(members)
    MemberMarks.objects.bulk_create(marks)


def _replace_overtaken(row: Batch, outside: Outside, taken: Taken) -> None:
    """Make what a sender said last count, even if the batch has different words for that version
    number.

    The batch's receiver knows the number with the earlier words. So the database's version takes
    that row, and the sender's last words become a new version, for the next batch.
    """
    for line in reversed(taken.overtaken):
        reference = line["reference"]
        versions = list(Response.objects.filter(reference=reference).order_by("version"))
        last = max(versions, key=lambda version: (version.received_at, version.version))
        if last.act == line["act"] == Response.Act.ERASED:
            continue  # It was erased again before this.
        if last != versions[-1] or last.version == line["version"]:
            last = _once_more(last, versions[-1].version + 1, outside)
        taken.troubles.append(
            f"{reference} version {line['version']} was changed again after the backup was put "
            f"back. The words that batch {row.number} has of it on row {line['row']} stay there "
            f"alone; what its sender said last is version {last.version}, and goes into the next "
            "batch."
        )


def _once_more(last: Response, version: int, outside: Outside) -> Response:
    again = Response.objects.get(pk=last.pk)
    again.pk, again.version, again.submission_key = None, version, uuid4()
    details = {name: getattr(last.contact, name) for name in NOBODY}
    left = digest_of(answers=Answers(last.choices, last.texts), contact=details)
    # Its own email is on its way, or was sent.
    write_versions([Returning(again, details, {"email_wanted": False}, left)], outside)
    return again


def enter_in_ledger(batch: Batch, event: LedgerEntry.Event, *, at: datetime | None = None) -> None:
    """Write an entry for each member of a batch, dated now or `at`."""
    with connection.cursor() as cursor:
        cursor.execute(ENTER, [event, at, batch.number, batch.pk])
