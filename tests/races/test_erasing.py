"""Erasing at the same moment as something else, in threads with connections of their own on a real
PostgreSQL.
"""

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from consult.plans.editions import plan_of
from responses.answers import read_answers
from responses.exporting import writing
from responses.exporting.batches import folder_of, seal_batch
from responses.exporting.writing import write_batch
from responses.governance.erasing import erase_response
from responses.governance.reconciling import reconcile
from responses.models import Batch, Response
from responses.responding.amending import ChangedMeanwhile, amend_response
from responses.responding.submitting import Submission
from tests.races.test_batching import at_once

pytestmark = pytest.mark.django_db(transaction=True)
PLANTED = "Zyzzyva"


@pytest.fixture
def response(send: Callable[..., Response], exports: Path) -> Response:
    return send({"violence-comment": f"I am {PLANTED}."}, name=PLANTED, email="")


def amend(earlier: Response) -> Response:
    plan = plan_of(earlier.edition)
    return amend_response(
        earlier=earlier,
        submission=Submission(
            edition=earlier.edition,
            submission_key=uuid4(),
            answers=read_answers(plan, {"violence-comment": f"{PLANTED} again."}),
            contact={"name": PLANTED, "email": "", "postcode_district": ""},
            started_at=timezone.now(),
        ),
    ).response


def waits_or(ended: threading.Event) -> bool:
    """Hold on until someone waits for a lock, or `ended`. Whether someone waits."""
    until = time.monotonic() + 20
    while not ended.wait(timeout=0.05) and time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return True
    return False


def test_a_change_that_is_being_sent_is_erased_too(response: Response) -> None:
    sent, ended = threading.Event(), threading.Event()

    def send_slowly() -> bool:
        with transaction.atomic():
            amend(response)
            sent.set()
            # Nobody sees it yet; erasing now must not leave it behind.
            return waits_or(ended)

    def erase() -> None:
        assert sent.wait(timeout=20)
        erase_response(reference=response.reference, actor=None, why="asked")
        ended.set()

    waited, _ = at_once(send_slowly, erase)
    assert waited
    versions = Response.objects.order_by("version").values_list("act", "texts", "contact__name")
    assert list(versions) == [("sent", {}, ""), ("amended", {}, ""), ("erased", {}, "")]
    assert reconcile().differences == []


def test_what_is_being_erased_cannot_be_changed(response: Response) -> None:
    erased, ended = threading.Event(), threading.Event()

    def erase_slowly() -> None:
        with transaction.atomic():
            erase_response(reference=response.reference, actor=None, why="asked")
            erased.set()
            waits_or(ended)

    def change() -> None:
        assert erased.wait(timeout=20)
        with pytest.raises(ChangedMeanwhile):
            amend(response)
        ended.set()

    at_once(erase_slowly, change)
    assert list(Response.objects.order_by("version").values_list("act", "texts")) == [
        ("sent", {}),
        ("erased", {}),
    ]
    assert reconcile().differences == []


def test_what_is_erased_while_a_batch_is_sealed_is_recalled_by_the_next(
    response: Response, exports: Path
) -> None:
    sealed, ended = threading.Event(), threading.Event()

    def seal_slowly() -> None:
        with transaction.atomic():
            seal_batch(consultation=response.consultation, actor=None)
            sealed.set()
            waits_or(ended)

    def erase() -> None:
        assert sealed.wait(timeout=20)
        erase_response(reference=response.reference, actor=None, why="asked")
        ended.set()

    at_once(seal_slowly, erase)
    first = Batch.objects.get()
    write_batch(batch=first)
    after = seal_batch(consultation=response.consultation, actor=None)
    write_batch(batch=after)
    lines = [
        json.loads(line)
        for line in (exports / folder_of(after) / "responses.jsonl").read_text().splitlines()
    ]
    assert [(line["act"], line["replaces_batch"], line["replaces_row"]) for line in lines] == [
        ("erased", 1, 1)
    ]
    assert [
        path
        for path in exports.rglob("*")
        if path.is_file() and PLANTED.encode() in path.read_bytes()
    ] == []
    assert reconcile().differences == []


def test_what_is_erased_while_a_batch_is_written_is_not_in_its_files(
    response: Response, exports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = seal_batch(consultation=response.consultation, actor=None)
    made, ended = threading.Event(), threading.Event()
    make_all = writing.make_all

    def make_slowly(*arguments: Any, **named: Any) -> Any:
        files = make_all(*arguments, **named)
        made.set()
        waits_or(ended)
        return files

    def erase() -> None:
        assert made.wait(timeout=20)
        erase_response(reference=response.reference, actor=None, why="asked")
        ended.set()

    with monkeypatch.context() as slow:
        slow.setattr(writing, "make_all", make_slowly)
        at_once(lambda: write_batch(batch=batch), erase)
    batch.refresh_from_db()
    write_batch(batch=batch)
    assert [
        path.name
        for path in (exports / folder_of(batch)).rglob("*")
        if path.is_file() and PLANTED.encode() in path.read_bytes()
    ] == []
    assert reconcile().differences == []
