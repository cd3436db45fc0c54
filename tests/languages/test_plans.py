"""Plan files that say things in several languages, and name versions for other readers."""

import csv
from pathlib import Path

import pytest
import yaml
from django.test import Client
from django.urls import reverse
from django.utils import translation

from consult.models import Consultation
from consult.plans.checking import check_plan
from consult.plans.editions import current_edition, plan_of
from consult.plans.in_languages import in_language
from consult.plans.loading import load_plan
from consult.plans.reading import PlanProblems
from responses.models import Response
from tests.conftest import PARKS_PLAN
from tests.languages.test_pages import words_of
from tests.support.batches import seal_and_write
from tests.support.forms import fields_on

SLUG = "parks-at-night"


def at(name: str, *more: str) -> str:
    return reverse(name, args=[SLUG, *more])


@pytest.fixture
def parks(db: None) -> Consultation:
    load_plan(text=PARKS_PLAN.read_text(), actor=None)
    return Consultation.objects.get(slug=SLUG)


@pytest.fixture
def carys(parks: Consultation) -> Client:
    """Someone who chose Welsh."""
    client = Client()
    client.get(at("start"), {"language": "cy"})
    return client


def test_the_plan_is_read_in_the_language_of_the_page(carys: Client) -> None:
    start = words_of(carys.get(at("start")))
    assert "Agor parciau gyda’r nos" in start
    assert "Yn Saesneg y mae testun" not in start
    part = words_of(carys.get(at("part", "hours")))
    assert "I ba raddau yr ydych yn cytuno neu’n anghytuno â’n cynlluniau ar gyfer Oriau" in part
    assert "Ddim yn cytuno nac yn anghytuno" in part
    assert "Warden ym mhob parc sydd ar agor" in words_of(carys.get(at("section", "hours")))
    assert "Opening parks at night" in words_of(Client().get(at("start")))


def test_what_a_plan_says_in_english_only_is_said_to_be_so(
    consultation: Consultation,
) -> None:
    client = Client()
    start = reverse("start", args=[consultation.slug])
    client.get(start, {"language": "cy"})
    assert "Yn Saesneg y mae testun yr ymgynghoriad hwn." in words_of(client.get(start))
    assert "is in English" not in words_of(Client().get(start))


def test_an_answer_is_the_same_choice_in_every_language(
    carys: Client, parks: Consultation, exports: Path
) -> None:
    carys.post(at("part", "hours"), {"hours-agree": "agree", "hours-comment": "Da iawn."})
    check = carys.get(at("check"))
    assert "Cytuno" in words_of(check)
    carys.post(at("send"), fields_on(check.content.decode()))
    found = Response.objects.get()
    assert (found.choices, found.language) == ({"hours-agree": "agree"}, "cy")
    seal_and_write(parks)
    (codebook,) = exports.rglob("codebook.csv")
    with codebook.open(newline="", encoding="utf-8") as file:
        words = " ".join(" ".join(row) for row in csv.reader(file))
    assert "How far do you agree" in words
    assert "I ba raddau" not in words


def test_every_word_of_the_example_plan_is_in_welsh(parks: Consultation) -> None:
    edition = current_edition(parks)
    english = plan_of(edition)
    with translation.override("cy"):
        welsh = plan_of(edition)
    assert [s.title for s in welsh.sections] != [s.title for s in english.sections]
    for one, other in zip(english.questions, welsh.questions, strict=True):
        assert one.slug == other.slug
        assert one.text != other.text
        assert [option.slug for option in one.options] == [o.slug for o in other.options]
        assert all(a.label != b.label for a, b in zip(one.options, other.options, strict=True))


def test_what_is_not_said_in_the_other_language_stays_english() -> None:
    content = {
        "title": "Parks",
        "summary": "Which parks?",
        "sections": [],
        "recommendations": [],
        "questions": [],
        "translations": {"cy": {"title": "Parciau"}},
    }
    said = in_language(content, "cy")
    assert (said["title"], said["summary"]) == ("Parciau", "Which parks?")
    assert in_language(content, "en-gb") is content


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"sections": {"nowhere": {"title": "Unman"}}}, "is not a part of this plan"),
        ({"questions": {"nothing": {"text": "Dim"}}}, "is not a question of this plan"),
        ({"questions": {"agree": {"options": {"maybe": "Efallai"}}}}, "is not one of its options"),
        ({"colour": "glas"}, "is not a key here"),
    ],
)
def test_words_for_what_the_plan_does_not_have_are_refused(
    change: dict[str, object], why: str
) -> None:
    plan = yaml.safe_load(PARKS_PLAN.read_text())
    plan["translations"]["cy"] |= change
    with pytest.raises(PlanProblems) as refused:
        check_plan(yaml.safe_dump(plan, allow_unicode=True))
    assert why in str(refused.value.problems[0])


def test_a_language_that_the_pages_do_not_speak_is_refused() -> None:
    plan = yaml.safe_load(PARKS_PLAN.read_text())
    plan["translations"]["de"] = {"title": "Parks bei Nacht"}
    with pytest.raises(PlanProblems):
        check_plan(yaml.safe_dump(plan, allow_unicode=True))


def test_versions_for_other_readers_are_on_the_start_page(parks: Consultation) -> None:
    page = Client().get(at("start")).content.decode()
    words = words_of(Client().get(at("start")))
    assert "Easy Read: Opening parks at night in Easy Read" in words
    assert "Video in British Sign Language: Opening parks at night in BSL" in words
    assert 'lang="bn"' in page
    assert "You can answer in any language." in words


def test_a_plan_without_other_languages_keeps_its_digest(consultation: Consultation) -> None:
    content = consultation.editions.get().content
    assert "translations" not in content
    assert "other_versions" not in content


def test_a_changed_translation_is_a_new_edition(parks: Consultation) -> None:
    changed = PARKS_PLAN.read_text().replace("Agor parciau gyda’r nos", "Parciau gyda’r nos")
    load_plan(text=changed, actor=None)
    assert parks.editions.count() == 2
    with translation.override("cy"):
        assert plan_of(current_edition(parks)).title == "Parciau gyda’r nos"
