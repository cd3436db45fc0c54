"""What is wrong with batches, deliveries and extracts, and what to do about it, for `manage.py
doctor`.
"""

from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone

from consult.models import Consultation
from responses.exporting.acknowledging import unacknowledged
from responses.exporting.due import due_at
from responses.exporting.signing import key_is_lost
from responses.models import Batch, Delivery, Extract, SigningKey

SEALED_WITHIN = timedelta(minutes=20)


def batch_troubles() -> Iterator[tuple[str, str]]:
    """Yield each trouble and its remedy."""
    if not SigningKey.objects.exists():
        yield (
            "batches are not signed",
            (
                "Run `manage.py make_signing_key` once, where the worker runs, and keep a copy of "
                "its file."
            ),
        )
    if key_is_lost():
        yield (
            "a signing key was published, but its file is not here",
            "Put your copy back as SIGNING_KEY_FILE. No batch is written until then.",
        )
    for batch in Batch.objects.filter(written_at=None).exclude(failure="")[:5]:
        yield (
            f"{batch} could not be written ({batch.failure})",
            "Check EXPORTS_STORAGE. It is tried again every five minutes.",
        )
    for consultation in Consultation.objects.filter(published_at__isnull=False):
        due = due_at(consultation=consultation, now=timezone.now())
        if due is not None and due < timezone.now() - SEALED_WITHIN:
            yield (
                f"no batch of {consultation.slug} was sealed, though one is due",
                "The worker's log says why; another try comes every five minutes.",
            )
    for extract in Extract.objects.filter(state=Extract.State.FAILED)[:5]:
        yield (
            f"{extract} could not be made ({extract.failure})",
            "Check EXPORTS_STORAGE and the worker's log, and ask for it again.",
        )
    for delivery in Delivery.objects.filter(state=Delivery.State.WAITING).exclude(reason="")[:5]:
        yield (
            f"{delivery.batch} could not be delivered ({delivery.reason})",
            "Check DELIVERY_URL; it is tried again within 20 minutes.",
        )
    for delivery in Delivery.objects.filter(state=Delivery.State.DELIVERED).exclude(reason="")[:5]:
        yield f"{delivery.batch} was delivered, but {delivery.reason}", "Read the worker's log."
    for delivery in Delivery.objects.filter(unacknowledged())[:5]:
        yield (
            f"nobody has acknowledged {delivery.batch}",
            "Ask the receiver; send it again if it is lost.",
        )
