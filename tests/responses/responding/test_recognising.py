"""An email can reach the wrong person: its link shows no words before its sender is recognised."""

from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from consult.models import Consultation, Hit
from consult.web.rate_limits import OverLimit, forget_hits
from responses.models import Draft, EqualityAnswers, Response
from responses.receipt_tokens import receipt_code, receipt_token
from responses.responding.amending import withdraw_response
from responses.responding.draft_tokens import emailed_token, link_token
from responses.responding.recognising import (
    Told,
    draft_code,
    is_told,
    recognise_sender,
    recognise_writer,
)
from tests.responses.responding.test_answering import answer, at
from tests.responses.responding.test_answering import send as press_send
from tests.support.recognising import sent_from
from tests.support.tampering import behind_its_back

Send = Callable[..., Response]
DAY = timedelta(days=1)
WORDS = "More youth workers, please, and better lights in the park."
TOLD = Told(
    name="Rita O'Reilly",
    addresses="rita@example.org",
    district="SE1",
    texts=(WORDS, "夜の公園にもっと街灯をつけてください。"),
)


@pytest.fixture
def sent(send: Send) -> Response:
    return send({"violence-agree": "agree", "violence-comment": WORDS})


@pytest.fixture
def stranger() -> Client:
    """Who got the email, since its address was mistyped."""
    return Client()


@pytest.fixture
def rita(consultation: object) -> Client:
    return Client()


def words_of(page: Any) -> str:
    return unescape(page.content.decode())


def show(client: Client, response: Response, known: str) -> Any:
    return client.post(
        reverse("show-receipt", args=[receipt_token(response)]), {"known": known}, follow=True
    )


def test_the_link_alone_shows_that_it_arrived_and_not_a_word_of_it(
    sent: Response, stranger: Client
) -> None:
    address = reverse("receipt", args=[receipt_token(sent)])
    whole = words_of(sent_from(Client(), sent).get(address))
    secrets = (WORDS, "Rita Respondent", "rita@example.org", "SE1", receipt_code(sent))
    page = words_of(stranger.get(address))
    assert [secret in whole for secret in secrets] == [True] * 5
    assert [secret for secret in secrets if secret in page] == []
    assert sent.reference in page
    assert "Response received" in page


@pytest.mark.parametrize(
    "name", ["receipt-text", "receipt-pdf", "amend", "withdraw", "equality", "correct-address"]
)
def test_the_link_alone_changes_nothing_and_gives_no_copy(
    sent: Response, stranger: Client, name: str
) -> None:
    token = receipt_token(sent)
    fields = {"submission_key": "0" * 32, "equality-age": "16-to-24", "email": "x@example.org"}
    ask = stranger.get if name in {"receipt-text", "receipt-pdf"} else stranger.post
    page = ask(reverse(name, args=[token]), fields)
    assert (page.status_code, page["Location"]) == (302, reverse("receipt", args=[token]))
    assert (Response.objects.count(), Draft.objects.count()) == (1, 0)
    assert not EqualityAnswers.objects.exclude(choices={}).exists()
    sent.contact.refresh_from_db()
    assert sent.contact.corrected_email == ""


@pytest.mark.parametrize(
    "known",
    ["SE1", "se1 0ll", "rita  respondent", "Youth workers please and BETTER lights", "code"],
)
def test_something_that_the_sender_knows_opens_it_once_for_a_device(
    sent: Response, stranger: Client, known: str
) -> None:
    page = show(stranger, sent, receipt_code(sent).lower() if known == "code" else known)
    assert WORDS in words_of(page)
    assert WORDS in words_of(stranger.get(reverse("receipt", args=[receipt_token(sent)])))
    assert stranger.post(reverse("amend", args=[receipt_token(sent)]))["Location"] == at("tasks")


@pytest.mark.parametrize(
    ("known", "problem"),
    [
        ("", "Enter your code, or something that you told us."),
        ("N22", "That is not what we have."),
        ("<b>Rita", "That is not what we have."),
    ],
)
def test_a_wrong_answer_is_named_and_stays_in_the_field(
    sent: Response, stranger: Client, known: str, problem: str
) -> None:
    page = show(stranger, sent, known).content.decode()
    assert page.count(problem) == 2
    assert "<title>Error: " in page
    assert "<b>Rita" not in page
    assert WORDS not in page


def test_guesses_are_counted_for_the_response_and_end(
    sent: Response, send: Send, settings: Settings
) -> None:
    settings.LIMITS = {**settings.LIMITS, "proof": (3, 864_000)}
    for guess in ("N1", "N2", "N3"):
        assert not recognise_sender(response=sent, typed=guess)
    with pytest.raises(OverLimit):
        recognise_sender(response=sent, typed="SE1")
    page = show(Client(), sent, "SE1")
    assert "We cannot check any more answers for now." in words_of(page)
    assert WORDS not in words_of(page)
    # Another response, and the device that sent this one, are not touched by it.
    assert recognise_sender(response=send(), typed="SE1")
    address = reverse("receipt", args=[receipt_token(sent)])
    assert WORDS in words_of(sent_from(Client(), sent).get(address))


def test_right_answers_do_not_count_and_guesses_are_not_forgotten_early(
    sent: Response, settings: Settings
) -> None:
    settings.LIMITS = {**settings.LIMITS, "proof": (2, 864_000)}
    for _time in range(3):
        assert recognise_sender(response=sent, typed="SE1")
    assert not recognise_sender(response=sent, typed="N1")
    with behind_its_back():
        Hit.objects.filter(limit="proof").update(at=Hit.objects.latest("at").at - 5 * DAY)
    assert forget_hits() == 0
    with behind_its_back():
        Hit.objects.filter(limit="proof").update(at=Hit.objects.latest("at").at - 6 * DAY)
    assert forget_hits() == 1


@pytest.mark.parametrize(
    ("typed", "right"),
    [
        ("Rita O’Reilly", True),
        ("RITA OREILLY", True),
        ("Rita", False),
        ("SE1", True),
        ("SE10", False),
        ("SE1 SE2 SE3 N1 N2", False),
        ("more youth workers", False),
        ("youth workers, please, and better lights", True),
        ("outh workers, please, and better lights", False),
        ("夜の公園にもっと街灯を", True),
        ("夜の公園", False),
        ("夜の公園にもっと木を植えて", False),
        ("", False),
        ("agree", False),
    ],
)
def test_only_what_nobody_guesses_is_taken_for_the_sender(typed: str, right: bool) -> None:
    assert is_told(typed, TOLD) is right


@pytest.mark.parametrize("name", ["Jane Smith", "Jane", ""])
def test_a_name_that_the_address_gives_away_is_no_proof(name: str) -> None:
    told = Told(name=name, addresses="jane.smith@example.org", district="", texts=("",))
    assert not is_told(name, told)
    assert not is_told("Jane Smith", told)


def test_after_withdrawing_the_earlier_words_still_recognise_the_sender(sent: Response) -> None:
    withdraw_response(earlier=sent, submission_key=uuid4(), started_at=sent.started_at)
    assert recognise_sender(response=sent, typed="SE1")


def test_the_browser_that_sent_it_is_never_asked(rita: Client) -> None:
    answer(rita, "violence", violence_comment=WORDS)
    receipt = press_send(rita)
    assert WORDS in words_of(receipt)
    assert receipt_code(Response.objects.get()) in words_of(receipt)


def test_a_browser_whose_answer_got_lost_is_not_asked_either(rita: Client) -> None:
    answer(rita, "violence", violence_comment=WORDS)
    before = rita.cookies[next(name for name in rita.cookies if "draft-" in name)].value
    press_send(rita)
    lost = Client()
    lost.cookies[next(name for name in rita.cookies if "draft-" in name)] = before
    gone = lost.get(at("tasks"))
    assert "See your receipt" in words_of(gone)
    address = reverse("receipt", args=[receipt_token(Response.objects.get())])
    assert WORDS in words_of(lost.get(address))


@pytest.mark.parametrize("way", ["leave", "another"])
def test_the_next_person_at_the_device_goes_back_to_no_words(rita: Client, way: str) -> None:
    answer(rita, "violence", violence_comment=WORDS)
    press_send(rita)
    rita.post(at(way))
    address = reverse("receipt", args=[receipt_token(Response.objects.get())])
    assert WORDS not in words_of(rita.get(address))


def test_a_forged_cookie_opens_nothing(sent: Response, stranger: Client, send: Send) -> None:
    cookies = sent_from(Client(), send()).cookies
    stranger.cookies = cookies
    address = reverse("receipt", args=[receipt_token(sent)])
    assert WORDS not in words_of(stranger.get(address))


def test_the_emailed_link_to_a_draft_asks_too_and_the_copied_one_does_not(
    rita: Client, stranger: Client
) -> None:
    answer(rita, "violence", violence_comment=WORDS)
    draft = Draft.objects.get()
    emailed, copied = (at("come-back", of(draft)) for of in (emailed_token, link_token))
    assert "at least six words in a row" in words_of(stranger.get(emailed))
    assert WORDS not in words_of(stranger.post(emailed, {"known": "N22"}, follow=True))
    assert "That is not what we have." in words_of(stranger.post(emailed, {"known": "N22"}))
    assert stranger.get(at("check")).content.decode().count(WORDS) == 0
    for client, address, known in (
        (rita, emailed, ""),
        (Client(), copied, ""),
        (Client(), emailed, draft_code(draft)),
        (Client(), emailed, "youth workers please and better lights"),
    ):
        assert client.post(address, {"known": known})["Location"] == at("tasks")
        assert WORDS in words_of(client.get(at("check")))


def test_the_page_that_emails_the_link_has_its_code_and_the_email_has_not(rita: Client) -> None:
    answer(rita, "violence", violence_comment=WORDS)
    assert draft_code(Draft.objects.get()) in words_of(rita.get(at("later")))


def test_guesses_about_a_draft_end_too(rita: Client, settings: Settings) -> None:
    settings.LIMITS = {**settings.LIMITS, "proof": (1, 864_000)}
    answer(rita, "about-you", name="Rita Respondent", email="rita@example.org")
    draft = Draft.objects.get()
    assert recognise_writer(draft=draft, typed="Rita Respondent")
    assert not recognise_writer(draft=draft, typed="Rita Stranger")
    page = Client().post(at("come-back", emailed_token(draft)), {"known": "Rita Respondent"})
    assert "We cannot check any more answers for now." in words_of(page)


def test_a_stranger_does_not_get_in_by_the_emailed_token_in_a_cookie(
    rita: Client, stranger: Client, consultation: Consultation, settings: Settings
) -> None:
    answer(rita, "violence", violence_comment=WORDS)
    draft = Draft.objects.get()
    stranger.cookies[f"{settings.COOKIE_PREFIX}draft-{consultation.pk}"] = emailed_token(draft)
    for name in ("check", "tasks"):
        assert WORDS not in words_of(stranger.get(at(name)))
    answer(stranger, "violence", violence_comment="Theirs.")
    draft.refresh_from_db()
    assert draft.answers["violence-comment"] == WORDS


def test_the_address_alone_does_not_show_who_writes(rita: Client) -> None:
    address = "rita.maria.o-reilly@mail.parks.example.org"
    answer(rita, "about-you", email=address)
    assert not recognise_writer(draft=Draft.objects.get(), typed=address)
    answer(rita, "violence", violence_comment=f"Write to me: {address}")
    assert recognise_writer(draft=Draft.objects.get(), typed=address)
