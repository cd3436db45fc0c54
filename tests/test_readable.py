"""What no page could show and no run could read is refused by the database itself, also from plain
SQL: one such row would end every list and every run that it is in.
"""

from collections.abc import Callable

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction

from consult.models import Consultation
from responses.models import Response
from tests.support.tampering import behind_its_back, tamper

CHECKED = """SELECT c.conrelid::regclass::text, a.attname, pg_get_constraintdef(c.oid)
    FROM pg_constraint AS c JOIN pg_attribute AS a
        ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)
    WHERE c.contype = 'c'"""
DAYS = [
    "infinity",
    "-infinity",
    "0044-03-15 BC",
    "0001-01-01",
    "1899-12-31",
    "2300-01-01",
    "20277-01-21",
]


def checks() -> dict[tuple[str, str], str]:
    """What the database asks of each column, by table and name."""
    found: dict[tuple[str, str], str] = {}
    with connection.cursor() as cursor:
        cursor.execute(CHECKED)
        for table, column, rule in cursor.fetchall():
            found[table, column] = found.get((table, column), "") + rule
    return found


def refused(table: str, column: str, value: str) -> None:
    """The database refuses the value even where no trigger runs."""
    change = f"UPDATE {table} SET {column} = %s"  # noqa: S608  # names of ours
    with behind_its_back(), pytest.raises(IntegrityError), transaction.atomic():
        connection.cursor().execute(change, [value])


def columns_of(*kinds: type[models.Field]) -> set[tuple[str, str]]:
    return {
        (model._meta.db_table, field.column)
        for model in apps.get_models()
        if model._meta.app_label in {"consult", "responses"}
        for field in model._meta.local_fields
        if isinstance(field, kinds)
    }


def test_every_instant_and_day_is_one_that_programs_can_read(db: None) -> None:
    held = checks()
    days = columns_of(models.DateField)  # An instant is one too.
    assert len(days) > 100
    # Django's own user has its own columns for these.
    assert {column for column in days if "2300" not in held.get(column, "")} == set()


def test_every_number_is_one_that_programs_can_calculate_with(db: None) -> None:
    held = checks()
    numbers = columns_of(models.FloatField)
    assert numbers
    assert {column for column in numbers if "Infinity" not in held.get(column, "")} == set()


def test_every_slug_has_an_address(db: None) -> None:
    held = checks()
    slugs = columns_of(models.SlugField)
    assert len(slugs) > 15
    missing = {column for column in slugs if "[-a-zA-Z0-9_]" not in held.get(column, "")}
    assert missing == set()


@pytest.mark.parametrize("day", DAYS)
def test_an_instant_that_nobody_can_mean_is_refused(
    consultation: Consultation, send: Callable[..., Response], day: str
) -> None:
    send()
    for table, column in (
        ("responses_response", "received_at"),
        ("responses_confirmation", "due_at"),
        ("consult_auditentry", "at"),
        ("consult_consultation", "published_at"),
    ):
        refused(table, column, day)


@pytest.mark.parametrize("reference", ["", " ", "..", "a/b", "K7M4?", "K7M4\nPX9T"])
def test_a_reference_without_an_address_is_refused(
    send: Callable[..., Response], reference: str
) -> None:
    response = send()
    refused("responses_response", "reference", reference)
    assert Response.objects.get().reference == response.reference


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("texts", "null"),
        ("texts", "[]"),
        ("texts", '"Trams."'),
        ("texts", '{"missing": 5}'),
        ("texts", '{"missing": null}'),
        ("texts", '{"missing": ["Trams."]}'),
        ("choices", "[]"),
        ("choices", '{"violence-agree": 5}'),
        ("choices", '{"violence-agree": {"a": "b"}}'),
        ("choices", '{"violence-agree": ["agree", null]}'),
        ("choices", '{"violence-agree": [["agree"]]}'),
    ],
)
def test_answers_of_another_shape_are_refused(
    send: Callable[..., Response], column: str, said: str
) -> None:
    send()
    refused("responses_response", column, said)


def test_answers_of_their_own_shape_are_taken(send: Callable[..., Response]) -> None:
    send()
    said = '{"missing": "Trams.", "unheard-of": ""}'
    chosen = '{"violence-agree": "agree", "several": ["one", "two"], "none": []}'
    changed = "UPDATE responses_response SET texts = %s, choices = %s"
    assert tamper(changed, [said, chosen]) == 1
