"""Answers that say exactly the same: found as they come in, coded together, each counted."""

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consult.models import Action, AuditEntry, Consultation, User
from responses.current import current_responses
from responses.governance.reconciling import reconcile
from responses.models import Code, CodedAnswer, Coding, Reading, Response, Review
from responses.responding.amending import withdraw_response
from responses.reviewing.clusters import find_clusters
from responses.reviewing.codebooks import change_code, make_code
from responses.reviewing.coding import Progress, code_answer, progress_of, uncode_answer
from responses.reviewing.coding_many import give_code_to_many
from responses.reviewing.reading import ChangedSinceOpened
from responses.reviewing.same_answers import (
    NothingToGive,
    code_together,
    last_codes,
    others_saying,
    prints_of,
    take_back_together,
)
from tests.conftest import make_person
from tests.responses.reviewing.test_similarity import LETTER

Send = Callable[..., Response]


@pytest.fixture
def ben(db: None) -> User:
    return make_person("ben", User.Role.REVIEWER)


def same_as(response: Response, question: str = "missing") -> list[Response]:
    print_ = prints_of(response).get(question)
    return list(others_saying(response, print_)) if print_ else []


@pytest.mark.parametrize(
    "words", ["More police", "MORE POLICE!", "more  “police”.", "more\npolicé"]
)
def test_the_same_words_are_the_same_however_they_are_typed(words: str, send: Send) -> None:
    first, other = send({"missing": "More police"}), send({"missing": words})
    assert same_as(first) == [other]
    assert same_as(other) == [first]


@pytest.mark.parametrize(
    "answers",
    [
        {"missing": "More police please"},
        {"missing": "Police more"},
        {"violence-comment": "More police"},
    ],
)
def test_other_words_or_another_question_are_not_the_same(
    answers: dict[str, object], send: Send
) -> None:
    first = send({"missing": "More police"})
    send(answers)
    assert same_as(first) == []


def test_answers_without_a_word_say_nothing_that_others_say_too(send: Send) -> None:
    first = send({"missing": "!!!"})
    send({"missing": "???"})
    assert prints_of(first) == {}
    assert same_as(first) == []


def test_what_was_taken_back_says_nothing_any_more(send: Send) -> None:
    first, gone = send({"missing": "More police"}), send({"missing": "More police"})
    withdraw_response(earlier=gone, submission_key=uuid4(), started_at=timezone.now())
    assert same_as(first) == []


def test_answers_coded_together_each_count_and_none_was_read(
    consultation: Consultation, send: Send, code: Code, reviewer: User
) -> None:
    first = send({"missing": "More police"})
    others = [send({"missing": "more police."}) for _number in range(3)]
    elsewhere = send({"missing": "Fewer police"})
    with pytest.raises(NothingToGive):
        code_together(response=first, question="missing", by=reviewer)
    code_answer(response=first, question="missing", codes=[code], by=reviewer)
    assert code_together(response=first, question="missing", by=reviewer) == 3
    coded = Coding.objects.filter(code=code, removed_at=None).values_list("response", flat=True)
    assert set(coded) == {first.pk, *(one.pk for one in others)}
    seen = dict(CodedAnswer.objects.values_list("response", "seen_with"))
    assert seen == {first.pk: None, **{one.pk: first.pk for one in others}}
    assert progress_of(consultation, "missing") == Progress(5, 4)
    # They are coded, and not read, and are still to be considered.
    assert not Reading.objects.exists()
    assert set(Review.objects.values_list("state", flat=True)) == {"unread"}
    entry = AuditEntry.objects.filter(action=Action.ANSWER_CODED).latest("id")
    assert (entry.subject, entry.details["others"]) == (first.reference, 3)
    assert not elsewhere.codings.exists()
    assert code_together(response=first, question="missing", by=reviewer) == 0


def test_what_was_coded_together_is_taken_back_together_and_nothing_else(
    consultation: Consultation, send: Send, code: Code, reviewer: User, ben: User
) -> None:
    first, second, third = (send({"missing": "More police"}) for _number in range(3))
    code_answer(response=third, question="missing", codes=[code], by=reviewer)
    code_answer(response=second, question="missing", codes=[], by=ben)
    code_answer(response=first, question="missing", codes=[code], by=reviewer)
    # What she has gone through already is left as she had it.
    assert code_together(response=first, question="missing", by=reviewer) == 1
    assert take_back_together(response=first, question="missing", by=ben) == 0
    assert take_back_together(response=first, question="missing", by=reviewer) == 1
    left = Coding.objects.filter(removed_at=None).values_list("response", flat=True)
    assert set(left) == {first.pk, third.pk}
    assert CodedAnswer.objects.filter(response=second).get().by == ben
    assert code_together(response=first, question="missing", by=reviewer) == 1


def test_no_code_goes_to_others_from_a_version_that_was_changed(
    send: Send, code: Code, reviewer: User
) -> None:
    first = send({"missing": "More police"})
    send({"missing": "More police"})
    code_answer(response=first, question="missing", codes=[code], by=reviewer)
    withdraw_response(earlier=first, submission_key=uuid4(), started_at=timezone.now())
    with pytest.raises(ChangedSinceOpened):
        code_together(response=first, question="missing", by=reviewer)
    with pytest.raises(ChangedSinceOpened):
        take_back_together(response=first, question="missing", by=reviewer)


def test_what_was_coded_by_itself_afterwards_is_not_taken_back(
    consultation: Consultation, send: Send, code: Code, reviewer: User
) -> None:
    other = make_code(
        consultation=consultation,
        question="missing",
        name="Police",
        group="",
        definition="",
        by=reviewer,
    )
    first, second, third = (send({"missing": "More police"}) for _number in range(3))
    code_answer(response=first, question="missing", codes=[code], by=reviewer)
    code_together(response=first, question="missing", by=reviewer)
    # She comes to the second, and finds that another code fits too.
    code_answer(response=second, question="missing", codes=[code, other], by=reviewer)
    assert CodedAnswer.objects.get(response=second).seen_with is None
    assert take_back_together(response=first, question="missing", by=reviewer) == 1
    left = Coding.objects.filter(response=second, removed_at=None).values_list("code", flat=True)
    assert set(left) == {code.pk, other.pk}
    assert not Coding.objects.filter(response=third, removed_at=None).exists()
    assert set(CodedAnswer.objects.values_list("response", flat=True)) == {first.pk, second.pk}


def test_codes_given_by_another_act_stay_when_together_is_taken_back(
    consultation: Consultation, send: Send, code: Code, reviewer: User
) -> None:
    before, after = (
        make_code(
            consultation=consultation,
            question="missing",
            name=name,
            group="",
            definition="",
            by=reviewer,
        )
        for name in ("Given before", "Given after")
    )
    first, second = send({"missing": "More police"}), send({"missing": "More police"})
    give_code_to_many(code=before, responses=[second.pk], by=reviewer)
    code_answer(response=first, question="missing", codes=[before, code], by=reviewer)
    assert code_together(response=first, question="missing", by=reviewer) == 1
    give_code_to_many(code=after, responses=[second.pk], by=reviewer)
    take_back_together(response=first, question="missing", by=reviewer)
    left = Coding.objects.filter(response=second, removed_at=None)
    assert list(left.order_by("pk").values_list("code", flat=True)) == [before.pk, after.pk]


def test_a_code_that_is_no_longer_given_goes_to_no_others(
    send: Send, code: Code, reviewer: User
) -> None:
    first, second = send({"missing": "More police"}), send({"missing": "More police"})
    code_answer(response=first, question="missing", codes=[code], by=reviewer)
    change_code(
        code=code, version=1, name="Clubs", group="", definition="", retired=True, by=reviewer
    )
    with pytest.raises(NothingToGive):
        code_together(response=first, question="missing", by=reviewer)
    assert not second.codings.exists()


def test_taking_off_the_last_code_leaves_an_answer_to_be_gone_through(
    consultation: Consultation, send: Send, code: Code, reviewer: User
) -> None:
    first = send({"missing": "More police"})
    code_answer(response=first, question="missing", codes=[code], by=reviewer)
    assert progress_of(consultation, "missing").coded == 1
    uncode_answer(response=first, question="missing", by=reviewer)
    assert progress_of(consultation, "missing").coded == 0
    # Saying that no code fits is something else.
    code_answer(response=first, question="missing", codes=[], by=reviewer)
    assert progress_of(consultation, "missing").coded == 1


def test_the_last_similar_answer_goes_before_the_last_of_all(
    consultation: Consultation, send: Send, code: Code, reviewer: User, ben: User
) -> None:
    def last(response: Response, by: User = reviewer) -> dict[str, list[int]]:
        return last_codes(response=response, questions=["missing"], by=by)

    letter, short = send({"missing": LETTER}), send({"missing": "Buses."})
    asked, another = send({"missing": f"{LETTER} Thank you."}), send({"missing": "Trams."})
    assert last(asked) == {}
    code_answer(response=letter, question="missing", codes=[code], by=reviewer)
    code_answer(response=short, question="missing", codes=[], by=reviewer)
    assert last(asked) == {}
    find_clusters(consultation=consultation)
    assert last(asked) == {"missing": [code.pk]}
    assert last(another) == {}
    assert last(asked, by=ben) == {}


def test_neither_asks_by_listing_every_one_that_is_similar(
    consultation: Consultation, send: Send, code: Code, reviewer: User
) -> None:
    def asked(ask: Callable[[], object]) -> list[int]:
        """How long each query is, whatever numbers it holds."""
        with CaptureQueriesContext(connection) as queries:
            ask()
        return [len(re.sub(r"\d+", "1", one["sql"])) for one in queries.captured_queries]

    first = send({"missing": LETTER})
    code_answer(response=first, question="missing", codes=[code], by=reviewer)

    def last() -> object:
        return last_codes(response=first, questions=["missing"], by=reviewer)

    lengths = []
    for more in (2, 6):
        for _number in range(more):
            send({"missing": LETTER})
        find_clusters(consultation=consultation)
        lengths.append(asked(last))
    assert lengths[0] == lengths[1]


def test_of_those_coded_together_no_answer_is_loaded(
    send: Send, code: Code, reviewer: User
) -> None:
    first = send({"missing": "More police"})
    send({"missing": "More police"})
    code_answer(response=first, question="missing", codes=[code], by=reviewer)
    with CaptureQueriesContext(connection) as queries:
        code_together(response=first, question="missing", by=reviewer)
    (found,) = [one["sql"] for one in queries if '"prints" @>' in one["sql"]]
    columns = found.partition(" FROM ")[0]
    assert found.endswith("FOR UPDATE")
    assert columns == 'SELECT "responses_review"."response_id" AS "response_id"'


@pytest.mark.django_db(transaction=True)
def test_a_print_that_was_lost_is_a_difference(consultation: Consultation, send: Send) -> None:
    first = send({"missing": "More police"})
    assert reconcile().differences == []
    assert current_responses(consultation).count() == 1
    first.search_text.prints = []
    first.search_text.save(update_fields=["prints"])
    (difference,) = reconcile().differences
    assert difference["words"] == "The search would not find it by its words."
