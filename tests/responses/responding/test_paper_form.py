"""The paper form: the same questions, in the same words, on paper."""

import io
from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from consult.models import Consultation
from consult.plans.document import Plan
from consult.plans.loading import load_plan
from responses.references import new_reference
from responses.responding.paper_form import equality_sheet, paper_parts
from responses.responding.views import paper_form
from tests.conftest import BUNDLED_PLAN
from tests.responses.responding.test_receipts import tags


@pytest.fixture(autouse=True)
def made_anew() -> Iterator[None]:
    """No form that another test had made."""
    paper_form.made_once.cache_clear()
    yield
    paper_form.made_once.cache_clear()


def test_the_paper_form_asks_each_question_once_with_its_own_number(plan: Plan) -> None:
    sheet = equality_sheet(plan)
    assert sheet is not None
    asked = [question for part in [*paper_parts(plan), sheet] for question in part.questions]
    assert [row.question for row in asked] == [*plan.asked, *plan.equality.questions]
    numbers = [row.number for row in asked]
    assert len(set(numbers)) == len(numbers)
    assert numbers[:4] == ["1.1", "1.2", "1.3", "2.1"]
    assert numbers[-1] == f"E{len(plan.equality.questions)}"


def test_a_question_that_depends_on_another_says_on_which_by_its_number(plan: Plan) -> None:
    rows = {row.question.slug: row for part in paper_parts(plan) for row in part.questions}
    assert rows["organisation-name"].only_if == (
        (rows["capacity"].number, "For an organisation or group"),
    )
    assert rows["capacity"].only_if == ()


def test_a_plan_without_equality_questions_has_no_sheet_for_them(plan: Plan) -> None:
    without = tuple(question for question in plan.questions if question.part != "equality")
    assert equality_sheet(replace(plan, questions=without)) is None


def test_the_office_has_a_cell_for_each_letter_of_the_reference(
    client: Client, consultation: Consultation
) -> None:
    page = client.get(reverse("paper-form", args=[consultation.slug])).content.decode()
    office = page.split("For office use")[1].split("Received on:")[0]
    reference = new_reference()
    assert office.count("paper-cell") == len(reference.replace("-", ""))
    assert office.count("–") == reference.count("-")


def test_boxes_of_a_scale_share_a_line_and_are_not_explained_each_time(
    client: Client, consultation: Consultation, plan: Plan
) -> None:
    page = client.get(reverse("paper-form", args=[consultation.slug])).content.decode()
    scales = [question for question in plan.questions if question.scale]
    assert len(scales) == 18
    assert page.count("paper-boxes--row") >= len(scales)
    assert page.count("Tick one box") == 1
    assert "Tick up to 2 boxes." in page


def words_of(pdf: PdfReader) -> str:
    return " ".join(" ".join(page.extract_text() for page in pdf.pages).split())


def test_the_pdf_is_tagged_and_has_every_question_option_and_the_way_back(
    client: Client, consultation: Consultation, plan: Plan
) -> None:
    answer = client.get(reverse("paper-form-pdf", args=[consultation.slug]))
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    pdf = PdfReader(io.BytesIO(answer.content))
    root = pdf.trailer["/Root"]
    assert (bool(root["/MarkInfo"]["/Marked"]), root["/Lang"]) == (True, "en-GB")
    assert {"/H1", "/H2", "/H3", "/P", "/L", "/LI"} <= set(tags(root["/StructTreeRoot"]["/K"]))
    words = words_of(pdf)
    for question in plan.questions:
        assert " ".join(question.text.split()) in words
        for option in question.options:
            assert option.label in words
    for wanted in (
        "169 Union Street",
        "Form 1.3",
        "Paper form, number 1.3",
        "(UK time)",
        "/privacy/",
        "Only if you ticked",
    ):
        assert wanted in words
    # Four sheets, printed on both sides, and room for a wider font.
    assert len(pdf.pages) <= 9
    # The number stands on every page, so that loose sheets can be told apart, and so does a place
    # for the reference that the response gets when it is keyed in.
    for page in pdf.pages:
        assert "Form 1.3" in page.extract_text()
        assert "Reference: ____" in page.extract_text()


def test_the_paper_forms_number_goes_up_with_the_edition(
    client: Client, consultation: Consultation
) -> None:
    load_plan(
        text=BUNDLED_PLAN.read_text().replace("Is there anything missing", "Is anything missing"),
        actor=None,
    )
    page = client.get(reverse("paper-form", args=[consultation.slug])).content.decode()
    assert "number 2.3" in page
    assert "Is anything missing from the plan?" in page


def test_the_paper_form_is_made_once_and_once_in_large_print(
    client: Client, consultation: Consultation, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = reverse("paper-form-pdf", args=[consultation.slug])
    plain = client.get(address).content
    # From here on none can be made, and what was made is still there.
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    monkeypatch.setattr("responses.responding.pdf.RUN_SECONDS", 0.001)
    assert client.get(address).content == plain
    refused = client.get(address, {"print": "large"})
    assert refused.status_code == 503
    assert reverse("paper-form", args=[consultation.slug]) in refused.content.decode()
    monkeypatch.undo()
    large = PdfReader(io.BytesIO(client.get(address, {"print": "large"}).content))
    pages = len(PdfReader(io.BytesIO(plain)).pages)
    # Letters of 18 points in the place of 10.5 take nearly three times the room.
    assert 2 * pages < len(large.pages) <= 3 * pages
