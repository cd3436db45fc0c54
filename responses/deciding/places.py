"""Where in an answer the words stand that make a point."""

import re

from consult.text import with_symbols
from responses.deciding.answers_in_words import ATTACHED
from responses.models import Response


class NoSuchPassage(ValueError):
    """The answer does not contain these words."""


class NoSuchAnswer(ValueError):
    """The response has no such text."""


def place_in(response: Response, question: str, passage: str) -> tuple[int | None, int | None]:
    """Return the first place where an answer contains `passage`, whatever its line breaks; None and
    None for all of the answer, where `passage` is empty. Raises NoSuchAnswer and NoSuchPassage.
    """
    if question == ATTACHED:
        return None, None
    if question not in response.texts:
        raise NoSuchAnswer
    words = with_symbols(passage.replace("\r\n", "\n").strip())
    if not words:
        return None, None
    wanted = re.compile(r"\s+".join(map(re.escape, words.split())))
    found = wanted.search(with_symbols(response.texts[question]))
    if not found:
        raise NoSuchPassage
    return found.span()
