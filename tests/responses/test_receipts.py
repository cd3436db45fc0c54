"""The receipt after the first look at it: an address put right, and copies to keep."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consult.models import Consultation
from responses.answers import AnswersRefused
from responses.batching import seal_batch, write_batch
from responses.confirming import TRY_FOR, send_due_confirmations
from responses.correcting import NothingToCorrect, correct_address
from responses.drafting import start_amending
from responses.models import Confirmation, ConfirmationAttempt, LedgerEntry, Response
from responses.receipts import receipt_token
from responses.reconciling import reconcile
from tests.postbox import Postbox
from tests.tampering import behind_its_back

Send = Callable[..., Response]


@pytest.fixture
def undelivered(send: Send, postbox: Postbox, mail_through: Callable[[int], None]) -> Response:
    """A response whose address nobody has."""
    response = send(email="rita@exmaple.org")
    postbox.answers["rita@exmaple.org"] = "550 no such user"
    mail_through(postbox.port)
    send_due_confirmations()
    assert Confirmation.objects.get().state == "failed"
    return response


@pytest.mark.django_db(transaction=True)
def test_a_wrong_address_is_named_put_right_and_written_to(
    undelivered: Response, client: Client, postbox: Postbox, consultation: Consultation, exports: Path
) -> None:
    write_batch(batch=seal_batch(consultation=consultation, actor=None))
    address = reverse("receipt", args=[receipt_token(undelivered)])
    page = client.get(address).content.decode()
    assert "We could not deliver the email with your reference:" in page
    assert "We tried rita@exmaple.org." in page
    sent = client.post(reverse("correct-address", args=[receipt_token(undelivered)]), {"email": " rita@example.org "})
    assert (sent.status_code, sent["Location"]) == (303, address)
    assert "An email with your reference is on its way to you." in client.get(address).content.decode()
    send_due_confirmations()
    assert [letter["To"] for letter in postbox.arrived] == ["rita@example.org"]
    page = client.get(address).content.decode()
    assert "We have sent you an email with your reference." in page
    assert "rita@example.org" in page
    # What was received stays as it was received, and the books still balance.
    undelivered.contact.refresh_from_db()
    assert (undelivered.contact.email, undelivered.contact.corrected_email) == ("rita@exmaple.org", "rita@example.org")
    assert [entry.event for entry in LedgerEntry.objects.exclude(event="batched")] == [
        *["received", "confirmation-failed", "address-corrected", "confirmed"]
    ]
    assert reconcile().differences == []
    # A change that is made later begins with the address that works.
    assert start_amending(response=undelivered, started_at=timezone.now())[0].answers["email"] == "rita@example.org"


def test_what_is_no_address_is_refused_in_words_beside_what_was_typed(undelivered: Response, client: Client) -> None:
    for typed, words in [("", "Enter an email address like name@example.com"), ("<b>nowhere", "Enter an email address like")]:
        page = client.post(reverse("correct-address", args=[receipt_token(undelivered)]), {"email": typed}).content.decode()
        assert "<title>Error: " in page
        assert page.count(words) == 2  # In the summary and at the field.
        assert "<b>nowhere" not in page
    assert Confirmation.objects.get().state == "failed"


def test_only_a_confirmation_that_was_given_up_can_be_sent_elsewhere(send: Send, undelivered: Response) -> None:
    waiting = send()
    for response in (waiting, send(email="")):
        with pytest.raises(NothingToCorrect):
            correct_address(response=response, email="other@example.org")
    correct_address(response=undelivered, email="rita@example.org")
    with pytest.raises(NothingToCorrect):
        correct_address(response=undelivered, email="other@example.org")
    with pytest.raises(AnswersRefused):
        correct_address(response=undelivered, email="a" * 300 + "@example.org")
    assert Confirmation.objects.get(response=undelivered).response.contact.reachable_at == "rita@example.org"


def test_days_of_tries_at_the_wrong_address_do_not_count_against_the_right_one(undelivered: Response, postbox: Postbox) -> None:
    with behind_its_back():
        ConfirmationAttempt.objects.update(at=timezone.now() - TRY_FOR - timedelta(days=1))
    correct_address(response=undelivered, email="rita@example.org")
    postbox.answers["rita@example.org"] = "451 not now"
    send_due_confirmations()
    assert Confirmation.objects.get().state == "waiting"
