"""How the service is doing, in figures: read from the database, so that they survive restarts
and are the same in every process.
"""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count, Min, Q, Sum
from django.db.models.functions import Greatest, Now

from consult.jobs import overdue
from consult.models import JobRun, once_published
from consult.web.rate_limits import refusals
from responses.exporting.high_water import has_destination
from responses.governance.retention import WORK, retain
from responses.models import (
    Batch,
    Confirmation,
    ConfirmationAttempt,
    Delivery,
    MailboxReading,
    Reconciliation,
    Response,
)
from responses.reviewing.petitions import petitions_that_count

# Each metric: its kind and its meaning.
# https://prometheus.io/docs/instrumenting/exposition_formats/
METRICS = {
    "consult_responses_total": (
        "counter",
        "Versions of responses received, by channel, timing and act.",
    ),
    "consult_petitions": ("gauge", "Petitions that count, by consultation."),
    "consult_petition_signatures": (
        "gauge",
        "The signatures of them all, which are counted apart from responses.",
    ),
    "consult_mailbox_waiting": (
        "gauge",
        "Letters on the mail server that had not come over when its mailbox was last read.",
    ),
    "consult_refusals_lately": ("gauge", "What was refused in the last two days, by reason."),
    "consult_responses_waiting": ("gauge", "Responses that are in no batch yet."),
    "consult_oldest_waiting_seconds": ("gauge", "The age of the oldest of them."),
    "consult_confirmations": ("gauge", "Confirmations by state."),
    "consult_outbox_due": ("gauge", "Confirmations that are due."),
    "consult_outbox_oldest_seconds": (
        "gauge",
        "How long the oldest that was not tried yet has waited.",
    ),
    "consult_sends_total": ("counter", "Attempts to send a confirmation, by outcome."),
    "consult_batches": ("gauge", "Batches sealed."),
    "consult_batches_unwritten": ("gauge", "Batches sealed and not written yet."),
    "consult_batch_unwritten_seconds": ("gauge", "The age of the oldest of them."),
    "consult_batches_undelivered": (
        "gauge",
        "Batches written and not delivered yet, where they are delivered.",
    ),
    "consult_batch_undelivered_seconds": ("gauge", "How long ago the oldest of them was written."),
    "consult_batches_unacknowledged": ("gauge", "Batches delivered and not acknowledged yet."),
    "consult_batch_unacknowledged_seconds": (
        "gauge",
        "How long ago the oldest of them was delivered.",
    ),
    "consult_batch_newest_seconds": ("gauge", "How long ago the newest batch was sealed."),
    "consult_held_beyond_its_time": (
        "gauge",
        "What should have been removed but is kept because MOPAC does not have it yet, by class.",
    ),
    "consult_books_differences": ("gauge", "Differences that the last reconciliation found."),
    "consult_job_last_success_seconds": (
        "gauge",
        "How long ago each scheduled job last finished without an error.",
    ),
    "consult_job_duration_seconds": ("gauge", "How long the last finished run of each job took."),
    "consult_job_overdue": ("gauge", "1 if a scheduled job has not finished for too long."),
    "consult_closes_in_seconds": (
        "gauge",
        "How long each consultation is still open; negative after closing.",
    ),
}

Sample = tuple[str, dict[str, str], float]


def measure() -> list[Sample]:
    """Return every figure at this moment: the metric's name, its labels, its value."""
    return [
        *_of_responses(),
        *_of_petitions(),
        *_of_mailboxes(),
        *_of_confirmations(),
        *_of_batches(),
        *_of_retention(),
        *_of_jobs(),
    ]


def exposition(samples: list[Sample]) -> str:
    """Return the figures as Prometheus reads them."""
    lines = []
    for name, (kind, meaning) in METRICS.items():
        lines += [f"# HELP {name} {meaning}", f"# TYPE {name} {kind}"]
        for sample, labels, value in samples:
            if sample == name:
                written = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
                lines.append(f"{name}{{{written}}} {value:g}" if written else f"{name} {value:g}")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _of_responses() -> Iterator[Sample]:
    counted = (
        Response.objects.order_by().values_list("channel", "timing", "act").annotate(Count("pk"))
    )
    for channel, timing, act, count in counted:
        yield "consult_responses_total", {"channel": channel, "timing": timing, "act": act}, count
    for reason, count in refusals().items():
        yield "consult_refusals_lately", {"reason": reason}, count
    waiting = Response.objects.filter(membership=None).aggregate(
        count=Count("pk"), age=Now() - Min("received_at")
    )
    yield "consult_responses_waiting", {}, waiting["count"]
    yield "consult_oldest_waiting_seconds", {}, _seconds(waiting["age"])


def _of_petitions() -> Iterator[Sample]:
    counted = petitions_that_count().order_by().values_list("consultation__slug")
    for slug, petitions, signatures in counted.annotate(Count("pk"), Sum("signatures")):
        labels = {"consultation": slug}
        yield "consult_petitions", labels, petitions
        yield "consult_petition_signatures", labels, signatures


def _of_mailboxes() -> Iterator[Sample]:
    for reading in MailboxReading.objects.all():
        waiting = reading.on_server - reading.here
        yield "consult_mailbox_waiting", {"mailbox": reading.mailbox}, waiting


def _of_confirmations() -> Iterator[Sample]:
    states = dict(Confirmation.objects.order_by().values_list("state").annotate(Count("pk")))
    for state in Confirmation.State.values:
        yield "consult_confirmations", {"state": state}, states.get(state, 0)
    due = Confirmation.objects.filter(state=Confirmation.State.WAITING, due_at__lte=Now())
    yield "consult_outbox_due", {}, due.count()
    # Not by when they are due: while the mail server is down, that keeps moving, and no tries are
    # counted.
    untried = Confirmation.objects.filter(state=Confirmation.State.WAITING, attempts=0)
    age = untried.aggregate(age=Now() - Min(Greatest("created_at", "tried_again_at")))["age"]
    yield "consult_outbox_oldest_seconds", {}, _seconds(age)
    for outcome, count in (
        ConfirmationAttempt.objects.order_by().values_list("outcome").annotate(Count("pk"))
    ):
        yield "consult_sends_total", {"outcome": outcome}, count


def _of_batches() -> Iterator[Sample]:
    yield "consult_batches", {}, Batch.objects.count()
    unwritten = Batch.objects.filter(written_at=None).aggregate(
        count=Count("pk"), age=Now() - Min("sealed_at")
    )
    yield "consult_batches_unwritten", {}, unwritten["count"]
    yield "consult_batch_unwritten_seconds", {}, _seconds(unwritten["age"])
    if has_destination():
        written = Batch.objects.filter(written_at__isnull=False)
        undelivered = written.filter(Q(delivery=None) | Q(delivery__state=Delivery.State.WAITING))
        found = undelivered.aggregate(count=Count("pk"), age=Now() - Min("written_at"))
        yield "consult_batches_undelivered", {}, found["count"]
        yield "consult_batch_undelivered_seconds", {}, _seconds(found["age"])
    delivered = Delivery.objects.filter(state=Delivery.State.DELIVERED)
    found = delivered.aggregate(count=Count("pk"), age=Now() - Min("last_delivered_at"))
    yield "consult_batches_unacknowledged", {}, found["count"]
    yield "consult_batch_unacknowledged_seconds", {}, _seconds(found["age"])
    newest = (
        Batch.objects.order_by("-sealed_at")
        .annotate(age=Now() - Min("sealed_at"))
        .values_list("age", flat=True)
        .first()
    )
    if newest is not None:
        yield "consult_batch_newest_seconds", {}, _seconds(newest)
    last = Reconciliation.objects.first()
    if last:
        yield "consult_books_differences", {}, len(last.differences)


def _of_retention() -> Iterator[Sample]:
    held = dict.fromkeys(WORK, 0)
    for what in retain(dry_run=True):
        held[what.name] += what.held
    for name, count in held.items():
        yield "consult_held_beyond_its_time", {"class": name}, count


def _of_jobs() -> Iterator[Sample]:
    late = overdue()
    for job in JobRun.objects.annotate(ago=Now() - Min("succeeded_at")):
        if job.ago is not None:
            yield "consult_job_last_success_seconds", {"job": job.name}, _seconds(job.ago)
            yield "consult_job_duration_seconds", {"job": job.name}, job.seconds
    for name in late:
        yield "consult_job_overdue", {"job": name}, 1
    for consultation in once_published():
        left = (consultation.closes_at - consultation.now).total_seconds()
        yield "consult_closes_in_seconds", {"consultation": consultation.slug}, left


def _seconds(age: timedelta | None) -> float:
    return max(age.total_seconds(), 0.0) if age else 0.0
