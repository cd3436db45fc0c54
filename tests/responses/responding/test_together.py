"""Organisations: questions and draft to work on, a page to read, and who else is there."""

import re
from datetime import timedelta
from html import unescape
from io import BytesIO

import pytest
from django.db.models.functions import Now
from django.http import HttpResponse
from django.test import Client
from docx import Document
from docx.oxml.ns import qn

from consult.models import Consultation
from consult.plans.document import Plan
from responses.models import Draft, DraftVisit, Response
from responses.responding.draft_tokens import link_token
from responses.responding.drafting import find_draft, start_draft
from responses.responding.together import find_to_read, note_visit, reading_token
from tests.responses.responding.test_answering import HOSTILE, answer, at, send

pytestmark = pytest.mark.usefixtures("consultation")
WORDS = "Half a thought, for the board."


@pytest.fixture
def olu() -> Client:
    """Who writes for an organisation, and has begun."""
    client = Client()
    answer(client, "violence", violence_comment=WORDS, violence_agree="agree")
    return client


def read_word(page: HttpResponse) -> list[str]:
    """The paragraphs of a Word document, as Word would show them."""
    assert page.headers["Content-Type"].endswith("wordprocessingml.document")
    return [row.text for row in Document(BytesIO(page.content)).paragraphs]


def reading_path(client: Client) -> str:
    """The link that the page offers for people who only read."""
    page = client.get(at("later")).content.decode()
    found = re.findall(r'href="https?://[^/]+(/[^"]+/respond/read/[^"]+)"', page)
    return unescape(found[0])


def test_the_questions_come_as_word_and_text_before_anything_is_answered(plan: Plan) -> None:
    paragraphs = read_word(Client().get(at("questions-word")))
    text = Client().get(at("questions-text")).content.decode()
    for question in plan.asked:
        assert question.text in paragraphs
        assert question.text in text
    option = plan.by_slug["violence-agree"].options[0].label
    assert f"\u2610 {option}" in paragraphs
    assert f"[ ] {option}" in text


def test_a_question_that_depends_on_another_says_so(plan: Plan) -> None:
    asked = next(question for question in plan.asked if question.show_if)
    ((other, option),) = asked.show_if.items()
    label = plan.by_slug[other].label_of(option)
    said = f"Only if you answer “{label}” to “{plan.by_slug[other].text}”."
    assert said in read_word(Client().get(at("questions-word")))
    assert said in Client().get(at("questions-text")).content.decode()


def test_the_draft_comes_as_word_with_all_questions_at_any_time(olu: Client, plan: Plan) -> None:
    paragraphs = read_word(olu.get(at("draft-word")))
    place = paragraphs.index(WORDS)
    asked = plan.by_slug["violence-comment"]
    assert paragraphs[place - 2 : place] == [asked.text, asked.help]
    assert plan.by_slug["missing"].text in paragraphs
    assert any(row.startswith("Not sent yet.") for row in paragraphs)
    Consultation.objects.update(
        opens_at=Now() - timedelta(days=9), closes_at=Now() - timedelta(days=2)
    )
    assert WORDS in read_word(olu.get(at("draft-word")))


def test_without_a_draft_there_is_no_document_of_one() -> None:
    assert Client().get(at("draft-word")).headers["Location"] == at("tasks")


def test_anything_that_can_be_typed_makes_a_whole_document(olu: Client) -> None:
    answer(olu, "trust", trust_comment=HOSTILE + "\ufffe\uffff مرحبا", trust_agree="agree")
    paragraphs = read_word(olu.get(at("draft-word")))
    assert any("<script>alert('x')</script>" in row for row in paragraphs)
    assert "=1+1" in paragraphs


def test_the_document_has_a_title_a_language_headings_and_directions(olu: Client) -> None:
    answer(olu, "trust", trust_comment="نريد شوارع آمنة", trust_agree="agree")
    made = Document(BytesIO(olu.get(at("draft-word")).content))
    assert made.core_properties.title
    assert {row.get(qn("w:val")) for row in made.styles.element.iter(qn("w:lang"))} == {"en-gb"}
    assert {"Title", "Heading 1", "Heading 2"} <= {row.style.name for row in made.paragraphs}
    arabic = [row for row in made.paragraphs if row.text == "نريد شوارع آمنة"]
    assert [row.paragraph_format.element.find(".//" + qn("w:bidi")) is None for row in arabic] == [
        False
    ]


def test_the_reading_link_shows_the_draft_and_cannot_change_or_send_it(olu: Client) -> None:
    path = reading_path(olu)
    board = Client()
    page = board.get(path)
    assert WORDS in page.content.decode()
    assert 'name="submission_key"' not in page.content.decode()
    assert WORDS in read_word(board.get(f"{path}answers.docx"))
    assert board.post(path).status_code == 405
    assert board.get(at("tasks")).context["begun"] is False
    assert not Response.objects.exists()


def test_the_reading_link_opens_nothing_as_a_writing_link(
    olu: Client, consultation: Consultation
) -> None:
    token = reading_token(Draft.objects.get())
    assert Client().post(at("come-back", token)).status_code == 404
    with pytest.raises(Draft.DoesNotExist):
        find_draft(consultation=consultation, token=token)
    writing = link_token(Draft.objects.get())
    with pytest.raises(Draft.DoesNotExist):
        find_to_read(consultation=consultation, token=writing)


@pytest.mark.parametrize("token", ["x", "x:y", "cf9a091891874be5a7055601d06d8bad:AAAA"])
def test_a_reading_link_that_was_made_up_opens_nothing(olu: Client, token: str) -> None:
    assert Client().get(at("read-draft", token)).status_code == 404
    assert Client().get(at("read-draft-word", token)).status_code == 404


def test_the_reading_link_of_another_consultation_opens_nothing(
    olu: Client, other: Consultation
) -> None:
    token = reading_token(Draft.objects.get())
    with pytest.raises(Draft.DoesNotExist):
        find_to_read(consultation=other, token=token)


def test_once_sent_the_reading_link_says_when_and_no_longer_what(olu: Client) -> None:
    path = reading_path(olu)
    send(olu)
    page = Client().get(path).content.decode()
    assert "These answers were sent" in page
    assert WORDS not in page
    assert Response.objects.get().reference not in page
    assert Client().get(f"{path}answers.docx").headers["Location"] == path


def test_a_board_member_with_answers_of_their_own_reads_the_others(olu: Client) -> None:
    member = Client()
    answer(member, "violence", violence_comment="My very own.", violence_agree="disagree")
    page = member.get(reading_path(olu)).content.decode()
    assert (WORDS in page, "My very own." in page) == (True, False)
    assert "My very own." in member.get(at("part", "violence")).content.decode()


def share(olu: Client) -> Client:
    """A colleague's browser, which came by the link."""
    olu.get(at("later"))
    colleague = Client()
    colleague.post(at("come-back", link_token(Draft.objects.get())))
    return colleague


def test_who_else_is_in_a_shared_draft_is_told_with_the_part(olu: Client, plan: Plan) -> None:
    colleague = share(olu)
    colleague.get(at("part", "trust"))
    title = next(part.title for part in plan.parts if part.slug == "trust")
    for page in (olu.get(at("tasks")), olu.get(at("part", "violence"))):
        words = unescape(page.content.decode())
        assert f"Someone else has these answers open, at “{title}”" in " ".join(words.split())


def test_someone_alone_is_told_of_nobody_and_nothing_is_kept(olu: Client) -> None:
    assert "Someone else has these answers open" not in olu.get(at("tasks")).content.decode()
    assert not DraftVisit.objects.exists()
    olu.get(at("later"))
    assert "Someone else has these answers open" not in olu.get(at("tasks")).content.decode()


def test_who_left_some_minutes_ago_is_not_there_any_more(olu: Client) -> None:
    share(olu).get(at("part", "trust"))
    DraftVisit.objects.update(seen_at=Now() - timedelta(minutes=11))
    assert "Someone else has these answers open" not in olu.get(at("tasks")).content.decode()


def test_one_browser_cannot_be_known_again_in_another_draft(consultation: Consultation) -> None:
    drafts = [start_draft(consultation=consultation, started_at=Now())[0] for _ in range(2)]
    for draft in drafts:
        assert note_visit(draft=draft, browser="secret", part="") == []
    assert DraftVisit.objects.values("browser").distinct().count() == 2
