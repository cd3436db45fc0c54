"""Searching for words with PostgreSQL's full text search: who uses them, and where."""

import re
from dataclasses import dataclass

from django.contrib.postgres.search import SearchVectorField
from django.db import connection
from django.db.models import BooleanField, Expression, F, Func, Q, TextField, Value
from django.db.models.fields.json import KeyTextTransform

from responses.references import NotAReference, normalise_reference

# Quotation marks, as any program writes them.
MARKS = '"“”„‟«»‹›「」『』〝〞＂'
TERM = re.compile(
    rf"(?<!\S)(-?)(?:[{MARKS}]([^{MARKS}]*)[{MARKS}]?|([^\s{MARKS}]+))|([^\s{MARKS}]+)"
)


@dataclass(frozen=True)
class Words:
    """What someone searches for: words, phrases in quotation marks, -exclusions, and "or" between
    them.

    `stemmed` also finds other English forms of the words.
    """

    said: str
    stemmed: bool = False

    @property
    def terms(self) -> list[list[tuple[bool, str]]]:
        """Return one list for each side of an "or": whether a term is excluded, and its text."""
        sides: list[list[tuple[bool, str]]] = [[]]
        for excluded, phrase, word, rest in TERM.findall(self.said):
            if word.lower() == "or" and not excluded:
                sides.append([])
            elif term := phrase or word or rest:
                sides[-1].append((bool(excluded), term))
        return [side for side in sides if side]


def is_a_reference(word: str) -> bool:
    """Tell whether someone is looking for one response by its reference, not for words."""
    try:
        normalise_reference(word)
    except NotAReference:
        return False
    return True


def query_of(words: Words) -> str:
    """Return what PostgreSQL looks for; "" if there is nothing that it can: only punctuation or,
    in English, only words that every text has.
    """
    sides = words.terms
    every = [term for side in sides for _excluded, term in side]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT together(term, %s)::text FROM unnest(%s::text[]) WITH ORDINALITY"
            " AS terms (term, number) ORDER BY number",
            [words.stemmed, every],
        )
        found = iter([row[0] for row in cursor.fetchall()])
    written = []
    for side in sides:
        parts = [
            f"{'!' if excluded else ''}({query})"
            for excluded, _term in side
            if (query := next(found))
        ]
        if parts:
            written.append(" & ".join(parts))
    return " | ".join(f"({side})" for side in written)


def kept_words(words: Words, *, beside: str = "") -> F:
    """Return the column that such a search looks in, reached by `beside`."""
    return F(f"{beside}{'stems' if words.stemmed else 'words'}")


def says(vector: Expression | F, query: str) -> Func:
    """Return the condition that a column of words holds what `query_of` returned."""
    return Func(
        vector,
        Value(query),
        template="(%(expressions)s::tsquery)",
        arg_joiner=" @@ ",
        output_field=BooleanField(),
    )


def answer_says(question: str, words: Words) -> Q:
    """Return the condition that the answer to `question`, not some other text of the response,
    has the words, as a search for them understands it.
    """
    said = Func(KeyTextTransform(question, "texts"), function="words_in", output_field=TextField())
    vector = (
        Func(
            Value("english"),
            said,
            template="to_tsvector(%(expressions)s)",
            arg_joiner="::regconfig, ",
        )
        if words.stemmed
        else Func(said, function="as_typed")
    )
    vector.output_field = SearchVectorField()
    return Q(says(vector, query_of(words)))
