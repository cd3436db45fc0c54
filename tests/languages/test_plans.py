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
from consult.plans.document import Plan
from consult.plans.editions import current_edition, plan_of
from consult.plans.in_languages import OF_A_PLAN, in_language
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


@pytest.fixture
def in_english(db: None) -> Consultation:
    """The same plan without the words in Welsh, and without other versions."""
    plan = yaml.safe_load(PARKS_PLAN.read_text())
    del plan["translations"], plan["other_versions"]
    load_plan(text=yaml.safe_dump(plan, allow_unicode=True), actor=None)
    return Consultation.objects.get(slug=SLUG)


def test_what_a_plan_says_in_english_only_is_said_to_be_so(in_english: Consultation) -> None:
    client, start = Client(), at("start")
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


def both(consultation: Consultation) -> tuple[Plan, Plan]:
    edition = current_edition(consultation)
    english = plan_of(edition)
    with translation.override("cy"):
        return english, plan_of(edition)


def said(plan: Plan) -> dict[str, str]:
    """Everything that the public reads of a plan, by where it stands."""
    words = {name: getattr(plan, name) for name in (*OF_A_PLAN, "alternative_formats")}
    words |= {f"way {way['slug']}": way["label"] for way in plan.ways_to_respond}
    for part in (*plan.sections, *plan.recommendations):
        told = {**vars(part)}
        for name in ("slug", "sources", "related_sections", "official_theme", "figures"):
            told.pop(name, None)
        words |= {f"{part.slug} {name}": value for name, value in told.items() if value}
    for recommendation in plan.recommendations:
        for at_, figure in enumerate(recommendation.figures):
            words[f"{recommendation.slug} figure {at_}"] = figure["what"]
    for question in plan.questions:
        words[question.slug] = question.text
        words[f"{question.slug} help"] = question.help
        for option in question.options:
            words[f"{question.slug} {option.slug}"] = option.label
            words[f"{question.slug} group {option.group}"] = option.group
    return {where: str(value) for where, value in words.items() if value}


def test_every_sentence_of_the_bundled_plan_is_in_welsh(consultation: Consultation) -> None:
    english, welsh = both(consultation)
    one, other = said(english), said(welsh)
    # Of a group, the name itself is in the key.
    groups = {where for where in one if " group " in where}
    assert groups
    assert not groups & set(other)
    same = {where for where in one if where not in groups and one[where] == other[where]}
    # Boroughs are called the same, and so are the Roma.
    boroughs = {where for where in same if where.startswith("borough ")}
    assert len(boroughs) == 32
    assert same - boroughs == {"equality-ethnic-group roma"}


def test_what_differs_in_welsh_asks_the_same(consultation: Consultation) -> None:
    english, welsh = both(consultation)
    assert [vars(q).keys() for q in english.questions] == [vars(q).keys() for q in welsh.questions]
    for one, other in zip(english.questions, welsh.questions, strict=True):
        assert (one.slug, one.kind, one.show_if, one.max_choices, one.details) == (
            (other.slug, other.kind, other.show_if, other.max_choices, other.details)
        )
        assert [option.slug for option in one.options] == [option.slug for option in other.options]
    for mine, theirs in zip(english.recommendations, welsh.recommendations, strict=True):
        assert [row["source"] for row in mine.figures] == [row["source"] for row in theirs.figures]
        assert mine.sources == theirs.sources


def test_an_option_that_is_a_part_is_called_as_that_part(consultation: Consultation) -> None:
    _, welsh = both(consultation)
    offered = {option.slug: option.label for option in welsh.by_slug["top-sections"].options}
    assert offered == {section.slug: section.title for section in welsh.sections}
    assert offered["violence"] == "Lleihau ac atal trais"


def test_a_page_of_the_bundled_plan_reads_in_welsh_alone(consultation: Consultation) -> None:
    client = Client()
    start = reverse("start", args=[consultation.slug])
    client.get(start, {"language": "cy"})
    page = words_of(client.get(start))
    assert "Drafft Cynllun Heddlu a Throseddu Llundain 2021-25" in page
    assert "Yn Saesneg y mae testun yr ymgynghoriad hwn." not in page
    part = words_of(client.get(reverse("recommendation", args=[consultation.slug, "zero-murders"])))
    assert "o achosion o ladd yn Llundain, 2005 i 2020" in part
    assert "tua 140" in part
    assert "homicides" not in part.replace("homicide-london", "")


def test_what_is_not_said_in_the_other_language_stays_english() -> None:
    content = {
        "title": "Parks",
        "summary": "Which parks?",
        "ways_to_respond": [],
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
        ({"questions": {"agree": {"groups": {"Green": "Gwyrdd"}}}}, "is not one of its groups"),
        ({"ways_to_respond": {"telephone": "Dros y ffôn"}}, "is not a way to respond to this plan"),
        ({"sections": {"hours": {"figures": []}}}, "is not a key here"),
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


def test_a_plan_without_other_languages_keeps_its_digest(in_english: Consultation) -> None:
    content = in_english.editions.get().content
    assert "translations" not in content
    assert "other_versions" not in content


def test_a_changed_translation_is_a_new_edition(parks: Consultation) -> None:
    changed = PARKS_PLAN.read_text().replace("Agor parciau gyda’r nos", "Parciau gyda’r nos")
    load_plan(text=changed, actor=None)
    assert parks.editions.count() == 2
    with translation.override("cy"):
        assert plan_of(current_edition(parks)).title == "Parciau gyda’r nos"
