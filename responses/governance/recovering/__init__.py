"""Taking responses back in from batches, after a backup was put back that does not have them.

What a batch says comes from its files. What it must not say, and a receipt needs, comes from the
journal. Nothing here changes a row that is there: what is missing is added, as it was.
"""

from dataclasses import dataclass, field
from typing import Any

from django.core.files import File
from django.db import transaction
from django.db.models.functions import Now

from consult.auditing import record
from consult.models import Action, Consultation, User
from responses.exporting.batches import folder_of, forms_of, pack_of
from responses.exporting.formats.makers import describe
from responses.exporting.storing import StoredDifferently, store
from responses.exporting.writing import BatchNotWritten
from responses.exporting.zipping import PACK, zip_chunks
from responses.governance.erasing import erase_again
from responses.governance.outside import Outside, Version, look_outside
from responses.governance.recovering.emails import settle_emails
from responses.governance.recovering.rows import (
    Returned,
    enter_in_ledger,
    put_in_batch,
    return_responses,
)
from responses.governance.recovering.sources import CannotRecover, Fetched, fetched
from responses.governance.recovering.tables import codes_in
from responses.journal import GIVEN_UP, append_to_journal
from responses.models import Batch, Delivery, LedgerEntry, Response

__all__ = ["CannotRecover", "Recovered", "give_up", "recover_batches", "still_missing"]


@dataclass
class Recovered:
    """What came back: batches by name, and versions of responses."""

    batches: list[str] = field(default_factory=list)
    returned: list[Returned] = field(default_factory=list)
    erased_again: list[str] = field(default_factory=list)
    confirmed: int = 0


def recover_batches(*, places: list[str], actor: User | None) -> Recovered:
    """Take back in what these batches hold and the database lacks, the earliest batch first.

    A place is a batch's name, its folder, or its zip. Each batch is one transaction, once its
    files are where they belong: what is cut off is taken up by the next run, and what is there
    already stays as it is. Erased responses come back without a word and are erased again. Raises
    CannotRecover; the batches before that one stay.
    """
    outside, done = look_outside(), Recovered()
    for place in sorted(places):
        with fetched(place) as batch:
            if (returned := _recover(batch, outside, actor)) is not None:
                done.batches.append(batch.name)
                done.returned += returned
    done.erased_again = erase_again(actor=actor)
    done.confirmed = settle_emails(outside)
    return done


def still_missing(outside: Outside) -> dict[Version, dict[str, Any]]:
    """What was received, by the journal, and the database does not have."""
    there = set(Response.objects.values_list("reference", "version"))
    return {key: line for key, line in sorted(outside.awaited.items()) if key not in there}


def give_up(*, reference: str, actor: User | None) -> int:
    """Have the journal and the trail say that what is missing under a reference cannot be had
    again, so that the integrity check names it no longer. How many versions.
    """
    missing = [key for key in still_missing(look_outside()) if key[0] == reference]
    if missing:
        append_to_journal(
            {"event": GIVEN_UP, "reference": reference, "version": version}
            for _, version in missing
        )
        record(
            action=Action.RESPONSE_GIVEN_UP, actor=actor, subject=reference, versions=len(missing)
        )
    return len(missing)


def _recover(batch: Fetched, outside: Outside, actor: User | None) -> list[Returned] | None:
    """Take one batch back in; None where the database has it already."""
    consultation = Consultation.objects.filter(slug=batch.manifest["consultation"]).first()
    if consultation is None:
        raise CannotRecover(f"Load the plan of {batch.manifest['consultation']} first.")
    if not _is_next(batch, consultation):  # Asked again below, when nobody else can seal.
        return None
    _place_files(batch)
    with transaction.atomic():
        # As sealing does: nobody seals a batch of this consultation meanwhile.
        consultation = Consultation.objects.select_for_update(no_key=True).get(pk=consultation.pk)
        if not _is_next(batch, consultation):
            return None
        returned = return_responses(batch=batch, consultation=consultation, outside=outside)
        row = Batch.objects.create(
            consultation=consultation,
            number=batch.manifest["batch"],
            sealed_at=batch.sealed_at,
            size=batch.manifest["counts"]["responses"],
            includes_contacts=batch.manifest["includes_contacts"],
            instead_of=batch.manifest.get("made_again_instead_of", []),
            follows_sha256=batch.manifest["previous_manifest_sha256"] or "",
            written_at=Now(),
            manifest_sha256=batch.manifest_sha256,
            files=[vars(file) for file in batch.files],
            codes=codes_in(batch),
            pack=_place_pack(batch),
        )
        put_in_batch(batch=batch, row=row)
        if batch.at_destination:
            _note_delivered(batch, row)
        name, sha256 = folder_of(row), row.manifest_sha256
        record(action=Action.BATCH_SEALED, actor=actor, subject=name, size=row.size, recovered=True)
        record(action=Action.BATCH_WRITTEN, actor=actor, subject=name, manifest_sha256=sha256)
        record(
            action=Action.RESPONSES_RECOVERED, actor=actor, subject=name, responses=len(returned)
        )
    return returned


def _is_next(batch: Fetched, consultation: Consultation) -> bool:
    """Whether a batch follows on what is there; False where it is there. Raises CannotRecover."""
    batches = Batch.objects.filter(consultation=consultation)
    number = batch.manifest["batch"]
    same = batches.filter(number=number).first()
    if same is not None:
        if same.written_at is None or same.manifest_sha256 == batch.manifest_sha256:
            return False
        raise CannotRecover(
            f"The database has another batch {number}, sealed after the backup was put back."
        )
    before = batches.filter(number=number - 1).first()
    wanted = batch.manifest["previous_manifest_sha256"]
    if wanted not in (forms_of(before) if before else {None}):
        raise CannotRecover(
            f"{batch.name} follows on a batch {number - 1} that the database does not have: "
            "recover that one first, or name both."
        )
    if batches.filter(number__gt=number).exists():
        raise CannotRecover(f"The database has batches after {number} already.")
    return True


def _place_files(batch: Fetched) -> None:
    """Put the batch's files where they belong, unless they are there. Raises CannotRecover."""
    try:
        for file in batch.files:
            store(batch.folder / file.name, f"{batch.name}/{file.name}", file)
    except (OSError, StoredDifferently, BatchNotWritten) as trouble:
        raise CannotRecover(f"The files of {batch.name} cannot be stored: {trouble}") from trouble


def _place_pack(batch: Fetched) -> dict[str, object]:
    with (batch.folder / PACK).open("wb") as packed:
        for piece in zip_chunks(
            batch.files, open_one=lambda name: File((batch.folder / name).open("rb"))
        ):
            packed.write(piece)
    whole = describe(batch.folder, PACK, rows=None)
    named = Batch(consultation=Consultation(slug=batch.manifest["consultation"]))
    named.number = batch.manifest["batch"]
    store(batch.folder / PACK, pack_of(named), whole)
    return {"bytes": whole.bytes, "sha256": whole.sha256}


def _note_delivered(batch: Fetched, row: Batch) -> None:
    """It is at the destination: as if it had been delivered now. An acknowledgement that is there
    too is taken up by the next delivery run.
    """
    Delivery.objects.create(
        batch=row,
        state=Delivery.State.DELIVERED,
        files=[{"name": one.name, "bytes": one.bytes, "sha256": one.sha256} for one in batch.files],
        delivered_at=Now(),
        last_delivered_at=Now(),
        told_at=Now(),
    )
    enter_in_ledger(row, LedgerEntry.Event.DELIVERED)
    record(action=Action.BATCH_DELIVERED, actor=None, subject=batch.name, files=len(batch.files))
