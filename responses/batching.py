"""Batches: sealing which responses are in one, and writing its files. Each response is in exactly one.

Sealing is the decision, one transaction in the database. Writing only carries it out, and gives the same bytes however
often it is done.
"""

import csv
import hashlib
import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.files.storage import Storage, storages
from django.db import connection, transaction
from django.db.models.functions import Now

from consult.auditing import record
from consult.clock import iso, latest_daily
from consult.editions import plan_of
from consult.models import Action, Consultation, User, published
from responses.manifests import NAME, FileEntry, describe_file, manifest_bytes, sha256_of
from responses.models import Batch, BatchMember, Response
from responses.rows import CODEBOOK_HEADER, codebook_rows, header, json_row, questions_of, safe_cell, wide_row

DAILY_HOUR = 2  # 02:00 in London
CHUNK = 500

CLAIM = """
    INSERT INTO responses_batchmember (batch_id, response_id, row)
    SELECT %(batch)s, id, row_number() OVER (ORDER BY id)
    FROM responses_response response
    WHERE consultation_id = %(consultation)s
      AND NOT EXISTS (SELECT 1 FROM responses_batchmember member WHERE member.response_id = response.id)
"""
LEDGER = """
    INSERT INTO responses_ledgerentry (response_id, event, at, digest, batch_number)
    SELECT response.id, 'batched', statement_timestamp(), response.digest, %(number)s
    FROM responses_batchmember member JOIN responses_response response ON response.id = member.response_id
    WHERE member.batch_id = %(batch)s
    ORDER BY member.row
"""


class WriteFailed(Exception):
    """A batch's files could not be put in their place; the message says why. It stays sealed, and is tried again."""


def seal_batch(*, consultation: Consultation, actor: User | None) -> Batch:
    """Put every response that is in no batch into the next one, for ever. Without any, it is a nil return.

    Which responses those are is asked of the database, never of a clock: a response may be committed later than another
    that arrived after it. One that is committed while this runs goes into the next batch.
    """
    with transaction.atomic():
        # One sealing at a time, so that numbers have no gaps; responses keep coming in meanwhile.
        kept = Consultation.objects.select_for_update(no_key=True).get(pk=consultation.pk)
        last = kept.batches.order_by("-number").first()
        number = last.number + 1 if last else 1
        batch = Batch.objects.create(
            consultation=kept, number=number, sealed_by=actor, size=0, includes_contacts=kept.batches_include_contacts
        )
        with connection.cursor() as cursor:
            cursor.execute(CLAIM, {"batch": batch.pk, "consultation": kept.pk})
            batch.size = cursor.rowcount
            cursor.execute(LEDGER, {"batch": batch.pk, "number": number})
        batch.save(update_fields=["size"])
        record(action=Action.BATCH_SEALED, actor=actor, subject=f"{kept.slug} {number}", size=batch.size)
    batch.refresh_from_db()
    return batch


def seal_due_batches() -> None:
    """Seal the batch of every consultation whose night has come, and write every batch that is sealed and not written.

    Due is decided from what is in the database, so a missed night is caught up by the next run, and running twice in a
    night seals one batch. Raises WriteFailed for the first batch that could not be written, after trying them all.
    """
    for consultation in published().filter(opens_at__lte=Now()):
        # Asked again under the lock: two schedulers may have come here at once.
        with transaction.atomic():
            Consultation.objects.select_for_update(no_key=True).get(pk=consultation.pk)
            if is_due(consultation, now=consultation.now):
                seal_batch(consultation=consultation, actor=None)
    failures = []
    for batch in Batch.objects.filter(written_at__isnull=True).order_by("consultation", "number"):
        try:
            write_batch(batch=batch)
        except WriteFailed as reason:
            failures.append(reason)
    if failures:
        raise failures[0]


def is_due(consultation: Consultation, *, now: datetime) -> bool:
    """Whether a night has passed since the last batch, or since the opening. Ended consultations get one last batch."""
    night = latest_daily(DAILY_HOUR, now=now)
    last = consultation.batches.order_by("-number").first()
    if night <= (last.sealed_at if last else consultation.opens_at):
        return False
    ended = now >= consultation.grace_ends_at and last is not None and last.sealed_at >= consultation.grace_ends_at
    return not ended or Response.objects.filter(consultation=consultation, membership__isnull=True).exists()


def folder_of(batch: Batch) -> str:
    """Where a batch's files are, below the exports' place."""
    return f"{batch.consultation.slug}/batch-{batch.number:04d}"


def write_batch(*, batch: Batch) -> Batch:
    """Write a sealed batch's files to the place that STORAGES["exports"] names, the manifest last, and check what arrived.

    Earlier batches that are not written yet go first, since each manifest names the one before. Raises WriteFailed.
    """
    for earlier in Batch.objects.filter(consultation=batch.consultation, number__lt=batch.number, written_at__isnull=True).order_by(
        "number"
    ):
        _write(earlier.pk)
    return _write(batch.pk)


def _write(batch_id: int) -> Batch:
    try:
        with transaction.atomic():
            # Whoever comes second waits here and then writes the same bytes again.
            batch = Batch.objects.select_for_update(of=("self",)).select_related("consultation").get(pk=batch_id)
            with tempfile.TemporaryDirectory() as folder:
                files, content = _make_files(batch, Path(folder))
                _put(storages["exports"], batch, Path(folder), files, content)
            first = batch.written_at is None
            batch.manifest_sha256, batch.files, batch.failure = sha256_of(content), [asdict(entry) for entry in files], ""
            batch.written_at = batch.written_at or Now()
            batch.save(update_fields=["manifest_sha256", "files", "failure", "written_at"])
            if first:
                record(action=Action.BATCH_WRITTEN, actor=None, subject=f"{batch.consultation.slug} {batch.number}", size=batch.size)
    except OSError as reason:
        why = f"{type(reason).__name__}: {reason.strerror or reason}"[:300]
        Batch.objects.filter(pk=batch_id).update(failure=why)
        raise WriteFailed(why) from reason
    batch.refresh_from_db()
    return batch


def _members(batch: Batch) -> Iterator[Response]:
    """A batch's responses in the order of its rows, a chunk at a time, however many they are."""
    rows = BatchMember.objects.filter(batch=batch).select_related("response__edition", "response__contact").order_by("row")
    return (member.response for member in rows.defer("response__edition__content").iterator(chunk_size=CHUNK))


def _make_files(batch: Batch, folder: Path) -> tuple[list[FileEntry], bytes]:
    editions = list(batch.consultation.editions.defer("content").filter(responses__membership__batch=batch).distinct().order_by("-number"))
    if not editions:
        editions = [batch.consultation.editions.defer("content").filter(published_at__lte=batch.sealed_at).latest("number")]
    plans = {edition.pk: plan_of(edition) for edition in editions}
    questions = questions_of(plans.values())
    counts: dict[str, Counter[str]] = {"channel": Counter(), "kind": Counter(), "timing": Counter(), "synthetic": Counter()}
    ends: list[str] = []
    with (
        _table(folder / "responses.csv") as responses,
        (folder / "responses.jsonl").open("w", encoding="utf-8", newline="\n") as lines,
        _table(folder / "contacts.csv") as contacts,
    ):
        table, people = csv.writer(responses), csv.writer(contacts)
        table.writerow(header(questions))
        people.writerow(["reference", "version", "name", "email", "postcode_district"])
        for response in _members(batch):
            table.writerow(wide_row(response, plans[response.edition_id], questions))
            lines.write(json.dumps(json_row(response), ensure_ascii=False, sort_keys=True) + "\n")
            contact = response.contact
            people.writerow(
                [response.reference, response.version, *map(safe_cell, (contact.name, contact.email, contact.postcode_district))]
            )
            counts["channel"][response.channel] += 1
            counts["kind"][str(response.choices.get("capacity", "not-said"))] += 1
            counts["timing"][response.timing] += 1
            counts["synthetic"]["yes" if response.synthetic else "no"] += 1
            ends = [*ends[:1], response.reference]
    with _table(folder / "codebook.csv") as codebook:
        entries = [row for edition in editions for row in codebook_rows(edition.number, plans[edition.pk])]
        csv.writer(codebook).writerows([CODEBOOK_HEADER, *entries])
    rows = {"responses.csv": batch.size, "responses.jsonl": batch.size, "codebook.csv": len(entries)}
    if batch.includes_contacts:
        rows["contacts.csv"] = batch.size
    files = [describe_file(folder / name, rows=number) for name, number in rows.items()]
    previous = Batch.objects.filter(consultation=batch.consultation, number=batch.number - 1).values_list("manifest_sha256", flat=True)
    about = {
        "consultation": batch.consultation.slug,
        "batch": batch.number,
        "sealed_at": iso(batch.sealed_at),
        "first_reference": ends[0] if ends else None,
        "last_reference": ends[-1] if ends else None,
    }
    total = {"responses": batch.size, **{name: dict(sorted(counter.items())) for name, counter in counts.items()}}
    return files, manifest_bytes(about=about, previous=previous.first() or "", counts=total, files=files)


def _table(path: Path) -> Any:
    # The csv module ends lines with CRLF, as RFC 4180 asks; Python must not translate them.
    return path.open("w", encoding="utf-8", newline="")


def _put(storage: Storage, batch: Batch, folder: Path, files: list[FileEntry], manifest: bytes) -> None:
    """Store the files, each checked as it arrived, and the manifest when they are all there. Raises OSError."""
    (folder / NAME).write_bytes(manifest)
    entries = [*files, FileEntry(NAME, len(manifest), 0, sha256_of(manifest))]
    for entry in entries:
        target = f"{folder_of(batch)}/{entry.name}"
        with (folder / entry.name).open("rb") as file:
            stored = storage.save(target, File(file))
        with storage.open(stored) as arrived:
            digest = hashlib.sha256()
            for chunk in arrived.chunks():
                digest.update(chunk)
        if stored != target or digest.hexdigest() != entry.sha256:
            raise OSError(f"{entry.name} did not arrive whole")
