"""manage.py doctor: what is wrong, and what to do."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import redis
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.db.models import Q
from django.db.models.functions import Now

from consult.clock import closing_in_words
from consult.heartbeats import a_worker_works, beat_works
from consult.jobs import overdue
from consult.models import Consultation
from consult.web.durability import UNSAFE, unsafe_settings
from consult.web.preparedness import database_is_older
from consult.web.rate_limits import addresses_missing
from consult.web.static_files import ungathered_files
from responses.exporting.troubles import batch_troubles
from responses.governance.retention import retain
from responses.models import (
    BulkChange,
    BulkItem,
    Confirmation,
    FileRemoval,
    PublishedSet,
    Reconciliation,
)
from responses.responding.resending import links_given_up

NEEDED_BYTES = 500_000_000
MOST_CLOCK_SECONDS = 5
A_WEEK = timedelta(days=7)
Finding = tuple[str, str]


class Command(BaseCommand):
    help = "Say on one screen what is wrong and what to do about it. Exits with 1 if anything is."

    def handle(self, *args: object, **options: object) -> None:
        wrong = 0
        for name, look in LOOKS.items():
            try:
                findings = list(look())
            except DatabaseError as reason:
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


def database() -> Iterator[Finding]:
    for name in unsafe_settings():
        yield f"PostgreSQL's {name} is off: {UNSAFE[name]}", "Set it to on."
    if database_is_older():
        yield "the database is older than the code", "Run `manage.py prepare`."
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        skew = abs((datetime.now(UTC) - cursor.fetchone()[0]).total_seconds())
    if skew > MOST_CLOCK_SECONDS:
        yield (
            f"this machine's clock and the database's differ by {skew:.0f} seconds",
            "Let both follow a time server: the database's clock decides the closing.",
        )


def static_files() -> Iterator[Finding]:
    if missing := ungathered_files():
        yield (
            f"style sheets or scripts missing, or of another version: {len(missing)}",
            "Run `manage.py prepare`, and start the web server again.",
        )


def proxy() -> Iterator[Finding]:
    if addresses_missing():
        yield (
            "the proxy in front does not say who its visitors are, so that all have one address",
            "Let it add to X-Forwarded-For (deploy/nginx shows how), or correct TRUSTED_PROXY.",
        )


def broker() -> Iterator[Finding]:
    try:
        redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2).ping()
    except (redis.RedisError, OSError) as reason:
        yield (
            f"Redis does not answer ({type(reason).__name__})",
            "Start it, or correct REDIS_URL. Nothing is lost; emails and batches wait.",
        )


def processes() -> Iterator[Finding]:
    if not a_worker_works():
        yield (
            "no worker has taken a task for a minute",
            "Start `celery -A consult worker`. Nothing is lost; emails and batches wait.",
        )
    if not beat_works():
        yield (
            "beat has not ticked for a minute",
            "Start `celery -A consult beat`. Nothing is lost; what is due waits.",
        )


def schedule() -> Iterator[Finding]:
    for name in overdue():
        yield (
            f"{name} has not finished successfully for too long",
            "Check that beat and a worker are running, and read the worker's log.",
        )


def emails() -> Iterator[Finding]:
    # While the mail server is down, nobody's attempts are counted.
    untried = Q(attempts=0, created_at__lt=Now() - timedelta(minutes=10))
    late = Confirmation.objects.filter(
        Q(attempts__gt=2) | untried, state=Confirmation.State.WAITING
    )
    if waiting := late.count():
        reason = late.values_list("reason", flat=True).first()
        what = f"confirmations that have waited too long: {waiting} ({reason or 'not tried yet'})"
        yield what, "Check the mail server in EMAIL_URL; then they go by themselves."
    failed = Confirmation.objects.filter(state=Confirmation.State.FAILED).count()
    if failed:
        yield (
            f"confirmations that could not be delivered: {failed}",
            (
                "The page “Undelivered” has the reasons, and the receipts tell the respondents. "
                "The responses are safe."
            ),
        )
    # A mail server's words may name a person: they are for the page, not for a terminal or a log.
    if lost := links_given_up().count():
        yield (
            f"links to drafts that could not be delivered: {lost}",
            "The page “Undelivered” has the reasons. People can copy the link from their own page.",
        )


def desk() -> Iterator[Finding]:
    recent = BulkChange.objects.filter(at__gt=Now() - A_WEEK)
    left = BulkItem.objects.filter(why="trouble", bulk__in=recent).count()
    if left:
        yield (
            f"responses that could not be changed with the others: {left:,}",
            "Their changes' pages count them, and the worker's log has why.",
        )
    for change in recent.filter(state=BulkChange.State.FAILED):
        yield f"{change} failed: {change.failure}", "Undo it on its page, and ask for it again."
    for found in PublishedSet.objects.exclude(trouble="").select_related("consultation"):
        yield (
            f"the public file of {found.consultation.slug}: {found.trouble}",
            "Look into the worker's log. It is tried again every minute.",
        )


def integrity() -> Iterator[Finding]:
    last = Reconciliation.objects.first()
    if last is not None and last.differences:
        yield (
            f"the integrity check failed: {len(last.differences)} differences",
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
            "See to the storage; `manage.py retain` and the next night try again.",
        )


def disk() -> Iterator[Finding]:
    free = shutil.disk_usage(
        settings.VAR_DIR if settings.VAR_DIR.exists() else settings.BASE_DIR
    ).free
    if free < NEEDED_BYTES:
        yield f"the disk has only {free // 1_000_000} MB left", "Make room before it is full."


def consultations() -> Iterator[Finding]:
    rows = Consultation.objects.filter(published_at__isnull=False, withdrawn_at=None).annotate(
        now=Now()
    )  # type: ignore[no-redef]
    if not rows:
        yield "no consultation is on the site", "Run `manage.py load_plan FILE`."
    for row in rows:
        hours = (row.closes_at - row.now).total_seconds() / 3600
        if 0 < hours < 1:
            yield (
                f"{row.slug} closes at {closing_in_words(row.closes_at)}",
                "Change nothing now, and stay at hand.",
            )


LOOKS: dict[str, Callable[[], Iterator[Finding]]] = {
    "Database": database,
    "Static files": static_files,
    "Proxy": proxy,
    "Redis": broker,
    "Worker and beat": processes,
    "Scheduled jobs": schedule,
    "Emails": emails,
    "Batches": batch_troubles,
    "Changes to many and public files": desk,
    "Integrity check": integrity,
    "Retention": kept_too_long,
    "Files to delete": files_to_remove,
    "Disk": disk,
    "Consultations": consultations,
}
