"""The spreadsheet into which people type what came on paper, made from the plan.

Pure except for the writer's own buffer.
"""

import io

from xlsxwriter import Workbook
from xlsxwriter.utility import xl_col_to_name

from consult.plans.document import Plan
from responses.reviewing.bundles.cells import BY_HAND
from responses.reviewing.bundles.rows import CHANNEL, EXPLAINED, columns_for

# As many rows as have a choice to pick from; one can type below them all the same.
ROWS = 2_000


def template_for(kind: str, plan: Plan) -> bytes:
    """Return a workbook with a column for each thing that a row can say, and the answers to choose
    from beside each question that has any.
    """
    buffer = io.BytesIO()
    book = Workbook(buffer, {"in_memory": True, "strings_to_formulas": False})
    sheet, options = book.add_worksheet("Answers"), book.add_worksheet("Options")
    bold, hint = (
        book.add_format({"bold": True}),
        book.add_format({"italic": True, "text_wrap": True}),
    )
    as_text = book.add_format({"num_format": "@", "text_wrap": True})
    sheet.freeze_panes(2, 1)
    columns = columns_for(kind, plan)
    sheet.set_column(0, len(columns) - 1, 24, as_text)
    for at, (name, words) in enumerate(columns):
        sheet.write_string(0, at, name, bold)
        sheet.write_string(1, at, EXPLAINED if at == 0 else words, hint)
        question = plan.by_slug.get(name)
        choices = [option.label for option in question.options] if question else []
        if name == CHANNEL:
            choices = list(BY_HAND.values())
        if not choices:
            continue
        options.write_string(0, at, name, bold)
        for down, label in enumerate(choices, start=1):
            options.write_string(down, at, label)
        if question is None or not question.entry.several:
            column = xl_col_to_name(at, col_abs=True)
            source = f"=Options!{column}$2:{column}${len(choices) + 1}"
            sheet.data_validation(2, at, ROWS, at, {"validate": "list", "source": source})
    book.close()
    return buffer.getvalue()
