"""What a column is, and how its values are written in a cell of CSV and in JSON.

Pure: values in, values out.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Any

from consult.cells import NOT_ASKED, safe_cell, typed_cell
from consult.clock import iso
from responses.exporting.columns import sql as in_sql


class Kind(Enum):
    """The kind of a column's values, from which each format derives its types."""

    SLUG = "a word of ours, which needs no guard"
    TEXT = "words of the plan"
    TYPED = "what someone typed"
    NUMBER = "a whole number"
    DECIMAL = "a number with decimal places"
    INSTANT = "an instant"
    DATE = "a day"
    YES_NO = "true or false"
    LIST = "several names"


class Missing(Enum):
    """Why there is no value, if it is not simply that nothing was answered."""

    NOT_ASKED = NOT_ASKED


Value = str | int | float | bool | datetime | date | Sequence[str] | Missing | None


@dataclass(frozen=True)
class Column:
    """One column of a table.

    `value` takes what a row is made from. If PostgreSQL writes the table, `sql` is the expression
    for it over a row of `member`; for a list, the whole cell. `always`: no cell is ever empty.
    `one_of`: the values it may have, if they are known, and `labels`: what people read for them.
    """

    name: str
    kind: Kind
    meaning: str
    value: Callable[[Any], Value]
    sql: str = ""
    always: bool = False
    one_of: Sequence[str] = ()
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def cell_sql(self) -> str:
        """Return the SQL expression for its cell in CSV."""
        return CELLS_IN_SQL[self.kind](self.sql)


CELLS_IN_SQL: dict[Kind, Callable[[str], str]] = {
    Kind.SLUG: in_sql.unchanged,
    Kind.TEXT: in_sql.safe_cell,
    Kind.TYPED: in_sql.typed_cell,
    Kind.NUMBER: in_sql.number,
    Kind.DECIMAL: in_sql.number,
    Kind.INSTANT: in_sql.instant,
    Kind.DATE: in_sql.unchanged,
    Kind.YES_NO: in_sql.yes_no,
    Kind.LIST: in_sql.unchanged,
}


CELLS: dict[Kind, Callable[[str], str]] = {Kind.TEXT: safe_cell, Kind.TYPED: typed_cell}


def cells(columns: Iterable[Column], row: Any) -> list[str]:
    """Return a row as cells of CSV under `columns`."""
    return [cell(column.kind, column.value(row)) for column in columns]


def cell(kind: Kind, value: Value) -> str:
    """Return a value as a cell of CSV."""
    if value is None:
        return ""
    if isinstance(value, Missing):
        return NOT_ASKED
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    if isinstance(value, str):
        return value if kind is Kind.SLUG else CELLS[kind](value)
    # Staff name codes and campaigns as they like: a semicolon in a name would split it in two.
    return typed_cell(";".join(name.replace(";", ",") for name in value))


def json_value(value: Value) -> object:
    """Return a value as it is written in a line of JSON."""
    if isinstance(value, Missing):
        return None
    if isinstance(value, date):
        return iso(value) if isinstance(value, datetime) else value.isoformat()
    return value
