"""What a report is made of, whatever the format that it is written in."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Heading:
    level: int
    words: str


@dataclass(frozen=True)
class Words:
    words: str


@dataclass(frozen=True)
class Figures:
    """A table: its caption, its columns, and rows of a label with cells."""

    caption: str
    columns: list[str]
    rows: list[tuple[str, list[str]]]


@dataclass(frozen=True)
class Chart:
    """A picture of the table that follows it."""

    title: str
    svg: str


@dataclass(frozen=True)
class Quoted:
    """Words that everyone may read, and from whom they are."""

    words: str
    who: str


Block = Heading | Words | Figures | Chart | Quoted


@dataclass(frozen=True)
class Report:
    title: str
    blocks: list[Block]
