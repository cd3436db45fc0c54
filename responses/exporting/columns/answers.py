"""The columns of answers.csv: a row for each chosen option and each text.

Only PostgreSQL writes it. Each `sql` is an expression over a member joined with `item`, what its
edition asks, and `said`, what was answered: see `responses.exporting.formats.copies`.
"""

from consult.plans.kinds import KIND_NAMES
from responses.exporting.columns.column import Column, Kind, Value
from responses.exporting.columns.sql import codes_of_member


def _by_copy_alone(_row: object) -> Value:
    raise NotImplementedError


ANSWERS = [
    Column("reference", Kind.SLUG, "The response.", _by_copy_alone, sql="reference", always=True),
    Column("version", Kind.NUMBER, "Its version.", _by_copy_alone, sql="version", always=True),
    Column(
        "row",
        Kind.NUMBER,
        "Its row in `responses.csv`.",
        _by_copy_alone,
        sql='"row"',
        always=True,
    ),
    Column(
        "edition",
        Kind.NUMBER,
        "The edition of the questions that it answered.",
        _by_copy_alone,
        sql="edition_number",
        always=True,
    ),
    Column("part", Kind.SLUG, "The page that the question is on.", _by_copy_alone, sql="item.part"),
    Column(
        "question",
        Kind.SLUG,
        "The question's slug.",
        _by_copy_alone,
        sql="item.question",
        always=True,
    ),
    Column(
        "kind",
        Kind.SLUG,
        f"{KIND_NAMES}.",
        _by_copy_alone,
        sql="item.kind",
        always=True,
    ),
    Column(
        "option", Kind.SLUG, "The slug of the chosen option.", _by_copy_alone, sql="item.option"
    ),
    Column("option_label", Kind.TEXT, "The option as it was shown.", _by_copy_alone, sql="label"),
    Column("option_value", Kind.NUMBER, "Its place on the scale.", _by_copy_alone, sql="scale"),
    Column(
        "text",
        Kind.TYPED,
        "The text, or what was written in beside the option.",
        _by_copy_alone,
        sql="said",
    ),
    Column(
        "codes",
        Kind.LIST,
        "The codes given to this text, separated by semicolons.",
        _by_copy_alone,
        sql=codes_of_member("pair ->> 1", fits="pair ->> 0 = item.question AND item.option = ''"),
    ),
]
