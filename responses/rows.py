"""A response as a row of a table. Pure: values in, values out.

A spreadsheet runs a cell that begins with an equals sign, a plus, a minus, an at sign, a tab or a line break, in ASCII or
full width. Such a cell gets an apostrophe in front, and so does one that begins with an apostrophe; taking one leading
apostrophe away from any text cell gives back exactly what was typed. JSON Lines carry every text as it was typed.
"""

from collections.abc import Iterable
from typing import Any

from consult.clock import iso
from consult.plan import Plan, Question
from responses.answers import is_asked, write_in_name
from responses.models import Response

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'")
NOT_ASKED = "not-asked"
FIXED = ["reference", "version", "received_at", "started_at", "channel", "timing", "edition", "synthetic", "flags"]


def safe_cell(text: str) -> str:
    """`text` as a CSV cell that no spreadsheet runs."""
    return f"'{text}" if text.startswith(DANGEROUS) else text


def restore_cell(cell: str) -> str:
    """What was typed, from a cell made by `safe_cell`."""
    return cell.removeprefix("'")


def questions_of(plans: Iterable[Plan]) -> list[Question]:
    """Every question of some editions, newest edition first in `plans`, each once: the columns of a table over all of them."""
    found: dict[str, Question] = {}
    for plan in plans:
        for question in plan.asked:
            found.setdefault(question.slug, question)
    return list(found.values())


def columns_of(question: Question) -> list[str]:
    """The columns of one question: one, or for a choice of several one for each option; and one for each line to write in."""
    if question.kind == "many":
        names = [f"{question.slug}--{option.slug}" for option in question.options]
    else:
        names = [question.slug]
    return names + [f"{write_in_name(question.slug, option.slug)}--text" for option in question.options if option.write_in]


def header(questions: list[Question]) -> list[str]:
    """The column names."""
    return FIXED + [name for question in questions for name in columns_of(question)]


def wide_row(response: Response, plan: Plan, questions: list[Question]) -> list[str]:
    """One response as the cells of one row. Empty is not answered; "not-asked" is not asked of this respondent."""
    fixed = [response.reference, str(response.version), iso(response.received_at), iso(response.started_at), response.channel]
    fixed += [response.timing, str(response.edition.number), str(int(response.synthetic)), " ".join(response.flags)]
    cells = [cell for question in questions for cell in _cells(question, response, plan)]
    return fixed + [safe_cell(cell) for cell in cells]


def _cells(question: Question, response: Response, plan: Plan) -> list[str]:
    asked = plan.by_slug.get(question.slug)
    if asked is None or not is_asked(asked, response.choices):
        return [NOT_ASKED] * len(columns_of(question))
    written = [response.texts.get(write_in_name(question.slug, option.slug), "") for option in question.options if option.write_in]
    if question.kind == "many":
        chosen = response.choices.get(question.slug)
        # Nobody who answered nothing said no to anything: without an answer the columns are empty, not 0.
        return [("1" if option.slug in chosen else "0") if chosen else "" for option in question.options] + written
    if question.closed:
        return [response.choices.get(question.slug, ""), *written]
    return [response.texts.get(question.slug, "")]


def json_row(response: Response) -> dict[str, Any]:
    """One response with everything it said, as it was typed. Contact details are not part of it."""
    return {
        "reference": response.reference,
        "version": response.version,
        "received_at": iso(response.received_at),
        "started_at": iso(response.started_at),
        "channel": response.channel,
        "timing": response.timing,
        "edition": response.edition.number,
        "synthetic": response.synthetic,
        "flags": response.flags,
        "choices": response.choices,
        "texts": response.texts,
        "digest": response.digest,
    }


CODEBOOK_HEADER = ["edition", "question", "part", "kind", "order", "text", "option", "option_label", "option_value", "option_order"]


def codebook_rows(edition: int, plan: Plan) -> list[list[str]]:
    """The exact wording of one edition: a row for each option of a closed question, one for each other question."""
    rows = []
    for order, question in enumerate(plan.asked, 1):
        start = [str(edition), question.slug, question.part, question.kind, str(order), question.text]
        options = [[option.slug, option.label, "" if option.value is None else str(option.value)] for option in question.options]
        rows += [[*start, *cells, str(place)] for place, cells in enumerate(options, 1)] or [[*start, "", "", "", ""]]
    return [[safe_cell(cell) for cell in row] for row in rows]
