"""Where what the plan says comes from: titled, linked, and nothing from after the closing."""

import re
from urllib.parse import urlsplit

import pytest
import yaml
from django.test import Client
from django.urls import reverse

from consult.models import Consultation
from consult.plans.checking import check_plan
from consult.plans.loading import load_plan
from consult.plans.reading import PlanProblems
from tests.conftest import BUNDLED_PLAN, PARKS_PLAN

BUNDLED = yaml.safe_load(BUNDLED_PLAN.read_text())
# Hosts where someone tries a site out, or shows a part of it inside another.
NOT_THE_SITE = re.compile(r"test|stag|cache|iframe|preview|localhost|(^|\.)(dev|uat|beta)\.")
# What happened after 21 January 2022.
SINCE = ("Falconer", "12.6 million", "chair was announced", "109 homicides")


def addresses() -> list[str]:
    parts = [*BUNDLED["sections"], *BUNDLED["recommendations"]]
    found = [*BUNDLED["consultation"]["sources"]]
    for part in parts:
        found += part.get("sources", [])
        found += [figure["source"] for figure in part.get("figures", [])]
    return found + [row["address"] for row in BUNDLED["references"] if "address" in row]


def links(page: str) -> dict[str, str]:
    """The words of each link that leads to another site."""
    return dict(re.findall(r'href="(https?://[^"]+)"\s+rel="noreferrer">([^<]+)', page))


def read(consultation: Consultation, name: str, *more: str) -> str:
    answer = Client().get(reverse(name, args=[consultation.slug, *more]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_every_source_is_called_by_its_title(consultation: Consultation) -> None:
    shown = links(read(consultation, "sources"))
    for section in BUNDLED["sections"]:
        shown |= links(read(consultation, "section", section["slug"]))
    for recommendation in BUNDLED["recommendations"]:
        shown |= links(read(consultation, "recommendation", recommendation["slug"]))
    assert set(shown) == set(addresses())
    assert [words for words in shown.values() if "://" in words or len(words) < 15] == []


def test_no_source_leads_to_a_host_where_a_site_is_tried_out() -> None:
    assert NOT_THE_SITE.search("webcachetest.london.gov.uk")
    assert NOT_THE_SITE.search("iframe.standard.co.uk")
    hosts = {urlsplit(address).hostname or "" for address in addresses()}
    assert len(hosts) > 10
    assert [host for host in sorted(hosts) if NOT_THE_SITE.search(host)] == []


def test_what_the_release_refers_to_is_linked_or_says_why_not(consultation: Consultation) -> None:
    page = read(consultation, "sources")
    assert [row["number"] for row in BUNDLED["references"]] == [1, 2, 3, 4, 5]
    for row in BUNDLED["references"]:
        assert ("address" in row) is not ("no_address" in row)
        shown = page.split(f'<li value="{row["number"]}">')[1].split("</li>")[0]
        assert row["title"] in shown
        assert f'href="{row["address"]}"' in shown if "address" in row else "<a" not in shown
    assert "We have not seen the full text" in page


def test_the_release_is_introduced_and_quoted_as_hers(consultation: Consultation) -> None:
    for name in ("start", "sources"):
        page = read(consultation, name)
        assert "a press release of January 2022" in page
        before, quoted, _ = page.partition("Setting a bold target will inspire bold action.")
        assert quoted
        assert "she says:" in before[-40:]


def test_nothing_from_after_the_closing_is_given_away(consultation: Consultation) -> None:
    pages = [read(consultation, name) for name in ("start", "sources", "paper-form")]
    pages += [
        read(consultation, "recommendation", row["slug"]) for row in BUNDLED["recommendations"]
    ]
    told = [row["since_closing"] for row in BUNDLED["recommendations"] if "since_closing" in row]
    assert any(SINCE[0] in words for words in told)
    assert [word for word in SINCE for page in pages if word.lower() in page.lower()] == []
    later = [address for address in addresses() if re.search(r"/20(2[3-9]|22/(0[2-9]|1))", address)]
    assert later == []


def test_a_source_without_a_title_is_shown_by_its_address(db: None) -> None:
    text = PARKS_PLAN.read_text()
    bare, titled = "https://parks.example.org/bats", "https://parks.example.org/lamps"
    plan = yaml.safe_load(text)
    plan["consultation"]["sources"] = [bare, titled]
    plan["source_titles"] = [{"address": titled, "title": "How lamps dim"}]
    load_plan(text=yaml.safe_dump(plan, allow_unicode=True), actor=None)
    consultation = Consultation.objects.get()
    assert links(read(consultation, "sources")) == {bare: bare, titled: "How lamps dim"}


def test_a_plan_without_titles_keeps_its_digest(db: None) -> None:
    load_plan(text=PARKS_PLAN.read_text(), actor=None)
    assert "source_titles" not in Consultation.objects.get().editions.get().content


def test_a_title_for_an_address_that_is_no_source_is_refused() -> None:
    plan = yaml.safe_load(PARKS_PLAN.read_text())
    plan["source_titles"] = [{"address": "https://parks.example.org/typo", "title": "Lamps"}]
    with pytest.raises(PlanProblems) as refused:
        check_plan(yaml.safe_dump(plan, allow_unicode=True))
    assert [(problem.key, problem.why) for problem in refused.value.problems] == [
        ("source_titles.1.address", "is not the address of a source here")
    ]
