"""The steps in which a pack's responses are written. Each makes files that need no other step's, so
that work that was cut off continues with the next step.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from importlib import import_module
from pathlib import Path

from responses.exporting.attached import attachments_in, copying_steps
from responses.exporting.columns.codebook import asked_by
from responses.exporting.columns.responses import RESPONSES as RESPONSE_COLUMNS
from responses.exporting.contents import Pack
from responses.exporting.formats.copies import (
    ANSWERS,
    RESPONSES,
    copy_answers,
    copy_responses,
    longest_cells,
)
from responses.exporting.formats.labelled import fields_of, labelled_table
from responses.exporting.formats.makers import Rows, Take, Tick, describe
from responses.exporting.formats.spreadsheet import CELL_CHARACTERS, workbook
from responses.exporting.formats.tables import response_lines
from responses.exporting.formats.themes import theme_files
from responses.exporting.manifests import FileEntry
from responses.exporting.members import entries_of, widest

Make = Callable[[], list[FileEntry]]
# A maker opens its files in a folder and yields a function that takes one entry at a time.
Maker = Callable[[Path, Rows], AbstractContextManager[Take]]


def steps_of(pack: Pack, folder: Path, *, tick: Tick) -> Iterator[tuple[str, Make]]:
    """Yield each step's name, and the function that makes its files in `folder`.

    `tick` is called with how many responses are written, counted as if each step wrote its share of
    them.
    """
    # PostgreSQL writes these two itself. The other files are made from what streams past here, row
    # by row: the large ones in steps of their own.
    yield (
        "responses",
        lambda: [
            describe(
                folder,
                RESPONSES,
                rows=copy_responses(folder / RESPONSES, members=pack.members, columns=pack.columns),
            )
        ],
    )
    yield (
        "answers",
        lambda: [
            describe(
                folder,
                ANSWERS,
                rows=copy_answers(folder / ANSWERS, members=pack.members, plans=pack.plans),
            )
        ],
    )
    streams = _streams(pack)
    for done, (name, makers) in enumerate(streams.items()):
        ticks = partial(_tick_share, tick, done=done, of=len(streams), size=pack.counts.responses)
        yield name, partial(_stream, pack, folder, makers, tick=ticks)
    yield from copying_steps(attachments_in(pack.batch), folder)


def _streams(pack: Pack) -> dict[str, Sequence[Maker]]:
    # Imported here: a worker that makes packs loads pyarrow's 60 MB; a web process, which only
    # opens them, does not.
    parquet = import_module("responses.exporting.formats.parquet")

    def sheets(folder: Path, rows: Rows) -> AbstractContextManager[Take]:
        return workbook(
            folder,
            rows,
            columns=pack.columns,
            widest=widest(pack.members, pack.columns, limit=CELL_CHARACTERS),
            codebook=asked_by(
                pack.plans_by_number, codes=pack.option_codes, equality=pack.has_equality
            ),
            made_at=pack.made_at,
        )

    def labelled(folder: Path, rows: Rows) -> AbstractContextManager[Take]:
        longest = longest_cells(pack.members, [*RESPONSE_COLUMNS, *pack.columns])
        return labelled_table(
            folder,
            rows,
            fields=fields_of(pack.columns, codes=pack.option_codes, longest=longest),
            title=pack.name,
            made_at=pack.made_at,
            cases=pack.counts.responses,
        )

    return {
        "workbook": [sheets],
        "parquet": [partial(parquet.parquet_table, columns=pack.columns), labelled],
        "lines": [response_lines, partial(theme_files, plans=list(pack.plans.values()))],
    }


def _stream(pack: Pack, folder: Path, makers: Sequence[Maker], *, tick: Tick) -> list[FileEntry]:
    rows: list[Rows] = [{} for _ in makers]
    with ExitStack() as opened:
        takes = [
            opened.enter_context(maker(folder, mine))
            for maker, mine in zip(makers, rows, strict=True)
        ]
        for entry in entries_of(pack.members, pack.plans):
            for take in takes:
                take(entry)
            tick(entry.row)
    return [describe(folder, name, rows=count) for mine in rows for name, count in mine.items()]


def _tick_share(tick: Tick, row: int, *, done: int, of: int, size: int) -> None:
    tick((done * size + row) // of)
