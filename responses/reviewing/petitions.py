"""Recording petitions, and correcting them: a correction is a new record beside the earlier one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import IntegrityError, transaction
from django.db.models import Max, QuerySet, Sum

from consult.auditing import record
from consult.models import Action, Consultation, TwoPersonAct, User
from consult.staff.drafts import remove_drafts_about
from consult.staff.second_person import require_second_person
from responses.models import Batch, BatchPetition, Petition
from responses.reviewing.transcribing import NotReceivedYet, ReasonMissing


class CorrectedMeanwhile(Exception):
    """Someone else has corrected the petition since the page was opened."""


@dataclass(frozen=True)
class Signed:
    """What a petition says, who organised it and how many signed."""

    title: str
    text: str
    signatures: int
    channel: str
    received_on: date
    organiser_name: str = ""
    organiser_email: str = ""


def record_petition(
    *, consultation: Consultation, signed: Signed, today: date, by: User
) -> Petition:
    """Record a petition. Raises NotReceivedYet if it would have come in the future."""
    if signed.received_on > today:
        raise NotReceivedYet
    with transaction.atomic():
        # Two at once: the second waits, and takes the next number.
        Consultation.objects.select_for_update(no_key=True).get(pk=consultation.pk)
        highest = consultation.petitions.aggregate(number=Max("number"))["number"] or 0
        made = Petition.objects.create(
            consultation=consultation, number=highest + 1, by=by, **vars(signed)
        )
        _note(made)
    return made


def correct_petition(
    *, shown: Petition, signed: Signed, reason: str, withdrawn: bool, today: date, by: User
) -> Petition:
    """Record a petition as it is right, with the reason. `shown` is the record on the page.

    Raises ReasonMissing, NotReceivedYet and CorrectedMeanwhile.
    """
    if not reason.strip():
        raise ReasonMissing
    if signed.received_on > today:
        raise NotReceivedYet
    try:
        with transaction.atomic():
            made = Petition.objects.create(
                consultation=shown.consultation,
                number=shown.number,
                earlier=shown,
                reason=reason.strip()[:300],
                withdrawn=withdrawn,
                by=by,
                **vars(signed),
            )
            _note(made)
    except IntegrityError as at_once:
        raise CorrectedMeanwhile from at_once
    return made


def _note(petition: Petition) -> None:
    record(
        action=Action.PETITION_RECORDED,
        actor=petition.by,
        subject=f"{petition.consultation.slug} {petition}",
        signatures=petition.signatures,
        withdrawn=petition.withdrawn,
    )


def petitions_of(consultation: Consultation) -> QuerySet[Petition]:
    """Return the petitions that count, as they stand."""
    return petitions_that_count().filter(consultation=consultation)


def petitions_that_count() -> QuerySet[Petition]:
    """Return those of every consultation."""
    return Petition.objects.filter(later=None, withdrawn=False).order_by("number")


def signatures_of(consultation: Consultation) -> tuple[int, int]:
    """Return how many petitions count, and how many signatures they have together."""
    there = petitions_of(consultation)
    total = there.order_by().aggregate(signatures=Sum("signatures"))["signatures"]
    return there.count(), total or 0


def put_petitions_in(batch: Batch) -> None:
    """Keep with a batch that is being sealed the petitions as they stand."""
    BatchPetition.objects.bulk_create(
        BatchPetition(batch=batch, petition=one) for one in petitions_of(batch.consultation)
    )


def forget_organisers(petitions: Iterable[int], *, actor: User | None, why: str) -> int:
    """Remove the organiser's name and address from records of petitions, and what staff were typing
    at their pages. Returns from how many. Raises SecondPersonNeeded.
    """
    with transaction.atomic():
        held = Petition.objects.filter(pk__in=petitions).exclude(
            organiser_name="", organiser_email=""
        )
        numbers = sorted(held.values_list("pk", flat=True))
        if numbers:
            require_second_person(
                act=TwoPersonAct.ERASE,
                actor=actor,
                subject="an organiser",
                details={"petitions": numbers, "why": why},
            )
        gone = held.update(organiser_name="", organiser_email="")
        remove_drafts_about([f"petitions/{pk}" for pk in numbers])
        if gone:
            record(action=Action.ORGANISER_REMOVED, actor=actor, why=why, records=gone)
    return gone
