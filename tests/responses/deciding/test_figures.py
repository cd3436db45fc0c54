"""The figures of packs and reports: what is counted, of how many, and never whose it is."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from consult.models import Consultation, User
from responses.deciding.equality_figures import equality_tables
from responses.deciding.figures import Counted, tables_of, who_answered
from responses.exporting.batches import seal_batch
from responses.models import EqualityAnswers, Response
from responses.reviewing.campaigns import add_response
from tests.responses.deciding.amending import amended
from tests.support.tampering import behind_its_back

Send = Callable[..., Response]


@pytest.fixture
def answered(send: Send) -> list[Response]:
    """Twelve who agree and six who do not, from two boroughs."""
    rows = [("agree", "camden")] * 6 + [("agree", "barnet")] * 6 + [("disagree", "barnet")] * 6
    return [
        send({"violence-agree": agree, "borough": borough, "capacity": "individual"})
        for agree, borough in rows
    ]


def lines(consultation: Consultation, dimension: str) -> dict[str, tuple[list[int], int]]:
    found = [
        table
        for table in tables_of(consultation, Counted(consultation))
        if (table.question, table.dimension) == ("violence-agree", dimension)
    ]
    return {line.label: (line.counts, line.base) for table in found for line in table.lines}


def columns(consultation: Consultation) -> list[str]:
    return next(
        table.columns
        for table in tables_of(consultation, Counted(consultation))
        if table.question == "violence-agree"
    )


def test_a_question_is_counted_of_all_with_those_who_left_it_out_beside(
    consultation: Consultation, answered: list[Response], send: Send
) -> None:
    for _ in range(5):
        send({"missing": "Clubs."})
    ((counts, base),) = lines(consultation, "all").values()
    assert base == 23
    named = dict(zip(columns(consultation), counts, strict=True))
    assert named["Agree"] == 12
    assert named["Disagree"] == 6
    assert named["Not answered, or not asked"] == 5
    assert sum(counts) == base


def test_a_question_is_broken_down_by_borough_against_sql(
    consultation: Consultation, answered: list[Response]
) -> None:
    found = lines(consultation, "borough")
    places = [columns(consultation).index(name) for name in ("Agree", "Disagree")]
    assert {
        label: [counts[place] for place in places] for label, (counts, _base) in found.items()
    } == {"Barnet": [6, 6], "Camden": [6, 0]}
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT choices ->> 'borough', count(*) FROM responses_response
            WHERE choices ->> 'violence-agree' = 'agree' GROUP BY 1 ORDER BY 1"""
        )
        assert cursor.fetchall() == [("barnet", 6), ("camden", 6)]


def test_few_from_one_borough_are_joined_with_another_everywhere(
    consultation: Consultation, answered: list[Response], send: Send
) -> None:
    for _ in range(2):
        send({"violence-agree": "agree", "borough": "sutton"})
    tables = who_answered(consultation, Counted(consultation))
    boroughs = next(table for table in tables if table.dimension == "borough")
    assert {line.label: line.counts for line in boroughs.lines} == {
        "Barnet": [12],
        "Camden; Sutton": [8],
    }
    assert set(lines(consultation, "borough")) == {"Barnet", "Camden; Sutton"}


def test_too_few_answers_have_no_figures(consultation: Consultation, send: Send) -> None:
    send({"violence-agree": "agree"})
    counted = Counted(consultation)
    assert who_answered(consultation, counted) == []
    table = next(
        one for one in tables_of(consultation, counted) if one.question == "violence-agree"
    )
    assert (table.lines, table.left_out) == ([], "Too few answered to print any figure.")


def test_only_what_counts_today_is_counted(
    consultation: Consultation, answered: list[Response]
) -> None:
    amended(answered[0], {"violence-agree": "disagree", "borough": "camden"})
    ((counts, base),) = lines(consultation, "all").values()
    assert base == 18
    named = dict(zip(columns(consultation), counts, strict=True))
    assert (named["Agree"], named["Disagree"]) == (11, 7)


def test_campaigns_are_told_apart(
    consultation: Consultation, answered: list[Response], reviewer: User
) -> None:
    campaign = consultation.campaigns.create(
        name="Clubs now", sample=answered[0], question="missing"
    )
    for response in answered[:6]:
        add_response(campaign=campaign, reference=response.reference, by=reviewer)
    assert {label: base for label, (_counts, base) in lines(consultation, "campaign").items()} == {
        "Clubs now": 6,
        "In no campaign": 12,
    }


def test_equality_answers_count_when_handed_over_and_never_few(
    consultation: Consultation, answered: list[Response]
) -> None:
    edition = consultation.editions.get()
    batch = seal_batch(consultation=consultation, actor=None)

    def keep(ages: list[str], **more: Any) -> None:
        for age in ages:
            EqualityAnswers.objects.create(
                consultation=consultation,
                edition=edition,
                choices={"equality-age": age},
                texts={},
                **more,
            )

    with behind_its_back():
        keep(["16-to-24"] * 12)
        assert not any(table["rows"] for table in equality_tables(consultation))
        keep(["16-to-24"] * 7 + ["25-to-34"] * 2, batch=batch)
    # One more, whom two packs would show by subtraction: not before it is handed over with others.
    before = equality_tables(consultation)
    with behind_its_back():
        keep(["65-or-over"])
    assert equality_tables(consultation) == before
    tables = equality_tables(consultation)
    ages: dict[str, Any] = next(table for table in tables if table["rows"])
    assert ages["base"] == 9
    assert all(number == 0 or number >= 5 for _label, number in ages["rows"])
    assert sum(number for _label, number in ages["rows"]) == 9


@pytest.mark.parametrize("responses", [1, 9])
def test_figures_cost_one_statement_however_many_answered(
    responses: int, consultation: Consultation, send: Send, django_assert_num_queries: Any
) -> None:
    for _ in range(responses):
        send()
    with django_assert_num_queries(1):
        Counted(consultation)
