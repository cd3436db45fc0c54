"""Sending emails that are rows: by lease, over one connection, and each row's trouble its own.

A run claims rows for a while, sends them outside any transaction, and records how each went. It may
run as often and as many times at once as anyone likes. Exactly once is not possible over SMTP: a
worker that dies between the server's yes and our record of it makes one repeat, with the same
Message-ID.
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

from consult.leases import give_back
from consult.web.rate_limits import OverLimit, give_back_turn, take_turn
from responses.contacts import as_delivered
from responses.receipt_tokens import ReceiptKeyLost
from responses.responding.mail_trouble import (
    SERVER_TROUBLE,
    clean,
    hang_up,
    in_short,
    recipient_code,
)

log = logging.getLogger(__name__)

GROUP = 50
# How long one run goes on, and for how long what it claims is nobody else's, in waits for the mail
# server. The lease is longer than a run and the slowest send that can begin at its end: eleven
# waits, from connecting to the last reply.
RUN_FOR_WAITS = 3
LEASE_WAITS = 15
SERVER_PAUSE = timedelta(seconds=15)
# Between one row's tries; the last one repeats. No longer than 20 minutes, so that after a fault
# everything that waited is out within half an hour.
PAUSES = [timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=20)]
# The mark that an email went is tried again until so long before the lease ends.
MARK_BY_SECONDS = 5
MARK_PAUSE_SECONDS = 0.5

# No try will ever help: it is no address, or one that cannot be written into a message.
HOPELESS = (ValidationError, UnicodeError)
TOO_MANY = "This address has had as many emails from us as it may have in a day."
NO_ADDRESS = "This is not an email address."
KEY_LOST = "SECRET_KEY_FALLBACKS lacks the key of its receipt."


@dataclass(frozen=True)
class Outbox:
    """One kind of email: how its rows are claimed, made into messages, and marked.

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
    """What became of the emails that one run had in hand."""

    sent: int = 0
    put_off: int = 0
    refused: int = 0
    released: int = 0


def send_due(outbox: Outbox, *, limit: int = 5000, lease: timedelta | None = None) -> Tally:
    """Send what is due, over one connection, for at most a minute (at the usual EMAIL_TIMEOUT) or
    `limit` emails.

    Each is sent, put off for a growing while, or failed with the reason. What one row raises is
    recorded on it, and the others go on. Trouble with the mail server ends the run and costs nobody
    a try: what was in hand becomes due again shortly.
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
    """For how long what a run claims is nobody else's."""
    return timedelta(seconds=LEASE_WAITS * settings.EMAIL_TIMEOUT)


@dataclass(frozen=True)
class Until:
    """By the monotonic clock: when to begin no other email, and when the lease ends."""

    stop_at: float
    held_until: float

    @property
    def over(self) -> bool:
        return time.monotonic() >= min(self.stop_at, self.held_until)


def send_group(
    outbox: Outbox, group: list[Any], *, mail: BaseEmailBackend, until: Until, tally: Tally
) -> bool:
    """Send what was claimed.

    False where the mail server is in trouble; what is left is released.
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
            raised = send_one(outbox, row, mail=mail, until=until, tally=tally)
            # Once, it may have been this message that the server choked on; twice running, it is
            # the server.
            about_server = raised is not None and not recipient_code(raised)
            troubles = troubles + 1 if about_server else 0
            trouble = raised if troubles > 1 else None
    finally:
        _release(left, trouble)
        tally.released += len(left)
    if trouble:
        log.warning("The mail server is in trouble; emails wait: %s", type(trouble).__name__)
    return trouble is None


def send_one(
    outbox: Outbox, row: Any, *, mail: BaseEmailBackend, until: Until, tally: Tally
) -> OSError | None:
    """Send one email and record how it went. Returns what the mail server or the network raised."""

    def failed(reason: str, *, hopeless: bool) -> None:
        given_up = outbox.failed(row, clean(reason, address=outbox.address(row)), hopeless)
        tally.refused += given_up
        tally.put_off += not given_up

    turn = None
    try:
        message = outbox.build(row)
        # Anyone can type anyone's address, and this must be no way to fill a stranger's inbox. By
        # whichever way the address came to us, it is counted under the one it is delivered to.
        turn = take_turn(limit="email", key=as_delivered(outbox.address(row)))
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
    """Record that the server took it, and try again for as long as the lease lets nobody else send
    it: a short fault of the database must not send it twice.
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
    """Give back what was claimed and not tried; after trouble with the server, for a
    little later.
    """
    if not left:
        return
    if trouble:
        reason = clean(f"Waiting for the mail server: {in_short(trouble)}", address="")
        give_back(*left, due_at=Now() + SERVER_PAUSE, reason=reason)
    else:
        give_back(*left)
