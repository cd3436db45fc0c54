"""A respondent who reads Welsh, from the start page to the batch; and languages that never mix."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone, translation
from pypdf import PdfReader
from pytest_django.fixtures import Settings

from consult.models import Consultation, User
from consult.plans.document import Plan
from consult.plans.editions import plan_of
from consult.web.languages import speak_the_language
from responses.answers import AnswersRefused, read_answers
from responses.contacts import read_contact
from responses.models import Draft, DraftLink, Response
from responses.receipt_tokens import receipt_token
from responses.responding.confirming import send_due_confirmations
from responses.responding.reminders import send_due_reminders, write_due_reminders
from responses.responding.save_and_return import send_due_links
from tests.responses.responding.test_answering import answer, at, send
from tests.support.batches import seal_and_write, table
from tests.support.forms import fields_on

pytestmark = pytest.mark.usefixtures("consultation")
WELSH = {"Eich ymateb", "Ffynonellau", "Preifatrwydd"}
ENGLISH = {"Your response", "Sources", "Privacy"}
WORDS = "Mwy o weithwyr ieuenctid, os gwelwch yn dda."


@pytest.fixture
def carys() -> Client:
    """Someone who chose Welsh."""
    client = Client()
    client.get(at("start"), {"language": "cy"})
    return client


def words_of(page: Any) -> str:
    text = page.content.decode()
    text = re.sub(r"<(script|style).*?</\1>", " ", text, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


def test_the_switch_leads_to_the_same_page_in_the_other_language() -> None:
    client = Client()
    page = client.get(at("sources"))
    assert '<a class="app-header__language" href="?language=cy"' in page.content.decode()
    switched = client.get(at("sources"), {"language": "cy"})
    assert (switched.status_code, switched["Location"]) == (302, at("sources"))
    assert switched["Cache-Control"] == "no-store"
    page = client.get(at("sources"))
    assert all(word in words_of(page) for word in WELSH)
    assert 'href="?language=en-gb" lang="en-gb"' in page.content.decode()
    client.get(at("sources"), {"language": "en-gb"})
    assert all(word in words_of(client.get(at("sources"))) for word in ENGLISH)


def test_what_else_an_address_says_is_kept_by_the_switch(carys: Client) -> None:
    switched = carys.get(at("part", "violence"), {"return": "check", "language": "en-gb"})
    assert switched["Location"] == f"{at('part', 'violence')}?return=check"


@pytest.mark.parametrize("language", ["de", "", "cy/../../x", "<script>"])
def test_a_language_that_there_is_not_changes_nothing(language: str) -> None:
    client = Client()
    page = client.get(at("start"), {"language": language})
    assert page.status_code == 200
    assert "language" not in page.cookies
    client.cookies["language"] = language
    assert all(word in words_of(client.get(at("start"))) for word in ENGLISH)


def test_pages_name_their_language_and_caches_keep_them_apart(carys: Client) -> None:
    for client, tag, short in ((carys, "cy", "cy"), (Client(), "en-GB", "en")):
        page = client.get(at("start"))
        assert f'<html lang="{tag}"' in page.content.decode()
        assert page["Content-Language"] == short
        assert "Cookie" in page["Vary"]


def test_pages_do_not_follow_what_the_browser_prefers() -> None:
    page = Client(headers={"Accept-Language": "cy"}).get(at("start"))
    assert all(word in words_of(page) for word in ENGLISH)


def test_languages_of_one_process_do_not_mix(carys: Client) -> None:
    """Plans, forms and parts are kept for all requests."""
    emma = Client()
    for _ in range(2):
        for client, wanted, other in (
            (carys, "Amdanoch chi", "About you"),
            (emma, "About you", "Amdanoch chi"),
        ):
            page = words_of(client.get(at("tasks")))
            assert wanted in page
            assert other not in page
            form = words_of(client.get(at("part", "about-you")))
            assert ("Eich enw" in form, "Your name" in form) == (
                client is carys,
                client is emma,
            )
    assert translation.get_language() == "en-gb"


def test_every_public_page_is_welsh_in_every_sentence_of_ours(
    carys: Client, consultation: Consultation
) -> None:
    answer(carys, "violence", violence_comment=WORDS, violence_agree="agree")
    names = ["start", "how-to-respond", "sources", "consultation-privacy", "tasks", "check"]
    names += ["later", "delete-answers", "share", "outcome", "paper-form"]
    pages = [at(name) for name in names]
    pages += [reverse(name) for name in ("accessibility", "safety", "security", "cookies")]
    for address in pages:
        page = words_of(carys.get(address))
        found = re.findall(
            r"\b(?:Your response|You can|We will|This consultation|Select the|Print the)\b", page
        )
        # What the plan says is in its own words.
        assert [word for word in found if word not in plan_words(consultation)] == [], address


def plan_words(consultation: Consultation) -> str:
    return str(consultation.editions.latest("number").content)


def test_dates_and_what_is_left_are_said_in_welsh(carys: Client) -> None:
    closing = timezone.now() + timedelta(days=5, hours=1)
    Consultation.objects.update(closes_at=closing)
    page = words_of(carys.get(at("start")))
    with translation.override("cy"):
        month = translation.gettext(
            ["January", "February", "March", "April", "May", "June", "July"][closing.month - 1]
            if closing.month < 8
            else ["August", "September", "October", "November", "December"][closing.month - 8]
        )
    assert f"{month} {closing.year} (amser y DU)" in page
    assert "5 diwrnod ar ôl i ateb" in page


def test_errors_are_said_in_welsh_and_what_was_typed_is_kept(carys: Client) -> None:
    page = answer(carys, "about-you", email="nowhere", postcode="ZZ")
    words = words_of(page)
    assert "Mae problem" in words
    assert "Rhowch gyfeiriad e-bost fel enw@example.com, neu gadewch ef yn wag." in words
    assert "Gwall:" in words
    assert 'value="nowhere"' in page.content.decode()
    missing = words_of(carys.get("/nowhere/at/all/"))
    assert "Heb ddod o hyd i’r dudalen" in missing


def problems_in(language: str, plan: Plan) -> dict[str, str]:
    """What each kind of question and each contact field says to all kinds of bad input."""
    said: dict[str, str] = {}
    bad: list[Any] = [
        *(
            "x" * 6000,
            "\x00",
            ["31", "2", "2026"],
            ["", "2", "2026"],
            ["1", "", ""],
            ["x", "1", "1"],
        ),
        *(["1", "13", "2026"], ["1", "1", "26"], ["1", "1", "1"], ["agree", "disagree"], "no-such"),
        *([{"not": "text"}], "-9999", "9999999", "1.23456", "many"),
    ]
    with translation.override(language):
        for number, value in enumerate(bad):
            try:
                read_answers(plan, {question.slug: value for question in plan.asked})
            except AnswersRefused as refused:
                said |= {f"{name} {number}": words for name, words in refused.problems.items()}
            try:
                read_contact(dict.fromkeys(("name", "email", "postcode"), value))
            except (AnswersRefused, AttributeError, TypeError) as refused:
                problems = getattr(refused, "problems", {})
                said |= {f"contact {name} {number}": words for name, words in problems.items()}
    return said


def test_no_message_of_a_form_is_the_same_in_both_languages(plan: Plan) -> None:
    english, welsh = problems_in("en-gb", plan), problems_in("cy", plan)
    assert set(english) == set(welsh)
    assert len(set(english.values())) >= 6
    assert {name: words for name, words in english.items() if welsh[name] == words} == {}


def test_switching_keeps_the_answers_of_a_part_also_without_scripts(carys: Client) -> None:
    page = carys.get(at("part", "violence")).content.decode()
    button = '<button type="submit" form="answers" name="language" value="en-gb"'
    assert button in page
    assert '<form method="post" id="answers"' in page
    switched = answer(carys, "violence", violence_comment=WORDS, language="en-gb")
    assert (switched.status_code, switched["Location"]) == (
        303,
        f"{at('part', 'violence')}?language=en-gb",
    )
    page = words_of(carys.get(switched["Location"], follow=True))
    assert WORDS in page
    assert "Your response" in page
    assert Draft.objects.get().parts_done == []


def test_switching_does_not_undo_that_a_part_is_done(carys: Client) -> None:
    answer(carys, "violence", violence_comment=WORDS)
    assert Draft.objects.get().parts_done == ["violence"]
    answer(carys, "violence", violence_comment=WORDS, language="en-gb")
    assert Draft.objects.get().parts_done == ["violence"]


def test_a_welsh_response_arrives_with_its_language_up_to_the_batch(
    carys: Client, consultation: Consultation, exports: Path
) -> None:
    answer(carys, "violence", violence_comment=WORDS, violence_agree="agree")
    sent = send(carys)
    assert "Daeth eich ymateb i law" in words_of(sent) or "Ymateb wedi dod i law" in words_of(sent)
    emma = Client()
    answer(emma, "violence", violence_comment="More.", violence_agree="agree")
    send(emma)
    assert list(Response.objects.order_by("pk").values_list("language", flat=True)) == [
        "cy",
        "en-gb",
    ]
    seal_and_write(consultation)
    (path,) = exports.rglob("responses.csv")
    assert [row["language"] for row in table(path)] == ["cy", "en-gb"]
    assert WORDS in path.read_text()


def test_a_withdrawal_keeps_the_language_it_was_sent_in(carys: Client) -> None:
    answer(carys, "violence", violence_comment=WORDS, violence_agree="agree")
    send(carys)
    token = receipt_token(Response.objects.get())
    carys.get(at("start"), {"language": "en-gb"})
    page = reverse("withdraw", args=[token])
    carys.post(page, fields_on(carys.get(page).content.decode()))
    assert set(Response.objects.values_list("act", "language")) == {
        ("sent", "cy"),
        ("withdrawn", "cy"),
    }


def test_what_staff_key_in_from_paper_has_no_language(send: Callable[..., Response]) -> None:
    assert send().language is None


def test_the_confirmation_comes_in_the_language_of_the_response(
    carys: Client, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    answer(carys, "violence", violence_comment=WORDS, violence_agree="agree")
    answer(carys, "about-you", email="carys@example.org")
    send(carys)
    emma = Client()
    answer(emma, "violence", violence_comment="More.", violence_agree="agree")
    answer(emma, "about-you", email="emma@example.org")
    send(emma)
    send_due_confirmations()
    by_address = {message.to[0]: message for message in mail.outbox}
    welsh, english = by_address["carys@example.org"], by_address["emma@example.org"]
    assert re.fullmatch(r"Daeth eich ymateb \S+ i law", welsh.subject)
    assert "Diolch am eich ymateb" in welsh.body
    assert "(amser y DU)" in welsh.body
    assert '<html lang="cy">' in str(welsh.alternatives[0][0])
    assert re.fullmatch(r"Your response \S+ was received", english.subject)


def test_links_and_reminders_come_in_the_language_they_were_asked_in(
    carys: Client, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    answer(carys, "violence", violence_comment=WORDS)
    carys.post(at("later"), {"email": "carys@example.org", "remind": "yes"})
    assert DraftLink.objects.get().language == "cy"
    Consultation.objects.update(closes_at=timezone.now() + timedelta(days=20))
    write_due_reminders()
    send_due_links()
    send_due_reminders()
    assert [message.subject for message in mail.outbox] == [
        "Eich dolen i barhau â’ch ymateb",
        "Dyddiad cau newydd ar gyfer eich ymateb",
    ]


def test_the_receipt_its_text_and_its_pdf_are_welsh(carys: Client) -> None:
    answer(carys, "violence", violence_comment=WORDS, violence_agree="agree")
    send(carys)
    token = receipt_token(Response.objects.get())
    assert "Eich cyfeirnod" in words_of(carys.get(reverse("receipt", args=[token])))
    assert "Eich cyfeirnod: " in carys.get(reverse("receipt-text", args=[token])).content.decode()
    pdf = PdfReader(BytesIO(carys.get(reverse("receipt-pdf", args=[token])).content))
    assert pdf.trailer["/Root"]["/Lang"] == "cy"
    assert "Am y copi hwn" in " ".join(page.extract_text() for page in pdf.pages)


def test_staff_pages_stay_english_where_staff_chose_welsh_for_the_rest(
    reviewer: User, sign_in: Callable[[User], Client]
) -> None:
    client = sign_in(reviewer)
    client.get(at("start"), {"language": "cy"})
    page = client.get(reverse("review-list"))
    assert '<html lang="en-GB"' in page.content.decode()
    assert "Neidio i" not in words_of(page)
    assert "app-header__language" not in page.content.decode()


def test_a_plan_without_words_in_welsh_is_the_same_plan_in_both(consultation: Consultation) -> None:
    edition = consultation.editions.latest("number")
    english = plan_of(edition)
    with translation.override("cy"):
        welsh = plan_of(edition)
    assert [question.slug for question in english.asked] == [q.slug for q in welsh.asked]
    assert english.parts[-1].title == "About you"
    assert welsh.parts[-1].title == "Amdanoch chi"


def test_a_journey_in_two_languages_is_one_response(carys: Client) -> None:
    answer(carys, "violence", violence_comment=WORDS, violence_agree="agree")
    carys.get(at("tasks"), {"language": "en-gb"})
    answer(carys, "trust", trust_comment="And in English.", trust_agree="agree")
    send(carys)
    found = Response.objects.get()
    assert set(found.texts.values()) == {WORDS, "And in English."}
    assert found.language == "en-gb"


@pytest.mark.parametrize("path", ["//evil.example/x", "///evil.example", "//evil.example"])
def test_choosing_a_language_never_leads_to_another_site(path: str) -> None:
    request = RequestFactory().get("/", {"language": "cy"})
    request.path = request.path_info = path
    page = speak_the_language(lambda _: HttpResponse())(request)
    assert page.status_code == 302
    assert not page["Location"].startswith("//")
