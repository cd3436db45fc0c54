"""The emails that announce what was delivered and ask for an acknowledgement."""

import logging
from collections import defaultdict
from functools import partial
from smtplib import SMTPRecipientsRefused, SMTPResponseException

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from consult.auditing import record
from consult.clock import in_words
from consult.jobs import trouble_recorded
from consult.models import Action
from responses.exporting.acknowledging import CHASE_AFTER, record_trouble, unacknowledged
from responses.exporting.batches import folder_of
from responses.exporting.high_water import RECEIVED
from responses.models import Delivery

log = logging.getLogger(__name__)


def send_due_notices() -> None:
    """Send the notices that are due: one for each delivery, and a reminder every few days until it
    is acknowledged.

    Trouble with one is recorded on its row, and the others go on.
    """
    if not settings.DELIVERY_NOTICES:
        return
    told = Q(
        state__in=[Delivery.State.DELIVERED, Delivery.State.ACKNOWLEDGED],
        delivered_at__isnull=False,
        told_at=None,
    )
    again = unacknowledged() & (Q(chased_at=None) | Q(chased_at__lt=Now() - CHASE_AFTER))
    due = told | again
    for pk in list(Delivery.objects.filter(due).order_by("pk").values_list("pk", flat=True)):
        with trouble_recorded(partial(_note_trouble, pk)):
            if not _send(pk, due):
                return


def _note_trouble(pk: int, trouble: str) -> None:
    reason = f"Its notice could not be sent ({trouble}); the worker's log says more."
    with transaction.atomic():
        delivery = Delivery.objects.select_related("batch__consultation").get(pk=pk)
        Delivery.objects.filter(pk=pk).update(reason=reason)
        record_trouble(delivery.batch)


def _send(pk: int, due: Q) -> bool:
    """Send one notice.

    Returns False if the mail server is in trouble: the next run tries again.
    """
    with transaction.atomic():
        # Two workers at once take different rows, and a row whose notice was sent is no longer due.
        rows = Delivery.objects.select_for_update(skip_locked=True, of=("self",)).select_related(
            "batch__consultation"
        )
        delivery = rows.filter(due, pk=pk).first()
        if delivery is None:
            return True
        reminder = delivery.told_at is not None
        try:
            build_notice(delivery, reminder=reminder).send()
        except (SMTPResponseException, SMTPRecipientsRefused) as refused:
            # The server is there, and it is this message that it does not want.
            _note_trouble(pk, type(refused).__name__)
            return True
        except OSError as trouble:
            log.warning(
                "The notice of %s could not be sent; another try follows: %s",
                delivery,
                type(trouble).__name__,
            )
            return False
        field = "chased_at" if reminder else "told_at"
        Delivery.objects.filter(pk=pk).update(**{field: Now()})
        record(
            action=Action.NOTICE_SENT,
            actor=None,
            subject=folder_of(delivery.batch),
            reminder=reminder,
        )
    return True


def build_notice(delivery: Delivery, *, reminder: bool) -> EmailMessage:
    """Make the email that says what was delivered: counts and hashes, and nothing that a
    respondent wrote.
    """
    batch, at = delivery.batch, delivery.last_delivered_at or delivery.delivered_at
    name = {"number": batch.number, "title": batch.consultation.title}
    subject = (
        _("Please acknowledge batch %(number)s of “%(title)s”")
        if reminder
        else _("Batch %(number)s of “%(title)s” is ready to collect")
    )
    inside = defaultdict(list)
    for file in delivery.files:
        inside[file["name"].rpartition("/")[0].partition("/")[0]].append(file["bytes"])
    words = {
        "batch": batch,
        "listed": [file for file in delivery.files if "/" not in file["name"]],
        # A line for each folder, to keep the email readable: the manifest has the hash of every
        # file.
        "folders": [
            {"folder": f"{name}/", "files": len(sizes), "bytes": sum(sizes)}
            for name, sizes in inside.items()
            if name
        ],
        "reminder": reminder,
        "folder": folder_of(batch),
        "received": f"{folder_of(batch)}{RECEIVED}",
        "delivered": in_words(at) if at else "",
        "page": f"{settings.SITE_URL}{reverse('batch-list')}",
    }
    return EmailMessage(
        subject=" ".join((subject % name).split()),
        body=render_to_string("emails/delivered.txt", words),
        to=settings.DELIVERY_NOTICES,
        headers={"Auto-Submitted": "auto-generated"},
    )
