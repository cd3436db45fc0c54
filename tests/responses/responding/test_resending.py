"""Emails that could not be delivered: staff see which and why, and have them tried again once the
cause is mended.
"""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from consult.models import Action, AuditEntry, User
from responses.governance.reconciling import reconcile
from responses.models import Confirmation, Response
from responses.receipt_tokens import receipt_token
from responses.responding.confirming import TRY_FOR, send_due_confirmations
from responses.responding.resending import try_again
from tests.support.postbox import Postbox
from tests.support.recognising import sent_from
from tests.support.tampering import behind_its_back

pytestmark = pytest.mark.django_db(transaction=True)
Send = Callable[..., Response]
State = Confirmation.State


@pytest.fixture
def refused(send: Send, postbox: Postbox, mail_through: Callable[[int], None]) -> Response:
    """A response whose email nobody takes, beside one whose email arrived."""
    mail_through(postbox.port)
    postbox.answers["rita@example.org"] = "550 5.1.1 <rita@example.org>: no such person"
    response = send()
    send(email="other@example.org")
    send_due_confirmations()
    return response


def test_a_refused_email_is_not_retried_and_staff_and_receipt_say_so(
    refused: Response,
    postbox: Postbox,
    reviewer: User,
    sign_in: Callable[[User], Client],
    outsider: Client,
) -> None:
    Confirmation.objects.update(due_at=F("due_at") - timedelta(days=1))
    assert vars(send_due_confirmations()) == {"sent": 0, "put_off": 0, "refused": 0, "released": 0}
    page = sign_in(reviewer).get(reverse("undelivered")).content.decode()
    assert re.findall(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z](?=</a>)", page) == [refused.reference]
    assert "550 5.1.1 &lt;(the address)&gt;: no such person" in page
    assert "rita@example.org" not in page
    receipt = (
        sent_from(outsider, refused)
        .get(reverse("receipt", args=[receipt_token(refused)]))
        .content.decode()
    )
    assert "We could not deliver the email with your reference to rita@example.org." in receipt


def test_an_email_given_up_on_can_be_retried_and_the_trail_says_so(
    send: Send,
    refused: Response,
    postbox: Postbox,
    reviewer: User,
    sign_in: Callable[[User], Client],
) -> None:
    client = sign_in(reviewer)
    confirmation = refused.confirmation
    # Three days of tries were used up; they must not count against the new ones.
    with behind_its_back():
        confirmation.tries.update(at=F("at") - TRY_FOR - timedelta(hours=1))
    postbox.answers["rita@example.org"] = "451 4.7.1 try again later"
    page = client.post(reverse("undelivered-again"), {"confirmation": confirmation.pk}, follow=True)
    assert "1 email is being tried again." in page.content.decode()
    assert send_due_confirmations().put_off == 1
    assert "451 4.7.1 try again later" in client.get(reverse("undelivered")).content.decode()
    del postbox.answers["rita@example.org"]
    Confirmation.objects.filter(pk=confirmation.pk).update(
        due_at=F("due_at") - timedelta(minutes=1)
    )
    assert send_due_confirmations().sent == 1
    confirmation.refresh_from_db()
    assert (confirmation.state, confirmation.attempts) == (State.SENT, 2)
    assert list(refused.ledger.values_list("event", flat=True)) == [
        "received",
        "confirmation-failed",
        "confirmed",
    ]
    entry = AuditEntry.objects.get(action=Action.CONFIRMATION_RETRIED)
    assert (entry.actor, entry.subject, entry.details) == (reviewer, refused.reference, {})


def test_trying_all_again_leaves_what_was_delivered_or_has_no_address(
    send: Send, refused: Response, reviewer: User
) -> None:
    nobody = send(email="")
    waits = send(email="waits@example.org")
    before = dict(Confirmation.objects.values_list("response", "state"))
    assert try_again(actor=reviewer) == 1
    after = dict(Confirmation.objects.values_list("response", "state"))
    assert after == before | {refused.pk: State.WAITING}
    assert (after[nobody.pk], after[waits.pk]) == (State.NOT_WANTED, State.WAITING)
    assert try_again(actor=reviewer) == 0
    assert AuditEntry.objects.filter(action=Action.CONFIRMATION_RETRIED).count() == 1
    assert reconcile().differences == []


def test_a_malformed_request_retries_nothing(
    refused: Response, reviewer: User, sign_in: Callable[[User], Client]
) -> None:
    client = sign_in(reviewer)
    delivered = Confirmation.objects.get(state=State.SENT)
    for wanted in ("all", "-1", "9" * 30, str(delivered.pk)):
        page = client.post(reverse("undelivered-again"), {"confirmation": wanted}, follow=True)
        assert "There was no email to try again" in page.content.decode()
    assert set(Confirmation.objects.values_list("state", flat=True)) == {State.FAILED, State.SENT}


def test_the_undelivered_page_takes_a_constant_number_of_queries(
    send: Send,
    refused: Response,
    reviewer: User,
    sign_in: Callable[[User], Client],
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    client = sign_in(reviewer)

    def ask() -> None:
        with django_assert_num_queries(10):
            assert client.get(reverse("undelivered")).status_code == 200

    ask()
    for number in range(2):
        Confirmation.objects.filter(response=send(email=f"p{number}@example.org")).update(
            state=State.FAILED, reason="550 no"
        )
        Confirmation.objects.filter(response=send(email=f"w{number}@example.org")).update(
            reason="451 later"
        )
    ask()
