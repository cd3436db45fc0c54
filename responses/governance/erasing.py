"""Erases what a person sent: their words and details are removed, and the reference stays with a
tombstone that the next batch carries.
"""

from uuid import uuid4

from django.db import IntegrityError, connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from consult.auditing import record
from consult.models import Action, TwoPersonAct, User
from consult.shown import ChangedSinceShown
from consult.staff.drafts import remove_drafts_about
from consult.staff.second_person import require_second_person
from responses.answers import Answers, digest_of
from responses.deciding.pack_files import forget_in_packs
from responses.exporting.extracting import remove_extracts_waiting_for
from responses.exporting.extracts import remove_extracts_of
from responses.exporting.taking_back import hold_batches, take_back
from responses.governance.removing import remove_files
from responses.journal import keep_erasure_mark
from responses.models import (
    Approval,
    BundleRow,
    CampaignMember,
    ClusterMember,
    Confirmation,
    Contact,
    Draft,
    LedgerEntry,
    MemberMarks,
    Message,
    Response,
    Review,
    SavedFilter,
    Transcription,
)
from responses.published import forget_public
from responses.responding.submitting import receive
from responses.reviewing.bulk_changes.asking import forget_words_in, hold_changes_about
from responses.stored_files import attachments_of

TRIES = 5
NOBODY = {"name": "", "email": "", "postcode_district": ""}


class ErasedAlready(Exception):
    """What was sent under this reference has already been erased."""


class NoSuchReference(Exception):
    """Nothing was sent under this reference."""


def erase_response(
    *, reference: str, actor: User | None, why: str, shown: int | None = None
) -> Response:
    """Erase for good what was sent under `reference`, in every version. Returns the tombstone.

    In one transaction a last version, `erased`, makes the database empty the answers and contact
    details of all versions, what the mail server said, and staff's notes. Drafts that would have
    changed it, the files that came with it, and the emails from which it was entered, are deleted.
    No more emails are sent about it. Equality answers stay: nothing says whose they are. The ledger
    and the trail record the erasure.

    The next batch tells MOPAC, naming the batch and row. Files that were written but not handed
    over are written again without it; files that were handed over stay as they are: see
    docs/operations.md.

    `actor` is None for the command, which runs on the machine itself. `why` is on the trail, and
    must name nobody. `shown` is the version on the page, or None if there was no page. Raises
    NoSuchReference, ErasedAlready, ChangedSinceShown or SecondPersonNeeded.
    """
    for _ in range(TRIES):
        newest = Response.objects.filter(reference=reference).order_by("-version").first()
        if newest is None:
            raise NoSuchReference(reference)
        if newest.act == Response.Act.ERASED:
            raise ErasedAlready(reference)
        if shown not in {None, newest.version}:
            raise ChangedSinceShown(reference)
        try:
            with transaction.atomic():
                # A version that arrived since must be confirmed again.
                require_second_person(
                    act=TwoPersonAct.ERASE,
                    actor=actor,
                    subject=reference,
                    details={"version": newest.version, "why": why},
                )
                return _erase(newest, actor, why)
        except IntegrityError:
            # The respondent changed it, or someone else erased it, at the same moment: the
            # constraint let one in. Look again.
            if not Response.objects.filter(
                reference=reference, version__gt=newest.version
            ).exists():
                raise
    raise AssertionError(f"{reference} changed {TRIES} times while it was being erased")


def _erase(newest: Response, actor: User | None, why: str) -> Response:
    with connection.cursor() as cursor:
        # Adding a note or a scan at this moment locks it too: see responses/sql/erased.sql.
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext('erasing'), hashtext(%s))", [newest.reference]
        )
    versions = Response.objects.filter(reference=newest.reference)
    batches = hold_batches(versions)
    changes = hold_changes_about(versions)
    remove_extracts_waiting_for(versions)
    stop_emails(versions)
    Review.objects.filter(response=newest).update(superseded=True)
    forget_public(newest)
    forget_in_packs(versions)
    tombstone = Response(
        consultation=newest.consultation,
        edition=newest.edition,
        reference=newest.reference,
        version=newest.version + 1,
        act=Response.Act.ERASED,
        choices={},
        texts={},
        channel=newest.channel,
        timing=newest.timing,
        started_at=timezone.now(),
        submission_key=uuid4(),
        digest=digest_of(answers=Answers(), contact=NOBODY),
        receipt_hash=newest.receipt_hash,
        synthetic=newest.synthetic,
        language=newest.language,
    )
    receive(tombstone, NOBODY)
    tombstone.refresh_from_db(fields=["received_at"])
    # Before its files go: they may be all that a batch has of it.
    take_back(batches)
    remove_what_else_tells(newest, versions)
    forget_words_in(changes)
    # Outside the database, so that it is known even after restoring an earlier backup.
    transaction.on_commit(lambda: keep_erasure_mark(newest.reference))
    record(
        action=Action.RESPONSE_ERASED,
        actor=actor,
        subject=newest.reference,
        versions=newest.version,
        why=why,
    )
    return tombstone


def stop_emails(versions: QuerySet[Response]) -> None:
    # A worker that is recording how an email went has the row; a respondent who corrects an address
    # waits for it and then sees the tombstone.
    emails = (
        Confirmation.objects.select_for_update(of=("self",))
        .filter(response__in=versions)
        .order_by("pk")
    )
    waiting = [email.pk for email in emails if email.state == Confirmation.State.WAITING]
    Confirmation.objects.filter(pk__in=waiting).update(
        state=Confirmation.State.NOT_WANTED, leased_until=None
    )
    Confirmation.objects.filter(response__in=versions).update(reason="")


def remove_what_else_tells(newest: Response, versions: QuerySet[Response]) -> None:
    """Remove drafts, scans, emails, extracts, and anything staff wrote that may quote it."""
    keys = versions.values("submission_key")
    Draft.objects.filter(Q(amends__in=versions) | Q(submission_key__in=keys)).delete()
    _remove_originals(versions)
    remove_drafts_about([newest.reference])
    # A filter that someone saved just for this response.
    SavedFilter.objects.filter(
        Q(query__icontains=newest.reference) | Q(name__icontains=newest.reference)
    ).delete()
    # The names that staff gave may reveal what it said.
    MemberMarks.objects.filter(member__response__in=versions).delete()
    # Hashes of its words, by which what is short could be guessed.
    CampaignMember.objects.filter(response__in=versions).update(print="")
    ClusterMember.objects.filter(response__in=versions).update(print="")
    remove_extracts_of(versions)
    # What staff wrote about publishing it may quote it.
    Approval.objects.filter(response__in=versions).exclude(reason="").update(reason="Erased.")


def _remove_originals(versions: QuerySet[Response]) -> None:
    """Remove the scans, the email and the row of a bundle from which versions were entered: the
    files once the transaction is committed.
    """
    Transcription.objects.filter(response__in=versions).update(late_reason="")
    rows = BundleRow.objects.filter(response__in=versions)
    # A message of a bundle that was undone waits again: it says the same.
    waiting = Q(pk__in=rows.values("message"), transcription=None)
    remove_files(
        scans=attachments_of(versions),
        messages=Message.objects.filter(Q(transcription__response__in=versions) | waiting).exclude(
            file=""
        ),
    )
    rows.update(fields={}, sheet="", why="Erased.")


def remove_details(*, responses: list[int]) -> int:
    """Remove for good the contact details of these versions, by primary key, and what mail servers
    said; the answers stay. Returns how many.

    In one transaction, with an entry in the ledger that has the digest of what is left and makes
    the database empty the details. A version whose email has not been sent yet keeps its details
    and is skipped, and so is one that has none.
    """
    with transaction.atomic():
        # The batches first, as for an erasure.
        batches = hold_batches(Response.objects.filter(pk__in=responses))
        # Correcting an address, or trying an email again, locks the row too, and then finds no
        # address.
        locked = (
            Confirmation.objects.select_for_update(of=("self",))
            .filter(response__in=responses)
            .order_by("pk")
        )
        over = [email.response_id for email in locked if email.state != Confirmation.State.WAITING]
        found = list(
            Response.objects.filter(pk__in=over, contact__in=contacts_held()).order_by("pk")
        )
        LedgerEntry.objects.bulk_create(
            LedgerEntry(
                response=response,
                event=LedgerEntry.Event.DETAILS_REMOVED,
                digest=digest_of(answers=Answers(response.choices, response.texts), contact=NOBODY),
            )
            for response in found
        )
        theirs = Response.objects.filter(pk__in=[response.pk for response in found])
        remove_extracts_of(theirs, with_contacts=True)
        reached = set(theirs.values_list("membership__batch", flat=True))
        take_back(one for one in batches if one.includes_contacts and one.pk in reached)
    return len(found)


def contacts_held() -> QuerySet[Contact]:
    """Return the rows of contact details that contain any."""
    return Contact.objects.exclude(**NOBODY, corrected_email="")


def erased_references() -> list[str]:
    """Return what was erased, earliest first, by its tombstones."""
    tombstones = Response.objects.filter(act=Response.Act.ERASED).order_by("pk")
    return list(tombstones.values_list("reference", flat=True))
