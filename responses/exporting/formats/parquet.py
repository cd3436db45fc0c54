"""The responses as Parquet, for analysts' tools: the columns of responses.csv with types, and every
text as it was typed.

Only what makes packs imports this module: pyarrow takes some 60 MB, which no web process should
carry.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pyarrow as pa
from pyarrow.parquet import ParquetWriter

from consult.cells import NOT_ASKED, restore_cell
from responses.exporting.columns import LISTS, RESPONSE_COLUMNS, Column
from responses.exporting.formats.describing import INSTANTS, NUMBERS
from responses.exporting.formats.entries import Entry, Rows, Take

PARQUET = "responses.parquet"
# What was not put to somebody is named here, so that an empty column says only that it was not
# answered.
NOT_ASKED_COLUMN = "not_asked"
# A group of rows is written when it has one or the other: so much of it is in memory, and no more.
GROUP_ROWS = 10_000
GROUP_CHARACTERS = 4_000_000
MOMENT = pa.timestamp("us", tz="UTC")
WORDS = pa.list_(pa.string())
ANSWER_TYPES = {
    "string": pa.string(),
    "boolean": pa.bool_(),
    "integer": pa.int64(),
    "date": pa.date32(),
}
READ_ANSWER: dict[str, Callable[[str], object]] = {
    "string": restore_cell,
    "boolean": lambda cell: cell == "1",
    "integer": int,
    "date": date.fromisoformat,
}


def parquet_schema(columns: Sequence[Column]) -> pa.Schema:
    """The columns of responses.csv by their types, and `not_asked` before the answers."""
    fields = [(name, _type_of(name)) for name in RESPONSE_COLUMNS]
    answers = [(column.name, ANSWER_TYPES[column.type]) for column in columns]
    return pa.schema([*fields, (NOT_ASKED_COLUMN, WORDS), *answers])


def _type_of(name: str) -> pa.DataType:
    if name in NUMBERS:
        return pa.int64()
    if name in INSTANTS:
        return MOMENT
    if name in LISTS:
        return WORDS
    return pa.bool_() if name == "synthetic" else pa.string()


@contextmanager
def parquet_table(folder: Path, rows: Rows, *, columns: Sequence[Column]) -> Iterator[Take]:
    """A row for each version of a response, in groups that bound the memory.

    The same rows give the same bytes.
    """
    schema = parquet_schema(columns)
    count = characters = 0
    group: list[list[object]] = [[] for _ in schema]
    # From the system's own pool: what a group took is given back when it is written.
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
            count += 1
            characters += sum(map(len, entry.cells))
            if len(group[0]) == GROUP_ROWS or characters >= GROUP_CHARACTERS:
                write()

        yield take
        if group[0]:
            write()
    rows[PARQUET] = count


def _values(entry: Entry, columns: Sequence[Column]) -> Iterator[object]:
    response, about = entry.response, len(RESPONSE_COLUMNS)
    lists = {
        "flags": response.flags,
        "campaigns": list(entry.marks.campaigns),
        "codes": entry.marks.coded,
    }
    for name, cell in zip(RESPONSE_COLUMNS, entry.cells, strict=False):
        if name in NUMBERS:
            yield int(cell) if cell else None
        elif name in INSTANTS:
            yield getattr(response, name)
        elif name in LISTS:
            yield lists[name]
        else:
            yield response.synthetic if name == "synthetic" else cell
    answers = list(zip(columns, entry.cells[about:], strict=True))
    yield [column.name for column, cell in answers if cell == NOT_ASKED]
    for column, cell in answers:
        if cell in {"", NOT_ASKED}:
            yield None
        else:
            yield READ_ANSWER[column.type](cell)
