"""Sending a response: the one way to receive its first version, and what all versions share."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from email.utils import make_msgid
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from consult.models import Consultation, Edition, published
from consult.plans.editions import plan_of
from responses.answers import Answers, digest_of, says_something
from responses.journal import note_in_journal
from responses.ledger import record_event
from responses.models import Attachment, Confirmation, Contact, LedgerEntry, Response, Review
from responses.receipt_tokens import hash_token, make_token, receipt_token
from responses.references import new_reference
from responses.stored_files import Stored

REFERENCE_TRIES = 5
# The ledger's event for each way in which a version can arrive.
ARRIVALS = {
    Response.Act.SENT: LedgerEntry.Event.RECEIVED,
    Response.Act.AMENDED: LedgerEntry.Event.AMENDED,
    Response.Act.WITHDRAWN: LedgerEntry.Event.WITHDRAWN,
    Response.Act.ERASED: LedgerEntry.Event.ERASED,
}


class ConsultationClosed(Exception):
    """It is not open now, or not for someone who started when this person did."""


class NothingToSend(Exception):
    """No question was answered."""


class SentDifferently(Exception):
    """This form was sent before with other answers. `response` is what was kept."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.reference)
        self.response = response


@dataclass(frozen=True)
class Submission:
    """What someone sends.

    `answers` are to the questions of `edition`. `contact` is name, email and postcode_district,
    each of which may be empty. `timing` is what staff decided about a response that came another
    way; for the others the database's clock decides. `files` came with it. `language` is that of
    the pages that it was written on.
    """

    edition: Edition
    submission_key: UUID
    answers: Answers
    contact: Mapping[str, str]
    started_at: datetime
    channel: str = Response.Channel.ONLINE
    flags: tuple[str, ...] = ()
    timing: Response.Timing | None = None
    files: tuple[Stored, ...] = ()
    language: str | None = None

    @property
    def digest(self) -> str:
        return digest_of(answers=self.answers, contact=self.contact)

    @property
    def says_something(self) -> bool:
        return bool(self.files) or says_something(plan_of(self.edition), self.answers)

    def as_version(self, *, act: Response.Act) -> Response:
        """Return the row it becomes, except for what is only known on arrival."""
        return Response(
            edition=self.edition,
            act=act,
            choices=self.answers.choices,
            texts=self.answers.texts,
            channel=self.channel,
            started_at=self.started_at,
            submission_key=self.submission_key,
            digest=self.digest,
            flags=list(self.flags),
            language=self.language,
        )


@dataclass(frozen=True)
class Submitted:
    """A response that is in the database.

    `first` is False if it was already there before this call.
    """

    response: Response
    receipt_token: str
    first: bool


def find_submitted(submission_key: UUID) -> Submitted | None:
    """Return what was received under this form's key, if anything."""
    response = Response.objects.filter(submission_key=submission_key).first()
    return Submitted(response, receipt_token(response), first=False) if response else None


def submit_response(*, submission: Submission) -> Submitted:
    """Receive a response, once.

    In one transaction: the response, the respondent's contact details, the confirmation to send,
    the review to do and the ledger's entry. The same key with the same content returns what was
    first received, even after closing. The database's clock at arrival decides whether it is in
    time, unless staff did.

    Raises ConsultationClosed, NothingToSend or SentDifferently; then nothing was written.
    """
    if earlier := find_submitted(submission.submission_key):
        return same_as(earlier, submission.digest)
    for _ in range(REFERENCE_TRIES):
        try:
            with transaction.atomic():
                response, token = _new_response(submission)
                receive(response, submission.contact, files=submission.files)
            return Submitted(response, token, first=True)
        except IntegrityError:
            # Either the same form arrived twice at once and the other was first, or the new
            # reference is taken.
            if earlier := find_submitted(submission.submission_key):
                return same_as(earlier, submission.digest)
    raise AssertionError(f"{REFERENCE_TRIES} new references in a row were taken")


def _new_response(submission: Submission) -> tuple[Response, str]:
    """Return the first version, not saved yet, and its receipt's token."""
    consultation = submission.edition.consultation
    timing, arrived_at = timing_of(consultation, submission.started_at, decided=submission.timing)
    if not submission.says_something:
        raise NothingToSend
    response = submission.as_version(act=Response.Act.SENT)
    response.consultation, response.reference = consultation, new_reference()
    response.timing, response.received_at = timing, arrived_at
    token = make_token(response.reference)
    response.receipt_hash = hash_token(token)
    return response, token


def receive(
    response: Response, contact: Mapping[str, str], *, files: Sequence[Stored] = ()
) -> None:
    """Write a version of a response and everything that follows from it.

    Call it in a transaction: it is received once that commits.
    """
    response.save(force_insert=True)
    Attachment.objects.bulk_create(
        Attachment(response=response, **asdict(stored)) for stored in files
    )
    Contact.objects.create(response=response, **contact)
    Confirmation.objects.create(
        response=response,
        state=Confirmation.State.WAITING if contact["email"] else Confirmation.State.NOT_WANTED,
        message_id=make_msgid(domain=urlsplit(settings.SITE_URL).hostname),
    )
    Review.objects.create(response=response)
    record_event(response=response, event=ARRIVALS[Response.Act(response.act)])


def same_as(earlier: Submitted, digest: str) -> Submitted:
    """Return what was first received under a key, for anyone who sends the same again.

    Raises SentDifferently if the content differs.
    """
    if earlier.response.digest != digest:
        raise SentDifferently(earlier.response)
    # What cut off the first reply may have cut off its line in the journal too.
    note_in_journal(response=earlier.response, event=ARRIVALS[Response.Act(earlier.response.act)])
    return earlier


def timing_of(
    consultation: Consultation, started_at: datetime, *, decided: Response.Timing | None = None
) -> tuple[Response.Timing, datetime]:
    """Return whether a response that arrives now is in time, unless staff `decided` that, and the
    database's time now.

    Raises ConsultationClosed.
    """
    # Read again: the closing date may have moved since the page was made.
    window = published().filter(pk=consultation.pk).first()
    if window is None:
        raise ConsultationClosed
    if decided is not None:
        return decided, window.now
    match window.phase_at(window.now):
        case Consultation.Phase.OPEN:
            return Response.Timing.IN_TIME, window.now
        case Consultation.Phase.GRACE if started_at < window.closes_at:
            return Response.Timing.IN_GRACE, window.now
        case _:
            raise ConsultationClosed
