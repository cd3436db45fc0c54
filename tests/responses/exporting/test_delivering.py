"""Delivery to a folder, its notices, its acknowledgement, and what the trail and the ledger say of
it.
"""

import json
import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from smtplib import SMTPDataError
from typing import Any

import pyrage
import pytest
from django.conf import settings as now
from django.core import mail
from django.core.files.storage import storages
from django.core.mail import EmailMessage
from django.db import DataError
from django.db.models import F
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from consult.addresses import delivery as destination
from consult.models import Action, AuditEntry, Consultation, RowTrouble, User
from responses.exporting import delivering
from responses.exporting.acknowledging import (
    NotWritten,
    acknowledge,
    take_up_acknowledgements,
)
from responses.exporting.batches import folder_of, seal_batch
from responses.exporting.delivering import (
    NoDestination,
    _deliver,
    claim_due,
    deliver_due_batches,
    send_again,
)
from responses.exporting.high_water import RECEIVED
from responses.exporting.troubles import batch_troubles
from responses.exporting.writing import write_batch
from responses.models import Batch, Delivery, LedgerEntry, Response
from tests.support.batches import seal_and_write
from tests.support.folders import content_of
from tests.support.handing_over import acknowledge_in_a_file

Send = Callable[..., Response]


@pytest.fixture
def place(tmp_path: Path, exports: Path, settings: Settings) -> Path:
    """Where MOPAC takes batches from."""
    folder = tmp_path / "at-mopac"
    settings.STORAGES = {**settings.STORAGES, "delivery": destination(f"file://{folder}")}
    settings.DELIVERY_NOTICES = ["batches@example.org"]
    return folder


def due_now() -> None:
    Delivery.objects.update(due_at=Now())


def events(event: str) -> list[tuple[str, int | None]]:
    return list(
        LedgerEntry.objects.filter(event=event).values_list("response__reference", "batch_number")
    )


def test_a_delivered_batch_is_unchanged_recorded_and_announced_by_email(
    place: Path, exports: Path, send: Send, consultation: Consultation
) -> None:
    one, two = send({"missing": "A secret hope."}), send()
    batch = seal_and_write(consultation)
    assert deliver_due_batches() == [batch]
    assert content_of(place / folder_of(batch)) == content_of(exports / folder_of(batch))
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.reason, delivery.leased_until) == ("delivered", "", None)
    assert [(file["name"], file["sha256"]) for file in delivery.files][-1] == (
        "manifest.json",
        batch.manifest_sha256,
    )
    assert events("delivered") == [(one.reference, 1), (two.reference, 1)]
    assert (
        AuditEntry.objects.filter(action=Action.BATCH_DELIVERED, subject=folder_of(batch)).count()
        == 1
    )
    [notice] = mail.outbox
    assert notice.to == ["batches@example.org"]
    top = [file for file in batch.files if "/" not in file["name"]]
    assert all(
        file["sha256"] in notice.body and f"{file['name']}, {file['bytes']}" in notice.body
        for file in top
    )
    # What is in a folder has one line for all.
    within = [file for file in batch.files if "/" in file["name"]]
    assert (
        f"themefinder/: {len(within)} files, {sum(file['bytes'] for file in within)} bytes in all"
        in notice.body
    )
    assert not any(file["name"] in notice.body for file in within)
    assert "Responses: 2" in notice.body
    assert "secret" not in notice.body
    assert one.reference not in notice.body
    # Looking again does nothing again.
    assert deliver_due_batches() == []
    assert (len(mail.outbox), len(events("delivered"))) == (1, 2)


def test_a_nil_return_is_delivered_too(place: Path, consultation: Consultation) -> None:
    batch = seal_and_write(consultation)
    assert deliver_due_batches() == [batch]
    assert (
        json.loads((place / folder_of(batch) / "manifest.json").read_text())["counts"]["responses"]
        == 0
    )


def test_without_a_destination_nothing_is_delivered(
    exports: Path, send: Send, consultation: Consultation, reviewer: User
) -> None:
    send()
    batch = seal_and_write(consultation)
    assert "delivery" not in now.STORAGES
    assert (deliver_due_batches(), Delivery.objects.count()) == ([], 0)
    with pytest.raises(NoDestination):
        send_again(batch=batch, actor=reviewer)


def test_a_full_or_missing_destination_is_retried_and_the_page_says_why(
    place: Path,
    send: Send,
    consultation: Consultation,
    analyst: User,
    sign_in: Callable[[User], Client],
) -> None:
    send()
    batch = seal_and_write(consultation)
    place.write_text("a file where the folder should be")
    for attempt, least in enumerate([5, 50, 290], 1):
        assert deliver_due_batches() == []
        delivery = Delivery.objects.annotate(pause=F("due_at") - Now()).get()
        assert (delivery.state, delivery.attempts, delivery.leased_until) == (
            "waiting",
            attempt,
            None,
        )
        assert delivery.pause > timedelta(seconds=least)
        assert deliver_due_batches() == []  # It is not due yet.
        assert Delivery.objects.get().attempts == attempt
        due_now()
    assert delivery.reason == "Not a directory"
    page = sign_in(analyst).get(reverse("batch-list")).content.decode()
    assert "Not delivered" in page
    assert "Not a directory" in page
    assert mail.outbox == []
    place.unlink()
    assert deliver_due_batches() == [batch]
    assert (Delivery.objects.get().reason, Delivery.objects.get().attempts) == ("", 0)


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_file_altered_in_our_storage_is_not_delivered(
    place: Path,
    exports: Path,
    send: Send,
    consultation: Consultation,
    settings: Settings,
    encrypted: bool,
) -> None:
    settings.DELIVERY_AGE_RECIPIENTS = [
        str(pyrage.x25519.Identity.generate().to_public())
    ] * encrypted
    send()
    batch = seal_and_write(consultation)
    path = exports / folder_of(batch) / "responses.csv"
    path.write_bytes(path.read_bytes().replace(b"youth", b"elder"))
    assert deliver_due_batches() == []
    assert (
        Delivery.objects.get().reason
        == "responses.csv is not what was written. Run `manage.py reconcile`."
    )
    assert not any(
        name.startswith("responses.csv") for name in content_of(place / folder_of(batch))
    )
    assert not (place / folder_of(batch) / "manifest.json").exists()


def test_a_file_that_arrives_altered_is_not_put_in_place(
    place: Path, send: Send, consultation: Consultation, monkeypatch: pytest.MonkeyPatch
) -> None:
    send()
    batch = seal_and_write(consultation)
    save = storages["delivery"].save

    def spoils(name: str, content: Any, *more: Any, **named: Any) -> str:
        kept = save(name, content, *more, **named)
        path = place / name
        path.write_bytes(b"X" + path.read_bytes()[1:])
        return kept

    monkeypatch.setattr(
        type(storages["delivery"]), "save", lambda _self, *given, **named: spoils(*given, **named)
    )
    assert deliver_due_batches() == []
    assert "did not arrive as it was sent" in Delivery.objects.get().reason
    assert [
        name for name in content_of(place / folder_of(batch)) if not name.endswith(".part")
    ] == []


def test_damaged_files_of_an_earlier_try_are_replaced_and_whole_ones_stay(
    place: Path, exports: Path, send: Send, consultation: Consultation
) -> None:
    send()
    batch = seal_and_write(consultation)
    folder = place / folder_of(batch)
    folder.mkdir(parents=True)
    (folder / "responses.csv").write_text("half of i")
    (folder / "codebook.csv").write_bytes(
        (exports / folder_of(batch) / "codebook.csv").read_bytes()
    )
    stamp = (folder / "codebook.csv").stat().st_mtime_ns
    assert deliver_due_batches() == [batch]
    assert content_of(folder) == content_of(exports / folder_of(batch))
    assert (folder / "codebook.csv").stat().st_mtime_ns == stamp


def test_no_worker_takes_anothers_delivery_until_its_lease_is_over(
    place: Path, send: Send, consultation: Consultation
) -> None:
    send()
    batch = seal_and_write(consultation)
    Delivery.objects.create(batch=batch)
    assert claim_due() is not None
    assert claim_due() is None
    assert deliver_due_batches() == []
    Delivery.objects.update(leased_until=Now() - timedelta(seconds=1))
    assert deliver_due_batches() == [batch]


def test_a_worker_that_lost_its_lease_stops_and_leaves_the_delivery(
    place: Path, send: Send, consultation: Consultation, monkeypatch: pytest.MonkeyPatch
) -> None:
    send()
    seal_and_write(consultation)
    monkeypatch.setattr("responses.exporting.delivering.RENEW_SECONDS", 0)
    save = storages["delivery"].save

    def slow(_self: Any, *given: Any) -> str:
        # As slow as this, its lease ran out, and another worker has it.
        Delivery.objects.update(leased_until=Now() + timedelta(hours=1))
        kept: str = save(*given)
        return kept

    monkeypatch.setattr(type(storages["delivery"]), "save", slow)
    assert deliver_due_batches() == []
    delivery = Delivery.objects.get()
    assert (
        delivery.state,
        delivery.reason,
        delivery.attempts,
        delivery.leased_until is not None,
    ) == ("waiting", "", 0, True)
    assert events("delivered") == []


def test_a_worker_without_its_lease_records_no_failure(
    place: Path, send: Send, consultation: Consultation, monkeypatch: pytest.MonkeyPatch
) -> None:
    send()
    seal_and_write(consultation)

    def cut(_self: Any, *given: Any) -> str:
        Delivery.objects.update(leased_until=Now() + timedelta(hours=1))
        raise OSError(104, "Connection reset by peer")

    monkeypatch.setattr(type(storages["delivery"]), "save", cut)
    assert deliver_due_batches() == []
    delivery = Delivery.objects.get()
    assert (delivery.reason, delivery.attempts, delivery.leased_until is not None) == ("", 0, True)


def test_delivered_twice_at_once_is_recorded_once(
    place: Path, send: Send, consultation: Consultation
) -> None:
    send()
    batch = seal_and_write(consultation)
    Delivery.objects.create(batch=batch)
    slow = claim_due()
    assert slow is not None
    Delivery.objects.update(leased_until=Now() - timedelta(seconds=1))
    assert deliver_due_batches() == [batch]
    assert _deliver(slow) is False
    assert AuditEntry.objects.filter(action=Action.BATCH_DELIVERED).count() == 1


def test_a_batch_delivered_again_is_the_same_and_recorded(
    place: Path,
    exports: Path,
    send: Send,
    consultation: Consultation,
    analyst: User,
    sign_in: Callable[[User], Client],
) -> None:
    send()
    batch = seal_and_write(consultation)
    deliver_due_batches()
    first = content_of(place / folder_of(batch))
    shutil.rmtree(place / folder_of(batch))
    address = reverse("send-again", args=[consultation.slug, 1])
    pressed = {"sending": Delivery.objects.get().sendings}
    assert sign_in(analyst).post(address, pressed).status_code == 302
    # Pressed twice, it is sent once.
    assert sign_in(analyst).post(address, pressed).status_code == 302
    assert AuditEntry.objects.get(action=Action.BATCH_SENT_AGAIN).actor == analyst
    assert deliver_due_batches() == [batch]
    assert content_of(place / folder_of(batch)) == first
    assert len(events("delivered")) == 1
    assert len(mail.outbox) == 2


def test_mopac_acknowledges_by_a_file_that_names_the_manifest(
    place: Path, send: Send, consultation: Consultation
) -> None:
    response = send()
    batch = seal_and_write(consultation)
    deliver_due_batches()
    beside = place / f"{folder_of(batch)}.received"
    beside.write_text("we have it")
    deliver_due_batches()
    delivery = Delivery.objects.get()
    assert delivery.state == "delivered"
    assert delivery.reason.endswith("does not have the SHA-256 of this batch's manifest.")
    beside.write_text(f"{batch.manifest_sha256.upper()}  manifest.json\n")
    deliver_due_batches()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.acknowledged_by, delivery.reason) == ("acknowledged", None, "")
    assert events("acknowledged") == [(response.reference, 1)]


def test_mopac_acknowledges_on_the_page_and_twice_is_once(
    place: Path,
    send: Send,
    consultation: Consultation,
    analyst: User,
    sign_in: Callable[[User], Client],
) -> None:
    send()
    batch = seal_batch(consultation=consultation, actor=None)
    with pytest.raises(NotWritten):
        acknowledge(batch=batch, actor=analyst)
    client, address = sign_in(analyst), reverse("acknowledge", args=[consultation.slug, 1])
    assert client.post(address, {"sending": "0"}).status_code == 302
    assert not Delivery.objects.exists()
    write_batch(batch=batch)
    deliver_due_batches()
    for _ in range(2):
        pressed = {"sending": Delivery.objects.get().sendings}
        assert "Acknowledged" in client.post(address, pressed, follow=True).content.decode()
    assert Delivery.objects.get().acknowledged_by == analyst
    assert len(events("acknowledged")) == 1
    assert AuditEntry.objects.filter(action=Action.BATCH_ACKNOWLEDGED, actor=analyst).count() == 1


def test_reminders_go_every_few_days_until_a_batch_is_acknowledged(
    place: Path, send: Send, consultation: Consultation, analyst: User
) -> None:
    send()
    batch = seal_and_write(consultation)
    deliver_due_batches()
    assert len(mail.outbox) == 1
    Delivery.objects.update(last_delivered_at=Now() - timedelta(days=4))
    for _ in range(2):
        deliver_due_batches()
    assert [message.subject.split()[0] for message in mail.outbox] == ["Batch", "Please"]
    Delivery.objects.update(chased_at=Now() - timedelta(days=4))
    deliver_due_batches()
    assert len(mail.outbox) == 3
    Delivery.objects.update(chased_at=Now() - timedelta(days=4))
    acknowledge(batch=batch, actor=analyst)
    deliver_due_batches()
    assert len(mail.outbox) == 3


def test_without_a_mail_server_a_batch_is_delivered_and_announced_later(
    place: Path,
    send: Send,
    consultation: Consultation,
    mail_through: Callable[[int], None],
    settings: Settings,
) -> None:
    send()
    batch = seal_and_write(consultation)
    before = settings.EMAIL_BACKEND
    mail_through(1)
    assert deliver_due_batches() == [batch]
    assert Delivery.objects.get().told_at is None
    settings.EMAIL_BACKEND = before
    deliver_due_batches()
    assert len(mail.outbox) == 1


def test_an_encrypted_delivery_is_unreadable_except_to_its_recipient(
    place: Path, exports: Path, send: Send, consultation: Consultation, settings: Settings
) -> None:
    send({"missing": "A secret hope."})
    batch = seal_and_write(consultation)
    key = pyrage.x25519.Identity.generate()
    settings.DELIVERY_AGE_RECIPIENTS = [str(key.to_public())]
    assert deliver_due_batches() == [batch]
    arrived = content_of(place / folder_of(batch))
    wanted = content_of(exports / folder_of(batch))
    assert any(b"A secret hope." in content for content in wanted.values())
    assert not any(b"secret" in content or b"reference" in content for content in arrived.values())
    assert {
        name.removesuffix(".age"): pyrage.decrypt(content, [key])
        for name, content in arrived.items()
    } == wanted


def test_with_an_invalid_key_nothing_is_delivered(
    place: Path, send: Send, consultation: Consultation, settings: Settings
) -> None:
    send()
    seal_and_write(consultation)
    settings.DELIVERY_AGE_RECIPIENTS = ["age1nonsense"]
    assert deliver_due_batches() == []
    assert Delivery.objects.get().reason
    assert not place.exists()


def test_an_acknowledgement_counts_only_for_the_sending_it_followed(
    consultation: Consultation,
    send: Send,
    place: Path,
    analyst: User,
    sign_in: Callable[[User], Client],
) -> None:
    send()
    batch = seal_and_write(consultation)
    deliver_due_batches()
    beside = place / f"{folder_of(batch)}.received"
    beside.write_text(batch.manifest_sha256)
    deliver_due_batches()
    assert Delivery.objects.get().state == Delivery.State.ACKNOWLEDGED
    send_again(batch=batch, actor=analyst)
    deliver_due_batches()
    # The file from before says nothing of what was sent after it,
    assert Delivery.objects.get().state == Delivery.State.DELIVERED
    # nor does someone whose page is from before,
    page = sign_in(analyst).post(
        reverse("acknowledge", args=[consultation.slug, 1]), {"sending": "0"}, follow=True
    )
    assert "was sent again after you opened this page" in page.content.decode()
    assert Delivery.objects.get().state == Delivery.State.DELIVERED
    # but a new one counts.
    later = beside.stat().st_mtime + 5
    os.utime(beside, (later, later))
    deliver_due_batches()
    assert Delivery.objects.get().state == Delivery.State.ACKNOWLEDGED


def test_one_batch_that_cannot_be_queued_stops_no_other(
    place: Path, consultation: Consultation, other: Consultation, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost, kept = seal_and_write(consultation), seal_and_write(other)
    queue = delivering.queue_delivery

    def fails(batch: Batch) -> None:
        if batch == lost:
            raise DataError
        queue(batch)

    monkeypatch.setattr(delivering, "queue_delivery", fails)
    assert deliver_due_batches() == [kept]
    assert RowTrouble.objects.get().row == folder_of(lost)


def test_one_acknowledgement_that_cannot_be_read_stops_no_other(
    place: Path, consultation: Consultation, other: Consultation
) -> None:
    odd, well = seal_and_write(consultation), seal_and_write(other)
    assert len(deliver_due_batches()) == 2
    (place / f"{folder_of(odd)}{RECEIVED}").mkdir()  # a folder, where a file should be
    acknowledge_in_a_file(well, place)
    deliver_due_batches()
    states = dict(Delivery.objects.values_list("batch", "state"))
    assert states == {odd.pk: "delivered", well.pk: "acknowledged"}
    said = Delivery.objects.get(batch=odd).reason
    assert said == "Its acknowledgement could not be read (Is a directory)."
    assert any(said in what for what, _remedy in batch_troubles())


def test_a_destination_that_does_not_answer_is_asked_once(
    place: Path, consultation: Consultation, other: Consultation, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal_and_write(consultation)
    seal_and_write(other)
    deliver_due_batches()
    asked = []

    def silent(name: str, *_more: object) -> None:
        asked.append(name)
        raise TimeoutError

    monkeypatch.setattr(storages["delivery"], "get_modified_time", silent)
    monkeypatch.setattr(storages["delivery"], "exists", silent)
    take_up_acknowledgements()
    assert len(asked) == 2  # one batch, and whether anything is there
    assert not Delivery.objects.exclude(reason="").exists()


def test_one_notice_that_the_mail_server_refuses_stops_no_other(
    place: Path, consultation: Consultation, other: Consultation, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd, well = seal_and_write(consultation), seal_and_write(other)
    sent = []

    def send(message: EmailMessage) -> None:
        if consultation.title in message.subject:
            raise SMTPDataError(554, b"This looks like an advertisement.")
        sent.append(message.subject)

    monkeypatch.setattr(EmailMessage, "send", send)
    deliver_due_batches()
    assert len(sent) == 1
    told = dict(Delivery.objects.values_list("batch", "told_at"))
    assert told[odd.pk] is None
    assert told[well.pk]
    assert "SMTPDataError" in Delivery.objects.get(batch=odd).reason
