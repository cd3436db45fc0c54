"""Where in an answer the words stand that make a point."""

import re

from consult.text import with_symbols
from responses.deciding.answers_in_words import ATTACHED, is_answer
from responses.models import Response


class NoSuchPassage(ValueError):
    """The answer does not contain these words."""


class NoSuchAnswer(ValueError):
    """The response has no such answer, or none that is weighed: it says who someone is, say."""


class FileIsWhole(ValueError):
    """Nobody typed the words of a file, so that it makes a point as a whole or not at all."""


def place_in(response: Response, question: str, passage: str) -> tuple[int | None, int | None]:
    """Return the first place where an answer contains `passage`, whatever its line breaks; None and
    None for all of the answer, where `passage` is empty. Raises NoSuchAnswer, NoSuchPassage and
    FileIsWhole.
    """
    if not is_answer(response, question):
        raise NoSuchAnswer
    words = with_symbols(passage.replace("\r\n", "\n").strip())
    if not words:
        return None, None
    if question == ATTACHED:
        raise FileIsWhole
    wanted = re.compile(r"\s+".join(map(re.escape, words.split())))
    found = wanted.search(with_symbols(response.texts[question]))
    if not found:
        raise NoSuchPassage
    return found.span()
