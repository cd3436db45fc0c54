"""Emails that came back after a mail server had taken them, and those that their reader did not
want.
"""

from django.db import transaction
from django.db.models import QuerySet

from responses.contacts import as_delivered
from responses.ledger import record_event
from responses.models import Confirmation, Contact, DraftLink, LedgerEntry, Reminder
from responses.responding.mail_reports import Happened, Report
from responses.responding.mail_trouble import clean
from responses.responding.return_paths import (
    Email,
    address_of,
    emails_named_in,
    emails_with_ids,
)

EVENTS = {
    Happened.RETURNED: LedgerEntry.Event.EMAIL_RETURNED,
    Happened.COMPLAINED: LedgerEntry.Event.EMAIL_COMPLAINED,
}
UNWANTED = "Its reader told their mail service that it was unwanted."
NO_MORE = (
    "Someone who reads this address told their mail service that an email of ours was unwanted."
)
# What a report changes: in whatever order reports come, and before or after we note that the mail
# server took the email, it ends the same. A complaint stays, since the email did arrive.
FROM = {
    Happened.RETURNED: ("waiting", "sent", "failed"),
    Happened.COMPLAINED: ("waiting", "sent", "failed", "returned"),
}


def note_report(report: Report) -> int:
    """Note what was reported on each email that it is about, and stop trying to send it.

    Returns how many changed: the second time none, and none if the email went to an address that
    was corrected or removed since.
    """
    about = emails_named_in(report.where) or _sent_to(report)
    return sum(_note(email, report) for email in about)


def _sent_to(report: Report) -> list[Email]:
    """Return the emails with the report's Message-IDs, as far as they went to whom it names."""
    named = {_as_compared(address) for address in report.recipients}
    return [
        email
        for email in emails_with_ids(list(report.message_ids))
        if not named or _as_compared(address_of(email)) in named
    ]


def _note(email: Email, report: Report) -> bool:
    address = address_of(email)
    if not address:
        return False  # It was removed meanwhile, and nothing about it is kept.
    reason = clean(report.reason, address=address)
    changes = {
        "state": report.happened.value,
        "reason": UNWANTED if report.happened is Happened.COMPLAINED else reason,
        "leased_until": None,
    }
    model = type(email)
    with transaction.atomic():
        # Locked: a worker that notes its try at the same moment comes before or after this.
        rows: QuerySet[Email] = QuerySet(model)
        current = rows.select_for_update(of=("self",)).filter(pk=email.pk).first()
        # Corrected meanwhile: this was about the address before.
        now = next(iter(emails_with_ids([email.message_id])), email)
        if current is None or address_of(now) != address:
            return False
        if current.state not in FROM[report.happened]:
            return False
        rows.filter(pk=email.pk).update(**changes)
        if isinstance(email, Confirmation):
            record_event(response=email.response, event=EVENTS[report.happened])
    return True


def wants_no_email(address: str) -> bool:
    """Tell whether someone at `address` called an email of ours unwanted. It is forgotten with the
    address.
    """
    wanted = _as_compared(address)
    complained = {"state": Happened.COMPLAINED.value}
    given = Contact.objects.filter(response__ledger__event=LedgerEntry.Event.EMAIL_COMPLAINED)
    for pair in given.values_list("email", "corrected_email"):
        if wanted in map(_as_compared, filter(None, pair)):
            return True
    links = DraftLink.objects.filter(**complained).values_list("email", flat=True)
    reminders = Reminder.objects.filter(**complained).values_list("request__email", flat=True)
    return wanted in map(_as_compared, [*links, *reminders])


def _as_compared(address: str) -> str:
    try:
        return as_delivered(address)
    except UnicodeError:
        return ""
