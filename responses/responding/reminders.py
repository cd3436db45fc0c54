"""Reminders that someone asked for with the link to their draft: a week and a day before closing,
and whenever the closing date is changed.

Each is a row first. What is due is computed from the window, so that nothing has to be told when an
editor moves it.
"""

from datetime import datetime, timedelta
from email.utils import make_msgid
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.signing import BadSignature, Signer
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from consult.clock import closing_in_words
from consult.jobs import apart
from consult.leases import claim
from consult.models import Consultation, published
from responses.models import Draft, Reminder, ReminderRequest
from responses.responding.draft_tokens import emailed_token
from responses.responding.outbox import Outbox, Tally, send_due
from responses.responding.save_and_return import link_address
from responses.responding.trying import record_failure, record_sent

SALT = "end of reminders"
WRITING = "responses.write_due_reminders"
BEFORE = {
    Reminder.Occasion.DAY: timedelta(days=1),
    Reminder.Occasion.WEEK: timedelta(days=7),
}
AT_ONCE = 1000


def ask_for_reminders(*, draft: Draft, email: str, language: str = "en-gb") -> ReminderRequest:
    """Remind `email`, a valid address, of `draft`. Asking twice is asking once."""
    found, _new = ReminderRequest.objects.get_or_create(
        draft=draft,
        email=email,
        defaults={"told_closes_at": draft.consultation.closes_at, "language": language},
    )
    return found


def end_token(asked: ReminderRequest) -> str:
    """What is in the address that ends the reminders."""
    return Signer(salt=SALT).sign(f"{asked.pk}")


def end_reminders(*, token: str) -> None:
    """Remind this address of this draft no more, and send nothing that waits. Ending twice is
    ending once.

    Raises BadSignature where the token is none of ours.
    """
    ReminderRequest.objects.filter(pk=read_end_token(token)).delete()


def read_end_token(token: str) -> int:
    """The request that `token` ends, which may have ended. Raises BadSignature."""
    try:
        return int(Signer(salt=SALT).unsign(token))
    except ValueError as reason:
        raise BadSignature("This names no request.") from reason


def write_due_reminders() -> int:
    """Write the reminders that are due, each once, as rows to be sent. Returns how many.

    What was missed is caught up, and nobody gets two of them at once. An error with one
    consultation's is noted, and the others' are written.
    """
    written = 0
    for consultation in published().filter(closes_at__gt=Now(), opens_at__lte=Now()):
        with apart(job=WRITING, row=consultation.slug):
            written += _write_due(consultation)
    return written


def _write_due(consultation: Consultation) -> int:
    with transaction.atomic():
        asked = ReminderRequest.objects.filter(draft__consultation=consultation)
        moved = asked.exclude(told_closes_at=consultation.closes_at)
        # The request alone: anyone who sends locks their draft first, then what hangs on it.
        locked = moved.select_for_update(of=("self",), no_key=True)
        written = _write(locked, consultation, Reminder.Occasion.MOVED)
        # Told of a new date just now, they need no other email that says how long is left.
        moved.update(told_closes_at=consultation.closes_at, told_at=Now())
        if occasion := _occasion(consultation, consultation.now):
            wanted = asked.filter(told_at__lt=consultation.closes_at - BEFORE[occasion])
            had = Reminder.objects.filter(occasion=occasion, closes_at=consultation.closes_at)
            wanted = wanted.exclude(pk__in=had.values("request_id"))
            written += _write(wanted, consultation, occasion)
    return written


def _occasion(consultation: Consultation, now: datetime) -> Reminder.Occasion | None:
    """Which reminder its closing asks for at `now`: after the day's there is no week's."""
    left = consultation.closes_at - now
    return next((occasion for occasion, before in BEFORE.items() if left <= before), None)


def _write(
    asked: QuerySet[ReminderRequest], consultation: Consultation, occasion: Reminder.Occasion
) -> int:
    host = urlsplit(settings.SITE_URL).hostname
    rows = [
        Reminder(
            request_id=pk,
            occasion=occasion,
            closes_at=consultation.closes_at,
            message_id=make_msgid(domain=host),
        )
        for pk in asked.values_list("pk", flat=True)
    ]
    # Two workers at once write each of them once, by the constraint.
    Reminder.objects.bulk_create(rows, batch_size=AT_ONCE, ignore_conflicts=True)
    return len(rows)


def send_due_reminders(*, limit: int = 5000, lease: timedelta | None = None) -> Tally:
    """Send the reminders that are due; see `send_due`. One is given up after a day of tries."""
    return send_due(REMINDERS, limit=limit, lease=lease)


def claim_due_reminders(*, limit: int, lease: timedelta) -> list[Reminder]:
    """Take up to `limit` due reminders in hand.

    Not those that came too late: of a closing that has passed or was moved since, or of a
    consultation that was withdrawn.
    """
    due = Reminder.objects.filter(
        due_at__lte=Now(),
        closes_at__gt=Now(),
        closes_at=F("request__draft__consultation__closes_at"),
        request__draft__consultation__withdrawn_at=None,
    ).order_by("due_at", "pk")
    return claim(due.select_related("request__draft__consultation"), limit=limit, lease=lease)


def build_reminder_email(reminder: Reminder) -> EmailMessage:
    """The reminder. Raises ValidationError where the address is none.

    Holds nothing that was typed into the form, since the address may be a third party's. Mail
    programs offer the address that ends it as a button (RFC 8058).
    """
    asked = reminder.request
    validate_email(asked.email)
    with translation.override(asked.language):
        return _in_its_language(reminder, asked)


def _in_its_language(reminder: Reminder, asked: ReminderRequest) -> EmailMessage:
    consultation = asked.draft.consultation
    site = settings.SITE_URL.rstrip("/")
    closing = closing_in_words(reminder.closes_at)
    subjects = {
        Reminder.Occasion.WEEK: _("One week left to send your response"),
        Reminder.Occasion.DAY: _("One day left to send your response"),
        Reminder.Occasion.MOVED: _("New closing date for your response"),
    }
    end = site + reverse("end-reminders", args=[consultation.slug, end_token(asked)])
    words = {
        "title": consultation.title,
        "occasion": reminder.occasion,
        "closing": closing,
        "address": link_address(asked.draft, emailed_token(asked.draft)),
        "calendar": site + reverse("closing-event", args=[consultation.slug]),
        "end": end,
    }
    return EmailMessage(
        subject=subjects[Reminder.Occasion(reminder.occasion)],
        body=render_to_string("emails/reminder.txt", words).strip() + "\n",
        to=[asked.email],
        headers={
            "Message-ID": reminder.message_id,
            "Auto-Submitted": "auto-generated",
            "List-Unsubscribe": f"<{end}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )


REMINDERS = Outbox(
    claim=lambda limit, lease: claim_due_reminders(limit=limit, lease=lease),
    address=lambda reminder: reminder.request.email,
    build=build_reminder_email,
    sent=record_sent,
    failed=record_failure,
)
