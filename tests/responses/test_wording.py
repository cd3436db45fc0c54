"""Answers in the words of the questions: to check, to compare, and to show what was reworded."""

from dataclasses import replace
from typing import Any

import pytest

from responses.wording import (
    Difference,
    WordedPart,
    differences,
    in_words,
    reworded_answers,
    titles_of_questions,
    titles_of_texts,
)
from tests.support.plans import plan_of_questions, question, section

PARKS = question("parks", "one", "Agree", "Disagree", "Other…")
USES = question("uses", "many", "Walk", "Sport", "Other…")
WHY = question("why")
ONLY_THEN = question("then", show_if={"parks": "disagree"})
PLAN = plan_of_questions(PARKS, USES, WHY, ONLY_THEN)


def said(**raw: Any) -> dict[str, tuple[str, ...]]:
    return {
        answer.question.slug: answer.lines
        for part in in_words(PLAN, raw)
        for answer in part.answers
    }


def parts(**raw: Any) -> list[WordedPart]:
    return in_words(PLAN, raw)


def test_every_question_that_is_asked_is_there_answered_or_not() -> None:
    assert said(why="Clubs.") == {"parks": (), "uses": (), "why": ("Clubs.",)}


def test_choices_are_said_by_their_labels_in_the_order_of_the_options() -> None:
    assert said(parks="agree", uses=["sport", "walk"])["uses"] == ("Walk", "Sport")


def test_what_was_written_beside_an_option_follows_it() -> None:
    assert said(parks="other", **{"parks--other": "Some of it"})["parks"] == ("Other: Some of it",)
    assert said(parks="other")["parks"] == ("Other",)


def test_what_was_written_beside_an_option_not_chosen_is_not_said() -> None:
    assert said(parks="agree", **{"parks--other": "Left over"})["parks"] == ("Agree",)


def test_a_question_that_depends_on_another_is_there_when_it_is_asked() -> None:
    assert "then" not in said(parks="agree", then="Left over")
    assert said(parks="disagree", then="Because.")["then"] == ("Because.",)


def test_control_characters_are_shown_as_symbols() -> None:
    assert said(why="a\x1bb")["why"] == ("a␛b",)


def test_a_part_is_answered_when_anything_in_it_is() -> None:
    empty, full = parts(), parts(why="Clubs.")
    assert [part.answered for part in empty] == [False] * len(empty)
    assert [part.part.slug for part in full if part.answered] == ["general"]


def test_two_versions_that_say_the_same_do_not_differ() -> None:
    assert differences(parts(why="Clubs."), parts(why="Clubs.")) == []


def test_differences_are_in_the_order_of_the_questions_with_both_sides() -> None:
    found = differences(parts(parks="agree", why="One."), parts(parks="disagree", why="Two."))
    assert found == [
        Difference(PARKS, ("Agree",), ("Disagree",)),
        Difference(WHY, ("One.",), ("Two.",)),
    ]


def test_an_answer_added_or_taken_back_differs_from_nothing() -> None:
    assert differences(parts(), parts(why="New.")) == [Difference(WHY, (), ("New.",))]
    assert differences(parts(why="Old."), parts()) == [Difference(WHY, ("Old.",), ())]


def test_a_question_that_only_the_earlier_version_was_asked_comes_last() -> None:
    before = parts(parks="disagree", then="Because.", why="Clubs.")
    after = parts(parks="agree", why="Clubs.")
    assert [one.question.slug for one in differences(before, after)] == ["parks", "then"]


def test_an_unanswered_question_that_is_no_longer_asked_is_no_difference() -> None:
    found = differences(parts(parks="disagree"), parts(parks="agree"))
    assert [one.question.slug for one in found] == ["parks"]


def test_a_question_is_called_by_its_part_only_if_need_be() -> None:
    one, two = section("hours"), section("lights")
    same = [question(f"{part.slug}-why", text="Why?", part=part.slug) for part in (one, two)]
    titles = titles_of_questions(plan_of_questions(*same, PARKS, sections=(one, two)))
    assert titles == {
        "hours-why": "Hours: Why?",
        "lights-why": "Lights: Why?",
        "parks": "Parks?",
    }


def test_a_text_beside_an_option_is_called_by_both() -> None:
    titles = titles_of_texts(PLAN)
    assert titles["parks--other"] == "Parks? Other"
    assert set(titles) == {"parks", "uses", "why", "then", "parks--other", "uses--other"}


REWORDED = replace(PARKS, text="Do you like the parks?")


def test_an_answer_to_reworded_words_is_shown_under_both() -> None:
    (found,) = reworded_answers(
        given_to=PLAN, asked_now=plan_of_questions(REWORDED, USES, WHY), raw={"parks": "agree"}
    )
    assert (found.old, found.new, found.lines, found.now) == (
        PARKS,
        REWORDED,
        ("Agree",),
        ("Agree",),
    )


def test_an_unanswered_question_may_be_reworded_in_silence() -> None:
    now = plan_of_questions(REWORDED, USES, WHY)
    assert reworded_answers(given_to=PLAN, asked_now=now, raw={"why": "Clubs."}) == []


def test_an_answer_to_a_dropped_question_is_shown_without_a_new_one() -> None:
    (found,) = reworded_answers(
        given_to=PLAN, asked_now=plan_of_questions(PARKS, USES), raw={"why": "Clubs."}
    )
    assert (found.old, found.new, found.now) == (WHY, None, ())


def test_a_choice_that_is_gone_says_nothing_under_the_new_words() -> None:
    fewer = replace(PARKS, options=PARKS.options[:1])
    (found,) = reworded_answers(
        given_to=PLAN, asked_now=plan_of_questions(fewer, USES, WHY), raw={"parks": "disagree"}
    )
    assert (found.lines, found.now) == (("Disagree",), ())


def test_an_answer_that_was_not_asked_for_is_not_shown() -> None:
    gone = plan_of_questions(PARKS, USES, WHY)
    raw = {"parks": "agree", "then": "Left over"}
    assert reworded_answers(given_to=PLAN, asked_now=gone, raw=raw) == []


@pytest.mark.parametrize("same", [PLAN, plan_of_questions(WHY, PARKS, USES, ONLY_THEN)])
def test_the_same_words_in_another_order_are_no_change(same: Any) -> None:
    raw = {"parks": "disagree", "why": "Clubs.", "then": "So."}
    assert reworded_answers(given_to=PLAN, asked_now=same, raw=raw) == []
