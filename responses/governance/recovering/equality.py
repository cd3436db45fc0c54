"""The equality answers of a recovered batch: as it handed them over, and still nobody knows
whose they are.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db import connection

from consult.cells import NOT_ASKED, restore_cell
from consult.models import Edition
from consult.plans.editions import plan_of
from responses.exporting.beside import EQUALITY_TABLE, STOPPED_TABLE
from responses.exporting.columns.questions import AnswerColumn, equality_columns, key_of
from responses.governance.outside import Outside
from responses.governance.recovering.sources import Fetched
from responses.governance.recovering.tables import read_table
from responses.models import Batch, EqualityAnswers
from responses.responding.equality import take_back_in

SEAL = """
    UPDATE responses_equalityanswers SET seal = equality_seal(id, edition_id, choices, texts)
    WHERE batch_id = %s AND NOT stopped
"""


def take_equality(*, batch: Fetched, row: Batch, outside: Outside) -> None:
    """Add the equality answers of a recovered batch, and empty those that it says must no longer be
    used.

    Needs the transaction that makes the batch.
    """
    editions = {edition.number: edition for edition in row.consultation.editions.all()}
    answers = [
        _answers(said, editions[int(said["edition"])], row)
        for said in read_table(batch, EQUALITY_TABLE)
    ]
    if answers:
        holders = outside.equality_holders.get(row.consultation.slug, set())
        take_back_in(batch=row, answers=answers, holders=holders)
        with connection.cursor() as cursor:
            cursor.execute(SEAL, [row.pk])
    stopped = [UUID(said["id"]) for said in read_table(batch, STOPPED_TABLE)]
    EqualityAnswers.objects.filter(pk__in=stopped).update(
        choices={}, texts={}, stopped=True, seal="", recalled_in=row
    )


def _answers(said: Mapping[str, str], edition: Edition, row: Batch) -> EqualityAnswers:
    columns = equality_columns({edition.pk: plan_of(edition)})
    answered = [(column, said[column.name]) for column in columns if column.name in said]
    choices, texts = _read((column, cell) for column, cell in answered if cell not in ABSENT)
    return EqualityAnswers(
        pk=UUID(said["id"]),
        consultation=edition.consultation,
        edition=edition,
        choices=choices,
        texts=texts,
        batch=row,
    )


ABSENT = {"", NOT_ASKED}


def _read(answered: Iterable[tuple[AnswerColumn, str]]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the answers that these cells were made from."""
    choices: dict[str, Any] = {}
    texts: dict[str, str] = {}
    for column, cell in answered:
        place = column.place
        if place.option and not place.text:
            chosen = choices.setdefault(place.question, [])
            chosen += [place.option] if cell == "1" else []
        elif column.one_of:
            choices[place.question] = restore_cell(cell)
        else:
            texts[key_of(place)] = restore_cell(cell)
    return choices, texts
