"""Answers count in the figures although a later edition dropped their question or option, and what
few chose cannot be worked out from what is left.
"""

from collections.abc import Callable
from typing import Any

import pytest

from consult.models import Consultation, Edition
from responses.deciding.equality_figures import equality_tables
from responses.deciding.figures import Counted, Table, tables_of
from responses.deciding.report import make_report
from responses.deciding.report_blocks import Figures
from responses.exporting.batches import seal_batch
from responses.models import EqualityAnswers, Response
from tests.support.tampering import behind_its_back

Send = Callable[..., Response]
Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def later(consultation: Consultation, edition: Edition) -> Callable[[str, Change], Edition]:
    """Publishes an edition in which one question is changed; one that becomes false is dropped."""

    def later(slug: str, change: Change) -> Edition:
        questions = [dict(one) for one in edition.content["questions"]]
        kept = [one for one in questions if one["slug"] != slug or change(one) is not False]
        return Edition.objects.create(
            consultation=consultation,
            number=2,
            content={**edition.content, "questions": kept},
            digest="0" * 64,
        )

    return later


def drop(option: str) -> Change:
    return lambda question: question.update(
        options=[one for one in question["options"] if one["slug"] != option]
    )


def whole(consultation: Consultation) -> Table | None:
    tables = tables_of(consultation, Counted(consultation))
    asked = [one for one in tables if (one.question, one.dimension) == ("violence-agree", "all")]
    return asked[0] if asked else None


def counts_of(consultation: Consultation) -> dict[str, int]:
    table = whole(consultation)
    assert table
    return dict(zip(table.columns, table.lines[0].counts, strict=True))


def test_an_option_that_was_dropped_is_counted_as_it_was_called(
    consultation: Consultation, send: Send, later: Callable[[str, Change], Edition]
) -> None:
    for answer in ["agree"] * 7 + ["disagree"] * 6:
        send({"violence-agree": answer})
    later("violence-agree", drop("disagree"))
    counts = counts_of(consultation)
    assert (counts["Agree"], counts["Disagree"], sum(counts.values())) == (7, 6, 13)


def test_few_who_chose_a_dropped_option_are_not_found_by_subtraction(
    consultation: Consultation, send: Send, later: Callable[[str, Change], Edition]
) -> None:
    for answer in ["agree"] * 7 + ["disagree"] * 2 + ["neither"] * 6:
        send({"violence-agree": answer})
    later("violence-agree", drop("disagree"))
    counts = counts_of(consultation)
    assert sum(counts.values()) == 15
    assert all(count == 0 or count >= 5 for count in counts.values())


def test_a_question_that_was_dropped_is_still_in_the_report(
    consultation: Consultation, send: Send, later: Callable[[str, Change], Edition]
) -> None:
    for _ in range(6):
        send({"violence-agree": "agree"})
    asked = whole(consultation)
    later("violence-agree", lambda _question: False)
    assert whole(consultation) == asked
    captions = [
        block.caption for block in make_report(consultation).blocks if isinstance(block, Figures)
    ]
    assert asked
    assert asked.title in captions


def equality(consultation: Consultation, edition: Edition, answers: list[object]) -> None:
    batch = seal_batch(consultation=consultation, actor=None)
    with behind_its_back():
        EqualityAnswers.objects.bulk_create(
            EqualityAnswers(
                consultation=consultation,
                edition=edition,
                batch=batch,
                choices={"equality-age": one} if one else {},
                texts={},
            )
            for one in answers
        )


def ages(consultation: Consultation) -> dict[str, int]:
    return next(dict(table["rows"]) for table in equality_tables(consultation) if table["rows"])


def test_equality_answers_to_a_dropped_option_are_counted_and_never_few(
    consultation: Consultation, edition: Edition, later: Callable[[str, Change], Edition]
) -> None:
    equality(consultation, edition, ["16-to-24"] * 7 + ["25-to-34"] * 2 + [None] * 6)
    later("equality-age", drop("25-to-34"))
    counts = ages(consultation)
    assert sum(counts.values()) == 15
    assert all(count == 0 or count >= 5 for count in counts.values())
    assert any("25 to 34" in label for label in counts)


def test_several_equality_answers_of_one_person_each_count(
    consultation: Consultation, edition: Edition, later: Callable[[str, Change], Edition]
) -> None:
    newer = later("equality-age", lambda question: question.update(kind="many"))
    both = ["16-to-24", "25-to-34"]
    equality(consultation, newer, [both] * 6 + [["16-to-24"]] * 5 + [["35-to-44"]] * 2 + [None] * 6)
    counts = ages(consultation)
    assert (counts["16 to 24"], counts["25 to 34"]) == (11, 6)
    assert "35 to 44" not in counts
