"""What is in the storage for batches, at the destination and in the journal is in the database too,
and the other way round. This is where a restored backup shows.
"""

import json
from collections.abc import Mapping

from django.core.files.storage import storages

from consult.files import CHUNK_BYTES
from responses.exporting.batches import folder_of, forms_of
from responses.exporting.destinations import destination
from responses.exporting.formats.tables import LINES
from responses.exporting.high_water import DELIVERED, ENCRYPTED, Seen, has_destination
from responses.exporting.manifests import MANIFEST
from responses.governance.erasing import erased_references
from responses.governance.outside import Line, Outside, arrival_of, still_missing
from responses.governance.reconciling.findings import Findings, name_of
from responses.governance.recovering.deliveries import is_acknowledged_since
from responses.models import Batch, Delivery, Response

# What identifies a version.
ABOUT = ("reference", "version", "received_at")


def check_outside(findings: Findings) -> None:
    """Check that every batch, acknowledgement and response that is known outside is in the
    database.
    """
    outside = findings.outside
    if outside.unreachable:
        findings.totals["not_reached"] = outside.unreachable
    found = Batch.objects.select_related("consultation", "delivery")
    there = {folder_of(batch): batch for batch in found}
    unknown = [seen for seen in outside.batches if seen.name not in there]
    for seen in unknown:
        findings.note(
            seen.name,
            f"It is in {seen.at}, and the database does not have it. Run `manage.py "
            f"recover_responses {seen.name}`.",
        )
    for seen in outside.batches:
        if seen.name in there:
            _check_seen(seen, there[seen.name], findings)
    _check_acknowledged(there, findings)
    _check_responses(outside, unknown, findings)
    erased = set(erased_references())
    came_back = Response.objects.filter(reference__in=outside.erased - erased)
    for reference in sorted(set(came_back.values_list("reference", flat=True))):
        findings.note(
            reference,
            "It was erased, and a backup brought it back. Run `manage.py erase_response --again`.",
        )


def _check_seen(seen: Seen, batch: Batch, findings: Findings) -> None:
    # In the storage each file is compared with what was written, the manifest too.
    elsewhere = seen.place == DELIVERED and batch.written_at is not None
    if elsewhere and seen.manifest_sha256 not in {"", *forms_of(batch)}:
        findings.note(seen.name, f"In {seen.at} it has another manifest.")
    delivery = getattr(batch, "delivery", None)
    if seen.acknowledged and (delivery is None or delivery.delivered_at is None):
        findings.note(
            seen.name,
            f"An acknowledgement is in {seen.at}, and by the database it was never delivered. "
            "Run `manage.py recover_responses`.",
        )


def _check_acknowledged(there: Mapping[str, Batch], findings: Findings) -> None:
    for name, line in sorted(findings.outside.acknowledged.items()):
        batch = there.get(name)
        if batch and is_acknowledged_since(batch, getattr(batch, "delivery", None), line):
            findings.note(
                name,
                f"The journal says that it was acknowledged at {line['acknowledged_at']}, and the "
                "database does not know. Run `manage.py recover_responses`.",
            )


def _check_responses(outside: Outside, unknown: list[Seen], findings: Findings) -> None:
    """Name each version that the journal or an unknown batch has and the database does not."""
    missing = {
        arrival: f"The journal says that it was received at {line['received_at']}"
        for arrival, line in still_missing(outside).items()
    }
    for seen in unknown:
        lines = _lines_of(seen, findings)
        known = set(
            Response.objects.filter(reference__in={line["reference"] for line in lines})
            .order_by()
            .values_list("reference", "version", "received_at")
        )
        for line in lines:
            if (arrival := arrival_of(line)) not in known:
                missing[arrival] = f"It is in {seen.name}, in {seen.at}"
    for (reference, number, _at), where in sorted(missing.items()):
        findings.note(name_of(reference, number), f"{where}, and the database does not have it.")


def _lines_of(seen: Seen, findings: Findings) -> list[Line]:
    """Return what an unknown batch says about each version; nothing if it is encrypted."""
    if seen.encrypted:
        return []
    try:
        with storages[seen.place].open(f"{seen.name}/{LINES}", "rb") as file:
            content = b"".join(file.chunks(CHUNK_BYTES))
        lines = [json.loads(line) for line in content.split(b"\n") if line]
        return [{name: line[name] for name in ABOUT} for line in lines]
    except (OSError, ValueError, KeyError, TypeError) as trouble:
        findings.note(seen.name, f"In {seen.at}, its {LINES} cannot be read: {trouble}.")
        return []


def check_destination(findings: Findings) -> None:
    """Check that what was delivered and nobody has acknowledged yet is still at the destination."""
    if not has_destination() or findings.outside.unreachable:
        return
    place = destination()
    waiting = Delivery.objects.filter(state=Delivery.State.DELIVERED)
    try:
        for delivery in waiting.select_related("batch__consultation").order_by("pk"):
            name = f"{folder_of(delivery.batch)}/{MANIFEST}"
            if not place.exists(name) and not place.exists(f"{name}{ENCRYPTED}"):
                findings.note(
                    folder_of(delivery.batch),
                    "By the database it was delivered, nobody has acknowledged it, and it is not "
                    "at the destination.",
                )
    except OSError as trouble:
        findings.totals["not_reached"] = {"the destination": str(trouble)}
    finally:
        place.close()
