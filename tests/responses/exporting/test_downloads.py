"""Downloads that were cut go on where they were, and no two files are ever put together."""

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consult.models import Action, AuditEntry, Consultation, User
from responses.exporting.batches import folder_of, pack_of, seal_batch
from responses.exporting.writing import write_batch
from responses.exporting.zipping import PACK
from responses.governance.reconciling import reconcile
from responses.models import Batch, Response
from tests.support.tampering import behind_its_back

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


def test_an_interrupted_download_resumes(
    batch: Batch, content: bytes, sign_in: Callable[..., Client], analyst: User
) -> None:
    client = sign_in(analyst)
    whole = client.get(address(batch))
    assert (whole.status_code, whole["Accept-Ranges"], b"".join(whole)) == (200, "bytes", content)
    rest = client.get(address(batch), headers={"Range": "bytes=100-", "If-Range": whole["ETag"]})
    assert (rest.status_code, b"".join(rest)) == (206, content[100:])
    assert (rest["Content-Range"], rest["Content-Length"]) == (
        f"bytes 100-{len(content) - 1}/{len(content)}",
        str(len(content) - 100),
    )
    assert rest["Content-Disposition"] == whole["Content-Disposition"]


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [("0-0", 0, 1), ("5-9", 5, 10), ("-7", -7, None), ("3-999999999", 3, None)],
)
def test_a_range_returns_exactly_those_bytes(
    batch: Batch,
    content: bytes,
    sign_in: Callable[..., Client],
    analyst: User,
    asked: str,
    start: int,
    stop: int | None,
) -> None:
    page = sign_in(analyst).get(address(batch), headers={"Range": f"bytes={asked}"})
    assert (page.status_code, b"".join(page)) == (206, content[start:stop])


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,4-5", "bytes=9-5", "bytes=-", "lines=0-3", "bytes=a-b", "bytes=0-1;"]
)
def test_anything_but_a_single_range_returns_the_whole_file(
    batch: Batch, content: bytes, sign_in: Callable[..., Client], analyst: User, asked: str
) -> None:
    page = sign_in(analyst).get(address(batch), headers={"Range": asked})
    assert (page.status_code, b"".join(page)) == (200, content)


def test_a_download_of_another_version_starts_from_the_beginning(
    batch: Batch, content: bytes, sign_in: Callable[..., Client], analyst: User
) -> None:
    page = sign_in(analyst).get(
        address(batch), headers={"Range": "bytes=100-", "If-Range": '"0000"'}
    )
    assert (page.status_code, b"".join(page)) == (200, content)


@pytest.mark.parametrize("asked", ["bytes=999999999-", "bytes=-0"])
def test_a_range_beyond_the_end_is_refused(
    batch: Batch, content: bytes, sign_in: Callable[..., Client], analyst: User, asked: str
) -> None:
    page = sign_in(analyst).get(address(batch), headers={"Range": asked})
    assert (page.status_code, page["Content-Range"]) == (416, f"bytes */{len(content)}")


def test_a_zip_interrupted_at_sixty_per_cent_resumes_to_the_same_bytes(
    batch: Batch, sign_in: Callable[..., Client], analyst: User, exports: Path
) -> None:
    client = sign_in(analyst)
    whole = client.get(address(batch, PACK))
    size = int(whole["Content-Length"])
    began = b"".join(whole)[: size * 6 // 10]
    rest = client.get(
        address(batch, PACK), headers={"Range": f"bytes={len(began)}-", "If-Range": whole["ETag"]}
    )
    assert (rest.status_code, rest["Content-Length"]) == (206, str(size - len(began)))
    content = began + b"".join(rest)
    assert (
        f'"{sha256(content).hexdigest()}"'
        == whole["ETag"]
        == rest["ETag"]
        == f'"{batch.pack["sha256"]}"'
    )
    with ZipFile(BytesIO(content)) as pack:
        assert pack.testzip() is None
        assert pack.namelist() == [file["name"] for file in batch.files]
        for file in batch.files:
            assert sha256(pack.read(file["name"])).hexdigest() == file["sha256"]
    assert (
        rest["Content-Disposition"],
        f"{batch.consultation.slug}-batch-0001.zip" in rest["Content-Disposition"],
    ) == (
        whole["Content-Disposition"],
        True,
    )


def test_a_zip_is_written_again_with_the_same_bytes(batch: Batch, exports: Path) -> None:
    before = (batch.pack, (exports / pack_of(batch)).read_bytes())
    (exports / pack_of(batch)).unlink()
    with behind_its_back():
        Batch.objects.update(written_at=None, pack=None)
    write_batch(batch=batch)
    assert (batch.pack, (exports / pack_of(batch)).read_bytes()) == before


def downloads() -> list[str]:
    return list(
        AuditEntry.objects.filter(action=Action.BATCH_DOWNLOADED)
        .order_by("id")
        .values_list("actor_name", flat=True)
    )


@pytest.mark.parametrize("name", [PACK, "responses.jsonl"])
def test_a_resumed_download_is_recorded_once(
    batch: Batch, sign_in: Callable[..., Client], analyst: User, administrator: User, name: str
) -> None:
    client = sign_in(analyst)
    client.get(address(batch, name))
    for start in (10, 20, 30):
        client.get(address(batch, name), headers={"Range": f"bytes={start}-"})
    assert downloads() == ["anil"]
    # Starting again is on it again, also by asking for a piece; and so is a client that only says
    # that they had begun.
    client.get(address(batch, name), headers={"Range": "bytes=0-"})
    client.get(address(batch, name))
    sign_in(administrator).get(address(batch, name), headers={"Range": "bytes=1-"})
    assert downloads() == ["anil", "anil", "anil", "ada"]
    other = "codebook.csv"
    client.get(address(batch, other), headers={"Range": "bytes=1-"})
    assert (
        AuditEntry.objects.filter(action=Action.BATCH_DOWNLOADED, details__file=other).count() == 1
    )


def test_a_download_resumed_days_later_is_recorded_again(
    batch: Batch, sign_in: Callable[..., Client], analyst: User
) -> None:
    client = sign_in(analyst)
    client.get(address(batch, PACK))
    with behind_its_back():
        AuditEntry.objects.update(at=timezone.now() - timedelta(days=2))
    client.get(address(batch, PACK), headers={"Range": "bytes=10-"})
    assert downloads() == ["anil", "anil"]


@pytest.mark.django_db(transaction=True)
def test_the_integrity_check_finds_a_zip_that_is_not_what_was_stored(
    batch: Batch, exports: Path
) -> None:
    path = exports / pack_of(batch)
    assert reconcile().differences == []
    path.write_bytes(path.read_bytes()[:-1])
    assert [difference["words"] for difference in reconcile().differences] == [
        "The zip of its files is not what was stored."
    ]
    path.unlink()
    assert [difference["words"] for difference in reconcile().differences] == [
        "The zip of its files is not where it was stored."
    ]


def test_the_page_offers_contacts_only_to_those_granted_and_says_why(
    consultation: Consultation,
    send: Send,
    exports: Path,
    sign_in: Callable[..., Client],
    analyst: User,
) -> None:
    consultation.batches_include_contacts = True
    consultation.save(update_fields=["batches_include_contacts"])
    send()
    batch = seal_batch(consultation=consultation, actor=None)
    write_batch(batch=batch)
    client = sign_in(analyst)
    page = client.get(reverse("batch-list")).content.decode()
    kept_back = {"contacts.csv", "pack.zip"}
    assert {
        name for name in (*kept_back, "responses.csv") if f'href="{address(batch, name)}"' in page
    } == {"responses.csv"}
    assert ("contacts.csv" in page, "cannot download" in page) == (True, True)
    User.objects.filter(pk=analyst.pk).update(takes_contacts=True)
    page = client.get(reverse("batch-list")).content.decode()
    assert all(f'href="{address(batch, name)}"' in page for name in kept_back)
    assert "cannot download" not in page
