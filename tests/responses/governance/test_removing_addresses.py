"""Someone who got another person's email has their address removed, and nothing else goes."""

from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from consult.models import Consultation
from consult.web.rate_limits import OverLimit
from responses.exporting.batches import seal_batch
from responses.exporting.writing import write_batch
from responses.governance.erasing import remove_details
from responses.governance.reconciling import go_through
from responses.governance.removing_addresses import NotThisAddress, disown_address
from responses.models import Confirmation, Contact, LedgerEntry, Response
from responses.receipt_tokens import receipt_token
from responses.responding.confirming import send_due_confirmations
from responses.responding.recognising import recognise_sender
from responses.responding.resending import NothingToCorrect, correct_address
from tests.support.postbox import Postbox
from tests.support.tampering import behind_its_back

Send = Callable[..., Response]
STRANGER = "rita@example.org"


@pytest.fixture
def sent(send: Send, postbox: Postbox, mail_through: Callable[[int], None]) -> Response:
    """A response whose confirmation went to a stranger."""
    mail_through(postbox.port)
    response = send()
    assert send_due_confirmations().sent == 1
    return response


def press(response: Response, email: str) -> Any:
    return Client().post(reverse("not-me", args=[receipt_token(response)]), {"email": email})


def test_a_look_removes_nothing_and_asks_which_address(sent: Response) -> None:
    address = reverse("not-me", args=[receipt_token(sent)])
    page = Client().get(address).content.decode()
    assert STRANGER not in page
    assert address in Client().get(reverse("receipt", args=[receipt_token(sent)])).content.decode()
    assert Contact.objects.get().email == STRANGER


def test_the_address_goes_and_everything_else_stays(sent: Response) -> None:
    page = press(sent, f" {STRANGER.upper()} ")
    assert "We have removed your email address" in page.content.decode()
    contact = Contact.objects.get()
    kept = (contact.name, contact.email, contact.postcode_district)
    assert kept == ("Rita Respondent", "", "SE1")
    assert Response.objects.get().texts == {"violence-comment": "More youth workers."}
    assert [entry.event for entry in LedgerEntry.objects.order_by("pk")] == [
        *["received", "confirmed", "address-removed"]
    ]
    assert go_through().differences == []
    receipt = Client().get(reverse("receipt", args=[receipt_token(sent)])).content.decode()
    assert "This was not me" not in receipt
    assert recognise_sender(response=sent, typed="SE1")


@pytest.mark.parametrize("email", ["", "other@example.org", "nowhere", "rita@ex\ud800mple.org"])
def test_another_address_removes_nothing(sent: Response, email: str) -> None:
    with pytest.raises(NotThisAddress):
        disown_address(response=sent, email=email)
    assert Contact.objects.get().email == STRANGER


def test_a_wrong_address_is_named_and_stays_in_the_field(sent: Response) -> None:
    page = unescape(press(sent, "other@example.org").content.decode())
    assert page.count("Enter the address that the email came to.") == 2
    assert 'value="other@example.org"' in page


def test_guesses_at_the_address_end(sent: Response, settings: Settings) -> None:
    settings.LIMITS = {**settings.LIMITS, "proof": (2, 864_000)}
    for _time in range(2):
        with pytest.raises(NotThisAddress):
            disown_address(response=sent, email="other@example.org")
    with pytest.raises(OverLimit):
        disown_address(response=sent, email=STRANGER)
    assert "We cannot check any more addresses" in press(sent, STRANGER).content.decode()


def test_an_email_that_waits_goes_nowhere_any_more(send: Send) -> None:
    response = send()
    disown_address(response=response, email=STRANGER)
    assert vars(send_due_confirmations()) == {"sent": 0, "put_off": 0, "refused": 0, "released": 0}
    assert Confirmation.objects.get().state == "failed"
    with pytest.raises(NothingToCorrect):
        correct_address(response=response, email="rita@example.net")
    assert go_through().differences == []


def test_what_goes_later_by_its_time_goes_after_an_address_too(sent: Response) -> None:
    disown_address(response=sent, email=STRANGER)
    assert remove_details(responses=[sent.pk]) == 1
    contact = Contact.objects.get()
    assert (contact.name, contact.email, contact.postcode_district) == ("", "", "")
    assert go_through().differences == []


def test_a_batch_with_contacts_that_nobody_has_is_written_without_it(
    sent: Response, consultation: Consultation, exports: Path
) -> None:
    batch = seal_batch(consultation=consultation, actor=None)
    write_batch(batch=batch)
    disown_address(response=sent, email=STRANGER)
    batch.refresh_from_db()
    if batch.written_at is None:
        write_batch(batch=batch)
    held = [path for path in exports.rglob("*") if path.is_file()]
    assert held
    assert [path for path in held if STRANGER.encode() in path.read_bytes()] == []
    assert go_through().differences == []


def test_a_change_of_the_name_with_it_is_found(sent: Response) -> None:
    disown_address(response=sent, email=STRANGER)
    with behind_its_back():
        Contact.objects.update(name="Someone Else")
    words = [difference.words for difference in go_through().differences]
    assert "Its answers are not those that were received." in words
