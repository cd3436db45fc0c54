"""Suggests codes for an answer by the words in it. A person decides."""

import math
from collections import Counter, defaultdict
from dataclasses import dataclass

from django.db import connection
from django.db.models.fields.json import KeyTextTransform

from responses.models import Code, CodedAnswer, Coding, Response
from responses.reviewing.similarity import words_of

# How many of the answers coded most recently words are learnt from.
LEARN_FROM = 2000
# A word has to be this much commoner among answers with the code than among the others, as a
# logarithm, and in this many of them.
TELLING = math.log(3)
FEWEST_TELLING_ANSWERS = 3
# How many telling words make a suggestion, and how many are named.
FEWEST_TELLING_WORDS = 2
NAMED_WORDS = 5


@dataclass(frozen=True)
class Suggestion:
    """A code that may fit, and the words that suggest it. It is never given automatically."""

    code: Code
    words: list[str]


def _telling_words(words: set[str]) -> set[str]:
    """Those that PostgreSQL does not list as words of every English text: "the" suggests nothing,
    however often it is said.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT word FROM unnest(%s::text[]) AS word"
            " WHERE numnode(plainto_tsquery('english', word)) > 0",
            [sorted(words)],
        )
        return {row[0] for row in cursor.fetchall()}


def suggest_codes(*, response: Response, question: str) -> list[Suggestion]:
    """Return codes whose telling words are in an answer, those with the most first.

    A word suggests a code if it is at least three times as common in answers with the code as in
    the others, and in at least three of them; a word of every English text never does. Learnt again
    each time from the answers coded most recently, on this machine; nothing is kept.
    """
    coded = CodedAnswer.objects.filter(
        question=question, response__consultation=response.consultation_id
    ).exclude(response=response)
    ids = list(coded.order_by("-id").values_list("response_id", flat=True)[:LEARN_FROM])
    texts = dict(
        Response.objects.filter(pk__in=ids).values_list("pk", KeyTextTransform(question, "texts"))
    )
    given: dict[int, set[int]] = defaultdict(set)
    for code_id, pk in Coding.objects.filter(
        response__in=ids, question=question, removed_at=None
    ).values_list("code_id", "response_id"):
        given[code_id].add(pk)
    words = {pk: set(words_of(text or "")) for pk, text in texts.items()}
    said = _telling_words(set(words_of(response.texts.get(question, ""))))
    everywhere = Counter(word for bag in words.values() for word in bag & said)
    found = []
    for code in Code.objects.filter(pk__in=given, retired=False):
        inside = given[code.pk]
        here = Counter(word for pk in inside for word in words[pk] & said)
        telling = {}
        for word, count in here.items():
            others = everywhere[word] - count
            weight = math.log(
                (count / len(inside)) / ((others + 0.5) / (len(words) - len(inside) + 1))
            )
            if count >= FEWEST_TELLING_ANSWERS and weight >= TELLING:
                telling[word] = weight
        if len(telling) >= FEWEST_TELLING_WORDS:
            named = sorted(telling, key=lambda word: (-telling[word], word))[:NAMED_WORDS]
            found.append((sum(telling.values()), Suggestion(code, named)))
    return [
        suggestion
        for _weight, suggestion in sorted(found, key=lambda pair: (-pair[0], pair[1].code.name))
    ]
