"""Sending emails that are rows: claimed by lease, sent over one connection.

A run claims rows, sends them outside any transaction, and records the result of each. Any number of
runs may go on at once. SMTP cannot promise exactly once: a worker that dies between the server's
acceptance and our record of it causes one repeat, with the same Message-ID.
"""

import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import InterfaceError, OperationalError, connection
from django.db.models.functions import Now

from consult.jobs import ROW_TROUBLE
from consult.leases import give_back
from consult.web.rate_limits import OverLimit, give_back_turn, take_turn
from responses.contacts import inbox_of
from responses.receipt_tokens import ReceiptKeyLost
from responses.responding.mail_trouble import (
    SERVER_TROUBLE,
    clean,
    hang_up,
    in_short,
    recipient_code,
)
from responses.responding.return_paths import return_to
from responses.responding.returning import NO_MORE, wants_no_email

log = logging.getLogger(__name__)

GROUP = 50
# How long a run lasts, and how long its claims last, counted in waits for the mail server. A lease
# outlasts a run and the slowest send that can begin at its end: eleven waits, from connecting to
# the last reply.
RUN_FOR_WAITS = 3
LEASE_WAITS = 15
SERVER_PAUSE = timedelta(seconds=15)
# The pauses between one row's tries; the last one repeats. None is longer than 20 minutes, so that
# everything that waited is sent within half an hour after a fault.
PAUSES = [timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=20)]
# Recording that an email was sent is tried again until this long before the lease ends.
MARK_BY_SECONDS = 5
MARK_PAUSE_SECONDS = 0.5

# No try can help: it is not an address, or cannot be written into a message.
HOPELESS = (ValidationError, UnicodeError)
TOO_MANY = "This address has had as many emails from us as it may have in a day."
NO_ADDRESS = "This is not an email address."
KEY_LOST = "SECRET_KEY_FALLBACKS lacks the key of its receipt."


@dataclass(frozen=True)
class Outbox:
    """One kind of email: how its rows are claimed, turned into messages and marked.

    `claim` takes how many and for how long. `failed` takes the reason and whether it is hopeless,
    and returns whether the row was given up.
    """

    claim: Callable[[int, timedelta], list[Any]]
    address: Callable[[Any], str]
    build: Callable[[Any], EmailMessage]
    sent: Callable[[Any], None]
    failed: Callable[[Any, str, bool], bool]


@dataclass
class Tally:
    """How many emails of one run were sent, put off, given up and released."""

    sent: int = 0
    put_off: int = 0
    refused: int = 0
    released: int = 0


def send_due(outbox: Outbox, *, limit: int = 5000, lease: timedelta | None = None) -> Tally:
    """Send what is due, over one connection, for at most a minute (at the usual EMAIL_TIMEOUT) or
    `limit` emails.

    Each is sent, put off for a growing pause, or failed with the reason. An error with one row is
    recorded on it, and the others go on. Trouble with the mail server ends the run and counts as
    nobody's try: what was claimed becomes due again shortly.
    """
    tally = Tally()
    lease = lease or usual_lease()
    stop_at = time.monotonic() + RUN_FOR_WAITS * settings.EMAIL_TIMEOUT
    mail = get_connection()
    try:
        while (room := limit - sum(vars(tally).values())) > 0 and time.monotonic() < stop_at:
            held_until = time.monotonic() + lease.total_seconds()
            group = outbox.claim(min(GROUP, room), lease)
            until = Until(stop_at, held_until)
            if not group or not send_group(outbox, group, mail=mail, until=until, tally=tally):
                break
    finally:
        hang_up(mail)
    return tally


def usual_lease() -> timedelta:
    """Return how long a run's claims last."""
    return timedelta(seconds=LEASE_WAITS * settings.EMAIL_TIMEOUT)


@dataclass(frozen=True)
class Until:
    """When to start no other email, and when the lease ends, by the monotonic clock."""

    stop_at: float
    held_until: float

    @property
    def over(self) -> bool:
        return time.monotonic() >= min(self.stop_at, self.held_until)


def send_group(
    outbox: Outbox, group: list[Any], *, mail: BaseEmailBackend, until: Until, tally: Tally
) -> bool:
    """Send what was claimed.

    Returns False if the mail server is in trouble; the rest is released.
    """
    left = deque(group)
    trouble: OSError | None = None
    troubles = 0
    try:
        while left and trouble is None and not until.over:
            try:
                mail.open()
            except SERVER_TROUBLE as error:
                trouble = error
                break
            row = left.popleft()
            raised = _send_apart(outbox, row, mail=mail, until=until, tally=tally)
            # Once, it may be this message that upset the server; twice in a row, it is the server.
            about_server = raised is not None and not recipient_code(raised)
            troubles = troubles + 1 if about_server else 0
            trouble = raised if troubles > 1 else None
    finally:
        _release(left, trouble)
        tally.released += len(left)
    if trouble:
        log.warning("The mail server is in trouble; emails wait: %s", type(trouble).__name__)
    return trouble is None


def _send_apart(
    outbox: Outbox, row: Any, *, mail: BaseEmailBackend, until: Until, tally: Tally
) -> OSError | None:
    """Send one email; one that has lost what belongs to it is put off for a day."""
    try:
        return send_one(outbox, row, mail=mail, until=until, tally=tally)
    except (OperationalError, InterfaceError):
        raise
    except ROW_TROUBLE as trouble:
        log.exception("An email could not be recorded: %s", type(trouble).__name__)
        why = f"Something of it is missing: {type(trouble).__name__}"
        give_back(row, due_at=Now() + timedelta(days=1), reason=why)
        tally.put_off += 1
        return None


def send_one(
    outbox: Outbox, row: Any, *, mail: BaseEmailBackend, until: Until, tally: Tally
) -> OSError | None:
    """Send one email and record the result. Returns any error that the mail server or the network
    raised.
    """

    def failed(reason: str, *, hopeless: bool) -> None:
        given_up = outbox.failed(row, clean(reason, address=outbox.address(row)), hopeless)
        tally.refused += given_up
        tally.put_off += not given_up

    turn = None
    address = outbox.address(row)
    if wants_no_email(address):
        failed(NO_MORE, hopeless=True)
        return None
    try:
        message = outbox.build(row)
        return_to(message, email=row, address=address)
        # Anyone can type anyone's address, and must not be able to fill a stranger's inbox, however
        # the address is written.
        turn = take_turn(limit="email", key=inbox_of(address))
        mail.send_messages([message])
    except OverLimit:
        failed(TOO_MANY, hopeless=True)
    except HOPELESS:
        _undo(turn)
        failed(NO_ADDRESS, hopeless=True)
    except ReceiptKeyLost:
        failed(KEY_LOST, hopeless=False)
    except SERVER_TROUBLE as error:
        hang_up(mail)
        _undo(turn)
        failed(in_short(error), hopeless=500 <= recipient_code(error) <= 599)
        return error
    except Exception as error:  # noqa: BLE001  # one row's trouble, whatever it is, stops no other
        log.warning("An email could not be sent: %s", type(error).__name__)
        hang_up(mail)
        _undo(turn)
        failed(f"It could not be written: {type(error).__name__}", hopeless=False)
    else:
        _mark(lambda: outbox.sent(row), by=until.held_until - MARK_BY_SECONDS)
        tally.sent += 1
    return None


def _mark(record: Callable[[], None], *, by: float) -> None:
    """Record that the server accepted it, and try again while the lease keeps others from sending
    it: a short database fault must not send an email twice.
    """
    while True:
        try:
            return record()
        except (OperationalError, InterfaceError):
            if time.monotonic() + MARK_PAUSE_SECONDS >= by:
                raise
            time.sleep(MARK_PAUSE_SECONDS)
            connection.close_if_unusable_or_obsolete()


def _undo(turn: int | None) -> None:
    if turn is not None:
        give_back_turn(turn)


def _release(left: deque[Any], trouble: OSError | None) -> None:
    """Give back what was claimed and not tried; after trouble with the server, for a little
    later.
    """
    if not left:
        return
    if trouble:
        reason = clean(f"Waiting for the mail server: {in_short(trouble)}", address="")
        give_back(*left, due_at=Now() + SERVER_PAUSE, reason=reason)
    else:
        give_back(*left)
