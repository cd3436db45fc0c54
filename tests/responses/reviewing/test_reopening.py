"""A message that was entered can be decided again: what was made from it is never edited or
deleted, and the person behind it counts once.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consult.models import Consultation, Edition, User
from responses.answers import Answers
from responses.governance.erasing import erase_response
from responses.governance.reconciling import reconcile
from responses.models import Message, Response, Review, Transcription
from responses.responding.amending import withdraw_response
from responses.responding.submitting import Submission
from responses.reviewing.mailboxes import load_mailbox
from responses.reviewing.reviews import move_review
from responses.reviewing.transcribing import (
    MessageDecided,
    SenderWithdrew,
    message_shown,
    reopen_message,
    set_message_aside,
    transcribe_response,
)

MAIL = b"From: Ann <ann@example.org>\nSubject: Buses\nMessage-ID: <1@example.org>\n\nMore buses.\n"


@pytest.fixture
def message(consultation: Consultation, reviewer: User, tmp_path: Path, files: Path) -> Message:
    """A message that waits."""
    (tmp_path / "in.eml").write_bytes(MAIL)
    load_mailbox(consultation=consultation, path=tmp_path / "in.eml", by=reviewer)
    return consultation.messages.get()


@pytest.fixture
def enter(message: Message, edition: Edition, reviewer: User) -> Callable[..., Response]:
    """Enter the message with these words."""

    def enter(words: str) -> Response:
        contact = {"name": "Ann", "email": "ann@example.org", "postcode_district": ""}
        values: dict[str, Any] = {"channel": "email", "started_at": timezone.now()}
        answers = Answers(texts={"missing": words})
        submission = Submission(
            edition=edition, submission_key=uuid4(), answers=answers, contact=contact, **values
        )
        return transcribe_response(
            submission=submission,
            received_on=timezone.localdate(),
            late_reason="",
            by=reviewer,
            message=message,
        ).response

    return enter


def state_of(message: Message) -> str:
    return Message.objects.get(pk=message.pk).state


@pytest.mark.django_db(transaction=True)
def test_a_reopened_message_that_is_entered_again_is_a_new_version(
    message: Message, enter: Callable[..., Response], reviewer: User
) -> None:
    first = enter("More bosses.")
    reopen_message(message=message, reason="Mistyped", by=reviewer)
    assert state_of(message) == Message.State.WAITING
    assert Response.objects.get().texts == {"missing": "More bosses."}
    second = enter("More buses.")
    assert (second.reference, second.version, second.act) == (first.reference, 2, "amended")
    assert state_of(message) == Message.State.RESPONSE
    assert Transcription.objects.get().response == first
    assert Response.objects.get(version=1).texts == {"missing": "More bosses."}
    assert reconcile().differences == []


def test_setting_aside_a_reopened_message_sets_its_response_aside(
    message: Message, enter: Callable[..., Response], reviewer: User
) -> None:
    response = enter("More buses.")
    reopen_message(message=message, reason="It is a question", by=reviewer)
    set_message_aside(message=message, reason="A question about the timetable", by=reviewer)
    assert state_of(message) == Message.State.NOT_A_RESPONSE
    review = Review.objects.get(response=response)
    assert review.state == Review.State.SET_ASIDE
    assert review.steps.latest("pk").note == "A question about the timetable"
    assert Response.objects.get() == response


@pytest.mark.parametrize("state", [Review.State.CONSIDERED, Review.State.SET_ASIDE])
def test_a_response_that_was_decided_on_is_set_aside_with_its_message(
    state: Review.State, message: Message, enter: Callable[..., Response], reviewer: User
) -> None:
    response = enter("More buses.")
    move_review(review=response.review, to_state=state, note="Read", version=0, by=reviewer)
    reopen_message(message=message, reason="It is a question", by=reviewer)
    set_message_aside(message=message, reason="A question", by=reviewer)
    assert Review.objects.get(response=response).state == Review.State.SET_ASIDE


def test_a_message_whose_sender_withdrew_is_not_entered_again(
    message: Message, enter: Callable[..., Response], reviewer: User
) -> None:
    response = enter("More buses.")
    withdraw_response(earlier=response, submission_key=uuid4(), started_at=timezone.now())
    reopen_message(message=message, reason="Mistyped", by=reviewer)
    with pytest.raises(SenderWithdrew):
        enter("More buses, please.")
    set_message_aside(message=message, reason="Withdrawn", by=reviewer)
    assert state_of(message) == Message.State.NOT_A_RESPONSE
    assert Response.objects.filter(act="withdrawn").count() == 1


def test_a_message_that_waits_is_not_reopened(message: Message, reviewer: User) -> None:
    with pytest.raises(MessageDecided):
        reopen_message(message=message, reason="Again", by=reviewer)


def test_a_message_whose_words_were_erased_stays_decided(
    message: Message, enter: Callable[..., Response], reviewer: User
) -> None:
    response = enter("More buses.")
    erase_response(reference=response.reference, actor=None, why="asked for it")
    with pytest.raises(MessageDecided):
        reopen_message(message=message, reason="Again", by=reviewer)


def test_the_page_says_what_becomes_of_the_response(
    message: Message,
    enter: Callable[..., Response],
    reviewer: User,
    sign_in: Callable[[User], Client],
) -> None:
    response, rosa = enter("More buses."), sign_in(reviewer)
    here = reverse("message", args=[message.pk])
    page = rosa.get(here).content.decode()
    assert "It was entered as" in page
    assert response.reference in page
    address = reverse("reopen-message", args=[message.pk])
    typed = {"reason": "Mistyped", "shown": message_shown(Message.objects.get())}
    page = rosa.post(address, typed, follow=True).content.decode()
    assert "It was decided, and opened again: Mistyped" in page
    assert "It stays as it was received, and counts." in page
    assert reverse("entered", args=[response.reference]) in page


def test_entering_again_what_was_withdrawn_is_answered_in_words(
    message: Message,
    consultation: Consultation,
    enter: Callable[..., Response],
    reviewer: User,
    sign_in: Callable[[User], Client],
) -> None:
    response = enter("More buses.")
    withdraw_response(earlier=response, submission_key=uuid4(), started_at=timezone.now())
    reopen_message(message=message, reason="Mistyped", by=reviewer)
    address = f"{reverse('enter', args=[consultation.slug])}?message={message.pk}"
    typed = {
        "edition": 1,
        "submission_key": uuid4(),
        "started_at": timezone.now().isoformat(),
        "channel": "email",
        "received_on": timezone.localdate().isoformat(),
        "missing": "My own words.",
    }
    page = sign_in(reviewer).post(address, typed).content.decode()
    assert "is withdrawn since, so it cannot be entered again" in page
    assert "My own words." in page
