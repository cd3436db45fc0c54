"""Makes the extracts that staff have asked for, and reports progress."""

import logging
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qsl

from django.core.files import File
from django.core.files.storage import storages
from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from consult.jobs import trouble_recorded
from consult.leases import LeaseLost, claim, give_back, renewer, still_held
from responses.current import current_responses
from responses.exporting.extracts import FILE, name_of, remove_extracts
from responses.exporting.formats.makers import describe
from responses.exporting.pack import make_extract
from responses.exporting.storing import WORKPLACE, StoredDifferently, remove_leftovers, store
from responses.exporting.zipping import zip_chunks
from responses.models import Extract, Response
from responses.reviewing.filters import read_filter
from responses.reviewing.matching import matching

log = logging.getLogger(__name__)

# Short, and renewed while it is made, so that another worker soon takes over from one that died.
LEASE = timedelta(minutes=2)
TELL_SECONDS = 3
# An extract that kills its worker each time must not do so for ever.
MOST_ATTEMPTS = 3

TAKE = """
    INSERT INTO responses_extractmember (extract_id, response_id, "row")
    SELECT %s, found.id, row_number() OVER (ORDER BY found.id) FROM (FOUND) AS found (id)
"""


def make_due_extracts() -> list[Extract]:
    """Make what is waiting, the earliest first. Returns the ones that are ready.

    Trouble with one is recorded on its row, and the others go on. Several workers may run it at
    once.
    """
    ready = []
    while extract := _claim():
        with trouble_recorded(partial(_record_unforeseen, extract)):
            try:
                if _make(extract):
                    ready.append(extract)
            except LeaseLost:
                log.info("another worker has %s, or it is not wanted any more", extract)
    return ready


def _claim() -> Extract | None:
    waiting = Extract.objects.select_related("consultation", "asked_by").order_by("pk")
    for extract in claim(waiting, limit=1, lease=LEASE):
        still_held(extract).update(attempts=F("attempts") + 1)
        extract.attempts += 1
        return extract
    return None


def _make(extract: Extract) -> bool:
    if extract.attempts > MOST_ATTEMPTS:
        _give_up(extract, "The worker was cut off each time.")
        return False
    remove_leftovers()
    try:
        _take(extract)
        with TemporaryDirectory(prefix=WORKPLACE) as folder:
            _write(extract, Path(folder))
    except (OSError, StoredDifferently) as trouble:
        log.warning("%s could not be made: %s", extract, type(trouble).__name__)
        _give_up(
            extract,
            (
                "Its file could not be written. Ask for it again, and tell someone who runs this "
                "service if that does not help."
            ),
        )
        return False
    return True


def _take(extract: Extract) -> None:
    """Choose its responses, once: a worker that starts again keeps them."""
    if extract.taken_at:
        return
    found, with_values = _wanted(extract).order_by().values("pk").query.sql_with_params()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(TAKE.replace("FOUND", found), [extract.pk, *with_values])
            total = cursor.rowcount
        Extract.objects.filter(pk=extract.pk).update(taken_at=Now(), total=total)
    extract.refresh_from_db(fields=["taken_at", "total"])


def _wanted(extract: Extract) -> QuerySet[Response]:
    if extract.kind == Extract.Kind.EVERYTHING:
        return current_responses(extract.consultation)
    wanted, _ = read_filter(parse_qsl(extract.query))
    return matching(wanted, reader=extract.asked_by).filter(consultation=extract.consultation)


def remove_extracts_waiting_for(versions: QuerySet[Response]) -> int:
    """Remove every waiting extract whose filter searches for words and would find one of
    `versions`, which are about to be erased: the words may be theirs. Returns how many.
    """
    waiting = (
        Extract.objects.filter(taken_at=None)
        .filter(query__contains="word=")
        .select_related("consultation", "asked_by")
    )
    theirs = [one.pk for one in waiting if _wanted(one).filter(pk__in=versions).exists()]
    return remove_extracts(Extract.objects.filter(pk__in=theirs))


def _write(extract: Extract, folder: Path) -> None:
    renew = renewer(extract, lease=LEASE, every_seconds=TELL_SECONDS)
    inside = folder / "files"
    inside.mkdir()
    files = make_extract(extract=extract, folder=inside, tick=lambda done: renew(done=done))
    with (folder / FILE).open("wb") as packed:
        for piece in zip_chunks(files, open_one=lambda name: File((inside / name).open("rb"))):
            packed.write(piece)
            renew(done=extract.total)
    whole = describe(folder, FILE, rows=None)
    store(folder / FILE, f"{name_of(extract)}/{FILE}", whole)
    ready = {
        "state": Extract.State.READY,
        "ready_at": Now(),
        "done": extract.total,
        "bytes": whole.bytes,
        "sha256": whole.sha256,
    }
    # Compare and set: if a response was erased meanwhile, the extract is gone, and its file must go
    # too.
    if not give_back(extract, **ready):
        if not Extract.objects.filter(pk=extract.pk).exists():
            with suppress(FileNotFoundError):
                storages["exports"].delete(f"{name_of(extract)}/{FILE}")
        raise LeaseLost


def _record_unforeseen(extract: Extract, trouble: str) -> None:
    _give_up(extract, f"Unexpected trouble ({trouble}); the worker's log says more.")


def _give_up(extract: Extract, reason: str) -> None:
    give_back(extract, state=Extract.State.FAILED, failure=reason)
