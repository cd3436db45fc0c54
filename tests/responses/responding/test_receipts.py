"""The receipt after the first look at it: an address put right, and copies to keep."""

import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from consult.models import Consultation, Edition, Question
from consult.plans.document import Plan
from responses.answers import AnswersRefused
from responses.exporting.batches import seal_batch
from responses.exporting.writing import write_batch
from responses.governance.reconciling import reconcile
from responses.models import Confirmation, ConfirmationAttempt, LedgerEntry, Response
from responses.receipt_tokens import receipt_token
from responses.responding import pdf as printing
from responses.responding.confirming import TRY_FOR, send_due_confirmations
from responses.responding.drafting import start_amending
from responses.responding.pdf import ROOM, TURN, PdfNotMade, make_pdf
from responses.responding.resending import NothingToCorrect, correct_address
from responses.responding.views import receipts
from tests.support.postbox import Postbox
from tests.support.recognising import sent_from
from tests.support.tampering import behind_its_back

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
def test_a_wrong_email_address_is_shown_corrected_and_written_to(
    undelivered: Response,
    client: Client,
    postbox: Postbox,
    consultation: Consultation,
    exports: Path,
) -> None:
    write_batch(batch=seal_batch(consultation=consultation, actor=None))
    address = reverse("receipt", args=[receipt_token(undelivered)])
    sent_from(client, undelivered)
    page = client.get(address).content.decode()
    assert "We could not deliver the email with your reference to rita@exmaple.org." in page
    assert "The reason we were given: “550 no such user”" in page
    sent = client.post(
        reverse("correct-address", args=[receipt_token(undelivered)]),
        {"email": " rita@example.org "},
    )
    assert (sent.status_code, sent["Location"]) == (303, address)
    assert (
        "An email with your reference is on its way to you." in client.get(address).content.decode()
    )
    send_due_confirmations()
    assert [letter["To"] for letter in postbox.arrived] == ["rita@example.org"]
    page = client.get(address).content.decode()
    assert "We have sent you an email with your reference." in page
    assert "rita@example.org" in page
    # What was received stays as it was received, and the integrity check still passes.
    undelivered.contact.refresh_from_db()
    assert (undelivered.contact.email, undelivered.contact.corrected_email) == (
        "rita@exmaple.org",
        "rita@example.org",
    )
    assert [entry.event for entry in LedgerEntry.objects.exclude(event="batched")] == [
        *["received", "confirmation-failed", "address-corrected", "confirmed"]
    ]
    assert reconcile().differences == []
    # A change that is made later begins with the address that works.
    assert (
        start_amending(response=undelivered, started_at=timezone.now())[0].answers["email"]
        == "rita@example.org"
    )


def test_an_invalid_correction_is_refused_beside_what_was_typed(
    undelivered: Response, client: Client
) -> None:
    sent_from(client, undelivered)
    for typed, words in [
        ("", "Enter an email address like name@example.com"),
        ("<b>nowhere", "Enter an email address like"),
    ]:
        page = client.post(
            reverse("correct-address", args=[receipt_token(undelivered)]), {"email": typed}
        ).content.decode()
        assert "<title>Error: " in page
        assert page.count(words) == 2  # In the summary and at the field.
        assert "<b>nowhere" not in page
    assert Confirmation.objects.get().state == "failed"


def test_only_a_confirmation_that_was_given_up_can_be_sent_elsewhere(
    send: Send, undelivered: Response
) -> None:
    waiting = send()
    for response in (waiting, send(email="")):
        with pytest.raises(NothingToCorrect):
            correct_address(response=response, email="other@example.org")
    correct_address(response=undelivered, email="rita@example.org")
    with pytest.raises(NothingToCorrect):
        correct_address(response=undelivered, email="other@example.org")
    with pytest.raises(AnswersRefused):
        correct_address(response=undelivered, email="a" * 300 + "@example.org")
    assert (
        Confirmation.objects.get(response=undelivered).response.contact.reachable_at
        == "rita@example.org"
    )


def test_attempts_at_a_wrong_address_do_not_count_against_the_right_one(
    undelivered: Response, postbox: Postbox
) -> None:
    with behind_its_back():
        ConfirmationAttempt.objects.update(at=timezone.now() - TRY_FOR - timedelta(days=1))
    correct_address(response=undelivered, email="rita@example.org")
    postbox.answers["rita@example.org"] = "451 not now"
    send_due_confirmations()
    assert Confirmation.objects.get().state == "waiting"


def pdf_of(client: Client, response: Response) -> PdfReader:
    answer = sent_from(client, response).get(reverse("receipt-pdf", args=[receipt_token(response)]))
    assert (answer.status_code, answer["Content-Type"], answer["Cache-Control"]) == (
        200,
        "application/pdf",
        "no-store",
    )
    assert (
        answer["Content-Disposition"] == f'attachment; filename="response-{response.reference}.pdf"'
    )
    return PdfReader(io.BytesIO(answer.content))


def test_the_pdf_is_tagged_and_has_every_word_asked_and_answered(
    client: Client, send: Send, edition: Edition
) -> None:
    text = "Lights & <b>people</b>, please.\n\nMore żółć and Ελληνικά."
    response = send({"violence-agree": "agree", "violence-comment": text})
    # Asked otherwise since; the copy keeps the words that were answered.
    Question.objects.filter(slug="violence-agree").update(text="Otherwise?")
    pdf = pdf_of(client, response)
    root = pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en-GB"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert b"pdfuaid" in root["/Metadata"].get_data()
    assert pdf.metadata is not None
    assert pdf.metadata.title == f"Response {response.reference} – {edition.consultation.title}"
    words = " ".join(" ".join(page.extract_text() for page in pdf.pages).split())
    for wanted in (
        response.reference,
        "Agree",
        "Lights & <b>people</b>, please.",
        "More żółć and Ελληνικά.",
        "rita@example.org",
    ):
        assert wanted in words
    assert "How far do you agree or disagree" in words
    assert "Otherwise?" not in words
    assert {"/H1", "/H2", "/H3", "/P", "/L"} <= set(tags(root["/StructTreeRoot"]["/K"]))


def test_each_answer_of_the_pdf_has_its_own_direction(
    client: Client, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    monkeypatch.setattr(receipts, "make_pdf", lambda html, **_: made.append(html) or b"%PDF-")
    arabic, english = "2026: مزيد من الضوء في London.", "More light in لندن."
    response = send({"violence-comment": arabic, "trust-comment": english}, name="ريتا")
    sent_from(client, response).get(reverse("receipt-pdf", args=[receipt_token(response)]))
    assert f'<p class="answer" dir="rtl">{arabic}</p>' in made[0]
    assert f'<p class="answer" dir="ltr">{english}</p>' in made[0]
    assert '<bdi dir="rtl">ريتا</bdi>' in made[0]


def test_what_no_font_can_draw_is_named_and_the_text_copy_has_it(
    client: Client, send: Send
) -> None:
    """Of no script that lives, so that no font will ever have it."""
    response = send({"violence-comment": "A character of a private area: \ue123."})
    address = reverse("receipt-pdf", args=[receipt_token(response)])
    page = sent_from(client, response).get(address)
    assert "Our PDF cannot show everything" in page.content.decode()
    assert ">\ue123</p>" in page.content.decode()
    assert reverse("receipt-text", args=[receipt_token(response)]) in page.content.decode()
    assert client.get(address + "?anyway=yes").content.startswith(b"%PDF-")


def tags(node: Any) -> Iterator[str]:
    """The kinds of structure elements in a PDF's tree."""
    node = node.get_object()
    if isinstance(node, list):
        for child in node:
            yield from tags(child)
    elif isinstance(node, dict):
        if "/S" in node:
            yield str(node["/S"])
        if "/K" in node:
            yield from tags(node["/K"])


def test_the_longest_response_that_can_be_sent_becomes_a_pdf_too(
    client: Client, send: Send, plan: Plan
) -> None:
    long = "Every word of it. " * 270
    response = send(
        {
            question.slug: long[: question.max_chars]
            for question in plan.asked
            if question.kind == "text"
        }
    )
    assert len(pdf_of(client, response).pages) > 10


def test_without_pdfs_the_page_says_what_else_there_is(
    client: Client, send: Send, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # As on a system without Pango: the import fails.
    (tmp_path / "weasyprint.py").write_text("raise OSError('cannot load library libpango-1.0-0')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    response = send()
    answer = sent_from(client, response).get(reverse("receipt-pdf", args=[receipt_token(response)]))
    assert answer.status_code == 503
    assert "keep a copy as plain text" in answer.content.decode()
    assert response.reference in answer.content.decode()
    with pytest.raises(PdfNotMade, match="libpango"):
        make_pdf("<p>Words.</p>")


def test_pdfs_are_made_one_at_a_time_and_a_long_wait_is_explained(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(printing, "WAIT_SECONDS", 0.01)
    with TURN, pytest.raises(PdfNotMade, match="Others"):
        make_pdf("<p>Words.</p>")
    with ROOM, ROOM, ROOM, ROOM, pytest.raises(PdfNotMade, match="Too many"):
        make_pdf("<p>Words.</p>")
    # Their places are given back after a refusal: the next one is made.
    assert make_pdf("<html lang=en><title>Words</title><p>Words.</p>").startswith(b"%PDF-")


def test_a_pdf_fetches_nothing_its_words_link_to(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    html = (
        f'<html lang=en><title>x</title><a rel=attachment href="{secret.as_uri()}">x</a><link '
        f'rel=attachment href="{secret.as_uri()}">'
    )
    assert not PdfReader(io.BytesIO(make_pdf(html))).attachments
