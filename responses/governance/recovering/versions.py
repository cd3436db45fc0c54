"""Recovered versions of responses, each with all the rows that a version has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from consult.models import Edition
from responses.answers import Answers, digest_of
from responses.governance.erasing import NOBODY
from responses.governance.outside import Line, Outside, Version
from responses.governance.recovering.emails import write_emails
from responses.models import Contact, LedgerEntry, Response, Review
from responses.receipt_tokens import hash_token, make_token
from responses.responding.submitting import ARRIVALS

WORDS = "its words were erased before, and do not come back"
DETAILS = "without name, email address and postcode, which the batch does not have"
ELSEWHERE = "who entered it, its email, and files that the batch does not have, do not come back"


@dataclass(frozen=True)
class Returning:
    """A version to bring back, and in words what of it does not come back.

    `known` is what the journal says about it, which may be nothing. `left` is the digest of what
    comes back.
    """

    response: Response
    details: Mapping[str, str]
    known: Line
    left: str
    lacks: str = ""

    @property
    def version(self) -> Version:
        return self.response.reference, self.response.version

    @classmethod
    def from_batch(
        cls,
        line: Mapping[str, Any],
        edition: Edition,
        *,
        known: Line,
        key: UUID,
        contact: dict[str, str] | None,
        erased: bool,
    ) -> Self:
        """Read it from a line of `responses.jsonl`; without its words if it was erased since."""
        answers = Answers() if erased else Answers(line["choices"], line["texts"])
        details = NOBODY if erased or contact is None else contact
        left = digest_of(answers=answers, contact=details)
        response = Response(
            consultation=edition.consultation,
            edition=edition,
            reference=line["reference"],
            version=line["version"],
            act=line["act"],
            choices=answers.choices,
            texts=answers.texts,
            channel=line["channel"],
            timing=line["timing"],
            started_at=datetime.fromisoformat(line["started_at"]),
            received_at=datetime.fromisoformat(line["received_at"]),
            submission_key=key,
            # If all of it is there, what was received is what is there.
            digest=known.get("digest", left) if erased or contact is None else left,
            receipt_hash=known.get("receipt_hash") or hash_token(make_token(line["reference"])),
            flags=line["flags"],
            synthetic=line["synthetic"],
            language=line.get("language") or None,
        )
        lacks = [
            WORDS if erased else DETAILS if response.digest != left else "",
            ELSEWHERE if response.channel != Response.Channel.ONLINE else "",
        ]
        return cls(response, details, known, left, "; ".join(filter(None, lacks)))

    @property
    def entries(self) -> list[LedgerEntry]:
        """Yield its arrival, and what is left of it if details were removed after their time."""
        one = self.response
        arrival = LedgerEntry(
            response=one,
            event=ARRIVALS[Response.Act(one.act)],
            at=one.received_at,
            digest=one.digest,
        )
        if one.digest == self.left or self.lacks.startswith(WORDS):
            return [arrival]
        removed = LedgerEntry.Event.DETAILS_REMOVED
        return [arrival, LedgerEntry(response=one, event=removed, digest=self.left)]


def write_versions(returning: Sequence[Returning], outside: Outside) -> None:
    """Write them, with all the rows that a version has. Needs a transaction."""
    Response.objects.bulk_create(one.response for one in returning)
    Contact.objects.bulk_create(Contact(response=one.response, **one.details) for one in returning)
    Review.objects.bulk_create(Review(response=one.response) for one in returning)
    LedgerEntry.objects.bulk_create(entry for one in returning for entry in one.entries)
    write_emails([(one.response, one.known, one.details["email"]) for one in returning], outside)
