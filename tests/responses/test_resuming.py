"""Downloads that were cut go on where they were, and no two files are ever put together."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from consult.models import Consultation, User
from responses.batching import folder_of, seal_batch, write_batch
from responses.models import Batch, Response

Send = Callable[..., Response]


@pytest.fixture
def batch(consultation: Consultation, send: Send, exports: Path) -> Batch:
    send()
    batch = seal_batch(consultation=consultation, actor=None)
    write_batch(batch=batch)
    return batch


@pytest.fixture
def content(batch: Batch, exports: Path) -> bytes:
    return (exports / folder_of(batch) / "responses.jsonl").read_bytes()


def address(batch: Batch, name: str = "responses.jsonl") -> str:
    return reverse("batch-file", args=[batch.consultation.slug, batch.number, name])


def test_a_download_that_was_cut_goes_on(batch: Batch, content: bytes, sign_in: Callable[..., Client], analyst: User) -> None:
    client = sign_in(analyst)
    whole = client.get(address(batch))
    assert (whole.status_code, whole["Accept-Ranges"], b"".join(whole)) == (200, "bytes", content)
    rest = client.get(address(batch), headers={"Range": "bytes=100-", "If-Range": whole["ETag"]})
    assert (rest.status_code, b"".join(rest)) == (206, content[100:])
    assert (rest["Content-Range"], rest["Content-Length"]) == (f"bytes 100-{len(content) - 1}/{len(content)}", str(len(content) - 100))
    assert rest["Content-Disposition"] == whole["Content-Disposition"]


@pytest.mark.parametrize(("asked", "start", "stop"), [("0-0", 0, 1), ("5-9", 5, 10), ("-7", -7, None), ("3-999999999", 3, None)])
def test_one_piece_is_given_exactly(
    batch: Batch, content: bytes, sign_in: Callable[..., Client], analyst: User, asked: str, start: int, stop: int | None
) -> None:
    page = sign_in(analyst).get(address(batch), headers={"Range": f"bytes={asked}"})
    assert (page.status_code, b"".join(page)) == (206, content[start:stop])


@pytest.mark.parametrize("asked", ["bytes=0-1,4-5", "bytes=9-5", "bytes=-", "lines=0-3", "bytes=a-b", "bytes=0-1;"])
def test_what_is_no_single_range_gives_the_whole(
    batch: Batch, content: bytes, sign_in: Callable[..., Client], analyst: User, asked: str
) -> None:
    page = sign_in(analyst).get(address(batch), headers={"Range": asked})
    assert (page.status_code, b"".join(page)) == (200, content)


def test_whoever_has_the_beginning_of_something_else_gets_the_whole(
    batch: Batch, content: bytes, sign_in: Callable[..., Client], analyst: User
) -> None:
    page = sign_in(analyst).get(address(batch), headers={"Range": "bytes=100-", "If-Range": '"0000"'})
    assert (page.status_code, b"".join(page)) == (200, content)


@pytest.mark.parametrize("asked", ["bytes=999999999-", "bytes=-0"])
def test_bytes_that_there_are_not_are_refused(
    batch: Batch, content: bytes, sign_in: Callable[..., Client], analyst: User, asked: str
) -> None:
    page = sign_in(analyst).get(address(batch), headers={"Range": asked})
    assert (page.status_code, page["Content-Range"]) == (416, f"bytes */{len(content)}")


def test_the_page_offers_contact_details_only_to_whom_they_are_given_and_says_why(
    consultation: Consultation, send: Send, exports: Path, sign_in: Callable[..., Client], analyst: User
) -> None:
    consultation.batches_include_contacts = True
    consultation.save(update_fields=["batches_include_contacts"])
    send()
    batch = seal_batch(consultation=consultation, actor=None)
    write_batch(batch=batch)
    client = sign_in(analyst)
    page = client.get(reverse("batch-list")).content.decode()
    kept_back = {"contacts.csv", "pack.zip"}
    assert {name for name in (*kept_back, "responses.csv") if f'href="{address(batch, name)}"' in page} == {"responses.csv"}
    assert ("contacts.csv" in page, "may not take these" in page) == (True, True)
    User.objects.filter(pk=analyst.pk).update(takes_contacts=True)
    page = client.get(reverse("batch-list")).content.decode()
    assert all(f'href="{address(batch, name)}"' in page for name in kept_back)
    assert "may not take these" not in page
