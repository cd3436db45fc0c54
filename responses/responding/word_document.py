"""The questions as a Word document, with what was answered so far: for people who work on a
response together. Pure.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from docx import Document
from docx.document import Document as Written
from docx.oxml.ns import qn
from docx.oxml.parser import OxmlElement
from docx.shared import Pt
from docx.text.paragraph import Paragraph

from consult.plans.document import Part, Plan, Question
from consult.templatetags.reading import direction
from consult.text import storable, with_symbols

BOX = "\u2610"
NOT_XML = re.compile("[\ufffe\uffff]")


@dataclass(frozen=True)
class AskedQuestion:
    """A question with its answer, if there is one, and the answers on which it depends."""

    question: Question
    lines: tuple[str, ...]
    only_if: tuple[tuple[str, str], ...]


def asked_questions(plan: Plan, raw: Mapping[str, Any]) -> list[tuple[Part, list[AskedQuestion]]]:
    """Every question, part by part, with what `raw`, a draft's answers, says to it."""
    return [
        (part, [_asked(plan, question, raw) for question in part.questions]) for part in plan.parts
    ]


def _asked(plan: Plan, question: Question, raw: Mapping[str, Any]) -> AskedQuestion:
    only_if = tuple(
        (plan.by_slug[other].text, plan.by_slug[other].label_of(option))
        for other, option in question.show_if.items()
    )
    return AskedQuestion(question, tuple(question.entry.lines(question, raw)), only_if)


def word_document(
    *, plan: Plan, raw: Mapping[str, Any], notes: list[str], contact: list[tuple[str, str]]
) -> bytes:
    """The document. `notes` stand under its title, and `contact` at its end."""
    made = Document()
    made.core_properties.title = plan.title[:255]
    made.core_properties.author = ""
    made.core_properties.comments = ""
    for language in made.styles.element.iter(qn("w:lang")):
        language.set(qn("w:val"), get_language() or "en-GB")
    made.styles["Normal"].font.name = "Arial"
    made.styles["Normal"].font.size = Pt(12)
    _say(made, plan.title, style="Title")
    for note in notes:
        _say(made, note)
    for part, questions in asked_questions(plan, raw):
        _say(made, part.title, style="Heading 1")
        for asked in questions:
            _write_question(made, asked)
    if any(value for _label, value in contact):
        _say(made, _("How to reach you"), style="Heading 1")
        for label, value in contact:
            if value:
                _say(made, f"{label}: {value}")
    file = BytesIO()
    made.save(file)
    return file.getvalue()


def _write_question(made: Written, asked: AskedQuestion) -> None:
    """A question and its answer; where there is none, what could be chosen and room to write."""
    question = asked.question
    _say(made, question.text, style="Heading 2")
    for other, option in asked.only_if:
        _say(
            made,
            _("Only if you answer “%(option)s” to “%(question)s”.")
            % {
                "option": option,
                "question": other,
            },
        )
    if question.help:
        _say(made, question.help)
    if asked.lines:
        for line in asked.lines:
            for paragraph in line.split("\n"):
                _say(made, paragraph)
        return
    for choice in question.options:
        _say(made, f"{BOX} {choice.label}", style="List Paragraph")
    if not question.closed:
        _say(made, _("Your answer:"))
        _say(made, "")


def _say(made: Written, text: str, *, style: str = "Normal") -> Paragraph:
    """A paragraph, in the direction of its letters; without characters that XML cannot hold."""
    paragraph = made.add_paragraph(style=style)
    run = paragraph.add_run(with_symbols(NOT_XML.sub("", storable(text))))
    if direction(text) == "rtl":
        paragraph.paragraph_format.element.get_or_add_pPr().append(OxmlElement("w:bidi"))
        run.font.rtl = True
    return paragraph
