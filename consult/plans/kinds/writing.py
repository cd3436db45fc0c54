"""Questions that are answered in words: on one line, or at length."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from consult.plans.kinds.entry import Asked, Kept, Kind, OnPaper, values_in
from consult.plans.shapes import whole_number
from consult.text import CANNOT_BE_KEPT, is_blank, one_line_break

NOT_TEXT = gettext_noop("This answer is not text. Type it again.")
TEXT_MAX_CHARS = 5000
SHORT_TEXT_MAX_CHARS = 200
LINES_FOR_LONG_TEXT = 4
MAX_CHARS = {"max_chars": whole_number(1, 50_000)}


def read_text(name: str, given: Any, *, max_chars: int) -> Kept:
    """Return a text as it is stored: as it was typed except for line breaks, and not at all if it
    is blank.
    """
    values = values_in(given)
    if any(not isinstance(value, str) for value in values):
        return Kept(problems={name: _(NOT_TEXT)})
    text = one_line_break(values[0]) if values else ""
    if is_blank(text):
        return Kept()
    if CANNOT_BE_KEPT.search(text):
        problem = _(
            "Your answer has a character in it that cannot be stored. Type the answer again, or "
            "paste it as plain text."
        )
        return Kept(problems={name: problem})
    if over := max(len(text) - max_chars, 0):
        problem = _("Your answer must be %(most)s characters or fewer. It is %(over)s over.")
        return Kept(problems={name: problem % {"most": f"{max_chars:,}", "over": f"{over:,}"}})
    return Kept(texts={name: text})


class Text(Kind):
    name = "text"
    words = "In words"
    look = "textarea"
    prose = True
    keys = MAX_CHARS

    def max_chars(self, given: int | None) -> int | None:
        return given or TEXT_MAX_CHARS

    def read(self, question: Asked, raw: Mapping[str, Any]) -> Kept:
        most = question.max_chars or TEXT_MAX_CHARS
        return read_text(question.slug, raw.get(question.slug), max_chars=most)

    def on_paper(self, question: Asked) -> OnPaper:
        return OnPaper(lines=LINES_FOR_LONG_TEXT)


class ShortText(Kind):
    name = "short-text"
    words = "In a few words"
    look = "input"
    prose = True
    keys = MAX_CHARS

    def read(self, question: Asked, raw: Mapping[str, Any]) -> Kept:
        most = question.max_chars or SHORT_TEXT_MAX_CHARS
        return read_text(question.slug, raw.get(question.slug), max_chars=most)

    def on_paper(self, question: Asked) -> OnPaper:
        return OnPaper(lines=1)
