"""Extracts: what staff take for themselves, everything so far or what fits a filter, as a pack
made in the background.

An extract is no batch. It is asked for in a moment, made by a worker that tells how far it has got,
taken away, and removed.
"""

import logging
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qsl

from django.core.files import File
from django.core.files.storage import storages
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from consult.auditing import began_recently, record
from consult.jobs import trouble_recorded
from consult.leases import LeaseLost, claim, give_back, renewer, still_held
from consult.models import Action, Consultation, Right, TwoPersonAct, User
from consult.staff.second_person import require_second_person
from responses.current import current_responses
from responses.exporting.downloading import FileGone, NoSuchFile
from responses.exporting.formats.makers import describe
from responses.exporting.pack import make_extract
from responses.exporting.storing import WORKPLACE, StoredDifferently, remove_leftovers, store
from responses.exporting.zipping import zip_chunks
from responses.file_removals import remove_file
from responses.models import Extract, Response
from responses.periods import KEEP_EXTRACTS_FOR
from responses.reviewing.filters import read_filter
from responses.reviewing.matching import matching

log = logging.getLogger(__name__)

# Renewed while it is made, so that what a killed worker had in hand is free again soon.
LEASE = timedelta(minutes=2)
TELL_SECONDS = 3
# Whatever kills its worker each time must not do so for ever.
MOST_ATTEMPTS = 3
FILE = "extract.zip"

TAKE = """
    INSERT INTO responses_extractmember (extract_id, response_id, "row")
    SELECT %s, found.id, row_number() OVER (ORDER BY found.id) FROM (FOUND) AS found (id)
"""


class MayNotTakeContacts(Exception):
    """Contact details are for those with a right of its own, where the consultation hands them over
    at all.
    """


def ask_for_extract(
    *, consultation: Consultation, query: str | None, actor: User, with_contacts: bool = False
) -> Extract:
    """Have everything so far put together, or what fits the filter `query`, if it is not None.

    On the trail.

    Asking for the same again while it waits returns the one that waits. Raises
    MayNotTakeContacts.
    """
    if with_contacts and not (
        actor.may(Right.TAKE_CONTACTS) and consultation.batches_include_contacts
    ):
        raise MayNotTakeContacts
    kind = Extract.Kind.EVERYTHING if query is None else Extract.Kind.FILTER
    wanted = {
        "consultation": consultation,
        "kind": kind,
        "query": query or "",
        "includes_contacts": with_contacts,
        "asked_by": actor,
    }
    with transaction.atomic():
        # Two clicks at once: the second waits here, and finds the first's.
        User.objects.select_for_update(no_key=True).get(pk=actor.pk)
        waits = Extract.objects.filter(**wanted, state=Extract.State.WAITING).first()
        if waits:
            return waits
        extract = Extract.objects.create(**wanted)
        # Which filters, and not what was looked for: that may be someone's name.
        filters = sorted({name for name, _ in parse_qsl(query or "")})
        record(
            action=Action.EXTRACT_ASKED,
            actor=actor,
            subject=name_of(extract),
            kind=kind,
            filters=filters,
            contacts=with_contacts,
        )
    return extract


def name_of(extract: Extract) -> str:
    """An extract's name on the trail, and where its file stands in the storage for exports."""
    return f"{extract.consultation.slug}/extract-{extract.pk}"


def make_due_extracts() -> list[Extract]:
    """Make what is waiting, the earliest first.

    Trouble with one is recorded on its row, and the others go on. Returns those that are ready. May
    run any number of times at once.
    """
    ready = []
    while extract := _claim():
        with trouble_recorded(partial(_record_unforeseen, extract)):
            try:
                if _make(extract):
                    ready.append(extract)
            except LeaseLost:
                log.info("%s is in another worker's hands, or is not wanted any more", extract)
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
    """Decide what it holds, once: a worker that begins again holds to it."""
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
    # Compare and set: where a response was erased meanwhile, the extract is gone, and its file must
    # not stay.
    if not give_back(extract, **ready):
        if not Extract.objects.filter(pk=extract.pk).exists():
            _remove_file(name_of(extract))
        raise LeaseLost


def _record_unforeseen(extract: Extract, trouble: str) -> None:
    _give_up(extract, f"Unforeseen trouble ({trouble}); the worker's log says more.")


def _give_up(extract: Extract, reason: str) -> None:
    give_back(extract, state=Extract.State.FAILED, failure=reason)


def open_extract(*, extract: Extract, reader: User, goes_on: bool = False) -> File:
    """The zip of an extract, opened for someone who takes it away. Raises NoSuchFile and FileGone,
    and SecondPersonNeeded for contact details.

    That is put on the trail, once for a download that was cut and `goes_on`.
    """
    if extract.state != Extract.State.READY:
        raise NoSuchFile(FILE)
    if extract.includes_contacts:
        require_second_person(
            act=TwoPersonAct.TAKE_CONTACTS, actor=reader, subject=name_of(extract), once=False
        )
    try:
        file = storages["exports"].open(f"{name_of(extract)}/{FILE}", "rb")
    except FileNotFoundError as reason:
        raise FileGone(FILE) from reason
    said = {"subject": name_of(extract), "sha256": extract.sha256}
    if not (goes_on and began_recently(action=Action.EXTRACT_DOWNLOADED, actor=reader, **said)):
        record(action=Action.EXTRACT_DOWNLOADED, actor=reader, **said)
    return file


def expires_at(extract: Extract) -> datetime | None:
    """When its file goes; None while there is none."""
    return extract.ready_at + KEEP_EXTRACTS_FOR if extract.ready_at else None


def remove_expired_extracts() -> int:
    """Remove extracts whose time is over, with their files.

    The audit trail still lists them. Returns how many.
    """
    over = Q(state=Extract.State.READY, ready_at__lt=Now() - KEEP_EXTRACTS_FOR) | Q(
        state=Extract.State.FAILED, asked_at__lt=Now() - KEEP_EXTRACTS_FOR
    )
    return _remove(Extract.objects.filter(over))


def remove_extracts_of(versions: QuerySet[Response], *, with_contacts: bool = False) -> int:
    """Remove every extract that holds one of `versions`, which are being erased: ask again to have
    it without them.

    `with_contacts`: only those that hold contact details, which are all that is being removed.
    """
    holding = Extract.objects.filter(members__response__in=versions)
    return _remove(
        (holding.filter(includes_contacts=True) if with_contacts else holding).distinct()
    )


def _remove(extracts: QuerySet[Extract]) -> int:
    gone = list(extracts.select_related("consultation"))
    Extract.objects.filter(pk__in=[extract.pk for extract in gone]).delete()
    for extract in gone:
        remove_file(storage="exports", name=f"{name_of(extract)}/{FILE}")
    return len(gone)


def _remove_file(folder: str) -> None:
    with suppress(FileNotFoundError):
        storages["exports"].delete(f"{folder}/{FILE}")
