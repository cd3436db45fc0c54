"""How long a plan is said to take: by its words and its questions, and rounded."""

from consult.plans.effort import (
    READ,
    STEP,
    TYPED,
    WORDS_OF_AN_ANSWER,
    minutes_for_all,
    minutes_for_one,
)
from tests.support.plans import plan_of_questions, question, section

LONG = "word " * READ


def test_nothing_to_do_still_takes_the_shortest_time() -> None:
    empty = plan_of_questions()
    assert (minutes_for_all(empty), minutes_for_one(empty)) == (STEP, STEP)


def test_reading_takes_a_minute_for_so_many_words() -> None:
    parts = tuple(section(f"s{number}", summary=LONG * 5) for number in range(4))
    assert minutes_for_all(plan_of_questions(sections=parts)) == 20


def test_commitments_are_read_too() -> None:
    said = section("s", summary=LONG * 5, commitments=(LONG * 5, LONG * 5))
    assert minutes_for_all(plan_of_questions(sections=(said,))) == 15


def test_writing_takes_longer_than_choosing() -> None:
    prose = [question(f"q{number}") for number in range(15)]
    closed = [question(f"q{number}", "one", "Yes", "No") for number in range(15)]
    assert minutes_for_all(plan_of_questions(*prose)) == 15 * WORDS_OF_AN_ANSWER / TYPED
    assert minutes_for_all(plan_of_questions(*closed)) == STEP


def test_minutes_are_said_in_steps_of_five() -> None:
    for count in range(1, 40):
        asked = [question(f"q{number}") for number in range(count)]
        assert minutes_for_all(plan_of_questions(*asked)) % STEP == 0


def test_equality_questions_do_not_count_they_come_after_sending() -> None:
    after = [question(f"e{number}", part="equality") for number in range(40)]
    assert minutes_for_all(plan_of_questions(*after)) == STEP


def test_one_part_takes_as_long_as_the_average_part() -> None:
    parts = tuple(section(f"s{number}", summary=LONG * 30) for number in range(2))
    # Two sections of thirty minutes, and the pages about the whole plan and about you.
    assert minutes_for_one(plan_of_questions(sections=parts)) == 15
    assert minutes_for_all(plan_of_questions(sections=parts)) == 60
