"""Extracts: everything so far, or what matches a filter, for staff to download.

An extract is not a batch. Someone asks for it, a worker makes it (extracting.py), it is downloaded
and later removed.
"""

from datetime import datetime
from urllib.parse import parse_qsl

from django.core.files import File
from django.core.files.storage import storages
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from consult.auditing import began_recently, record
from consult.models import Action, Consultation, User
from responses.exporting.downloading import FileGone, NoSuchFile
from responses.exporting.taking_contacts import (
    MayNotTakeContacts,
    require_contacts_allowed,
    require_right_to_contacts,
)
from responses.file_removals import remove_file
from responses.models import Extract, Response
from responses.periods import KEEP_EXTRACTS_FOR

FILE = "extract.zip"


def ask_for_extract(
    *, consultation: Consultation, query: str | None, actor: User, with_contacts: bool = False
) -> Extract:
    """Ask for everything so far, or for what matches the filter `query` if there is one.

    Recorded on the trail. Asking again while the same extract is waiting returns that one. Raises
    MayNotTakeContacts for someone without the right, and where the consultation hands none over.
    """
    if with_contacts:
        require_right_to_contacts(actor)
        if not consultation.batches_include_contacts:
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
        # Two clicks at once: the second waits here and finds the extract of the first.
        User.objects.select_for_update(no_key=True).get(pk=actor.pk)
        waits = Extract.objects.filter(**wanted, state=Extract.State.WAITING).first()
        if waits:
            return waits
        extract = Extract.objects.create(**wanted)
        # Which filters, but not what was searched for: that may be someone's name.
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
    """Return an extract's name on the trail, and where its file is in the storage for exports."""
    return f"{extract.consultation.slug}/extract-{extract.pk}"


def open_extract(*, extract: Extract, reader: User, goes_on: bool = False) -> File:
    """Open the zip of an extract for someone who takes it away.

    Recorded on the trail, once for a download that was cut off and continued (`goes_on`). Raises
    NoSuchFile, FileGone and, for contact details, MayNotTakeContacts and SecondPersonNeeded.
    """
    if extract.state != Extract.State.READY:
        raise NoSuchFile(FILE)
    if extract.includes_contacts:
        require_contacts_allowed(reader, subject=name_of(extract))
    try:
        file = storages["exports"].open(f"{name_of(extract)}/{FILE}", "rb")
    except FileNotFoundError as reason:
        raise FileGone(FILE) from reason
    download = {"subject": name_of(extract), "sha256": extract.sha256}
    if not (goes_on and began_recently(action=Action.EXTRACT_DOWNLOADED, actor=reader, **download)):
        record(action=Action.EXTRACT_DOWNLOADED, actor=reader, **download)
    return file


def expires_at(extract: Extract) -> datetime | None:
    """Return when its file will be removed, or None if it has none."""
    return extract.ready_at + KEEP_EXTRACTS_FOR if extract.ready_at else None


def remove_expired_extracts() -> int:
    """Remove extracts that have been kept long enough, with their files. Returns how many.

    The audit trail still lists them.
    """
    over = Q(state=Extract.State.READY, ready_at__lt=Now() - KEEP_EXTRACTS_FOR) | Q(
        state=Extract.State.FAILED, asked_at__lt=Now() - KEEP_EXTRACTS_FOR
    )
    return remove_extracts(Extract.objects.filter(over))


def remove_extracts_of(versions: QuerySet[Response], *, with_contacts: bool = False) -> int:
    """Remove every extract that holds one of `versions`, because they are being erased. Returns how
    many.

    `with_contacts`: only extracts with contact details, because only those are being removed.
    """
    holding = Extract.objects.filter(members__response__in=versions)
    return remove_extracts(
        (holding.filter(includes_contacts=True) if with_contacts else holding).distinct()
    )


def remove_extracts(extracts: QuerySet[Extract]) -> int:
    """Remove extracts with their files, and return how many."""
    gone = list(extracts.select_related("consultation"))
    Extract.objects.filter(pk__in=[extract.pk for extract in gone]).delete()
    for extract in gone:
        remove_file(storage="exports", name=f"{name_of(extract)}/{FILE}")
    return len(gone)
