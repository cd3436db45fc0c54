"""A report as files: Word, HTML and tagged PDF, each from the same blocks, and the same bytes from
the same report.
"""

from datetime import datetime
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from django.template.loader import render_to_string
from docx import Document
from docx.document import Document as Written

from consult.models import Consultation
from responses.deciding.report import make_report
from responses.deciding.report_blocks import Figures, Heading, Quoted, Report, Words
from responses.responding.pdf import make_pdf

DOCX, HTML, PDF = "report.docx", "report.html", "report.pdf"
NAMES = (DOCX, HTML, PDF)
# No time of writing: as early as a zip can say.
EARLY = (1980, 1, 1, 0, 0, 0)


def report_file(consultation: Consultation, name: str) -> bytes:
    """Return one of NAMES. Raises PdfNotMade."""
    report = make_report(consultation)
    if name == DOCX:
        return as_docx(report)
    page = as_html(report)
    return make_pdf(page, anyway=True) if name == PDF else page.encode()


def blocks_to_show(report: Report) -> list[tuple[str, object]]:
    """Return each block with its kind, for a template."""
    return [(type(block).__name__.lower(), block) for block in report.blocks]


def as_html(report: Report) -> str:
    """A whole page that loads nothing."""
    context = {"report": report, "blocks": blocks_to_show(report)}
    return render_to_string("deciding/report.html", context)


def as_docx(report: Report) -> bytes:
    """A Word file with real headings and tables, whose first row is repeated on each page. Charts
    are left to the tables that say the same.
    """
    made = Document()
    made.core_properties.title = report.title[:255]
    made.core_properties.author = ""
    made.core_properties.comments = ""
    made.core_properties.language = "en-GB"
    made.core_properties.created = made.core_properties.modified = datetime(*EARLY)  # noqa: DTZ001 (a zip has no zone)
    made.add_heading(report.title, 0)
    for block in report.blocks:
        if isinstance(block, Heading):
            made.add_heading(block.words, block.level - 1)
        elif isinstance(block, Words):
            made.add_paragraph(block.words)
        elif isinstance(block, Quoted):
            made.add_paragraph(f"“{block.words}” ({block.who})", style="Quote")
        elif isinstance(block, Figures):
            _table(made, block)
    return _without_times(made)


def _table(made: Written, block: Figures) -> None:
    made.add_paragraph(block.caption, style="Caption")
    table = made.add_table(rows=1, cols=len(block.columns) + 1, style="Table Grid")
    for cell, words in zip(table.rows[0].cells, ["", *block.columns], strict=True):
        cell.text = words
    header = table.rows[0]._tr.get_or_add_trPr()  # noqa: SLF001 (the library has no other way)
    header.append(header.makeelement(header.tag.replace("trPr", "tblHeader"), {}))
    for label, cells in block.rows:
        for cell, words in zip(table.add_row().cells, [label, *cells], strict=True):
            cell.text = words


def _without_times(made: Written) -> bytes:
    written, again = BytesIO(), BytesIO()
    made.save(written)
    with ZipFile(written) as source, ZipFile(again, "w") as target:
        for name in source.namelist():
            entry = ZipInfo(name, EARLY)
            entry.compress_type = ZIP_DEFLATED
            target.writestr(entry, source.read(name))
    return again.getvalue()
