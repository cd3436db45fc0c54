"""A batch that has just been written goes to its receiver then, not a minute later."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import call_command

from consult.models import Consultation
from responses.exporting import tasks
from responses.exporting.batches import seal_batch
from responses.models import Batch, Response

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many batches were written at each moment when the workers were asked to deliver."""
    moments: list[int] = []
    monkeypatch.setattr(
        tasks.deliver_due_batches,
        "apply_async",
        lambda **_: moments.append(Batch.objects.exclude(written_at=None).count()),
    )
    return moments


def test_a_batch_made_by_command_is_delivered_once_it_is_written(
    send: Callable[..., Response], exports: Path, asked: list[int]
) -> None:
    send()
    call_command("export_batch", verbosity=0)
    assert asked == [1]


def test_a_batch_made_on_schedule_is_delivered_once_it_is_written(
    consultation: Consultation, exports: Path, asked: list[int]
) -> None:
    seal_batch(consultation=consultation, actor=None)
    tasks.seal_due_batches()
    assert asked == [1]
