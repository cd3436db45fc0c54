"""Recovering responses from batches, after restoring a backup that does not have them.

A batch's files have what it hands over. What it must not say, but a receipt needs, is in the
journal. Nothing here changes an existing row: what is missing is added, as it was.
"""

from dataclasses import dataclass, field

from django.core.files import File
from django.db import transaction

from consult.auditing import record
from consult.models import Action, Consultation, User
from responses.exporting.batches import folder_of, forms_of, pack_of
from responses.exporting.formats.makers import describe
from responses.exporting.manifests import MANIFEST
from responses.exporting.storing import HandedOverAlready, StoredDifferently, store
from responses.exporting.zipping import PACK, zip_chunks
from responses.governance.erasing_again import erase_again, finish_erasure
from responses.governance.outside import Line, Outside, look_outside, still_missing
from responses.governance.recovering.attachments import take_attachments
from responses.governance.recovering.deliveries import settle_deliveries
from responses.governance.recovering.emails import settle_emails
from responses.governance.recovering.equality import take_equality
from responses.governance.recovering.rows import Returned, Taken, take_rows
from responses.governance.recovering.sources import CannotRecover, Fetched, fetched, number_in
from responses.governance.recovering.tables import codes_in
from responses.journal import GIVEN_UP, append_to_journal
from responses.models import Batch

__all__ = ["CannotRecover", "Recovered", "give_up", "recover_batches"]


@dataclass
class Recovered:
    """What came back: batches by name, and versions of responses.

    `troubles` says in words what did not come back, or not as it was.
    """

    batches: list[str] = field(default_factory=list)
    returned: list[Returned] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    erased_again: list[str] = field(default_factory=list)
    confirmed: int = 0
    delivered: list[str] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)


def recover_batches(*, places: list[str], actor: User | None) -> Recovered:
    """Add what these batches hold and the database lacks, the earliest batch first.

    A place is a batch's name, its folder, or its zip. Each batch is one transaction, once its files
    are where they belong: the next run continues what was cut off, and what is there already stays
    as it is. Erased responses come back without their words and are erased again. A batch that
    cannot be recovered is `refused`, in words, and the others go on.
    """
    outside, done = look_outside(), Recovered()
    for place in sorted(places, key=number_in):
        try:
            with fetched(place, outside) as batch:
                taken = _recover(batch, outside, actor)
        except CannotRecover as reason:
            done.refused.append(str(reason))
            continue
        if taken is not None:
            done.batches.append(batch.name)
            done.returned += taken.returned
            done.troubles += taken.troubles
    done.erased_again = erase_again(actor=actor)
    done.confirmed = settle_emails(outside)
    done.delivered, done.acknowledged = settle_deliveries(outside)
    return done


def give_up(*, reference: str, actor: User | None) -> int:
    """Record in the journal and on the trail that what is missing under a reference cannot be
    recovered, so that the integrity check stops naming it. Returns how many versions.
    """
    missing = [
        line for line in still_missing(look_outside()).values() if line["reference"] == reference
    ]
    if missing:
        append_to_journal(map(_given_up, missing))
        record(
            action=Action.RESPONSE_GIVEN_UP, actor=actor, subject=reference, versions=len(missing)
        )
    return len(missing)


def _given_up(line: Line) -> Line:
    return {name: line[name] for name in ("reference", "version", "received_at")} | {
        "event": GIVEN_UP
    }


def _recover(batch: Fetched, outside: Outside, actor: User | None) -> Taken | None:
    """Add one batch; None if the database has it already."""
    consultation = Consultation.objects.filter(slug=batch.manifest["consultation"]).first()
    if consultation is None:
        raise CannotRecover(f"Load the plan of {batch.manifest['consultation']} first.")
    if not _is_missing(batch, consultation):  # Asked again below, when nobody else can seal.
        return None
    _place_files(batch)
    with transaction.atomic():
        # As sealing does: nobody seals a batch of this consultation meanwhile.
        consultation = Consultation.objects.select_for_update(no_key=True).get(pk=consultation.pk)
        if not _is_missing(batch, consultation):
            return None
        row = Batch.objects.create(
            consultation=consultation,
            number=batch.number,
            sealed_at=batch.sealed_at,
            size=batch.manifest["counts"]["responses"],
            includes_contacts=batch.manifest["includes_contacts"],
            lost_before=_lost_before(batch),
            instead_of=batch.forms[1:],
            follows_sha256=batch.manifest["previous_manifest_sha256"] or "",
            # Nobody knows exactly when; what was erased since then is still in its files.
            written_at=batch.sealed_at,
            manifest_sha256=batch.manifest_sha256,
            files=[vars(file) for file in batch.files],
            codes=codes_in(batch),
            pack=_place_pack(batch),
        )
        taken = take_rows(batch=batch, row=row, outside=outside)
        take_attachments(batch=batch, row=row, outside=outside)
        take_equality(batch=batch, row=row, outside=outside)
        for reference in taken.erased:
            finish_erasure(reference=reference, actor=actor)
        name, sha256 = folder_of(row), row.manifest_sha256
        record(action=Action.BATCH_SEALED, actor=actor, subject=name, size=row.size, recovered=True)
        record(action=Action.BATCH_WRITTEN, actor=actor, subject=name, manifest_sha256=sha256)
        record(
            action=Action.RESPONSES_RECOVERED,
            actor=actor,
            subject=name,
            responses=len(taken.returned),
            overtaken=[f"{line['reference']} {line['version']}" for line in taken.overtaken],
        )
    # Their words stay in the batch's files.
    append_to_journal(map(_given_up, taken.overtaken))
    return taken


def _is_missing(batch: Fetched, consultation: Consultation) -> bool:
    """Whether a batch is missing, and fits between those that are there; False where it is there.

    Raises CannotRecover.
    """
    batches = Batch.objects.filter(consultation=consultation)
    same = batches.filter(number=batch.number).first()
    if same is not None:
        if same.written_at is None or same.manifest_sha256 == batch.manifest_sha256:
            return False
        raise CannotRecover(
            f"The database has another batch {batch.number}, sealed after the backup was restored."
        )
    before = batches.filter(number=batch.number - 1).first()
    wanted = batch.manifest["previous_manifest_sha256"]
    # Its own records may have lacked the one before it, which may be lost for good.
    alone = before is None and batch.number - 1 in batch.manifest.get("not_in_our_records", ())
    if wanted not in (forms_of(before) if before else {None}) and not alone:
        raise CannotRecover(
            f"{batch.name} follows on a batch {batch.number - 1} that the database does not have: "
            "recover that one first, or name both."
        )
    # One that was sealed since knows that this one was missing.
    after = batches.filter(number__gt=batch.number).order_by("number").first()
    if after is not None:
        lost = {one["number"]: one["manifest_sha256"] for one in after.lost_before}
        if lost.get(batch.number) not in batch.forms:
            raise CannotRecover(
                f"The database has a batch {after.number} that does not follow on {batch.name}."
            )
    return True


def _lost_before(batch: Fetched) -> list[dict[str, object]]:
    """Return the batches that this one's own records lacked, as the row had them; the manifest of
    the last one is known.
    """
    numbers = batch.manifest.get("not_in_our_records", [])
    lost: list[dict[str, object]] = [
        {"number": number, "manifest_sha256": ""} for number in numbers
    ]
    if lost:
        lost[-1]["manifest_sha256"] = batch.manifest["previous_manifest_sha256"]
    return lost


def _place_files(batch: Fetched) -> None:
    """Put the batch's files where they belong, unless they are there; the manifest last, and never
    over a different one. Raises CannotRecover.
    """
    try:
        for file in sorted(batch.files, key=lambda file: file.name == MANIFEST):
            once = file.name == MANIFEST
            store(batch.folder / file.name, f"{batch.name}/{file.name}", file, once=once)
    except (OSError, StoredDifferently, HandedOverAlready) as trouble:
        raise CannotRecover(f"The files of {batch.name} cannot be stored: {trouble}") from trouble


def _place_pack(batch: Fetched) -> dict[str, object]:
    with (batch.folder / PACK).open("wb") as packed:
        for piece in zip_chunks(
            batch.files, open_one=lambda name: File((batch.folder / name).open("rb"))
        ):
            packed.write(piece)
    whole = describe(batch.folder, PACK, rows=None)
    named = Batch(
        consultation=Consultation(slug=batch.manifest["consultation"]), number=batch.number
    )
    store(batch.folder / PACK, pack_of(named), whole)
    return {"bytes": whole.bytes, "sha256": whole.sha256}
