"""What staff who take batches are told when something cannot be done, and the way on from there."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from consult.addresses import delivery as destination
from consult.models import Consultation, User
from responses.exporting.acknowledging import acknowledge
from responses.exporting.batches import folder_of, seal_batch
from responses.exporting.delivering import deliver_due_batches
from responses.exporting.extracting import make_due_extracts
from responses.exporting.extracts import ask_for_extract
from responses.governance.removing import remove_batch_files
from responses.models import Batch, Delivery, Extract, Response
from tests.support.batches import seal_and_write

Send = Callable[..., Response]


@pytest.fixture
def anna(analyst: User, sign_in: Callable[[User], Client]) -> Client:
    """Anna the analyst at her browser."""
    return sign_in(analyst)


def told(client: Client, name: str, batch: Batch, sending: int | None = None) -> str:
    """What the page says after a button of today's page, or of one that showed an earlier
    `sending`.
    """
    address = reverse(name, args=[batch.consultation.slug, batch.number])
    if sending is None:
        sending = Delivery.objects.values_list("sendings", flat=True).first() or 0
    return client.post(address, {"sending": sending}, follow=True).content.decode()


def test_a_batch_without_files_cannot_be_acknowledged(
    consultation: Consultation, exports: Path, anna: Client
) -> None:
    batch = seal_batch(consultation=consultation, actor=None)
    assert "Batch 1 has no files yet, so nobody can have it." in told(anna, "acknowledge", batch)
    assert not Delivery.objects.exists()


def test_an_acknowledged_batch_says_so_on_the_page(
    consultation: Consultation, exports: Path, anna: Client
) -> None:
    batch = seal_and_write(consultation)
    assert "Batch 1 is acknowledged." in told(anna, "acknowledge", batch)
    assert Delivery.objects.get().state == "acknowledged"


def test_an_acknowledgement_is_for_the_sending_that_the_page_showed(
    consultation: Consultation, tmp_path: Path, exports: Path, settings: Settings, anna: Client
) -> None:
    place = destination(f"file://{tmp_path / 'at-mopac'}")
    settings.STORAGES = {**settings.STORAGES, "delivery": place}
    batch = seal_and_write(consultation)
    deliver_due_batches()
    assert "Batch 1 is being sent again." in told(anna, "send-again", batch)
    # A colleague's page, from before that.
    page = told(anna, "acknowledge", batch, sending=0)
    assert "Batch 1 was sent again after you opened this page." in page
    assert Delivery.objects.get().state != "acknowledged"


def test_without_a_place_to_deliver_to_nothing_is_sent_again(
    consultation: Consultation, exports: Path, anna: Client
) -> None:
    batch = seal_and_write(consultation)
    page = told(anna, "send-again", batch)
    assert "No setting says where to deliver batches." in page
    assert not Delivery.objects.exists()


def test_a_batch_is_sent_again_only_once_it_is_written(
    consultation: Consultation, tmp_path: Path, exports: Path, settings: Settings, anna: Client
) -> None:
    place = destination(f"file://{tmp_path / 'at-mopac'}")
    settings.STORAGES = {**settings.STORAGES, "delivery": place}
    batch = seal_batch(consultation=consultation, actor=None)
    page = told(anna, "send-again", batch)
    assert "Batch 1 has no files yet. It is delivered once they are written." in page


def test_a_file_that_is_not_where_it_was_put_has_its_own_page(
    consultation: Consultation, exports: Path, anna: Client
) -> None:
    batch = seal_and_write(consultation)
    (exports / folder_of(batch) / "responses.csv").unlink()
    page = anna.get(reverse("batch-file", args=[consultation.slug, 1, "responses.csv"]))
    assert page.status_code == 404
    assert "it is not where batches are kept" in page.content.decode()
    # The other files are there.
    other = anna.get(reverse("batch-file", args=[consultation.slug, 1, "codebook.csv"]))
    assert other.status_code == 200


def test_a_name_that_no_batch_has_is_simply_not_found(
    consultation: Consultation, exports: Path, anna: Client
) -> None:
    seal_and_write(consultation)
    for number, name in ((1, "secrets.csv"), (2, "responses.csv")):
        address = reverse("batch-file", args=[consultation.slug, number, name])
        assert anna.get(address).status_code == 404


def test_files_removed_after_their_time_are_gone_for_good(
    consultation: Consultation, exports: Path, anna: Client
) -> None:
    batch = seal_and_write(consultation)
    acknowledge(batch=batch, actor=None)
    assert remove_batch_files(batch=Batch.objects.get(), actor=None)
    page = anna.get(reverse("batch-file", args=[consultation.slug, 1, "responses.csv"]))
    assert page.status_code == 410
    assert "Ask MOPAC for their content." in page.content.decode()


# Extracts


def test_an_extract_is_of_one_consultation_which_someone_has_to_choose(
    consultation: Consultation, other: Consultation, administrator: User, sign_in: object
) -> None:
    ada = sign_in(administrator)
    asked = {"query": "kind=individual"}
    page = ada.post(reverse("ask-for-extract"), asked, follow=True).content.decode()
    assert "Choose a consultation in the filters first" in page
    assert not Extract.objects.exists()
    chosen = {"query": f"kind=individual&consultation={consultation.slug}"}
    ada.post(reverse("ask-for-extract"), chosen)
    assert Extract.objects.get().consultation == consultation


def test_staff_who_read_no_responses_cannot_search_by_extract(
    consultation: Consultation, anna: Client
) -> None:
    asked = {"query": f"word=Rita&consultation={consultation.slug}"}
    assert anna.post(reverse("ask-for-extract"), asked).status_code == 403
    assert not Extract.objects.exists()


def test_an_extract_that_was_lost_says_what_to_do(
    consultation: Consultation, exports: Path, analyst: User, anna: Client
) -> None:
    extract = ask_for_extract(consultation=consultation, query=None, actor=analyst)
    address = reverse("extract-file", args=[extract.pk])
    # It is not ready yet.
    assert anna.get(address).status_code == 404
    make_due_extracts()
    for path in exports.rglob("extract.zip"):
        path.unlink()
    page = anna.get(address)
    assert page.status_code == 404
    assert "Ask for it again." in page.content.decode()
