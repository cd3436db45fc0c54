"""The responses as Parquet, for analysts' tools: the columns of responses.csv with types, and every
text as it was typed.

Only what writes packs imports this module: pyarrow takes some 60 MB, which no web process should
load.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
from pyarrow.parquet import ParquetWriter

from responses.exporting.columns.column import Column, Kind, Missing
from responses.exporting.columns.entries import Entry
from responses.exporting.columns.questions import AnswerColumn
from responses.exporting.columns.responses import RESPONSES
from responses.exporting.formats.makers import Rows, Take

PARQUET = "responses.parquet"
# The questions that someone was not asked are named here, so an empty column means only that it was
# not answered.
NOT_ASKED_COLUMN = "not_asked"
# A group of rows is written when it reaches either: memory never holds more.
GROUP_ROWS = 10_000
GROUP_CHARACTERS = 4_000_000
MOMENT = pa.timestamp("us", tz="UTC")
WORDS = pa.list_(pa.string())


TYPES: dict[Kind, pa.DataType] = {
    Kind.SLUG: pa.string(),
    Kind.TEXT: pa.string(),
    Kind.TYPED: pa.string(),
    Kind.NUMBER: pa.int64(),
    Kind.DECIMAL: pa.float64(),
    Kind.INSTANT: MOMENT,
    Kind.DATE: pa.date32(),
    Kind.YES_NO: pa.bool_(),
    Kind.LIST: WORDS,
}


def parquet_schema(columns: Sequence[AnswerColumn]) -> pa.Schema:
    """Return the columns of responses.csv with their types, and `not_asked` before the answers."""

    def fields(some: Sequence[Column]) -> list[tuple[str, pa.DataType]]:
        return [(column.name, TYPES[column.kind]) for column in some]

    return pa.schema([*fields(RESPONSES), (NOT_ASKED_COLUMN, WORDS), *fields(columns)])


@contextmanager
def parquet_table(folder: Path, rows: Rows, *, columns: Sequence[AnswerColumn]) -> Iterator[Take]:
    """Write a row for each version of a response, in groups that bound the memory.

    The same rows give the same bytes.
    """
    schema = parquet_schema(columns)
    count = characters = 0
    group: list[list[object]] = [[] for _ in schema]
    # From the system's own pool: a group's memory is released when it is written.
    pool = pa.system_memory_pool()
    with ParquetWriter(folder / PARQUET, schema, compression="zstd", memory_pool=pool) as file:

        def write() -> None:
            nonlocal characters
            arrays = [
                pa.array(values, field.type, memory_pool=pool)
                for values, field in zip(group, schema, strict=True)
            ]
            file.write_table(pa.Table.from_arrays(arrays, schema=schema), row_group_size=GROUP_ROWS)
            characters = 0
            for values in group:
                values.clear()

        def take(entry: Entry) -> None:
            nonlocal count, characters
            for values, value in zip(group, _values(entry, columns), strict=True):
                values.append(value)
                characters += len(value) if isinstance(value, str) else 1
            count += 1
            if len(group[0]) == GROUP_ROWS or characters >= GROUP_CHARACTERS:
                write()

        yield take
        if group[0]:
            write()
    rows[PARQUET] = count


def _values(entry: Entry, columns: Sequence[AnswerColumn]) -> Iterator[object]:
    yield from (column.value(entry) for column in RESPONSES)
    answers = [column.value(entry) for column in columns]
    yield [
        column.name
        for column, value in zip(columns, answers, strict=True)
        if isinstance(value, Missing)
    ]
    yield from (None if isinstance(value, Missing) else value for value in answers)
