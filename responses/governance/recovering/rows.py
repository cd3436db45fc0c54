"""The rows of a batch that is taken back in: responses as they were received, and what follows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import connection

from consult.models import Consultation, Edition
from responses.answers import Answers, digest_of
from responses.governance.erasing import NOBODY
from responses.governance.outside import Outside
from responses.governance.recovering.emails import return_email
from responses.governance.recovering.sources import CannotRecover, Fetched
from responses.governance.recovering.tables import contacts_in
from responses.models import (
    Batch,
    BatchMember,
    Contact,
    LedgerEntry,
    MemberMarks,
    Response,
    Review,
)
from responses.receipt_tokens import hash_token, make_token
from responses.responding.submitting import ARRIVALS

ENTER = """
    INSERT INTO responses_ledgerentry (response_id, event, at, digest, batch_number)
    SELECT response.id, %s, coalesce(%s, statement_timestamp()), response.digest, %s
    FROM responses_batchmember AS member
        JOIN responses_response AS response ON response.id = member.response_id
    WHERE member.batch_id = %s ORDER BY member."row"
"""
# The newest version of a response alone is read.
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
    """A version of a response that came back, and what of it did not."""

    reference: str
    version: int
    without_details: bool
    erased: bool


def return_responses(
    *, batch: Fetched, consultation: Consultation, outside: Outside
) -> list[Returned]:
    """Write each version that the batch holds and the database lacks. Needs a transaction.

    Raises CannotRecover where the database has a version that says something else.
    """
    editions = {edition.number: edition for edition in consultation.editions.all()}
    if missing := set(batch.manifest["editions"]) - set(editions):
        raise CannotRecover(
            f"{batch.name} answers edition {min(missing)}, which the database does not have: load "
            "the plan as it was published then, and try again."
        )
    contacts = contacts_in(batch)
    returned = []
    for line in batch.lines():
        version = (line["reference"], line["version"])
        there = Response.objects.filter(reference=version[0], version=version[1]).first()
        if there is not None:
            _hold(there, line, batch)
            continue
        returned.append(
            _return_one(line, editions[line["edition"]], contacts.get(version), outside)
        )
    with connection.cursor() as cursor:
        cursor.execute(SUPERSEDE, [sorted({one.reference for one in returned})])
    return returned


def _hold(there: Response, line: Mapping[str, Any], batch: Fetched) -> None:
    """A version that is there has to be the one that the batch has, in no other batch."""
    said = (there.choices, there.texts)
    erased = Response.objects.filter(reference=there.reference, act=Response.Act.ERASED).exists()
    if not erased and said != (line["choices"], line["texts"]):
        raise CannotRecover(
            f"{there.reference} version {there.version} says something else in the database than "
            f"in {batch.name}: it was changed again after the backup was put back."
        )
    if BatchMember.objects.filter(response=there).exists():
        raise CannotRecover(f"{there.reference} version {there.version} is in another batch.")


def _return_one(
    line: Mapping[str, Any], edition: Edition, contact: dict[str, str] | None, outside: Outside
) -> Returned:
    version = (line["reference"], line["version"])
    known = outside.received.get(version, {})
    # Erased since: no word of it comes back, and it is erased again once all batches are in.
    erased = version[0] in outside.erased
    answers = Answers() if erased else Answers(line["choices"], line["texts"])
    details = NOBODY if erased or contact is None else contact
    left = digest_of(answers=answers, contact=details)
    digest = known.get("digest", left)
    if contact is not None and not erased and digest != left:
        raise CannotRecover(
            f"{version[0]} version {version[1]} is not what the journal says was received."
        )
    response = Response.objects.create(
        consultation=edition.consultation,
        edition=edition,
        reference=version[0],
        version=version[1],
        act=line["act"],
        choices=answers.choices,
        texts=answers.texts,
        channel=line["channel"],
        timing=line["timing"],
        started_at=datetime.fromisoformat(line["started_at"]),
        received_at=datetime.fromisoformat(line["received_at"]),
        submission_key=_key(known),
        digest=digest,
        receipt_hash=known.get("receipt_hash") or hash_token(make_token(version[0])),
        flags=line["flags"],
        synthetic=line["synthetic"],
    )
    Contact.objects.create(response=response, **details)
    Review.objects.create(response=response)
    LedgerEntry.objects.create(
        response=response,
        event=ARRIVALS[Response.Act(response.act)],
        at=response.received_at,
        digest=digest,
    )
    if digest != left and not erased:
        # What is left of it, as where details were removed after their time.
        LedgerEntry.objects.create(
            response=response, event=LedgerEntry.Event.DETAILS_REMOVED, digest=left
        )
    return_email(response, known, details["email"], outside.confirmed.get(version))
    return Returned(*version, without_details=digest != left and not erased, erased=erased)


def _key(known: Mapping[str, Any]) -> UUID:
    """The form's own key, so that sending it again leads to its receipt; another where the sender
    has sent it again, as a response of its own, since the backup was put back.
    """
    key = UUID(known["submission_key"]) if known else uuid4()
    return uuid4() if Response.objects.filter(submission_key=key).exists() else key


def put_in_batch(*, batch: Fetched, row: Batch) -> None:
    """The members of a batch on their rows, with what reviewers had made of them, and the ledger's
    entries. Needs the transaction that makes the batch.
    """
    for line in batch.lines():
        member = BatchMember.objects.create(
            batch=row,
            response=Response.objects.get(reference=line["reference"], version=line["version"]),
            row=line["row"],
        )
        codes = [list(code.partition("=")[::2]) for code in line["codes"]]
        if line["campaigns"] or codes:
            MemberMarks.objects.create(member=member, campaigns=line["campaigns"], codes=codes)
    enter_in_ledger(row, LedgerEntry.Event.BATCHED, at=batch.sealed_at)


def enter_in_ledger(batch: Batch, event: LedgerEntry.Event, *, at: datetime | None = None) -> None:
    """An entry for each member of a batch, from now or from `at`."""
    with connection.cursor() as cursor:
        cursor.execute(ENTER, [event, at, batch.number, batch.pk])
