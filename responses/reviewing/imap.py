"""Takes up the messages of the mailbox on a mail server, and changes nothing there."""

import time
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from consult.imap import Mailbox, MailboxTrouble, MessageRefused, mailbox_name, open_mailbox
from consult.models import Consultation
from consult.text import counted
from responses.models import MailboxCopy, MailboxReading
from responses.reviewing.mailboxes import take_up

# A run ends before its task would be stopped; the next one continues.
RUN_FOR_SECONDS = 1200
# Fetched before they are written together, and no more once they have so many bytes: each may be as
# large as a server lets it be.
AT_ONCE, LOT_BYTES = 20, 20_000_000
NAMED = 10


def read_mailbox(*, consultation: Consultation, url: str) -> MailboxReading:
    """Take up what is new in the mailbox on the server, and compare the numbers of both.

    What was taken up is noted message by message: a run that is cut off, or ends for its time, is
    continued by the next. Trouble is noted, with how far it got.
    """
    reading, _new = MailboxReading.objects.get_or_create(
        mailbox=mailbox_name(url), defaults={"consultation": consultation}
    )
    reading.trouble = ""
    try:
        with open_mailbox(url) as mailbox:
            _take_what_is_new(mailbox, consultation, reading)
    except MailboxTrouble as trouble:
        reading.trouble = str(trouble)[:300]
    reading.save()
    MailboxReading.objects.filter(pk=reading.pk).update(at=Now())
    return reading


def _take_what_is_new(
    mailbox: Mailbox, consultation: Consultation, reading: MailboxReading
) -> None:
    ends_at = time.monotonic() + RUN_FOR_SECONDS
    place = {"mailbox": mailbox.name, "validity": mailbox.validity}
    numbers = mailbox.numbers()
    here = set(MailboxCopy.objects.filter(**place).values_list("uid", flat=True))
    waiting = [number for number in numbers if number not in here]
    refused: list[int] = []
    try:
        while waiting and time.monotonic() < ends_at:
            done = _take_some(mailbox, waiting[:AT_ONCE], consultation, place, refused)
            del waiting[:done]
    finally:
        copies = MailboxCopy.objects.filter(**place).values_list("uid", "message")
        there = dict(copies)
        over = [there[number] for number in numbers if number in there]
        reading.on_server, reading.here = len(numbers), len(over)
        reading.letters = len(set(over))
        if refused:
            # They are asked for again each time; no other waits for them.
            named = ", ".join(map(str, refused[:NAMED]))
            missing = counted(len(refused), "message")
            reading.trouble = f"The server does not hand over {missing}: {named}."


def _take_some(
    mailbox: Mailbox,
    numbers: list[int],
    consultation: Consultation,
    place: dict[str, Any],
    refused: list[int],
) -> int:
    """Take up the messages with these numbers, as many as are one lot and come over before the line
    is cut. Returns how many were asked for; those that the server refused are added to `refused`.
    """
    raws: dict[int, bytes] = {}
    asked = 0
    try:
        for number in numbers:
            asked += 1
            try:
                if (raw := mailbox.content_of(number)) is not None:
                    raws[number] = raw
            except MessageRefused:
                refused.append(number)
            if sum(map(len, raws.values())) > LOT_BYTES:
                break
    finally:
        with transaction.atomic():
            taken = take_up(list(raws.values()), consultation=consultation, by=None)
            MailboxCopy.objects.bulk_create(
                [
                    MailboxCopy(**place, uid=number, consultation=consultation, message=one.message)
                    for number, one in zip(raws, taken, strict=True)
                ],
                ignore_conflicts=True,
            )
    return asked
