"""The words of the public pages and emails: simple enough to read, and marked for translation."""

import html
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from consult.models import Consultation
from consult.plans.document import Plan
from responses.models import Draft, Response
from responses.receipt_tokens import receipt_token
from responses.responding.confirming import send_due_confirmations
from responses.responding.draft_tokens import emailed_token
from tests.support.recognising import sent_from
from tests.support.word_list import INSTEAD, odd_words, texts

ROOT = Path(__file__).resolve().parent.parent
BLOCKS = (
    r"</?(?:p|li|h[1-6]|dt|dd|td|th|div|label|legend|button|caption|summary|br|section|ul|ol|dl)"
    r"\b[^>]*>"
)
# Whoever has left primary school reads this with ease.
READING_AGE = 12
# What the plan says has names and terms that have to stay.
AGE_OF_A_PLAN = 14


def sentences(page: str) -> list[str]:
    """What is to be read on a page: whole sentences and headings, without names and the like of
    three words or fewer.
    """
    found = re.search(r"<main.*?</main>", page, re.DOTALL)
    body = re.sub(
        r"<(script|style|svg|select|textarea).*?</\1>",
        " ",
        found[0] if found else page,
        flags=re.DOTALL,
    )
    blocks = [
        " ".join(html.unescape(re.sub(r"<[^>]+>", " ", block)).split())
        for block in re.split(BLOCKS, body)
    ]
    every = [sentence for block in blocks for sentence in re.split(r"(?<=[.!?:])\s+", block)]
    return [sentence for sentence in every if len(sentence.split()) > 3]


def syllables(word: str) -> int:
    word = word.lower()
    spoken = re.sub(r"(?:[^laeiouy]es|ed|[^laeiouy]e)$", "", word) if len(word) > 3 else word
    return max(1, len(re.findall(r"[aeiouy]+", spoken)))


def reading_age(page: str) -> float:
    """In years: the grade of Kincaid and others (1975), plus five."""
    read = sentences(page)
    words = [word for sentence in read for word in re.findall(r"[A-Za-z’']+", sentence)]
    return (
        0.39 * len(words) / len(read) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59 + 5
    )


def test_the_readability_score_tells_plain_words_from_officialese() -> None:
    assert (
        reading_age(
            "<p>You can stop here. Nothing is lost. Your answers are kept on this device until you "
            "send them.</p>"
        )
        < 9
    )
    official = (
        "Respondents are hereby requested to ensure the comprehensive completion of all "
        "mandatory documentation prior to submission."
    )
    assert reading_age(f"<p>{official}</p>") > 18


def test_every_public_page_can_be_read_by_a_child_of_twelve(
    client: Client, consultation: Consultation, send: Callable[..., Response]
) -> None:
    slug = consultation.slug
    client.post(
        reverse("part", args=[slug, "violence"]), {"violence-comment": "More youth workers."}
    )
    response = send()
    token = receipt_token(response)
    sent_from(client, response)
    pages = [reverse(name) for name in ("accessibility", "cookies", "safety", "security")] + [
        "/nowhere/"
    ]
    pages += [
        reverse(name, args=[slug])
        for name in ("start", "how-to-respond", "consultation-privacy", "tasks", "check")
    ]
    pages += [reverse("part", args=[slug, part]) for part in ("general", "about-you")]
    pages += [reverse(name, args=[token]) for name in ("receipt", "equality", "withdraw")]
    ages = {address: reading_age(client.get(address).content.decode()) for address in pages}
    assert {address: round(age, 1) for address, age in ages.items() if age > READING_AGE} == {}


def test_the_ways_out_and_back_can_be_read_by_a_child_of_twelve(
    client: Client, consultation: Consultation, send: Callable[..., Response]
) -> None:
    slug, token = consultation.slug, receipt_token(send())
    pages = [reverse(name, args=[token]) for name in ("receipt", "not-me")]
    pages += [reverse(name, args=[slug]) for name in ("before-you-start", "paper-form")]
    ages = {address: reading_age(client.get(address).content.decode()) for address in pages}
    client.post(reverse("part", args=[slug, "violence"]), {"violence-comment": "More."})
    draft = Draft.objects.get()
    pages = [reverse(name, args=[slug]) for name in ("later", "delete-answers")]
    pages += [reverse("come-back", args=[slug, emailed_token(draft)])]
    ages |= {address: reading_age(client.get(address).content.decode()) for address in pages}
    assert {address: round(age, 1) for address, age in ages.items() if age > READING_AGE} == {}


def test_what_the_plan_says_can_be_read_at_fourteen(
    client: Client, consultation: Consultation, plan: Plan
) -> None:
    slug = consultation.slug
    pages = [reverse("section", args=[slug, row.slug]) for row in plan.sections]
    pages += [reverse("recommendation", args=[slug, row.slug]) for row in plan.recommendations]
    ages = {address: reading_age(client.get(address).content.decode()) for address in pages}
    assert len(ages) == len(plan.sections) + len(plan.recommendations)
    assert {address: round(age, 1) for address, age in ages.items() if age > AGE_OF_A_PLAN} == {}


def test_the_email_can_be_read_by_a_child_of_twelve(
    send: Callable[..., Response], settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    send()
    send_due_confirmations()
    (message,) = mail.outbox
    assert reading_age(str(message.alternatives[0].content)) < READING_AGE
    assert reading_age("<p>" + message.body.replace("\n\n", "</p><p>") + "</p>") < READING_AGE


PUBLIC = sorted(
    path
    for folder in ("consult", "responding", "emails", "gds")
    for path in (ROOT / "templates" / folder).rglob("*.*")
) + [
    ROOT / "templates" / name
    for name in (
        *("base.html", "message.html", "try_again.html", "_exit.html", "_footer_links.html"),
        *(
            "reviewing/published.html",
            "reviewing/_published_parts.html",
            "exporting/signing_keys.html",
        ),
    )
]


@pytest.mark.parametrize("path", PUBLIC, ids=lambda path: path.stem)
def test_every_word_of_a_template_is_marked_for_translation(path: Path) -> None:
    text = path.read_text()
    text = re.sub(
        r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}|<style>.*?</style>|<(code|pre)\b.*?</\1>",
        "",
        text,
        flags=re.DOTALL,
    )
    text = re.sub(r"\{% blocktranslate.*?\{% endblocktranslate %\}", "", text, flags=re.DOTALL)
    # Signs of the template language first: they stand inside tags too.
    text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "", text, flags=re.DOTALL)
    shown = re.findall(r'\b(?:alt|aria-label|placeholder|title)="([^"]*)"', text)
    left = " ".join([re.sub(r"<[^>]*>|&[a-z]+;", " ", text), *shown])
    without_addresses = re.sub(r"\b[\w-]+(?:\.[\w-]+)+(?:/[\w-]*)*", "", left)
    assert re.findall(r"[A-Za-z]{2,}[A-Za-z ]*", without_addresses) == []


# Words that nobody says


def test_an_odd_word_is_found_with_its_line_and_a_better_one() -> None:
    text = "Fine.\nWhoever asks shall be told\nanew. Gives the rest, however.\nMarshall is a name."
    found = list(odd_words(text))
    assert [word for _, word, _ in found] == ["Whoever", "shall", "anew", "Gives"]
    assert [line for line, _, _ in found] == [2, 2, 3, 3]
    assert {instead for _, _, instead in found} <= set(INSTEAD.values())


def test_no_text_has_a_word_that_nobody_says() -> None:
    read = list(texts())
    assert len(read) > 40
    assert [(path.name, *found) for path in read for found in odd_words(path.read_text())] == []
