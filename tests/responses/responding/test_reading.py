"""Reading beside the questions, and what the pages tell before and after them."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from consult.clock import time_in_words
from consult.models import Consultation
from consult.plans.document import Plan
from consult.templatetags.reading import after_the_gist, gist
from responses.models import Draft

SLUG = "police-and-crime-plan-2021-25"


def at(name: str, *more: str) -> str:
    return reverse(name, args=[SLUG, *more])


def test_a_description_is_a_gist_and_short_paragraphs_without_loss(plan: Plan) -> None:
    for section in plan.sections:
        paragraphs = [gist(section.summary), *after_the_gist(section.summary)]
        assert " ".join(paragraphs) == section.summary
        assert max(len(paragraph.split()) for paragraph in paragraphs) < 90


def test_what_a_part_is_about_stands_open_beside_its_questions(client: Client, plan: Plan) -> None:
    for row in (*plan.sections, *plan.recommendations):
        page = client.get(at("part", row.slug)).content.decode()
        reading, _, questions = page.partition('<form method="post"')
        text = row.summary if hasattr(row, "summary") else row.context
        assert gist(text).split(".")[0].replace("'", "&#x27;") in reading
        assert '<details class="govuk-details" open data-folds>' in reading
        assert "<textarea" in questions


def test_the_start_page_says_how_long_it_takes_and_resumes(
    client: Client, consultation: Consultation
) -> None:
    page = client.get(at("start")).content.decode()
    said = re.search(r"About (\d+) minutes for what you care about, or about\s+(\d+) minutes", page)
    assert said
    assert int(said[1]) < int(said[2]) <= 40
    assert "Continue your response\n" not in page.partition("app-closing")[0]
    client.post(at("part", "violence"), {"violence-comment": "Words."})
    resumed = client.get(at("start"))
    assert "Continue your response" in resumed.content.decode().partition("app-closing")[0]
    assert "Cookie" in resumed["Vary"]


@pytest.mark.parametrize("operator", ["", "The Example Trust"])
def test_every_page_of_a_rehearsal_says_that_it_is_one(
    client: Client, consultation: Consultation, settings: Settings, operator: str
) -> None:
    settings.OPERATOR = operator
    pages = [at("start"), at("tasks"), at("part", "violence"), reverse("cookies"), "/nowhere/"]
    for address in [*pages, reverse("sign-in")]:
        text = client.get(address).content.decode()
        assert (
            "This is a\n          rehearsal." in text or "This is a rehearsal." in text
        ) != bool(operator), address


def test_a_limit_of_choices_is_said_before_the_error(client: Client, plan: Plan) -> None:
    page = client.get(at("part", "general")).content.decode()
    assert "Select up to 2." in page


def test_the_check_page_folds_what_was_skipped(client: Client, plan: Plan) -> None:
    client.post(at("part", "violence"), {"violence-comment": "Words."})
    page = " ".join(client.get(at("check")).content.decode().split())
    assert f"You skipped {len(plan.parts) - 1} parts" in page
    assert "You have not answered this part" not in page
    tasks = " ".join(client.get(at("tasks")).content.decode().split())
    assert f"You have answered 1 of {len(plan.parts)} parts." in tasks


def test_before_it_opens_no_page_offers_to_respond(
    client: Client, consultation: Consultation
) -> None:
    now = timezone.now()
    Consultation.objects.update(opens_at=now + timedelta(days=1))
    for name in ("start", "how-to-respond", "sources"):
        page = client.get(at(name)).content.decode()
        assert f'href="{at("tasks")}"' not in page
        assert f'href="{at("before-you-start")}"' not in page


def test_an_answer_by_radio_button_can_be_taken_back(client: Client, plan: Plan) -> None:
    page = client.get(at("part", "violence")).content.decode()
    # The Enter key presses a form's first button, wherever it stands: one that only goes on.
    of_answers = page[page.index('form="answers"') :]
    first = re.findall(r'<button type="submit"[^>]*>', page[: page.index("</header>")])[0]
    assert of_answers
    assert 'form="answers"' in first
    assert "name=" not in first
    typed = {"violence-agree": "agree", "violence-comment": "Words."}
    client.post(at("part", "violence"), typed)
    page = client.post(at("part", "violence"), typed | {"clear": "violence-agree"})
    assert page.headers["Location"] == at("part", "violence") + "#id_violence-agree"
    answers = Draft.objects.get().answers
    assert (answers.get("violence-agree", ""), answers["violence-comment"]) == ("", "Words.")


def test_a_suggested_address_is_one_button(client: Client, plan: Plan) -> None:
    about_you = at("part", "about-you")
    page = client.post(about_you, {"email": "rita@gmial.com"}).content.decode()
    assert 'name="email" value="rita@gmail.com"' in page
    client.post(about_you, {"email": ["rita@gmial.com", "rita@gmail.com"], "email_meant": "x"})
    assert Draft.objects.get().answers["email"] == "rita@gmail.com"


def test_a_page_left_open_knows_when_the_consultation_closes(
    client: Client, consultation: Consultation
) -> None:
    assert "data-closes-in" not in client.get(at("part", "violence")).content.decode()
    closes_at = timezone.now() + timedelta(hours=2)
    Consultation.objects.update(closes_at=closes_at)
    page = client.get(at("part", "violence")).content.decode()
    said = re.search(r'data-closes-in="(\d+)" hidden>(.*?)</div>', page, re.DOTALL)
    assert said
    assert 7100 < int(said[1]) <= 7200
    consultation.refresh_from_db()
    until = time_in_words(consultation.grace_ends_at)
    assert " ".join(said[2].split()).endswith(f"you can send your response until {until}.")
