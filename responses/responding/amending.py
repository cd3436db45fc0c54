"""A respondent changes or withdraws what they sent.

Each change is a new version under the same reference, which replaces the one before. The earlier
version is kept. If it was already delivered, the next batch says what replaces it.
"""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from responses.answers import Answers
from responses.models import Contact, Response, Review
from responses.published import take_off_list
from responses.receipt_tokens import receipt_token
from responses.responding.submitting import (
    NothingToSend,
    Submission,
    Submitted,
    find_submitted,
    receive,
    same_as,
    timing_of,
)

OVER = {Response.Act.WITHDRAWN, Response.Act.ERASED}


class ChangedMeanwhile(Exception):
    """There is a newer version than the one to change: `newest`.

    `over` is true if it was withdrawn or erased, and so cannot be changed any more.
    """

    def __init__(self, newest: Response) -> None:
        super().__init__(newest.reference)
        self.newest = newest
        self.over = newest.act in OVER


def amend_response(*, earlier: Response, submission: Submission) -> Submitted:
    """Replace `earlier`, the version that the respondent had in front of them.

    The rules for sending apply, and the same key sent twice is one amendment. If nothing differs
    from `earlier`, no version is made.

    Raises ChangedMeanwhile, ConsultationClosed, NothingToSend or SentDifferently; then nothing was
    written.
    """
    if not submission.says_something:
        raise NothingToSend
    if (
        submission.digest == earlier.digest
        and earlier.edition_id == submission.edition.pk
        and {one.sha256 for one in submission.files}
        == set(earlier.attachments.values_list("sha256", flat=True))
    ):
        return Submitted(_newest_if(earlier), receipt_token(earlier), first=False)
    return _replace(earlier, submission, act=Response.Act.AMENDED)


def withdraw_response(
    *,
    earlier: Response,
    submission_key: UUID,
    started_at: datetime,
    timing: Response.Timing | None = None,
    tell: bool = True,
) -> Submitted:
    """Withdraw `earlier`.

    The new version has no answers, only the address to which we confirm this.

    Equality answers stay: nobody can tell which ones came with it.

    `timing` is what staff decided, who may do it after closing too; without `tell` nobody gets an
    email.

    Raises ChangedMeanwhile, ConsultationClosed or SentDifferently; then nothing was written.
    """
    contact = {
        "name": "",
        "email": Contact.objects.get(response=earlier).reachable_at if tell else "",
        "postcode_district": "",
    }
    submission = Submission(
        edition=earlier.edition,
        submission_key=submission_key,
        answers=Answers(),
        contact=contact,
        started_at=started_at,
        timing=timing,
        language=earlier.language,
    )
    return _replace(earlier, submission, act=Response.Act.WITHDRAWN)


def version_to_replace(*, earlier: Response, seen: str) -> Response:
    """Return the version that an amendment replaces.

    This is `earlier`, or a newer one if the respondent has `seen` its number and still wants to
    replace it.
    """
    newer = seen.isascii() and seen.isdigit() and len(seen) < 5 and int(seen) > earlier.version
    return (
        Response.objects.get(reference=earlier.reference, version=int(seen)) if newer else earlier
    )


def versions_of(response: Response) -> list[Response]:
    """Return every version of a response, newest first."""
    found = Response.objects.filter(reference=response.reference).select_related(
        "edition", "confirmation", "review", "contact"
    )
    return list(found.order_by("-version"))


def _replace(earlier: Response, submission: Submission, *, act: Response.Act) -> Submitted:
    if known := find_submitted(submission.submission_key):
        return same_as(known, submission.digest)
    version = submission.as_version(act=act)
    version.consultation, version.reference = earlier.consultation, earlier.reference
    version.receipt_hash = earlier.receipt_hash
    version.version, version.synthetic = earlier.version + 1, earlier.synthetic
    try:
        with transaction.atomic():
            newest = _newest_if(earlier)
            version.timing, version.received_at = timing_of(
                earlier.consultation, submission.started_at, decided=submission.timing
            )
            Review.objects.filter(response=newest).update(superseded=True)
            take_off_list(newest)
            receive(version, submission.contact, files=submission.files)
    except IntegrityError as reason:
        # Two at once: the constraints let one in. The same form is the same amendment; a different
        # one is too late.
        if known := find_submitted(submission.submission_key):
            return same_as(known, submission.digest)
        raise ChangedMeanwhile(_newest(earlier)) from reason
    return Submitted(version, receipt_token(version), first=True)


def _newest(response: Response) -> Response:
    newest: Response = Response.objects.filter(reference=response.reference).latest("version")
    return newest


def _newest_if(earlier: Response) -> Response:
    """Return `earlier` if it is the newest version and can be changed. Raises ChangedMeanwhile."""
    newest = _newest(earlier)
    if newest.pk != earlier.pk or newest.act in OVER:
        raise ChangedMeanwhile(newest)
    return newest
