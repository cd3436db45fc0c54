"""Batches handed over, and what is said of them once an older backup was restored."""

from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from consult.models import Consultation
from responses.exporting.batches import folder_of, seal_batch
from responses.exporting.delivering import deliver_due_batches
from responses.exporting.high_water import RECEIVED
from responses.exporting.writing import write_batch
from responses.governance.reconciling import reconcile
from responses.models import Batch, Response


def hand_over(consultation: Consultation) -> Batch:
    """Seal, write and deliver what waits."""
    batch = seal_batch(consultation=consultation, actor=None)
    write_batch(batch=batch)
    assert [one.pk for one in deliver_due_batches()] == [batch.pk]
    batch.refresh_from_db()
    return batch


def acknowledge_in_a_file(batch: Batch, folder: Path) -> None:
    (folder / f"{folder_of(batch)}{RECEIVED}").write_text(batch.manifest_sha256)


def differences() -> set[tuple[str, str]]:
    return {(one["subject"], one["words"]) for one in reconcile().differences}


def subjects() -> set[str]:
    return {subject for subject, _ in differences()}


def recover(*arguments: str, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    call_command("recover_responses", *arguments)
    return capsys.readouterr().out


def receipt_opens(response: Response, token: str) -> bool:
    page = Client().get(reverse("receipt", args=[token]), follow=True)
    return page.status_code == 200 and response.reference in page.content.decode()
