"""The filters of the list that stand on what reviewers did, or on what was changed since."""

from collections.abc import Callable
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consult.models import Consultation, Edition, User
from consult.plans.document import Plan
from responses.answers import Answers
from responses.governance.erasing import NOBODY
from responses.models import Campaign, Cluster, Code, Response
from responses.responding.amending import withdraw_response
from responses.responding.submitting import Submission, submit_response
from responses.reviewing.campaigns import (
    add_response,
    last_step,
    name_campaign,
    remove_responses,
    undo_step,
)
from responses.reviewing.clusters import find_clusters
from responses.reviewing.codebooks import make_code
from responses.reviewing.coding import code_answer
from responses.reviewing.coding_passages import code_passage, take_off
from tests.responses.reviewing.test_similarity import LETTER, OTHERS

Send = Callable[..., Response]
Listed = Callable[[str], list[Response]]


@pytest.fixture
def listed(reviewer: User, sign_in: Callable[[User], Client]) -> Listed:
    """What the reviewer's page shows, by the query of its address."""
    client = sign_in(reviewer)
    return lambda query: [
        row["response"] for row in client.get(f"{reverse('review-list')}?{query}").context["rows"]
    ]


@pytest.fixture
def codes(consultation: Consultation, reviewer: User) -> tuple[Code, Code]:
    """Two codes of the question that asks what is missing."""
    first, second = (
        make_code(
            consultation=consultation,
            question="missing",
            name=name,
            group="",
            definition="",
            by=reviewer,
        )
        for name in ("Lighting", "Buses")
    )
    return first, second


@pytest.fixture
def letters(send: Send) -> list[Response]:
    """Three of one letter, and an answer that is someone's own."""
    return [*(send({"missing": LETTER}) for _ in range(3)), send({"missing": OTHERS[0]})]


@pytest.fixture
def campaign(consultation: Consultation, letters: list[Response], reviewer: User) -> Campaign:
    find_clusters(consultation=consultation)
    return name_campaign(cluster=Cluster.objects.get(), name="Postcards", by=reviewer)


def test_superseded_versions_are_listed_only_when_all_versions_are_shown(
    send: Send, listed: Listed
) -> None:
    first, other = send({"missing": "Street lights"}), send({"missing": "Street lights"})
    last = withdraw_response(
        earlier=first, submission_key=uuid4(), started_at=timezone.now()
    ).response
    assert listed("") == [last, other]
    assert listed("versions=all") == [last, other, first]
    assert listed("word=lights") == [other]
    assert listed("versions=all&word=lights") == [other, first]
    assert listed("versions=all&act=withdrawn") == [last]


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("cycling", ""),  # As it is typed.
        ("cycle", "cycle"),
        ("bus stop", "bus cycle"),  # Both words, wherever.
        ('"bus stop"', "bus"),
        ("“bus stop”", "bus"),
        ("„bus stop“", "bus"),
        ("«bus stop»", "bus"),
        ("bus/stop", "bus"),
        ("bus\xa0stop", "bus cycle"),
        ("wyv\xadern", "other"),
        ("a", "bus"),
        ("stop -bus", "none"),
        ("lanes or wyvern", "cycle other"),
        ("missing", ""),  # The question's name is nobody's word.
        ("'); DROP", ""),
    ],
)
def test_words_phrases_and_exclusions_find_what_was_said(
    listed: Listed, send: Send, word: str, found: str
) -> None:
    said = {
        "bus": "A bus stop without a light.",
        "cycle": "Cycle lanes stop where the bus begins.",
        "none": "Please stop.",
        "other": "Wyvern.",
    }
    sent = {name: send({"missing": text}) for name, text in said.items()}
    assert listed(urlencode({"word": word})) == [sent[name] for name in reversed(found.split())]


def test_words_are_found_whatever_their_english_ending_where_asked(
    listed: Listed, send: Send
) -> None:
    cycle = send({"missing": "Cycle lanes by the resident’s door."})
    send({"missing": "Nothing of that."})
    for word in ("cycling", "resident", "lane -bus", '"cycling lane"'):
        assert listed(urlencode({"word": word, "ending": "english"})) == [cycle]
    assert listed(urlencode({"word": "cycling"})) == []


def test_what_cannot_be_searched_for_is_said(
    reviewer: User, sign_in: Callable[[User], Client], send: Send
) -> None:
    send({"missing": "The bus."})
    rosa = sign_in(reviewer)
    for query in ("word=...", "word=the&ending=english"):
        page = rosa.get(f"{reverse('review-list')}?{query}").content.decode()
        assert "You cannot search for these words" in page
    assert "<mark>The</mark>" in rosa.get(f"{reverse('review-list')}?word=the").content.decode()


def test_no_phrase_goes_over_from_one_answer_to_the_next(listed: Listed, send: Send) -> None:
    send({"missing": "Buses", "anything-else": "stop."})
    assert listed(urlencode({"word": '"buses stop"'})) == []
    assert len(listed(urlencode({"word": "buses stop"}))) == 1


def test_a_response_is_never_refused_for_how_many_words_it_has(
    listed: Listed, send: Send, consultation: Consultation, edition: Edition, plan: Plan
) -> None:
    # No two of these words are the same, and each character takes three bytes: more than PostgreSQL
    # keeps of one text.
    words = " ".join(
        chr(0x4E00 + number // 600) + chr(0x5000 + number % 600) for number in range(160_000)
    )
    very_long = submit_response(
        submission=Submission(
            edition=edition,
            answers=Answers({}, {"missing": f"Wyvern {words} basilisk"}),
            contact=NOBODY,
            submission_key=uuid4(),
            started_at=timezone.now(),
        )
    ).response
    usual = send({"missing": "A wyvern and a basilisk"})
    assert listed("word=wyvern") == [usual, very_long]
    assert listed("word=basilisk") == [usual]


def test_a_code_filter_finds_current_answers_and_passages(
    send: Send, listed: Listed, codes: tuple[Code, Code], reviewer: User, administrator: User
) -> None:
    lighting, buses = codes
    whole, part, _ = (
        send({"missing": "Lights."}),
        send({"missing": "Lights and buses."}),
        send({"missing": "Lights."}),
    )
    code_answer(response=whole, question="missing", codes=[lighting], by=reviewer)
    code_answer(response=whole, question="missing", codes=[lighting], by=administrator)
    passage = code_passage(
        response=part, question="missing", code=lighting, passage="Lights", by=reviewer
    )
    assert listed(f"code={lighting.pk}") == [part, whole]
    assert listed(f"code={buses.pk}") == []
    assert listed(f"code={lighting.pk}&word=buses") == [part]
    take_off(coding=passage, by=reviewer)
    code_answer(response=whole, question="missing", codes=[], by=reviewer)
    # The other coder's stays.
    assert listed(f"code={lighting.pk}") == [whole]
    code_answer(response=whole, question="missing", codes=[], by=administrator)
    assert listed(f"code={lighting.pk}") == []


def test_a_campaign_filter_finds_its_current_members(
    listed: Listed, letters: list[Response], campaign: Campaign, reviewer: User
) -> None:
    first, second, third, own = letters
    assert listed(f"campaign={campaign.pk}") == [third, second, first]
    assert listed(f"campaign={campaign.pk + 1}") == []
    add_response(campaign=campaign, reference=own.reference, by=reviewer)
    remove_responses(campaign=campaign, versions=[first.pk], by=reviewer)
    assert listed(f"campaign={campaign.pk}") == [own, third, second]
    step = last_step(campaign)
    assert step is not None
    undo_step(step=step, by=reviewer)
    assert listed(f"campaign={campaign.pk}&channel=online") == [own, third, second, first]
