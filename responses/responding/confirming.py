"""The outbox: the one email that tells a respondent what arrived, and its delivery.

A confirmation is a row written with its response. Whoever comes by here, as often and as many at
once as they like, claims rows for a while, sends them outside any transaction, and records how each
went. Exactly once is not possible over SMTP: a worker that dies between the server's yes and our
record of it makes one repeat, with the same Message-ID.
"""

import contextlib
import logging
import re
import smtplib
import textwrap
import time
from collections import deque
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.validators import validate_email
from django.db import transaction
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from consult.clock import in_words
from consult.leases import claim, give_back, still_held
from responses.ledger import record_event
from responses.models import Confirmation, ConfirmationAttempt, LedgerEntry, Response
from responses.receipt_tokens import ReceiptKeyLost, receipt_token

log = logging.getLogger(__name__)

# About this recipient or message. The reply's code says whether another try can help: 4xx yes, 5xx
# no.
RECIPIENT_TROUBLE = (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError)
SERVICE_CLOSING = 421  # The one reply to a recipient that is about the server.
# No try will ever help.
HOPELESS = (ValidationError,)
TOO_MANY = "This address has had as many emails from us as one may have in a day."
# About the mail server or the way to it: refused, cut, silent, wrong password, sender not liked.
# Another try always helps once somebody has mended it, and until then the next recipient would fare
# no better. smtplib's errors are OSErrors, and so are time-outs and a full disk under mail files.
SERVER_TROUBLE = (OSError,)

# Between one recipient's tries; the last one repeats. No longer than 20 minutes, so that after a
# fault everything that waited is out within half an hour.
PAUSES = [timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=20)]
TRY_FOR = timedelta(hours=73)
SERVER_PAUSE = timedelta(seconds=15)

GROUP = 50
# How long one run goes on, and for how long what it claims is nobody else's, in waits for the mail
# server. The lease is longer than a run and the slowest send that can begin at its end: eleven
# waits, from connecting to the last reply.
RUN_FOR_WAITS = 3
LEASE_WAITS = 15

# What each email says first, and its subject.
HEADINGS = {
    Response.Act.SENT: (
        _("Your response was received"),
        _("Your response %(reference)s was received"),
    ),
    Response.Act.AMENDED: (
        _("Your changed response was received"),
        _("Your changed response %(reference)s was received"),
    ),
    Response.Act.WITHDRAWN: (
        _("Your response was withdrawn"),
        _("Your response %(reference)s was withdrawn"),
    ),
    Response.Act.ERASED: (
        _("Your response was erased"),
        _("Your response %(reference)s was erased"),
    ),
}


@dataclass
class Tally:
    """What became of the confirmations that one run had in hand."""

    sent: int = 0
    put_off: int = 0
    refused: int = 0
    released: int = 0


def send_due_confirmations(*, limit: int = 5000, lease: timedelta | None = None) -> Tally:
    """Send what is due, over one connection, for at most a minute (at the usual EMAIL_TIMEOUT) or
    `limit` confirmations.

    Each is sent, put off for a growing while, or, where no try will help or three days of tries did
    not, failed with the reason. Trouble with the mail server ends the run and costs nobody a try:
    what was in hand becomes due again shortly. May run any number of times at once.
    """
    tally = Tally()
    stop_at = time.monotonic() + RUN_FOR_WAITS * settings.EMAIL_TIMEOUT
    mail = get_connection()
    try:
        while (room := limit - sum(vars(tally).values())) > 0 and time.monotonic() < stop_at:
            group = claim_due(limit=min(GROUP, room), lease=lease)
            if not group or not _send_group(group, mail=mail, stop_at=stop_at, tally=tally):
                break
    finally:
        _hang_up(mail)
    return tally


def claim_due(*, limit: int, lease: timedelta | None = None) -> list[Confirmation]:
    """Take up to `limit` due confirmations in hand: nobody else gets them before the lease has run
    out.
    """
    due = Confirmation.objects.filter(due_at__lte=Now()).order_by("due_at", "pk")
    # The answers stay where they are: nothing that a respondent wrote goes into an email.
    due = due.select_related("response__consultation", "response__contact")
    due = due.defer("response__choices", "response__texts")
    lease = lease or timedelta(seconds=LEASE_WAITS * settings.EMAIL_TIMEOUT)
    return claim(due, limit=limit, lease=lease)


def build_email(confirmation: Confirmation) -> EmailMultiAlternatives:
    """The email about one response.

    Holds nothing that was typed into the form, since the address may be a third party's.

    Raises ValidationError where the address is none, and ReceiptKeyLost.
    """
    response = confirmation.response
    validate_email(response.contact.reachable_at)
    consultation = response.consultation
    contact_email = settings.CONTACT_EMAIL or consultation.contact.get("email") or ""
    heading, subject = HEADINGS[Response.Act(response.act)]
    words = {
        "heading": heading,
        "act": response.act,
        "reference": response.reference,
        "received": in_words(response.received_at),
        "title": consultation.title,
        "owner": consultation.owner,
        "receipt_url": settings.SITE_URL.rstrip("/")
        + reverse("receipt", args=[receipt_token(response)]),
        "address": consultation.contact.get("postal_address") or [],
        "telephone": consultation.contact.get("telephone") or "",
        "contact_email": contact_email,
    }
    email = EmailMultiAlternatives(
        subject=str(subject) % {"reference": response.reference},
        body=_wrapped(render_to_string("emails/confirmation.txt", words)),
        to=[response.contact.reachable_at],
        reply_to=[contact_email] if contact_email else None,
        headers={"Message-ID": confirmation.message_id, "Auto-Submitted": "auto-generated"},
    )
    email.attach_alternative(render_to_string("emails/confirmation.html", words), "text/html")
    return email


def _wrapped(text: str) -> str:
    """The text in lines of at most 72 characters, as mail programs quote it; addresses of pages
    stay whole.
    """
    lines = [
        textwrap.fill(line, 72, break_long_words=False, break_on_hyphens=False)
        for line in text.strip().splitlines()
    ]
    return "\n".join(lines) + "\n"


def _send_group(
    group: list[Confirmation], *, mail: BaseEmailBackend, stop_at: float, tally: Tally
) -> bool:
    """Send what was claimed.

    Gives False where the mail server is in trouble; what is left is released.
    """
    left = deque(group)
    trouble: OSError | None = None
    troubles = 0
    try:
        while left and trouble is None and time.monotonic() < stop_at:
            try:
                mail.open()
            except SERVER_TROUBLE as error:
                trouble = error
                break
            # Out of the queue before the try: should it end in an error nobody foresaw, the others
            # are released all the same.
            confirmation = left.popleft()
            if _had_enough(confirmation):
                _record_failure(confirmation, TOO_MANY, hopeless=True, tally=tally)
                continue
            try:
                mail.send_messages([build_email(confirmation)])
            except HOPELESS:
                _record_failure(
                    confirmation, "This is not an email address.", hopeless=True, tally=tally
                )
            except ReceiptKeyLost:
                _record_failure(
                    confirmation,
                    "SECRET_KEY_FALLBACKS lacks the key of its receipt.",
                    hopeless=False,
                    tally=tally,
                )
            except SERVER_TROUBLE as error:
                code = _recipient_code(error)
                # Once, it may have been this message that the server choked on; twice running, it
                # is the server.
                troubles = 0 if code else troubles + 1
                trouble = error if troubles > 1 else None
                _record_failure(
                    confirmation, _in_short(error), hopeless=500 <= code <= 599, tally=tally
                )
                _hang_up(mail)
            else:
                troubles = 0
                _record_sent(confirmation, tally=tally)
    finally:
        _release(left, trouble)
        tally.released += len(left)
    if trouble:
        log.warning("The mail server is in trouble; confirmations wait: %s", type(trouble).__name__)
    return trouble is None


def _had_enough(confirmation: Confirmation) -> bool:
    """Whether the address had its fill: anybody can type anybody's, and this must be no way to fill
    a stranger's inbox.
    """
    most, seconds = settings.LIMITS["email"]
    lately = Confirmation.objects.filter(
        state=Confirmation.State.SENT, sent_at__gt=Now() - timedelta(seconds=seconds)
    )
    return (
        lately.filter(response__contact__email__iexact=confirmation.response.contact.email)[
            :most
        ].count()
        >= most
    )


def _record_sent(confirmation: Confirmation, *, tally: Tally) -> None:
    """That the server took it: state, try and ledger in one transaction."""
    with transaction.atomic():
        current, still_ours = _current(confirmation)
        detail = (
            ""
            if still_ours
            else (
                "Accepted after our time for it had run out; it may have been sent by another "
                "worker too."
            )
        )
        ConfirmationAttempt.objects.create(confirmation=current, outcome="sent", detail=detail)
        # Accepted is accepted, whoever has the lease by now; the ledger says so once.
        if current.state == Confirmation.State.WAITING:
            current.state, current.sent_at, current.leased_until, current.reason = (
                Confirmation.State.SENT,
                Now(),
                None,
                "",
            )
            current.attempts += 1
            current.save(update_fields=["state", "sent_at", "leased_until", "reason", "attempts"])
            record_event(response=confirmation.response, event=LedgerEntry.Event.CONFIRMED)
    tally.sent += 1


def _record_failure(
    confirmation: Confirmation, reason: str, *, hopeless: bool, tally: Tally
) -> None:
    """That it did not go: put off, or given up where no try will help or they went on for
    `TRY_FOR`.
    """
    reason = _clean(reason, address=confirmation.response.contact.reachable_at)
    with transaction.atomic():
        current, still_ours = _current(confirmation)
        tries = current.tries.all()
        # Tries at an address that was corrected since, or before staff had it tried again, say
        # nothing about those that follow.
        if begun_again := [
            at for at in (confirmation.response.contact.corrected_at, current.tried_again_at) if at
        ]:
            tries = tries.filter(at__gte=max(begun_again))
        give_up = hopeless or tries.filter(at__lt=Now() - TRY_FOR).exists()
        ConfirmationAttempt.objects.create(
            confirmation=current, outcome="refused" if give_up else "try-again", detail=reason
        )
        # Where the lease was lost, another worker has it in hand, and what comes of that counts.
        if still_ours:
            current.leased_until, current.reason = None, reason
            current.due_at = Now() + PAUSES[min(current.attempts, len(PAUSES) - 1)]
            current.attempts += 1
            if give_up:
                current.state = Confirmation.State.FAILED
                record_event(
                    response=confirmation.response, event=LedgerEntry.Event.CONFIRMATION_FAILED
                )
            current.save(update_fields=["state", "leased_until", "due_at", "reason", "attempts"])
    tally.refused += give_up
    tally.put_off += not give_up


def _current(confirmation: Confirmation) -> tuple[Confirmation, bool]:
    """The row as it is now, locked, and whether the lease we claimed it under is still ours."""
    current = Confirmation.objects.select_for_update().get(pk=confirmation.pk)
    return current, still_held(confirmation).exists()


def _release(left: deque[Confirmation], trouble: OSError | None) -> None:
    """Give back what was claimed and not tried; after trouble with the server, for a
    little later.
    """
    if not left:
        return
    if trouble:
        reason = _clean(f"Waiting for the mail server: {_in_short(trouble)}", address="")
        give_back(*left, due_at=Now() + SERVER_PAUSE, reason=reason)
    else:
        give_back(*left)


def _hang_up(mail: BaseEmailBackend) -> None:
    # A connection in an unknown state is no use; a goodbye that fails changes nothing.
    with contextlib.suppress(OSError):
        mail.close()


def _recipient_code(error: OSError) -> int:
    """The mail server's reply code where `error` is about this recipient or message; 0 where it is
    about the server.
    """
    code = _reply(error)[0] if isinstance(error, RECIPIENT_TROUBLE) else 0
    return 0 if code == SERVICE_CLOSING else code


def _reply(error: smtplib.SMTPRecipientsRefused | smtplib.SMTPResponseException) -> tuple[int, str]:
    """What the mail server said, its code and its words."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, said = next(iter(error.recipients.values()))
        return code, said.decode(errors="replace")
    words = error.smtp_error
    return error.smtp_code, words.decode(errors="replace") if isinstance(words, bytes) else words


def _in_short(error: OSError) -> str:
    """The mail server's own words where there are some, else the name of what went wrong."""
    if isinstance(error, (smtplib.SMTPRecipientsRefused, smtplib.SMTPResponseException)):
        code, words = _reply(error)
        return f"{code} {words}"
    return f"{type(error).__name__}: {error}"


def _clean(reason: str, *, address: str) -> str:
    """A reason fit to keep: foreign text without control characters, and without the address, which
    may be erased one day.
    """
    reason = (
        re.sub(re.escape(address), "(the address)", reason, flags=re.IGNORECASE)
        if address
        else reason
    )
    return " ".join("".join(char if char.isprintable() else " " for char in reason).split())[:300]
