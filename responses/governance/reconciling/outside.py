"""What the storage for batches, the destination and the journal know, the database knows too, and
the other way round: a backup that was put back says so here.
"""

import json
from collections.abc import Iterator

from django.core.files.storage import storages

from responses.exporting.batches import folder_of, forms_of
from responses.exporting.high_water import has_destination
from responses.exporting.manifests import MANIFEST
from responses.governance.erasing import erased_references
from responses.governance.outside import SEALED, Outside, Seen, Version
from responses.governance.reconciling.findings import Findings, name_of
from responses.models import Batch, Delivery, Response

LINES = "responses.jsonl"


def check_outside(findings: Findings) -> None:
    """Every batch, acknowledgement and response that is known outside is in the database."""
    outside = findings.outside
    if outside.unreachable:
        findings.totals["not_reached"] = outside.unreachable
    found = Batch.objects.select_related("consultation", "delivery")
    there = {folder_of(batch): batch for batch in found}
    unknown = [seen for seen in outside.batches if seen.name not in there]
    for seen in unknown:
        findings.note(
            seen.name,
            f"It is in {seen.place}, and the database does not have it. Run `manage.py "
            f"recover_responses {seen.name}`.",
        )
    for seen in outside.batches:
        if seen.name in there:
            _check_seen(seen, there[seen.name], findings)
    _check_responses(outside, unknown, findings)
    erased = set(erased_references())
    came_back = Response.objects.filter(reference__in=outside.erased - erased)
    for reference in sorted(set(came_back.values_list("reference", flat=True))):
        findings.note(
            reference,
            "It was erased, and a backup brought it back. Run `manage.py erase_response --again`.",
        )


def _check_seen(seen: Seen, batch: Batch, findings: Findings) -> None:
    # In the storage each file is held to what was written, the manifest too.
    elsewhere = seen.storage == "delivery" and batch.written_at is not None
    if elsewhere and seen.manifest_sha256 not in {"", *forms_of(batch)}:
        findings.note(seen.name, f"In {seen.place} it has another manifest.")
    delivery = getattr(batch, "delivery", None)
    delivered = delivery is not None and delivery.delivered_at is not None
    if seen.acknowledged and not delivered:
        findings.note(
            seen.name,
            f"An acknowledgement is in {seen.place}, and by the database it was never delivered. "
            f"Run `manage.py recover_responses {seen.name}`.",
        )


def _check_responses(outside: Outside, unknown: list[Seen], findings: Findings) -> None:
    """Name each version that the journal or an unknown batch has, and the database does not."""
    missing: dict[Version, str] = {
        version: f"The journal says that it was received at {line['received_at']}"
        for version, line in outside.awaited.items()
    }
    for seen in unknown:
        for version in _versions_in(seen):
            missing[version] = f"It is in {seen.name}, in {seen.place}"
    known = Response.objects.values_list("reference", "version")
    for version in known.order_by().iterator(chunk_size=2000):
        missing.pop(version, None)
    for (reference, number), where in sorted(missing.items()):
        findings.note(name_of(reference, number), f"{where}, and the database does not have it.")


def _versions_in(seen: Seen) -> Iterator[Version]:
    if seen.encrypted:
        return
    try:
        with storages[seen.storage].open(f"{seen.name}/{LINES}", "rb") as file:
            content = b"".join(file.chunks())
    except FileNotFoundError:
        return
    for line in content.splitlines():
        said = json.loads(line)
        yield said["reference"], said["version"]


def check_destination(findings: Findings) -> None:
    """What was delivered and nobody has acknowledged yet is still at the destination."""
    if not has_destination() or findings.outside.unreachable:
        return
    place = storages["delivery"]
    waiting = Delivery.objects.filter(state=Delivery.State.DELIVERED)
    try:
        for delivery in waiting.select_related("batch__consultation").order_by("pk"):
            name = f"{folder_of(delivery.batch)}/{MANIFEST}"
            if not place.exists(name) and not place.exists(f"{name}{SEALED}"):
                findings.note(
                    folder_of(delivery.batch),
                    "By the database it was delivered, nobody has acknowledged it, and it is not "
                    "at the destination.",
                )
    except OSError as trouble:
        findings.totals["not_reached"] = {"the destination": str(trouble)}
    finally:
        place.close()  # type: ignore[attr-defined]  # one of responses.exporting.destinations
