"""Retention: how long each class of data is kept, and removing what has been kept long enough.

Counted from the end of a consultation's grace period, by the database's clock. What goes to MOPAC
is removed only once it has arrived there: it is in a batch that someone acknowledged after it was
delivered or downloaded.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from consult.auditing import record
from consult.jobs import apart, trouble_recorded
from consult.models import Action, Consultation, User, with_now
from responses.exporting.batches import folder_of
from responses.governance.erasing import (
    ErasedAlready,
    contacts_held,
    erase_response,
    remove_details,
)
from responses.governance.removing import files_held, remove_batch_files, remove_files
from responses.governance.retained import Retained, Run, Work
from responses.models import (
    Attachment,
    Confirmation,
    Delivery,
    Draft,
    EqualityAnswers,
    Message,
    Response,
    SentDraft,
)
from responses.periods import Clock, clocks
from responses.responding.equality import empty_equality_answers, too_few_to_hand_over
from responses.reviewing.bundles.left import forget_rows, rows_held
from responses.reviewing.petitions import forget_organisers

JOB = "responses.retain"
AT_ONCE = 500
# A run ends before its task would be stopped; the next one continues.
RUN_FOR_SECONDS = 1800
WHY = "kept long enough"


def retain(*, dry_run: bool = False, actor: User | None = None) -> list[Retained]:
    """Remove what has been kept long enough or, with `dry_run`, only report it. Returns what there
    was to do.

    It can run at any time, twice at once, and again after it was cut off: what is removed is not
    found again. An error with one class of one consultation is noted, and the others go on.
    """
    run = partial(Run, actor=actor, ends_at=time.monotonic() + RUN_FOR_SECONDS)
    done: list[Retained] = []
    for consultation in with_now(Consultation.objects.order_by("pk")):
        for clock in clocks():
            # Asked only how much there is, as every page of figures does, it writes nothing.
            with (
                trouble_recorded(_leave_to_the_next_run)
                if dry_run
                else apart(job=JOB, row=f"{consultation.slug}: {clock.name}")
            ):
                if found := _retain(run(consultation), clock, dry_run=dry_run):
                    done.append(found)
    return done


def _leave_to_the_next_run(_kind: str) -> None:
    """Do nothing: the nightly run notes it."""


def _retain(run: Run, clock: Clock, *, dry_run: bool) -> Retained | None:
    consultation = run.consultation
    due_at = clock.until(consultation)
    if due_at is None or consultation.now < due_at:
        return None
    work = WORK[clock.name](run)
    removed = work.ready if dry_run else work.remove()
    if removed and not dry_run:
        details = {"what": clock.name, "removed": removed, "held": work.held, "days": clock.days}
        record(action=Action.RETENTION_RAN, actor=run.actor, subject=consultation.slug, **details)
    if not removed and not work.held:
        return None
    return Retained(consultation.slug, clock.name, clock.what, removed, work.held, dry_run)


def arrived(batch: str) -> Q:
    """Return those rows with a `batch` that MOPAC has acknowledged."""
    return Q(**{f"{batch}__delivery__state": Delivery.State.ACKNOWLEDGED})


def _drafts(run: Run) -> Work:
    there = Draft.objects.filter(consultation=run.consultation)
    # Without the answers and links that go with each.
    return Work(there.count(), 0, lambda: there.delete()[1].get("responses.Draft", 0))


def _sent(run: Run) -> Work:
    there = SentDraft.objects.filter(response__consultation=run.consultation)
    return Work(there.count(), 0, lambda: there.delete()[0])


def _contacts(run: Run) -> Work:
    there = Response.objects.filter(consultation=run.consultation, contact__in=contacts_held())
    ready = there.filter(arrived("membership__batch")).exclude(
        confirmation__state=Confirmation.State.WAITING
    )

    def remove() -> int:
        waiting, removed = list(ready.order_by("pk").values_list("pk", flat=True)), 0
        while waiting and time.monotonic() <= run.ends_at:
            removed += remove_details(responses=waiting[:AT_ONCE])
            del waiting[:AT_ONCE]
        return removed

    count = ready.count()
    return Work(count, there.count() - count, remove)


def _organisers(run: Run) -> Work:
    named = run.consultation.petitions.exclude(organiser_name="", organiser_email="")
    held = list(named.values_list("pk", flat=True))
    return Work(len(held), 0, partial(forget_organisers, held, actor=run.actor, why=WHY))


def _equality(run: Run) -> Work:
    there = EqualityAnswers.objects.filter(consultation=run.consultation, stopped=False)
    few = too_few_to_hand_over(run.consultation, now=run.consultation.now)
    ready = there.filter(arrived("batch") | Q(pk__in=few.values("pk")))
    count = ready.count()
    return Work(count, there.count() - count, lambda: empty_equality_answers(ready))


def _letters(run: Run) -> Work:
    # What respondents attached is part of their answers, and goes with them.
    scans = Attachment.objects.filter(transcription__response__consultation=run.consultation)
    messages = Message.objects.filter(consultation=run.consultation).exclude(file="")
    # What was entered from them has arrived. An email that is not a response need not arrive
    # anywhere.
    through = arrived("transcription__response__membership__batch")
    over = arrived("batch") if run.consultation.batches_include_letters else Q()
    old_scans = scans.filter(through & over)
    old_messages = messages.filter(through | Q(state=Message.State.NOT_A_RESPONSE))
    count = old_scans.count() + old_messages.count()

    def remove() -> int:
        with transaction.atomic():
            removed = remove_files(scans=old_scans, messages=old_messages)
            record(
                action=Action.LETTERS_REMOVED,
                actor=run.actor,
                subject=run.consultation.slug,
                removed=removed,
            )
        return removed

    return Work(count, scans.count() + messages.count() - count, remove)


def _rows(run: Run) -> Work:
    there = rows_held().filter(bundle__consultation=run.consultation)
    # One that waits to be received is still on its way.
    left = list(there.exclude(why="").values_list("pk", flat=True))
    remove = partial(forget_rows, left, actor=run.actor, why=WHY)
    return Work(len(left), there.count() - len(left), remove)


def _batches(run: Run) -> Work:
    there = files_held(run.consultation, kept_for=timedelta(days=settings.KEEP["batches"]))
    ready = there.filter(delivery__state=Delivery.State.ACKNOWLEDGED).order_by("number")

    def remove() -> int:
        removed = 0
        for batch in ready.select_related("consultation"):
            if time.monotonic() > run.ends_at:
                break
            with apart(job=JOB, row=folder_of(batch)):
                removed += remove_batch_files(batch=batch, actor=run.actor)
        return removed

    count = ready.count()
    return Work(count, there.count() - count, remove)


def _answers(run: Run) -> Work:
    there = Response.objects.filter(consultation=run.consultation)
    alive = there.exclude(reference__in=there.filter(act=Response.Act.ERASED).values("reference"))
    # All versions of a reference go at once, so all of them have to have arrived.
    on_the_way = (
        alive.exclude(pk__in=alive.filter(arrived("membership__batch")).values("pk"))
        .order_by()
        .values("reference")
        .distinct()
    )
    ready = (
        alive.exclude(reference__in=on_the_way)
        .order_by("reference")
        .values_list("reference", flat=True)
        .distinct()
    )

    def remove() -> int:
        erased = 0
        for reference in list(ready):
            if time.monotonic() > run.ends_at:
                break
            # Someone else may be doing the same.
            with apart(job=JOB, row=reference), suppress(ErasedAlready):
                erase_response(reference=reference, actor=run.actor, why=WHY)
                erased += 1
        return erased

    return Work(ready.count(), on_the_way.count(), remove)


WORK: dict[str, Callable[[Run], Work]] = {
    "drafts": _drafts,
    "sent": _sent,
    "contacts": _contacts,
    "organisers": _organisers,
    "equality": _equality,
    "letters": _letters,
    "rows": _rows,
    "batches": _batches,
    "answers": _answers,
}
