"""Emails of all kinds: one row's trouble is its own, and no address gets too many."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import OperationalError
from django.utils import timezone
from pytest_django.fixtures import Settings

from consult.models import Consultation
from responses.answers import AnswersRefused
from responses.contacts import read_contact
from responses.models import Confirmation, DraftLink, Response
from responses.responding import confirming, outbox
from responses.responding.confirming import send_due_confirmations
from responses.responding.drafting import start_draft
from responses.responding.resending import correct_address
from responses.responding.save_and_return import ask_for_link, send_due_links
from tests.support.postbox import Postbox
from tests.support.tampering import tamper

# Passes Django's own check, and cannot be written into a message.
CANNOT_BE_WRITTEN = "a@" + 60 * "é" + ".example.org"
Send = Callable[..., Response]


@pytest.mark.parametrize(
    "address",
    [
        CANNOT_BE_WRITTEN,
        "a@" + ".".join(["é" * 30] * 8) + ".org",
        "a" * 65 + "@example.org",
        "\u212aate@example.org",
    ],
)
def test_an_address_that_no_message_can_carry_is_refused(address: str) -> None:
    with pytest.raises(AnswersRefused):
        read_contact({"email": address})


def test_an_address_in_another_script_is_taken() -> None:
    assert read_contact({"email": "a@exämple.org"})["email"] == "a@exämple.org"


def test_confirmations_that_cannot_be_written_stop_no_others(send: Send) -> None:
    for _ in range(outbox.GROUP + 10):
        send(email=CANNOT_BE_WRITTEN)
    send(email="rita@example.org")
    assert send_due_confirmations().sent == 1
    assert [message.to for message in mail.outbox] == [["rita@example.org"]]
    assert set(Confirmation.objects.filter(state="failed").values_list("reason", flat=True)) == {
        outbox.NO_ADDRESS
    }


def test_a_row_that_lost_what_belongs_to_it_stops_no_others(send: Send) -> None:
    damaged = send(email="rita@example.org")
    send(email="omar@example.org")
    tamper("DELETE FROM responses_contact WHERE response_id = %s", [damaged.pk])
    for _run in range(2):
        send_due_confirmations()
    assert [message.to for message in mail.outbox] == [["omar@example.org"]]
    left = Confirmation.objects.get(response=damaged)
    assert left.reason == "Something of it is missing: RelatedObjectDoesNotExist"
    assert left.due_at > timezone.now() + timedelta(hours=23)


def test_links_that_cannot_be_written_stop_no_others(consultation: Consultation) -> None:
    for _ in range(outbox.GROUP + 10):
        draft, _token = start_draft(consultation=consultation, started_at=timezone.now())
        draft.links.create(email=CANNOT_BE_WRITTEN, message_id=draft.submission_key.hex)
    draft, _token = start_draft(consultation=consultation, started_at=timezone.now())
    ask_for_link(draft=draft, email="rita@example.org")
    assert send_due_links().sent == 1
    assert [message.to for message in mail.outbox] == [["rita@example.org"]]
    assert set(DraftLink.objects.filter(state="failed").values_list("reason", flat=True)) == {
        outbox.NO_ADDRESS
    }


def test_a_mail_server_in_trouble_ends_a_run_of_links(
    consultation: Consultation, postbox: Postbox, mail_through: Callable[[int], None]
) -> None:
    mail_through(postbox.port)
    postbox.refuse_sender = "550 5.7.1 you may not send here"
    for _ in range(5):
        draft, _token = start_draft(consultation=consultation, started_at=timezone.now())
        ask_for_link(draft=draft, email=f"rita{draft.pk}@example.org")
    assert vars(send_due_links()) == {"sent": 0, "put_off": 2, "refused": 0, "released": 3}
    assert DraftLink.objects.filter(state="waiting", leased_until=None).count() == 5


@pytest.mark.django_db(transaction=True)
def test_a_short_fault_of_the_database_sends_no_email_twice(
    send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    send()
    faults = iter([OperationalError("gone"), OperationalError("still gone")])
    marked: Callable[..., Any] = confirming.record_event

    def fail_twice(**values: Any) -> None:
        if fault := next(faults, None):
            raise fault
        marked(**values)

    monkeypatch.setattr(confirming, "record_event", fail_twice)
    monkeypatch.setattr(outbox, "MARK_PAUSE_SECONDS", 0.01)
    assert send_due_confirmations().sent == 1
    Confirmation.objects.update(due_at=timezone.now() - timedelta(minutes=1))
    assert send_due_confirmations().sent == 0
    assert len(mail.outbox) == 1


@pytest.mark.django_db(transaction=True)
def test_the_mark_is_given_up_before_the_lease_ends(
    send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    send()

    def fail(**values: Any) -> None:
        raise OperationalError("gone for good")

    monkeypatch.setattr(confirming, "record_event", fail)
    with pytest.raises(OperationalError):
        send_due_confirmations(lease=timedelta(seconds=outbox.MARK_BY_SECONDS + 0.1))


def test_correcting_addresses_sends_no_stranger_more_than_the_limit(
    send: Send, settings: Settings
) -> None:
    settings.LIMITS = {**settings.LIMITS, "email": (3, 86400)}
    for number, spelt in enumerate(
        [
            "Stranger@example.org",
            "stranger@EXAMPLE.org",
            "stranger+again@example.org",
            '"stranger"@example.org',
            "stranger+more@example.org",
        ]
    ):
        response = send(email=f"nobody{number}@example.org")
        Confirmation.objects.filter(response=response).update(state="failed")
        correct_address(response=response, email=spelt)
    send_due_confirmations()
    assert len(mail.outbox) == 3
    assert Confirmation.objects.filter(reason=outbox.TOO_MANY).count() == 2


def test_links_and_confirmations_share_the_limit_of_an_address(
    send: Send, consultation: Consultation, settings: Settings
) -> None:
    settings.LIMITS = {**settings.LIMITS, "email": (1, 86400)}
    send(email="stranger@example.org")
    send_due_confirmations()
    draft, _token = start_draft(consultation=consultation, started_at=timezone.now())
    ask_for_link(draft=draft, email="stranger@example.org")
    assert vars(send_due_links()) == {"sent": 0, "put_off": 0, "refused": 1, "released": 0}


def test_an_email_that_did_not_go_counts_for_no_limit(
    send: Send, settings: Settings, postbox: Postbox, mail_through: Callable[[int], None]
) -> None:
    settings.LIMITS = {**settings.LIMITS, "email": (1, 86400)}
    mail_through(postbox.port)
    postbox.answers["rita@example.org"] = "450 4.2.0 try again later"
    send(email="rita@example.org")
    assert send_due_confirmations().put_off == 1
    del postbox.answers["rita@example.org"]
    Confirmation.objects.update(due_at=timezone.now())
    assert send_due_confirmations().sent == 1
