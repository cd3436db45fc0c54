"""The report: right figures with what they are of, only words that everyone may read, and the same
bytes from the same state, in each of its formats.
"""

from collections.abc import Callable
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from docx import Document
from pypdf import PdfReader

from consult.models import Action, AuditEntry, Consultation, User
from responses.deciding.answers_in_words import ATTACHED
from responses.deciding.diverging_bars import Piece, diverging_bar
from responses.deciding.feeding import feed_passage
from responses.deciding.report import make_report, per_cent
from responses.deciding.report_blocks import Chart, Figures, Heading, Quoted, Words
from responses.deciding.report_files import NAMES, report_file
from responses.models import Point, PublishedSet, Redaction, Response
from responses.published import put_on_list, take_off_list
from responses.reviewing.campaigns import add_response
from responses.reviewing.redacting import redact_passage
from tests.support.acting import on_the_trail

Make = Callable[..., Point]
Send = Callable[..., Response]


@pytest.fixture
def answered(send: Send) -> list[Response]:
    return [
        send({"violence-agree": agree, "capacity": "individual"})
        for agree in ["agree"] * 12 + ["disagree"] * 6
    ]


@pytest.fixture
def quoted(
    consultation: Consultation, point: Make, send: Send, reviewer: User
) -> Callable[..., Response]:
    """Puts a response's words among the best quotes of a point, and lets everyone read them."""

    def quoted(words: str, *, passage: str = "", public: bool = True, **more: str) -> Response:
        response = send({"missing": words, "publication": "named", **more}, name="Nora Name")
        feed_passage(
            point=point("More clubs."),
            response=response,
            question="missing",
            passage=passage,
            by=reviewer,
            quote=True,
        )
        PublishedSet.objects.get_or_create(consultation=consultation, defaults={"by": reviewer})
        if public:
            put_on_list(response)
        return response

    return quoted


def of_kind(consultation: Consultation, kind: type) -> list[Any]:
    return [block for block in make_report(consultation).blocks if isinstance(block, kind)]


def quotes(consultation: Consultation) -> list[tuple[str, str]]:
    return [(one.words, one.who) for one in of_kind(consultation, Quoted)]


def test_a_question_is_printed_with_per_cent_of_a_stated_base(
    consultation: Consultation, answered: list[Response], send: Send
) -> None:
    for _ in range(6):
        send({"missing": "Clubs."})
    table = next(one for one in of_kind(consultation, Figures) if "Per cent of 24" in one.columns)
    rows = dict(table.rows)
    assert rows["Agree"] == ["12", "50%"]
    assert rows["Disagree"] == ["6", "25%"]
    assert rows["Not answered, or not asked"] == ["6", "25%"]


def test_the_report_says_who_answered_how_and_what_it_cannot_say(
    consultation: Consultation, answered: list[Response]
) -> None:
    headings = [one.words for one in of_kind(consultation, Heading)]
    for words in ("Who answered", "What people chose", "What people said", "Method", "Limits"):
        assert words in headings
    said = " ".join(one.words for one in of_kind(consultation, Words))
    assert "18 responses came in, and 18 count" in said
    assert "no margins of error or confidence intervals are printed" in said
    captions = [one.caption for one in of_kind(consultation, Figures)]
    assert "Responses by who answers" in captions
    assert "Responses by how it came" in captions


def test_campaigns_are_printed_apart(
    consultation: Consultation, answered: list[Response], reviewer: User
) -> None:
    campaign = consultation.campaigns.create(
        name="Clubs now", sample=answered[0], question="missing"
    )
    for response in answered[:6]:
        add_response(campaign=campaign, reference=response.reference, by=reviewer)
    tables = [one for one in of_kind(consultation, Figures) if one.caption.endswith("By campaign")]
    assert [label for label, _cells in tables[0].rows] == ["Clubs now", "In no campaign"]


def test_every_point_is_in_the_report_however_few_made_it(
    consultation: Consultation, point: Make, send: Send, reviewer: User
) -> None:
    made = point("Wait for an evaluation.")
    point("Nobody says it.")
    feed_passage(
        point=made, response=send({"missing": "Wait."}), question="missing", passage="", by=reviewer
    )
    headings = [one.words for one in of_kind(consultation, Heading)]
    assert "Wait for an evaluation." in headings
    assert "Nobody says it." not in headings
    assert "One response makes it." in [one.words for one in of_kind(consultation, Words)]


def test_only_quotes_that_everyone_may_read_are_printed(
    consultation: Consultation, quoted: Callable[..., Response]
) -> None:
    shown = quoted("Keep clubs open.")
    quoted("A secret hope.", public=False)
    assert quotes(consultation) == [("Keep clubs open.", "Nora Name")]
    take_off_list(shown)
    assert quotes(consultation) == []


def test_quotes_leave_out_what_is_redacted_and_unwanted_names(
    consultation: Consultation, quoted: Callable[..., Response], reviewer: User
) -> None:
    response = quoted(
        "I am 81. My neighbour Bill in Low Lane says keep clubs open.",
        passage="My neighbour Bill in Low Lane says keep clubs open.",
        publication="anonymous",
    )
    redact_passage(
        response=response,
        text="missing",
        passage="Bill in Low Lane",
        reason=Redaction.Reason.THIRD_PARTY,
        by=reviewer,
    )
    assert quotes(consultation) == [
        (
            "My neighbour [redacted: about someone else] says keep clubs open.",
            "Someone who did not want to be named",
        )
    ]


def test_a_point_is_not_called_by_what_is_redacted_in_its_passages(
    consultation: Consultation, quoted: Callable[..., Response], reviewer: User
) -> None:
    response = quoted("Bill in Low Lane says keep clubs open.", publication="anonymous")
    point = consultation.points.get()
    point.sentence = "Bill in  low lane and Nora Name want clubs kept open."
    point.save(update_fields=["sentence"])
    redact_passage(
        response=response,
        text="missing",
        passage="Bill in Low Lane",
        reason=Redaction.Reason.THIRD_PARTY,
        by=reviewer,
    )
    said = [block.words for block in make_report(consultation).blocks if isinstance(block, Heading)]
    assert (
        "[redacted: about someone else] and [redacted: personal details] want clubs kept open."
        in said
    )


def test_quotes_are_not_printed_before_anything_is_published(
    consultation: Consultation, quoted: Callable[..., Response]
) -> None:
    quoted("Keep clubs open.")
    PublishedSet.objects.all().delete()
    assert quotes(consultation) == []


def test_agreement_is_drawn_to_both_sides_beside_its_table(
    consultation: Consultation, send: Send
) -> None:
    scale = ["strongly-agree", "agree", "neither", "disagree", "strongly-disagree"]
    for answer in [*scale, "dont-know"] * 5:
        send({"violence-agree": answer})
    report = make_report(consultation)
    (place,) = [at for at, block in enumerate(report.blocks) if isinstance(block, Chart)]
    chart, table = report.blocks[place], report.blocks[place + 1]
    assert isinstance(chart, Chart)
    assert isinstance(table, Figures)
    assert table.caption == chart.title
    svg = ET.fromstring(chart.svg)  # noqa: S314 (our own)
    assert svg.get("role") == "img"
    names = [child.tag.rpartition("}")[2] for child in svg]
    assert names[:2] == ["title", "desc"]
    assert "Strongly agree: 5" in (svg[1].text or "")


def test_a_bar_has_its_middle_in_the_middle() -> None:
    pieces = [Piece("No", 1, 10), Piece("Neither", 2, 20), Piece("Yes", 3, 30)]
    svg = ET.fromstring(diverging_bar("Q <&>", pieces, 60))  # noqa: S314 (our own)
    bars = [one for one in svg if one.get("height") == "34"]
    widths = [float(one.get("width", "")) for one in bars]
    assert [round(width / widths[0], 1) for width in widths] == [1, 2, 3]
    middle = float(bars[1].get("x", "")) + widths[1] / 2
    assert abs(middle - 360) < 0.2
    assert diverging_bar("Q", [Piece("No", 1, 0)], 0) == ""
    assert len({one.get("fill") for one in bars}) == 3


def test_a_share_has_a_base() -> None:
    assert (per_cent(1, 3), per_cent(0, 3), per_cent(0, 0)) == ("33%", "0%", "–")


@pytest.mark.parametrize("name", NAMES)
def test_the_same_state_gives_the_same_bytes(
    name: str, consultation: Consultation, answered: list[Response]
) -> None:
    assert report_file(consultation, name) == report_file(consultation, name)


def test_the_word_file_has_headings_tables_and_quotes(
    consultation: Consultation, answered: list[Response], quoted: Callable[..., Response]
) -> None:
    quoted("Keep clubs open.")
    made = Document(BytesIO(report_file(consultation, "report.docx")))
    styles = {one.style.name for one in made.paragraphs}
    assert {"Title", "Heading 1", "Heading 2", "Quote", "Caption"} <= styles
    assert any("Keep clubs open." in one.text for one in made.paragraphs)
    tables = [[[cell.text for cell in row.cells] for row in one.rows] for one in made.tables]
    assert any(["Agree", "12", "63%"] in table for table in tables)
    assert all("tblHeader" in one.rows[0]._tr.xml for one in made.tables)


def test_the_page_loads_nothing_and_escapes_what_people_wrote(
    consultation: Consultation, quoted: Callable[..., Response]
) -> None:
    quoted("Keep <script>alert(1)</script> open.")
    page = report_file(consultation, "report.html").decode()
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert "src=" not in page
    assert '<html lang="en-GB">' in page


def test_the_pdf_is_tagged_and_has_a_title(
    consultation: Consultation, answered: list[Response]
) -> None:
    made = PdfReader(BytesIO(report_file(consultation, "report.pdf")))
    assert made.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert made.metadata is not None
    assert "report on the consultation" in (made.metadata.title or "")
    assert "What people chose" in "".join(page.extract_text() for page in made.pages)


def test_the_command_writes_all_three(
    consultation: Consultation, answered: list[Response], tmp_path: Path
) -> None:
    said = StringIO()
    call_command("write_report", consultation.slug, str(tmp_path / "new"), stdout=said)
    assert {one.name for one in (tmp_path / "new").iterdir()} == set(NAMES)
    assert "report.docx" in said.getvalue()
    with pytest.raises(CommandError, match="no published consultation"):
        call_command("write_report", "elsewhere", str(tmp_path))


def test_the_report_is_read_and_downloaded_on_a_page(
    consultation: Consultation,
    answered: list[Response],
    analyst: User,
    sign_in: Callable[[User], Client],
) -> None:
    client = sign_in(analyst)
    page = client.get(reverse("report", args=[consultation.slug])).content.decode()
    assert "Per cent of 18" in page
    for name in NAMES:
        assert reverse("report-file", args=[consultation.slug, name]) in page
    file = client.get(reverse("report-file", args=[consultation.slug, "report.docx"]))
    assert file["Content-Disposition"].endswith('-report.docx"')
    assert Document(BytesIO(file.content)).tables
    entry = AuditEntry.objects.filter(action=Action.REPORT_TAKEN).get()
    assert (entry.actor, entry.details) == (analyst, {"file": "report.docx"})
    other = reverse("report-file", args=[consultation.slug, "other.txt"])
    assert client.get(other).status_code == 404


def test_an_empty_consultation_has_a_report(consultation: Consultation) -> None:
    said = [one.words for one in of_kind(consultation, Words)]
    assert "0 responses came in, and 0 count; the others were withdrawn or erased." in said
    assert "No point is on the register yet." in said


def test_a_file_is_no_quote_and_neither_is_what_says_who_someone_is(
    quoted: Callable[..., Response], reviewer: User, consultation: Consultation
) -> None:
    response = quoted("More clubs, please.")
    made = Point.objects.get()
    with on_the_trail():
        response.attachments.create(
            file="ours.pdf", kind="application/pdf", bytes=5, sha256="0" * 64
        )
        made.passages.create(
            response=response, question="organisation-name", quote=True, by=reviewer
        )
    feed_passage(
        point=made, response=response, question=ATTACHED, passage="", by=reviewer, quote=True
    )
    assert [words for words, _who in quotes(consultation)] == ["More clubs, please."]
