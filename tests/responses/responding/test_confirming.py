"""The confirmation email: what it says, to whom, and how often."""

from collections.abc import Callable
from datetime import UTC, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

import html5lib
import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import Settings

from consult.clock import in_words
from consult.models import Consultation
from responses.models import Confirmation, ConfirmationAttempt, Response
from responses.receipt_tokens import receipt_token
from responses.responding.confirmation_email import build_email
from responses.responding.confirming import claim_due, send_due_confirmations
from responses.responding.mail_trouble import clean
from responses.responding.submitting import Submitted

State = Confirmation.State


def as_received(response: Response) -> EmailMessage:
    """The email about `response`, through the bytes that travel."""
    return message_from_bytes(
        build_email(response.confirmation).message().as_bytes(), policy=policy.default
    )


def part(message: EmailMessage, kind: str) -> str:
    return message.get_body((kind,)).get_content()


def test_the_text_says_what_arrived_when_and_what_happens_next(
    submit: Callable[..., Submitted], consultation: Consultation
) -> None:
    consultation.title = "A plan"
    consultation.owner = "MOPAC"
    consultation.save(update_fields=["title", "owner"])
    submitted = submit()
    response = submitted.response
    message = as_received(response)
    assert (
        part(message, "plain")
        == f"""\
Your response was received

Thank you for your response to the consultation “A plan”.

Your reference: {response.reference}
Received at: {in_words(response.received_at)}

To see your receipt, open this page:
http://127.0.0.1:8000/receipt/{submitted.receipt_token}/

On another device, the page asks for your code, or something you told
us, before it shows your words.


What happens next

Your response will be read, and passed on with all the others to MOPAC.
You do not need to do anything else.


If you have a question

You can write a letter to this address.
Please give your reference.

Mayor's Office for Policing And Crime
169 Union Street
London
SE1 0LL

Please do not reply to this email. Nobody reads the replies.


If this was not you

Someone may have typed your email address by mistake. Open the page and
select “This was not me”. We will remove your address.
"""
    )


def test_the_email_has_the_headers_of_an_automatic_message(send: Callable[..., Response]) -> None:
    response = send()
    message = as_received(response)
    assert message["Subject"] == f"Your response {response.reference} was received"
    assert message["From"] == "London consultations <noreply@localhost>"
    assert message["To"] == "rita@example.org"
    assert message["Message-ID"] == response.confirmation.message_id
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Reply-To"] is None
    assert abs(
        parsedate_to_datetime(message["Date"]).replace(tzinfo=UTC) - timezone.now()
    ) < timedelta(minutes=1)
    assert [found.get_content_type() for found in message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]


def test_the_contact_address_is_offered_and_replies_go_to_it(
    send: Callable[..., Response], settings: Settings
) -> None:
    settings.CONTACT_EMAIL = "consultation@example.net"
    message = as_received(send())
    assert message["Reply-To"] == "consultation@example.net"
    assert "Reply to this email, or write to consultation@example.net." in part(message, "plain")
    assert "do not reply" not in part(message, "plain") + part(message, "html")


def test_the_text_fits_72_columns_but_for_the_link(
    send: Callable[..., Response], consultation: Consultation
) -> None:
    consultation.title = "A very long title " * 10
    consultation.save(update_fields=["title"])
    assert [
        line
        for line in part(as_received(send()), "plain").splitlines()
        if len(line) > 72 and "/receipt/" not in line
    ] == []


def test_the_html_email_is_valid_says_the_same_and_loads_nothing(
    send: Callable[..., Response],
) -> None:
    message = as_received(send())
    html = part(message, "html")
    document = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(html)
    words = " ".join("".join(document.find("body").itertext()).split())
    text = " ".join(part(message, "plain").split())
    for sentence in [
        "Nobody reads the replies.",
        "or something you told us, before it shows your words.",
        "We will remove your address.",
        "SE1 0LL",
    ]:
        assert sentence in words
        assert sentence in text
    assert document.get("lang") == "en-GB"
    assert [link.get("href") for link in document.iter("a")] == [
        next(word for word in text.split() if "/receipt/" in word)
    ]
    assert {element.tag for element in document.iter()} & {
        "img",
        "script",
        "link",
        "style",
        "form",
        "iframe",
    } == set()


def test_nothing_typed_into_the_form_reaches_a_third_partys_email(
    submit: Callable[..., Submitted],
) -> None:
    lure = "Win at http://evil.example <b>now</b>"
    submitted = submit(
        {"violence-comment": lure, "anything-else": lure, "organisation-name": lure},
        contact={"name": lure, "email": "third@example.org", "postcode_district": "EVIL1"},
    )
    everything = build_email(submitted.response.confirmation).message().as_string() + "".join(
        part(as_received(submitted.response), kind) for kind in ("plain", "html")
    )
    assert submitted.response.contact.name == lure
    assert "evil" not in everything.lower().replace(submitted.receipt_token.lower(), "")


def test_titles_with_markup_are_words_in_both_parts(
    send: Callable[..., Response], consultation: Consultation
) -> None:
    consultation.title = "Safer & <i>sound</i>"
    consultation.save(update_fields=["title"])
    message = as_received(send())
    assert "“Safer & <i>sound</i>”" in part(message, "plain")
    assert "“Safer &amp; &lt;i&gt;sound&lt;/i&gt;”" in part(message, "html")


@pytest.mark.parametrize(
    "address",
    [
        "x",
        "a b@example.org",
        "a@example.org\nBcc: b@example.org",
        "a@example.org, b@example.org",
        "@",
        "ä@example.org",
    ],
)
def test_an_invalid_email_address_fails_in_words_and_is_never_tried(
    send: Callable[..., Response], address: str
) -> None:
    broken, good = send(email=address), send(email="good@example.org")
    assert vars(send_due_confirmations()) == {"sent": 1, "put_off": 0, "refused": 1, "released": 0}
    assert [message.to for message in mail.outbox] == [["good@example.org"]]
    broken.confirmation.refresh_from_db()
    assert (broken.confirmation.state, broken.confirmation.reason) == (
        State.FAILED,
        "This is not an email address.",
    )
    assert [entry.event for entry in broken.ledger.all()] == ["received", "confirmation-failed"]
    assert [entry.event for entry in good.ledger.all()] == ["received", "confirmed"]


def test_someone_who_gave_no_email_address_gets_none(send: Callable[..., Response]) -> None:
    send(email="")
    assert vars(send_due_confirmations()) == {"sent": 0, "put_off": 0, "refused": 0, "released": 0}
    assert (Confirmation.objects.get().state, mail.outbox) == (State.NOT_WANTED, [])


def test_each_email_is_sent_once_however_often_the_job_runs(send: Callable[..., Response]) -> None:
    response = send()
    assert [send_due_confirmations().sent for _ in range(3)] == [1, 0, 0]
    confirmation = Confirmation.objects.get()
    assert (confirmation.state, confirmation.attempts, confirmation.leased_until) == (
        State.SENT,
        1,
        None,
    )
    assert confirmation.sent_at is not None
    assert list(ConfirmationAttempt.objects.values_list("outcome", "detail")) == [("sent", "")]
    assert [entry.digest for entry in response.ledger.filter(event="confirmed")] == [
        response.digest
    ]


def test_a_claim_keeps_others_away_until_its_lease_has_run_out(
    send: Callable[..., Response],
) -> None:
    send()
    assert len(claim_due(limit=5)) == 1
    assert claim_due(limit=5) == []
    Confirmation.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert len(claim_due(limit=5)) == 1


def test_the_oldest_go_first_up_to_the_limit(send: Callable[..., Response]) -> None:
    for name in ("first", "second", "third"):
        send(email=f"{name}@example.org")
    assert send_due_confirmations(limit=2).sent == 2
    assert [message.to for message in mail.outbox] == [
        ["first@example.org"],
        ["second@example.org"],
    ]


def test_a_confirmation_without_its_receipt_key_waits_and_others_go(
    send: Callable[..., Response], settings: Settings
) -> None:
    response = send(email="early@example.org")
    earlier, settings.SECRET_KEY = settings.SECRET_KEY, "another key " * 10
    send(email="late@example.org")
    assert vars(send_due_confirmations()) == {"sent": 1, "put_off": 1, "refused": 0, "released": 0}
    settings.SECRET_KEY_FALLBACKS = [earlier]
    Confirmation.objects.filter(response=response).update(due_at=timezone.now())
    assert send_due_confirmations().sent == 1
    assert receipt_token(response) in mail.outbox[-1].body


def test_an_unforeseen_error_delays_one_email_and_no_others(
    send: Callable[..., Response], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("first", "second", "third"):
        send(email=f"{name}@example.org")

    class Unforeseen(Exception):
        pass

    def fail_for_the_second(self: EmailBackend, messages: list) -> int:
        if messages[0].to == ["second@example.org"]:
            raise Unforeseen
        return sending(self, messages)

    sending = EmailBackend.send_messages
    monkeypatch.setattr(EmailBackend, "send_messages", fail_for_the_second)
    assert vars(send_due_confirmations()) == {"sent": 2, "put_off": 1, "refused": 0, "released": 0}
    put_off = Confirmation.objects.get(state=State.WAITING)
    assert put_off.reason == "It could not be written: Unforeseen"
    assert [message.to for message in mail.outbox] == [["first@example.org"], ["third@example.org"]]


def test_looking_when_nothing_is_due_takes_one_query(db: None) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        send_due_confirmations()
    assert len(queries) == 1


def test_the_answers_never_leave_the_database(send: Callable[..., Response]) -> None:
    send({"violence-comment": "Mehr Licht"})
    with CaptureQueriesContext(connection) as queries:
        send_due_confirmations()
    assert [
        query["sql"]
        for query in queries
        if '"texts"' in query["sql"] or '"choices"' in query["sql"]
    ] == []


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("<Rita@Example.org>: user\x00 unknown\r\n\x1b[31m", "<(the address)>: user unknown [31m"),
        ("no" * 400, ("no" * 400)[:300]),
    ],
)
def test_a_mail_servers_words_are_stored_short_and_without_the_address(
    said: str, kept: str
) -> None:
    assert clean(said, address="rita@example.org") == kept
