"""Second thoughts: a respondent changes or withdraws what they sent.

Each is a new version of the same reference, which replaces the one before. The earlier version
stays on record, and where it was delivered already, the next batch says what replaces it.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from consult.models import Edition
from consult.plans.document import Plan
from responses.answers import Answers, digest_of, says_something
from responses.models import Contact, Response, Review
from responses.receipt_tokens import receipt_token
from responses.responding.equality import stop_equality_use
from responses.responding.submitting import (
    NothingToSend,
    Submitted,
    find_submitted,
    receive,
    same_as,
    timing_of,
)

OVER = {Response.Act.WITHDRAWN, Response.Act.ERASED}


class ChangedMeanwhile(Exception):
    """There is a newer version than the one that was to be changed. `newest` is that one.

    `over` says that it cannot be changed any more: it was withdrawn.
    """

    def __init__(self, newest: Response) -> None:
        super().__init__(newest.reference)
        self.newest = newest
        self.over = newest.act in OVER


def amend_response(
    *,
    earlier: Response,
    edition: Edition,
    plan: Plan,
    submission_key: UUID,
    answers: Answers,
    contact: Mapping[str, str],
    started_at: datetime,
    flags: tuple[str, ...] = (),
    channel: str = Response.Channel.ONLINE,
    timing: Response.Timing | None = None,
) -> Submitted:
    """Replace `earlier`, the version that the respondent had before them, by what they send now.

    The same rules as for sending hold, and the same key sent twice is one amendment. Where nothing
    is different from `earlier`, it stays as it is and no version is made. `timing` is staff's word
    on what came by another way.

    Raises ChangedMeanwhile, ConsultationClosed, NothingToSend or SentDifferently; then nothing was
    written.
    """
    if not says_something(plan, answers):
        raise NothingToSend
    digest = digest_of(answers=answers, contact=contact)
    if digest == earlier.digest and earlier.edition_id == edition.pk:
        return Submitted(_newest_if(earlier), receipt_token(earlier), first=False)
    version = Response(
        edition=edition,
        act=Response.Act.AMENDED,
        choices=answers.choices,
        texts=answers.texts,
        channel=channel,
        timing=timing or "",
        started_at=started_at,
        submission_key=submission_key,
        digest=digest,
        flags=list(flags),
    )
    return _replace(earlier, version, contact)


def withdraw_response(
    *, earlier: Response, submission_key: UUID, started_at: datetime
) -> Submitted:
    """Take `earlier` back.

    What is left is a version without a word, and the address to which we say so.

    Equality answers that came with it are out of use at once: they would speak for somebody who
    does not speak any more.

    Raises ChangedMeanwhile, ConsultationClosed or SentDifferently; then nothing was written.
    """
    answers = Answers()
    contact = {
        "name": "",
        "email": Contact.objects.get(response=earlier).reachable_at,
        "postcode_district": "",
    }
    version = Response(
        edition=earlier.edition,
        act=Response.Act.WITHDRAWN,
        choices=answers.choices,
        texts=answers.texts,
        channel=Response.Channel.ONLINE,
        started_at=started_at,
        submission_key=submission_key,
        digest=digest_of(answers=answers, contact=contact),
    )
    with transaction.atomic():
        withdrawn = _replace(earlier, version, contact)
        stop_equality_use(token=withdrawn.receipt_token)
    return withdrawn


def version_to_replace(*, earlier: Response, seen: str) -> Response:
    """The version that an amendment replaces:

    `earlier`, or a newer one whose number the respondent has `seen` and replaces knowingly.
    """
    newer = seen.isascii() and seen.isdigit() and len(seen) < 5 and int(seen) > earlier.version
    return (
        Response.objects.get(reference=earlier.reference, version=int(seen)) if newer else earlier
    )


def versions_of(response: Response) -> list[Response]:
    """Every version of a response, the newest first."""
    found = Response.objects.filter(reference=response.reference).select_related(
        "edition", "confirmation", "review", "contact"
    )
    return list(found.order_by("-version"))


def _replace(earlier: Response, version: Response, contact: Mapping[str, str]) -> Submitted:
    """Write `version` as the one after `earlier`."""
    if known := find_submitted(version.submission_key):
        return same_as(known, version.digest)
    version.consultation, version.reference, version.receipt_hash = (
        earlier.consultation,
        earlier.reference,
        earlier.receipt_hash,
    )
    version.version, version.synthetic = earlier.version + 1, earlier.synthetic
    try:
        with transaction.atomic():
            newest = _newest_if(earlier)
            decided = Response.Timing(version.timing) if version.timing else None
            version.timing, version.received_at = timing_of(
                earlier.consultation, version.started_at, decided=decided
            )
            Review.objects.filter(response=newest).update(superseded=True)
            receive(version, contact)
    except IntegrityError as reason:
        # Two at once: the constraints let one in. The same form is the same amendment; another one
        # comes too late.
        if known := find_submitted(version.submission_key):
            return same_as(known, version.digest)
        raise ChangedMeanwhile(_newest(earlier)) from reason
    return Submitted(version, receipt_token(version), first=True)


def _newest(response: Response) -> Response:
    newest: Response = Response.objects.filter(reference=response.reference).latest("version")
    return newest


def _newest_if(earlier: Response) -> Response:
    """`earlier`, where it is the newest version and can be changed. Raises ChangedMeanwhile."""
    newest = _newest(earlier)
    if newest.pk != earlier.pk or newest.act in OVER:
        raise ChangedMeanwhile(newest)
    return newest
