"""Two reviewers are never given the same work, and nobody's is kept from others for long."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from consult.models import Consultation, User
from responses.current import current_responses
from responses.models import Claim, Code, Response
from responses.reviewing.claims import held_by, in_hand, take, take_first, who_has
from responses.reviewing.coding import code_answer, next_to_code
from tests.conftest import make_person
from tests.support.pressing import press

Send = Callable[..., Response]


@pytest.fixture
def ben(db: None) -> User:
    return make_person("ben", User.Role.REVIEWER)


@pytest.fixture
def three(send: Send) -> list[Response]:
    return [send({"missing": f"Answer {number}."}) for number in range(3)]


def test_two_reviewers_are_given_different_answers(
    consultation: Consultation, three: list[Response], reviewer: User, ben: User
) -> None:
    def given(by: User, after: int = 0) -> Response | None:
        return next_to_code(consultation, "missing", by=by, after=after)

    assert given(reviewer) == three[0]
    assert given(ben) == three[1]
    # Loading the page again is no reason for another one.
    assert given(reviewer) == three[0]
    assert given(reviewer, after=three[0].pk) == three[2]
    # Gone on, she has given the first one back.
    assert given(ben, after=three[1].pk) == three[0]
    code_answer(response=three[0], question="missing", codes=[], by=ben)
    assert given(ben, after=three[0].pk) == three[1]


def test_what_nobody_touched_for_ten_minutes_is_free_again(
    consultation: Consultation, three: list[Response], reviewer: User, ben: User
) -> None:
    every = current_responses(consultation)
    assert take_first(every, by=reviewer) == three[0]
    assert held_by(three[0]) == reviewer
    Claim.objects.update(until=Now() - timedelta(seconds=1))
    assert held_by(three[0]) is None
    assert take_first(every, by=ben) == three[0]
    assert [claim.by for claim in in_hand()] == [ben]
    # She comes back to a page that was open all the while: it is his now.
    assert not take(response=three[0], by=reviewer)
    assert held_by(three[0]) == ben


@pytest.mark.parametrize(("first", "second"), [("", "missing"), ("missing", ""), ("a", "b")])
def test_a_response_and_its_answers_are_never_two_peoples(
    first: str,
    second: str,
    consultation: Consultation,
    three: list[Response],
    reviewer: User,
    ben: User,
) -> None:
    every = current_responses(consultation)
    assert take_first(every, by=reviewer, question=first) == three[0]
    assert not take(response=three[0], by=ben, question=second)
    assert held_by(three[0]) == reviewer
    assert take_first(every, by=ben, question=second) == three[1]
    assert who_has(every, but=reviewer) == [ben]
    assert who_has(every.filter(pk=three[0].pk), but=reviewer) == []


def test_one_reader_may_have_an_answer_on_both_screens(
    three: list[Response], reviewer: User, ben: User
) -> None:
    assert take(response=three[0], by=reviewer)
    assert take(response=three[0], by=reviewer, question="missing")
    assert take(response=three[1], by=reviewer)
    assert [claim.response for claim in in_hand()] == three[:2]
    assert not take(response=three[0], by=ben)


def test_each_page_that_codes_an_answer_keeps_it_in_hand(
    consultation: Consultation,
    send: Send,
    code: Code,
    reviewer: User,
    ben: User,
    sign_in: Callable[[User], Client],
) -> None:
    only = send({"missing": "One."})
    answers = reverse("code-answers", args=[consultation.slug, "missing"])
    rosa = sign_in(reviewer)
    rosa.get(answers)
    Claim.objects.update(until=Now() + timedelta(seconds=1))
    passage = {"do": "passage", "code": code.pk, "passage": "One"}
    press(rosa, f"{answers}?reference={only.reference}", passage | {"reference": only.reference})
    Claim.objects.update(until=Claim.objects.get().until - timedelta(minutes=5))
    assert not take(response=only, by=ben)
    his = sign_in(ben)
    read = his.get(reverse("read-next"), follow=True).content.decode()
    assert "In hand now: rosa." in read


def test_with_nothing_free_there_is_nothing_to_take(
    consultation: Consultation, send: Send, reviewer: User, ben: User
) -> None:
    only = send({"missing": "One."})
    every = current_responses(consultation)
    assert take_first(every, by=reviewer) == only
    assert take_first(every, by=ben) is None
    assert take_first(every.none(), by=reviewer) is None


@pytest.mark.django_db(transaction=True)
def test_five_reviewers_at_once_are_given_five_answers(
    consultation: Consultation, send: Send, code: Code
) -> None:
    sent = {send({"missing": f"Answer {number}."}).pk for number in range(5)}
    people = [make_person(f"reviewer{number}", User.Role.REVIEWER) for number in range(5)]
    together, given = threading.Barrier(5), []

    def ask(by: User) -> None:
        try:
            together.wait(30)
            found = next_to_code(consultation, "missing", by=by)
            given.append(found.pk if found else None)
        finally:
            connection.close()

    asking = [threading.Thread(target=ask, args=(person,)) for person in people]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    assert len(given) == 5
    assert set(given) == sent


def test_the_page_says_who_has_what_is_left(
    consultation: Consultation,
    send: Send,
    reviewer: User,
    ben: User,
    sign_in: Callable[[User], Client],
) -> None:
    only = send({"missing": "One."})
    answers = reverse("code-answers", args=[consultation.slug, "missing"])
    rosa, his = sign_in(reviewer), sign_in(ben)
    assert only.reference in rosa.get(answers).content.decode()
    said = his.get(answers, follow=True).content.decode()
    assert "What is left here is in hand: rosa." in said
    assert "You have gone through every answer here." not in said
    asked_for = his.get(f"{answers}?reference={only.reference}").content.decode()
    assert "rosa has this answer in hand." in asked_for
    assert "in hand." not in rosa.get(f"{answers}?reference={only.reference}").content.decode()
