"""manage.py doctor: what is wrong, and what to do."""

from collections.abc import Callable, Iterator
from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, InterfaceError, OperationalError
from django.db.models import Q
from django.db.models.functions import Now

from consult.clock import closing_in_words
from consult.models import RowTrouble, published
from consult.text import counted
from consult.web import troubles
from consult.web.troubles import Finding
from responses.exporting.troubles import batch_troubles
from responses.governance.retention import retain
from responses.models import (
    BulkChange,
    BulkItem,
    Confirmation,
    FileRemoval,
    MailboxReading,
    PublishedSet,
    Reconciliation,
    ReturnedMail,
)
from responses.responding.resending import given_up, links_given_up

A_WEEK = timedelta(days=7)


class Command(BaseCommand):
    help = "Say on one screen what is wrong and what to do about it. Exits with 1 if anything is."

    def handle(self, *args: object, **options: object) -> None:
        wrong, database_is_down = 0, False
        for name, look in LOOKS.items():
            if database_is_down and name not in WITHOUT_DATABASE:
                self.stdout.write(f"??  {name}: cannot be known without the database")
                continue
            try:
                findings = list(look())
            except DatabaseError as reason:
                database_is_down = isinstance(reason, OperationalError | InterfaceError)
                findings = [
                    (
                        f"the database does not answer ({str(reason).strip().splitlines()[0]})",
                        "Start it, or correct DATABASE_URL.",
                    )
                ]
            wrong += len(findings)
            self.stdout.write(f"{'!!' if findings else 'ok'}  {name}")
            for what, remedy in findings:
                self.stdout.write(f"      {what[0].upper()}{what[1:]}. {remedy}")
        if wrong:
            raise CommandError(f"{wrong} problem{'' if wrong == 1 else 's'}.")
        self.stdout.write("Everything is fine.")


def emails() -> Iterator[Finding]:
    # While the mail server is down, nobody's attempts are counted.
    untried = Q(attempts=0, created_at__lt=Now() - timedelta(minutes=10))
    late = Confirmation.objects.filter(
        Q(attempts__gt=2) | untried, state=Confirmation.State.WAITING
    )
    if waiting := late.count():
        reason = late.values_list("reason", flat=True).first()
        what = f"confirmations that have waited too long: {waiting} ({reason or 'not tried yet'})"
        yield what, "Check the mail server in EMAIL_URL. Then they are sent by themselves."
    failed = given_up().order_by().count()
    if failed:
        yield (
            f"confirmations that could not be delivered: {failed}",
            (
                "The page “Undelivered” has the reasons, and the receipts tell the respondents. "
                "The responses are safe."
            ),
        )
    # A mail server's reply may name a person: it is for the page, not for a terminal or a log.
    if lost := links_given_up().count():
        yield (
            f"links to drafts that could not be delivered: {lost}",
            "The page “Undelivered” has the reasons. People can copy the link from their own page.",
        )


def mailboxes() -> Iterator[Finding]:
    for returned in ReturnedMail.objects.exclude(trouble=""):
        yield (
            (
                f"the mailbox {returned}, to which emails come back, cannot be read "
                f"({returned.trouble})"
            ),
            "Correct BOUNCE_MAILBOX_URL. It is read again within five minutes.",
        )
    for letters in MailboxReading.objects.exclude(trouble=""):
        yield (
            (
                f"of {letters.on_server:,} letters in the mailbox {letters.mailbox}, "
                f"{letters.here:,} have come over ({letters.trouble})"
            ),
            (
                "Correct INBOUND_MAILBOX_URL, or look at these messages on the server. The mailbox "
                "is read again within a few minutes."
            ),
        )


def desk() -> Iterator[Finding]:
    recent = BulkChange.objects.filter(at__gt=Now() - A_WEEK)
    left = BulkItem.objects.filter(why="trouble", bulk__in=recent).count()
    if left:
        yield (
            f"responses that a bulk change could not change: {left:,}",
            "Their changes' pages count them, and the worker's log has why.",
        )
    for change in recent.filter(state=BulkChange.State.FAILED):
        yield f"{change} failed: {change.failure}", "Undo it on its page, and ask for it again."
    for found in PublishedSet.objects.exclude(trouble="").select_related("consultation"):
        yield (
            f"the public file of {found.consultation.slug}: {found.trouble}",
            "Read the worker's log. It is tried again every minute.",
        )


def single_rows() -> Iterator[Finding]:
    for trouble in RowTrouble.objects.all()[:10]:
        yield (
            f"{trouble.job} left out {trouble.row} ({trouble.kind})",
            "Read the worker's log. The others went on, and it is tried again.",
        )


def integrity() -> Iterator[Finding]:
    last = Reconciliation.objects.first()
    if last is not None and last.differences:
        yield (
            f"the integrity check failed: {counted(len(last.differences), 'difference')}",
            "Run `manage.py reconcile`, and read docs/reconciliation.md.",
        )


def kept_too_long() -> Iterator[Finding]:
    for what in retain(dry_run=True):
        if what.held:
            yield (
                (
                    f"{what.held:,} of {what.consultation}'s {what.what} have been kept too "
                    "long, because they have not arrived where they have to go"
                ),
                "Check that batches are written, delivered and acknowledged.",
            )


def files_to_remove() -> Iterator[Finding]:
    for removal in FileRemoval.objects.exclude(reason="")[:5]:
        yield (
            f"a file that has to go could not be deleted ({removal.reason}): {removal}",
            "Check the storage. `manage.py retain` tries again, and so does every night.",
        )


def consultations() -> Iterator[Finding]:
    rows = published()
    if not rows:
        yield "no consultation is on the site", "Run `manage.py load_plan FILE`."
    for row in rows:
        hours = (row.closes_at - row.now).total_seconds() / 3600
        if 0 < hours < 1:
            yield (
                f"{row.slug} closes at {closing_in_words(row.closes_at)}",
                "Change nothing now, and stay available.",
            )


# What can be checked while the database is down.
WITHOUT_DATABASE = {"Static files", "Mail settings", "Redis", "Disk"}
LOOKS: dict[str, Callable[[], Iterator[Finding]]] = {
    "Database": troubles.database,
    "Static files": troubles.static_files,
    "Proxy": troubles.proxy,
    "Redis": troubles.broker,
    "Worker and beat": troubles.processes,
    "Scheduled jobs": troubles.schedule,
    "Mail settings": troubles.mail_settings,
    "Emails": emails,
    "Mailboxes": mailboxes,
    "Batches": batch_troubles,
    "Bulk changes and public files": desk,
    "Rows left out": single_rows,
    "Integrity check": integrity,
    "Retention": kept_too_long,
    "Files to delete": files_to_remove,
    "Disk": troubles.disk,
    "Consultations": consultations,
}
