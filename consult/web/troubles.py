"""What is wrong with the service itself, and what to do about it, for `manage.py doctor`."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parseaddr

import redis
from django.conf import settings
from django.db import connection

from consult.addresses import DATABASE_CARRIES
from consult.heartbeats import a_worker_works, beat_works
from consult.jobs import overdue
from consult.web.durability import UNSAFE, unsafe_settings
from consult.web.preparedness import database_is_older
from consult.web.rate_limits import addresses_missing
from consult.web.static_files import ungathered_files

NEEDED_BYTES = 500_000_000
MOST_CLOCK_SECONDS = 5
Finding = tuple[str, str]


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
            "the proxy in front does not say where requests come from, so everyone has one address",
            (
                "Let it add to X-Forwarded-For (docs/deploy/nginx shows how), "
                "or correct TRUSTED_PROXY."
            ),
        )


def broker() -> Iterator[Finding]:
    if settings.REDIS_URL == DATABASE_CARRIES:
        return
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


def mail_settings() -> Iterator[Finding]:
    _, sender = parseaddr(settings.DEFAULT_FROM_EMAIL)
    if settings.PRODUCTION and sender.rpartition("@")[2] in {"", "localhost"}:
        yield (
            f"emails come from {sender or 'nobody'}, which most mail servers refuse",
            "Set EMAIL_FROM to an address of your own domain.",
        )


def disk() -> Iterator[Finding]:
    free = shutil.disk_usage(
        settings.VAR_DIR if settings.VAR_DIR.exists() else settings.BASE_DIR
    ).free
    if free < NEEDED_BYTES:
        yield f"the disk has only {free // 1_000_000} MB left", "Make room before it is full."
