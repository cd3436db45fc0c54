"""Synthetic responses are what people might have sent, and never pass for it."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from itertools import islice

import pytest
from django.core.management import CommandError, call_command
from django.db import models
from django.utils import timezone
from pytest_django import Settings

from consult.models import Action, AuditEntry, Consultation
from consult.plans.document import Plan
from responses.answers import digest_of, read_answers, says_something
from responses.demo.filling import NotOpenYet, RealPeopleHere, fill_responses
from responses.demo.inventing import invent
from responses.demo.words import AWKWARD, CAMPAIGNS, OTHER_SCRIPTS
from responses.models import Confirmation, LedgerEntry, Response, Review
from responses.receipt_tokens import find_response, make_token
from responses.references import normalise_reference

OWN = {
    "id",
    "response",
    "reference",
    "version",
    "choices",
    "texts",
    "digest",
    "receipt_hash",
    "submission_key",
    "message_id",
}
OWN |= {
    "name",
    "email",
    "postcode_district",
    "started_at",
    "received_at",
    "created_at",
    "changed_at",
    "due_at",
    "at",
    "seal",
    "earlier",
}


def fill(consultation: Consultation, count: int, **overrides: object) -> list[Response]:
    values = {
        "consultation": consultation,
        "count": count,
        "seed": 7,
        "actor": None,
        "production": False,
        "beside_real_people": False,
    }
    fill_responses(**values | overrides)
    return list(Response.objects.select_related("contact", "confirmation", "review").order_by("pk"))


def everything(response: Response) -> dict[str, dict[str, object]]:
    """All rows of one response, without what is its own."""
    rows: list[models.Model] = [
        response,
        response.contact,
        response.confirmation,
        response.review,
        response.ledger.get(),
    ]
    return {
        type(row).__name__: {
            field.name: getattr(row, field.name)
            for field in row._meta.fields
            if field.name not in OWN
        }
        for row in rows
    }


def test_each_made_up_response_is_what_submitting_would_have_stored(
    consultation: Consultation, send: Callable[..., Response]
) -> None:
    (filled,) = [
        response
        for response in fill(consultation, 30)
        if response.channel == "online" and not response.flags
    ][:1]
    by_hand = Response.objects.get(pk=send(email="").pk)
    expected = everything(by_hand)
    expected["Response"]["synthetic"] = True
    assert everything(filled) == expected


def test_answers_are_valid_and_the_digest_and_receipt_fit(
    consultation: Consultation, plan: Plan
) -> None:
    for response in fill(consultation, 300):
        answers = read_answers(plan, response.choices | response.texts)
        assert (answers.choices, answers.texts) == (response.choices, response.texts)
        assert says_something(plan, answers)
        contact = {
            name: getattr(response.contact, name) for name in ("name", "email", "postcode_district")
        }
        assert response.digest == digest_of(answers=answers, contact=contact)
        assert normalise_reference(response.reference) == response.reference
    assert find_response(make_token(response.reference)) == response


def test_made_up_responses_arrive_in_order_since_the_opening(consultation: Consultation) -> None:
    responses = fill(consultation, 50)
    arrivals = [response.received_at for response in responses]
    assert arrivals == sorted(arrivals)
    assert consultation.opens_at <= min(response.started_at for response in responses)
    assert arrivals[-1] <= timezone.now()
    assert all(response.started_at <= response.received_at for response in responses)


def test_half_arrive_in_the_last_tenth_and_many_in_the_last_hour(
    consultation: Consultation,
) -> None:
    Consultation.objects.update(opens_at=timezone.now() - timedelta(days=100))
    consultation.refresh_from_db()
    arrivals = [response.received_at for response in fill(consultation, 400)]
    now = timezone.now()
    late = sum(arrived > now - timedelta(days=10) for arrived in arrivals)
    last = sum(arrived > now - timedelta(hours=1, seconds=30) for arrived in arrivals)
    assert (160 < late < 240, 20 < last < 70) == (True, True)
    assert len({arrived.date() for arrived in arrivals}) > 50


def test_a_rehearsal_that_has_just_opened_spreads_over_weeks(
    consultation: Consultation, send: Callable[..., Response]
) -> None:
    call_command("fill_responses", "--count", "60")
    days = {arrived.date() for arrived in Response.objects.values_list("received_at", flat=True)}
    assert len(days) > 10
    assert AuditEntry.objects.filter(action=Action.WINDOW_CHANGED).count() == 1
    # Nobody's real consultation is said to have opened when it had not.
    Consultation.objects.update(opens_at=timezone.now() - timedelta(days=1))
    send()
    call_command("fill_responses", "--count", "1")
    assert Consultation.objects.get().opens_at > timezone.now() - timedelta(days=2)


def test_no_email_waits_to_be_sent(consultation: Consultation) -> None:
    responses = fill(consultation, 50)
    assert any(response.contact.email for response in responses)
    assert set(Confirmation.objects.values_list("state", flat=True)) == {"not-wanted"}


def test_many_are_stored_in_bulk_with_nothing_missing(
    consultation: Consultation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("responses.demo.filling.AT_ONCE", 4)
    told: list[int] = []
    fill(consultation, 10, progress=told.append)
    assert told == [4, 8, 10]
    assert [model.objects.count() for model in (Response, Review, LedgerEntry, Confirmation)] == [
        10,
        10,
        10,
        10,
    ]


def test_references_in_use_are_not_used_again(
    consultation: Consultation, send: Callable[..., Response], monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = send().reference
    coming = iter([taken, "23AB-CD45-E", "23AB-CD45-E", "23AB-CD46-F"])
    monkeypatch.setattr("responses.demo.filling.new_reference", lambda: next(coming))
    assert {response.reference for response in fill(consultation, 2)} == {
        taken,
        "23AB-CD45-E",
        "23AB-CD46-F",
    }


def test_the_same_seed_gives_the_same_people(plan: Plan) -> None:
    assert list(islice(invent(plan=plan, seed=1), 40)) == list(
        islice(invent(plan=plan, seed=1), 40)
    )
    assert list(islice(invent(plan=plan, seed=1), 40)) != list(
        islice(invent(plan=plan, seed=2), 40)
    )


def test_made_up_people_are_as_different_as_real_ones(plan: Plan) -> None:
    people = list(islice(invent(plan=plan, seed=1), 3000))
    texts = [text for person in people for text in person.answers.texts.values()]
    lengths = sorted(map(len, texts))
    assert (lengths[0] < 10, lengths[-1] > 1500) == (True, True)
    assert {text for text in OTHER_SCRIPTS if text in texts} == set(OTHER_SCRIPTS)
    begun = {text[:6] for text in texts}
    assert {text[:6] for text in AWKWARD} <= begun
    copies = Counter(text for text in texts if text in CAMPAIGNS)
    assert min(copies.values()) > 20
    assert any(text != campaign and campaign in text for text in texts for campaign in CAMPAIGNS)
    chosen = Counter(str(person.answers.choices.get("capacity")) for person in people)
    assert chosen["individual"] > chosen["organisation"] > 20
    assert len({person.answers.choices.get("borough") for person in people}) > 30
    assert any("--" in name for person in people for name in person.answers.texts)
    assert {person.channel for person in people} == {"online", "post", "email", "telephone"}


def test_production_needs_made_up_responses_to_be_confirmed(consultation: Consultation) -> None:
    with pytest.raises(RealPeopleHere):
        fill(consultation, 1, production=True)
    assert not Response.objects.exists()
    assert len(fill(consultation, 1, production=True, beside_real_people=True)) == 1


def test_before_the_opening_none_can_be_made_up(consultation: Consultation) -> None:
    Consultation.objects.update(opens_at=timezone.now() + timedelta(hours=1))
    with pytest.raises(NotOpenYet):
        fill(consultation, 1)


def test_making_up_responses_is_recorded_on_the_trail(consultation: Consultation) -> None:
    fill(consultation, 3)
    entry = AuditEntry.objects.get(action=Action.RESPONSES_FILLED)
    assert (entry.subject, entry.details) == (consultation.slug, {"count": 3, "seed": 7})


def test_the_command_makes_as_many_as_asked_or_says_why_not(
    consultation: Consultation, capsys: pytest.CaptureFixture[str], settings: Settings
) -> None:
    call_command("fill_responses", "--count", "2", "--seed", "5")
    assert (
        capsys.readouterr().out == "\r2 of 2\nCreated with seed 5; each is marked as synthetic.\n"
    )
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="add --force"):
        call_command("fill_responses", "--count", "2")
    call_command("fill_responses", "--count", "2", "--force")
    assert Response.objects.filter(synthetic=True).count() == 4
    with pytest.raises(CommandError, match="1 or more"):
        call_command("fill_responses", "--count", "0")
    Consultation.objects.update(opens_at=timezone.now() + timedelta(hours=1))
    with pytest.raises(CommandError, match="not open yet"):
        call_command("fill_responses", "--count", "1", "--force")
