"""The files that rows name are in the storage, and are what was put there."""

import hashlib
from collections.abc import Iterator
from typing import Any

from django.core.files.storage import default_storage
from django.db.models import QuerySet

from consult.files import CHUNK_BYTES
from responses.governance.reconciling.findings import Findings
from responses.models import Attachment, DraftFile, Message


def check_stored_files(findings: Findings) -> None:
    """Check that each file that a row names is there and, where the row says what it was, that it
    is that.

    Outside any transaction: what is erased meanwhile is looked at again before it is named.
    """
    kept = Attachment.objects.select_related("response", "transcription__response")
    named: dict[str, list[str]] = {}
    for one in kept.order_by("pk").iterator():
        if (wrong := _wrong_with(one.file, one.sha256)) and _is_named(kept, one.pk, one.file):
            named.setdefault(one.of.reference, []).append(f"The file {one.file} {wrong}")
    for draft_file in DraftFile.objects.order_by("pk").iterator():
        wrong = _wrong_with(draft_file.file, draft_file.sha256)
        if wrong and _is_named(DraftFile.objects.all(), draft_file.pk, draft_file.file):
            named.setdefault(str(draft_file), []).append(f"{draft_file.file} {wrong}")
    for pk, file in _emails():
        if (wrong := _wrong_with(file, "")) and _is_named(Message.objects.all(), pk, file):
            named.setdefault(f"message {pk}", []).append(f"Its file {file} {wrong}")
    for subject, all_words in sorted(named.items()):
        for words in all_words:
            findings.note(subject, words)
    files = kept.count() + DraftFile.objects.count() + Message.objects.exclude(file="").count()
    findings.totals["stored_files"] = files


def _emails() -> Iterator[tuple[int, str]]:
    yield from Message.objects.exclude(file="").order_by("pk").values_list("pk", "file").iterator()


def _wrong_with(file: str, sha256: str) -> str:
    """Return what is wrong with a stored file, in words; "" if nothing is. Of what has no `sha256`
    it is only asked whether it is there.
    """
    try:
        if not sha256:
            return "" if default_storage.exists(file) else "is not in the storage."
        with default_storage.open(file) as content:
            there = hashlib.sha256()
            for chunk in content.chunks(CHUNK_BYTES):
                there.update(chunk)
    except FileNotFoundError:
        return "is not in the storage."
    return "" if there.hexdigest() == sha256 else "is not what was put into the storage."


def _is_named(rows: QuerySet[Any], pk: int, file: str) -> bool:
    return rows.filter(pk=pk, file=file).exists()
