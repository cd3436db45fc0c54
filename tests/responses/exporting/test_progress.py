"""How far the writing of a batch, or of an extract, has got: what the page says meanwhile, and that
it is true.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consult.models import Consultation, User
from responses.exporting import extracting, progress, steps, writing, zipping
from responses.exporting.batches import seal_batch
from responses.exporting.due import seal_due_batches
from responses.exporting.extracting import make_due_extracts
from responses.exporting.extracts import ask_for_extract
from responses.exporting.writing import BatchNotWritten, write_batch
from responses.models import Batch, Response, Writing

pytestmark = pytest.mark.django_db(transaction=True)
Look = Callable[[], str]


@pytest.fixture
def client(sign_in: Callable[[User], Client], administrator: User) -> Client:
    return sign_in(administrator)


@pytest.fixture
def look(client: Client, monkeypatch: pytest.MonkeyPatch) -> Look:
    """What the page of batches says to someone else at this moment.

    How far it is is told at every step.
    """
    monkeypatch.setattr(progress, "TELL_SECONDS", 0)

    def page() -> str:
        try:
            return " ".join(client.get(reverse("batch-list")).content.decode().split())
        finally:
            connection.close()

    def looked() -> str:
        with ThreadPoolExecutor(1) as another:
            return another.submit(page).result()

    return looked


@pytest.fixture
def sealed(consultation: Consultation, send: Callable[..., Response], exports: Path) -> Batch:
    for _ in range(3):
        send()
    return seal_batch(consultation=consultation, actor=None)


def test_the_page_says_how_far_a_batch_is_while_it_is_written(
    sealed: Batch, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: dict[str, list[str]] = {"rows": [], "files": [], "zip": []}
    entries_of, store, zip_chunks = steps.entries_of, writing.store, zipping.zip_chunks

    def watched_entries(*arguments: Any) -> Any:
        for entry in entries_of(*arguments):
            said["rows"].append(look())
            yield entry

    def watched_store(*arguments: Any, **named: Any) -> None:
        store(*arguments, **named)
        said["files"].append(look())

    def watched_zip(*arguments: Any, **named: Any) -> Any:
        for piece in zip_chunks(*arguments, **named):
            yield piece
            said["zip"].append(look())

    monkeypatch.setattr(steps, "entries_of", watched_entries)
    monkeypatch.setattr(writing, "store", watched_store)
    monkeypatch.setattr(zipping, "zip_chunks", watched_zip)
    assert "Being written</strong><br>It begins within minutes." in look()
    write_batch(batch=sealed)
    # They are written three times, and each time counts for a third of them.
    for done, page in zip([0, 0, 0, 1, 1, 1, 2, 2, 2], said["rows"], strict=True):
        assert f"{done} of 3 responses are written." in page
    files = len(sealed.files)
    # Each step's files are stored when it is done, the manifest at the very end.
    assert any("3 of 3 responses are written." in page for page in said["files"])
    assert f"All responses are written. File {files - 2} of {files} is stored." in said["files"][-3]
    assert "All files are stored. " in said["zip"][1]
    assert "100% of their zip is made." in said["files"][-1]
    assert "Keep this page up to date" in said["zip"][-1]
    assert ("Keep this page" in look(), Writing.objects.filter(batch=sealed).exists()) == (
        False,
        False,
    )


def test_a_killed_worker_is_not_shown_as_working(sealed: Batch, look: Look) -> None:
    Writing.objects.create(batch=sealed, stage="rows", done=2, total=3)
    assert "2 of 3 responses are written." in look()
    Writing.objects.update(told_at=timezone.now() - progress.SILENT_AFTER - timedelta(seconds=1))
    assert "2 of 3 responses" not in look()


def test_a_failed_try_says_why_and_then_how_the_next_one_goes(
    sealed: Batch, look: Look, exports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (exports / sealed.consultation.slug).write_text("in the way")
    with pytest.raises(BatchNotWritten):
        write_batch(batch=sealed)
    page = look()
    (exports / sealed.consultation.slug).unlink()
    # What the try that failed said last is not taken for one that goes on.
    assert (
        "Not written</strong><br>The files could not be written: Not a directory. The service "
        "tries again every few minutes."
    ) in page
    said: list[str] = []
    store = writing.store
    monkeypatch.setattr(
        writing,
        "store",
        lambda *arguments, **named: (store(*arguments, **named), said.append(look())),
    )
    seal_due_batches()
    assert "<br>The try before failed: The files could not be written: Not a directory." in said[-1]
    assert "Being written" in said[-1]
    assert "Not written" not in look()


def test_a_worker_that_cannot_report_progress_still_writes(
    sealed: Batch, look: Look, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(
        progress, "TELL", "SELECT nothing FROM nowhere WHERE %s = %s AND %s = %s AND %s IS NULL"
    )
    write_batch(batch=sealed)
    assert sealed.written_at is not None
    assert "could not be told: ProgrammingError" in caplog.text


def test_work_done_at_once_shows_no_progress(
    sealed: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "TELL", "this would be an error")
    write_batch(batch=sealed)
    assert sealed.written_at is not None


@pytest.mark.usefixtures("sealed")
def test_pages_refresh_while_there_is_work_for_those_who_want_that(
    consultation: Consultation, client: Client, administrator: User
) -> None:
    asked = {
        "batch-list": lambda: client.post(
            reverse("batch-now"), {"consultation": consultation.slug, "number": "1"}
        ),
        "extract-list": lambda: client.post(
            reverse("ask-for-extract"), {"consultation": consultation.slug}
        ),
    }
    for name, ask in asked.items():
        # Someone who has just asked watches; a page that was only opened stands still, and offers
        # it.
        watched = client.get(ask()["Location"])
        assert (
            watched["Refresh"],
            "This page reloads every 5 seconds." in watched.content.decode(),
        ) == ("5", True)
        still = client.get(reverse(name))
        assert (
            "Refresh" in still,
            f'href="{reverse(name)}?watch=yes"' in still.content.decode(),
        ) == (False, True)
    write_batch(batch=Batch.objects.get())
    make_due_extracts()
    for name in asked:
        done = client.get(reverse(name) + "?watch=yes")
        assert ("Refresh" in done, "This page reloads" in done.content.decode()) == (False, False)


def test_the_page_of_extracts_shows_the_progress_of_each(
    consultation: Consultation,
    send: Callable[..., Response],
    exports: Path,
    client: Client,
    administrator: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for _ in range(3):
        send()
    monkeypatch.setattr(extracting, "TELL_SECONDS", 0)
    said: list[str] = []
    entries_of, zip_chunks = steps.entries_of, extracting.zip_chunks

    def page() -> None:
        said.append(" ".join(client.get(reverse("extract-list")).content.decode().split()))

    def watched_entries(*arguments: Any) -> Any:
        for entry in entries_of(*arguments):
            page()
            yield entry

    def watched_zip(*arguments: Any, **named: Any) -> Any:
        page()
        return zip_chunks(*arguments, **named)

    monkeypatch.setattr(steps, "entries_of", watched_entries)
    monkeypatch.setattr(extracting, "zip_chunks", watched_zip)
    ask_for_extract(consultation=consultation, query=None, actor=administrator)
    page()
    make_due_extracts()
    told = [
        "It begins in a moment.",
        *(f"{done} of 3 responses are written." for done in [0, 0, 0, 1, 1, 1, 2, 2, 2]),
        "All 3 responses are written.",
    ]
    assert [words in one for words, one in zip(told, said, strict=True)] == [True] * 11
    assert all("Keep this page up to date" in one for one in said)
