"""The report of a consultation, as public bodies publish it: one list of blocks, from which each
format is written. The same state gives the same report: no time of writing stands in it.
"""

from collections.abc import Sequence

from consult.clock import in_words
from consult.models import Consultation
from consult.plans.document import Plan
from consult.plans.editions import current_edition, plan_of
from consult.text import counted as number_of
from responses.deciding.answers_in_words import ATTACHED
from responses.deciding.asked import Asked, ever_asked
from responses.deciding.diverging_bars import Piece, diverging_bar
from responses.deciding.figures import Counted, Table, tables_of, who_answered
from responses.deciding.register import Row, best_quotes, the_register
from responses.deciding.report_blocks import (
    Block,
    Chart,
    Figures,
    Heading,
    Quoted,
    Report,
    Words,
)
from responses.deciding.unweighed import count_weighed
from responses.models import Point, PointPassage, Redaction, Response
from responses.reviewing.public_version import public_text, public_version, public_words
from responses.reviewing.redacting import in_force, texts_to_redact

METHOD = [
    "Every response counts once, in its newest version, unless it was withdrawn or erased.",
    (
        "Every answer in words was read for the points that it makes, or makes none for a "
        "reason that an officer gave by name. A response counts once for a point, however often "
        "it makes it."
    ),
    (
        "Letters that were sent by many are told apart as campaigns. Each counts, and each "
        "table by campaign shows them beside the others. A response in several campaigns stands "
        "in the first."
    ),
]
LIMITS = [
    (
        "People chose to answer, and some were asked to by a campaign. The figures say what "
        "those who answered think; they are neither a vote nor a sample of London."
    ),
    (
        "So no margins of error or confidence intervals are printed: they describe chance in "
        "drawing a sample, and nobody drew one."
    ),
    (
        "Groups of fewer than five are put together with others, the same way in every table, "
        "so that nobody can be recognised and no figure can be worked out by subtraction."
    ),
    (
        "Per cent are of all who responded, whether or not they answered the question; how many "
        "did not is printed beside. They are rounded, and may not add up to 100."
    ),
]
BY = {
    "kind": "who answers",
    "borough": "borough",
    "channel": "how it came",
    "campaign": "campaign",
}


def make_report(consultation: Consultation) -> Report:
    """Return the report of a consultation as things stand."""
    plan, counted = plan_of(current_edition(consultation)), Counted(consultation)
    blocks: list[Block] = [*_opening(consultation, counted)]
    blocks.append(Heading(2, "Who answered"))
    for table in who_answered(consultation, counted):
        blocks.append(_figures(f"Responses by {BY[table.dimension]}", table))
    blocks.append(Heading(2, "What people chose"))
    blocks += _questions(ever_asked(consultation), tables_of(consultation, counted))
    blocks.append(Heading(2, "What people said"))
    blocks += _points(consultation, plan)
    blocks.append(Heading(2, "Method"))
    blocks += [Words(one) for one in METHOD]
    blocks.append(Heading(2, "Limits"))
    blocks += [Words(one) for one in LIMITS]
    return Report(f"{consultation.title}: report on the consultation", blocks)


def _opening(consultation: Consultation, counted: Counted) -> list[Block]:
    received = Response.objects.filter(consultation=consultation, version=1).count()
    weighing = count_weighed(consultation)
    said = (
        f"{number_of(received, 'response')} came in, and {counted.base:,} count; the others were "
        "withdrawn or erased."
    )
    words = (
        f"They hold {number_of(weighing.answers, 'answer')} in words. {weighing.leading:,} make "
        f"one or more points, {weighing.reasoned:,} make none for a reason that is on record, and "
        f"{weighing.nowhere:,} have not been weighed yet."
    )
    window = (
        f"The consultation opened on {in_words(consultation.opens_at)} and closes on "
        f"{in_words(consultation.closes_at)}."
        if consultation.opens_at and consultation.closes_at
        else ""
    )
    return [Words(one) for one in (said, words, window) if one]


def _questions(asked: Asked, tables: Sequence[Table]) -> list[Block]:
    blocks: list[Block] = []
    part = ""
    for table in tables:
        if table.part != part:
            part = table.part
            blocks.append(Heading(3, part))
        if table.dimension != "all":
            caption = f"{table.title} By {BY[table.dimension]}"
            blocks.append(_figures(caption, table))
            continue
        if table.left_out:
            blocks.append(Words(f"{table.title} {table.left_out}"))
        if not table.lines:
            continue
        if svg := _chart(asked, table):
            blocks.append(Chart(table.title, svg))
        blocks.append(_whole(table))
    return blocks


def _whole(table: Table) -> Figures:
    """A question in all, an answer in each row."""
    (line,) = table.lines
    rows = [
        (label, [f"{count:,}", per_cent(count, line.base)])
        for label, count in zip(table.columns, line.counts, strict=True)
    ]
    return Figures(table.title, ["Responses", f"Per cent of {line.base:,}"], rows)


def _figures(caption: str, table: Table) -> Figures:
    rows = [
        (
            line.label,
            [f"{count:,} ({per_cent(count, line.base)})" for count in line.counts]
            + [f"{line.base:,}"],
        )
        for line in table.lines
    ]
    return Figures(caption, [*table.columns, "Of"], rows)


def per_cent(count: int, base: int) -> str:
    """A share in whole per cent, of a base that is printed beside it."""
    return f"{round(100 * count / base)}%" if base else "–"


def _chart(asked: Asked, table: Table) -> str:
    """A scale drawn to both sides; nothing where answers had to be put together."""
    _part, question = asked[table.question]
    values = {option.label: option.value for option in question.options if option.value is not None}
    (line,) = table.lines
    counts = dict(zip(table.columns, line.counts, strict=True))
    if not question.scale or not set(values) <= set(counts):
        return ""
    pieces = [Piece(label, value, counts[label]) for label, value in values.items()]
    return diverging_bar(table.title, pieces, line.base)


def _points(consultation: Consultation, plan: Plan) -> list[Block]:
    blocks: list[Block] = []
    rows = [row for row in the_register(consultation) if row.makers.responses]
    if not rows:
        return [Words("No point is on the register yet.")]
    for part in plan.parts:
        mine = [row for row in rows if row.point.part == part.slug]
        if mine:
            blocks.append(Heading(3, part.title))
        for row in sorted(mine, key=lambda row: (-row.makers.responses, row.point.number)):
            blocks += _point(row)
    return blocks


def _point(row: Row) -> list[Block]:
    made = row.makers
    many = number_of(made.responses, "response")
    how = "One response makes it." if row.single else f"{many} make it."
    if made.responses != made.in_none:
        how += f" {made.responses - made.in_none:,} of them are part of a campaign."
    # Words of a file are not at hand to be printed.
    quotes = (
        best_quotes(row.point)
        .exclude(question=ATTACHED)
        .filter(
            response__published_response__isnull=False,
            response__consultation__published_set__isnull=False,
        )
        .select_related("response__edition", "response__contact")
    )
    return [
        Heading(4, _sentence(row.point)),
        Words(how),
        *map(_quoted, quotes),
    ]


def _sentence(point: Point) -> str:
    """What staff call it, without what is redacted in the passages that make it."""
    sentence = point.sentence
    made_by = Response.objects.filter(
        point_passages__point=point, point_passages__removed_at=None
    ).distinct()
    for one in made_by.select_related("edition", "contact").prefetch_related("redactions"):
        sentence = public_words(sentence, one)
    return sentence


def _quoted(passage: PointPassage) -> Quoted:
    """A quote as everyone may read it: without what is redacted, and from whom its sender chose."""
    response = passage.response
    text = texts_to_redact(response).get(passage.question, "")
    start, end = passage.start or 0, len(text) if passage.end is None else passage.end
    within = [
        Redaction(start=max(one.start, start) - start, end=one.end - start, reason=one.reason)
        for one in in_force(response)
        if one.text == passage.question and one.start < end and one.end > start
    ]
    return Quoted(public_text(text[start:end], within), public_version(response).who)
