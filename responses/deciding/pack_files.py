"""A pack's files: all of it to be read, the register as data, and a manifest that is signed
as a batch's is. The same pack gives the same bytes, until something in it is erased.
"""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.template.loader import render_to_string

from consult.auditing import record
from consult.cells import json_line
from consult.clock import in_words, iso
from consult.models import Action
from responses.deciding.pack_contents import Contents
from responses.exporting.formats.makers import write_whole
from responses.exporting.manifests import MANIFEST, FileEntry
from responses.exporting.signing import SIGNATURE, sign
from responses.exporting.storing import WORKPLACE, store
from responses.file_removals import remove_file
from responses.models import DecisionPack, PackPoint, Response, ReviewStep

WHOLE, REGISTER = "pack.html", "register.jsonl"


def folder_of(pack: DecisionPack) -> str:
    """Where a pack's files are in the storage for exports. Also its name on the audit trail."""
    return f"{pack.consultation.slug}/decision-pack-{pack.number:04}"


def stored_in(pack: DecisionPack) -> str:
    """Where its files are now. Those that are made again have a folder of their own, so that the
    removal of the earlier ones, which may be tried again much later, cannot reach them.
    """
    again = len(pack.instead_of)
    return f"{folder_of(pack)}-{again + 1}" if again else folder_of(pack)


def hold_packs() -> None:
    """Let nobody else seal a pack, write its files or erase what is in them until this transaction
    ends: an erasure comes before a pack, which then lacks the words, or after it, and reaches it.

    It begins no snapshot, so that one that is taken next has everything committed until then.
    """
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE responses_decisionpack IN SHARE ROW EXCLUSIVE MODE")


def write_pack(pack: DecisionPack) -> None:
    """Make and store a pack's files, the manifest last; a pack that has them is left alone. Raises
    OSError, StoredDifferently, HandedOverAlready and BadKey.
    """
    packs = DecisionPack.objects.select_related("consultation", "edition", "sealed_by")
    with transaction.atomic(), TemporaryDirectory(prefix=WORKPLACE) as place:
        held = packs.get(pk=pack.pk)
        if not held.manifest_sha256:
            hold_packs()
            # Someone else may have written them while this waited.
            held = packs.get(pk=pack.pk)
        if held.manifest_sha256:
            pack.files, pack.manifest_sha256 = held.files, held.manifest_sha256
            return
        folder = Path(place)
        files = _make(held, folder)
        manifest = _manifest(held, files)
        made = [write_whole(folder, MANIFEST, manifest)]
        if signature := sign(manifest):
            made.insert(0, write_whole(folder, SIGNATURE, signature))
        for file in [*files, *made]:
            store(folder / file.name, f"{stored_in(held)}/{file.name}", file)
        held.files = [asdict(file) for file in [*files, *made]]
        held.manifest_sha256 = hashlib.sha256(manifest).hexdigest()
        held.save(update_fields=["files", "manifest_sha256"])
        record(
            action=Action.PACK_WRITTEN,
            actor=None,
            subject=folder_of(held),
            manifest_sha256=held.manifest_sha256,
        )
    pack.files, pack.manifest_sha256 = held.files, held.manifest_sha256


def forget_in_packs(versions: QuerySet[Response]) -> None:
    """Remove the files of every pack that may hold words of these responses, in the transaction
    that erases them. They are written again without, when someone asks for them.
    """
    hold_packs()
    ids = set(versions.values_list("pk", flat=True))
    for pack in DecisionPack.objects.exclude(manifest_sha256=""):
        if not ids & _named_in(pack):
            continue
        for file in pack.files:
            remove_file(storage="exports", name=f"{stored_in(pack)}/{file['name']}")
        pack.instead_of = [*pack.instead_of, pack.manifest_sha256]
        pack.files, pack.manifest_sha256 = [], ""
        pack.save(update_fields=["files", "manifest_sha256", "instead_of"])


def _named_in(pack: DecisionPack) -> set[int]:
    contents = pack.contents
    named = {*contents["organisations"]}
    named |= {row[0] for row in [*contents["reasons"], *contents["unweighed"]]}
    steps = ReviewStep.objects.filter(pk__in=contents["set_aside"])
    named |= set(steps.values_list("review__response", flat=True))
    for answers in PackPoint.objects.filter(pack=pack).values_list("answers", flat=True):
        named |= {one[0] for one in answers}
    return named


def _make(pack: DecisionPack, folder: Path) -> list[FileEntry]:
    contents = Contents(pack)
    points = contents.points()
    page = render_to_string(
        "deciding/pack_file.html",
        {
            "pack": pack,
            "consultation": pack.consultation,
            "sealed": in_words(pack.sealed_at),
            "contents": contents,
            "points": points,
            "parts": contents.parts,
        },
    )
    lines = [
        json_line(
            {
                "number": one.row.number,
                "version": one.row.version.version,
                **one.content,
                "responses": one.row.makers["responses"],
                "made_by": one.row.makers,
                "quotes": [[quote.reference, quote.words] for quote in one.quotes],
            }
        )
        for one in points
    ]
    return [
        write_whole(folder, WHOLE, page.encode()),
        write_whole(folder, REGISTER, "".join(lines).encode()),
    ]


def _manifest(pack: DecisionPack, files: list[FileEntry]) -> bytes:
    before = (
        DecisionPack.objects.filter(consultation=pack.consultation, number__lt=pack.number)
        .order_by("-number")
        .first()
    )
    # One whose files were removed is known by its last manifest until they are made again; the new
    # manifest names that one.
    known = [*before.instead_of, before.manifest_sha256] if before else []
    content: dict[str, Any] = {
        "format": 1,
        "consultation": pack.consultation.slug,
        "decision_pack": pack.number,
        "previous_manifest_sha256": next(filter(None, reversed(known)), None),
        "sealed_at": iso(pack.sealed_at),
        "sealed_by": pack.sealed_by.username,
        "edition": pack.edition.number,
        "points": pack.points.count(),
        "weighing": pack.contents["weighing"],
        "sealed_although": pack.unweighed_reason or None,
        "files": [asdict(file) for file in files],
    }
    if pack.instead_of:
        content["made_again_instead_of"] = pack.instead_of
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()
