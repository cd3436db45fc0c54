"""What the reading screen shows of a response: each answer in words with its codes and passages,
and the others in a line.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from consult.models import User
from consult.plans.document import ABOUT_YOU, Question
from consult.plans.editions import plan_of
from consult.text import with_symbols
from responses.models import Code, CodedAnswer, Coding, Response, SecondCoding
from responses.reviewing.codes_shown import sayings_of
from responses.reviewing.marking import pieces_of
from responses.reviewing.same_answers import last_codes, others_saying, prints_of
from responses.wording import in_words

# How many codes have a key, a colour and a shape of their own.
WITH_A_KEY = 9


@dataclass(frozen=True)
class ShownCode:
    """A code beside an answer. `number` is its key from 1, or 0 beyond the ninth and for one that
    is no longer given.
    """

    code: Code
    number: int
    given: bool = False


@dataclass(frozen=True)
class ShownPiece:
    """A stretch of an answer: whether it is coded, the number of the code that began first, and
    those of the passages that end with it.
    """

    text: str
    coded: bool
    number: int
    ends: list[int]


@dataclass(frozen=True)
class Passage:
    """A coded passage, or without `words` a whole answer with a code that is no longer given."""

    coding: Coding
    words: str
    number: int


@dataclass(frozen=True)
class ShownAnswer:
    """One answer in words, and what was made of it.

    `said` is the fingerprint of what the reader made of it, and `gone_through` whether they went
    through it; `others` are the codings of colleagues. `same` others say exactly this, of which the
    reader coded `together` with this one; this one was `seen_with` another.
    """

    question: Question
    part: str
    pieces: list[ShownPiece]
    codes: list[ShownCode]
    passages: list[Passage]
    others: list[Coding]
    said: str
    gone_through: bool
    same: int
    together: int
    seen_with: str
    last: list[Code]

    @property
    def none_fits(self) -> bool:
        """That the reader has gone through it, and no code fitted."""
        return self.gone_through and not self.passages and not any(one.given for one in self.codes)


def closed_answers(response: Response) -> list[tuple[str, list[str]]]:
    """Return all that was not said in prose, by the title of its part."""
    parts = in_words(plan_of(response.edition), response.choices | response.texts)
    lines = [
        (
            part.part.title,
            [line for one in part.answers if not _coded(one.question) for line in one.lines],
        )
        for part in parts
    ]
    return [(title, found) for title, found in lines if found]


def _coded(question: Question) -> bool:
    return question.prose and question.part != ABOUT_YOU


def shown_answers(response: Response, *, reader: User) -> list[ShownAnswer]:
    """Return its answers in words, in the order of the questions."""
    plan = plan_of(response.edition)
    asked = [one for one in plan.asked if _coded(one) and one.slug in response.texts]
    if not asked:
        return []
    slugs = [question.slug for question in asked]
    titles = {part.slug: part.title for part in plan.parts}
    books = _books(response, slugs)
    codings = _codings(response)
    mine, coded_with = _gone_through(response, reader)
    blind = set(
        SecondCoding.objects.filter(
            by=reader, question__in=slugs, responses__contains=[response.pk]
        ).values_list("question", flat=True)
    ) - set(mine)
    said = sayings_of(response=response, questions=slugs, by=reader)
    last = last_codes(response=response, questions=slugs, by=reader)
    prints = prints_of(response)
    return [
        _answer(
            response,
            question,
            titles[question.part],
            books[question.slug],
            [one for one in codings[question.slug] if one.by_id == reader.pk],
            # Someone coding for the second time must not be led by the first.
            []
            if question.slug in blind
            else [one for one in codings[question.slug] if one.by_id != reader.pk],
            said[question.slug],
            mine,
            coded_with,
            last.get(question.slug, []),
            prints.get(question.slug, ""),
        )
        for question in asked
    ]


def _books(response: Response, slugs: Sequence[str]) -> dict[str, list[Code]]:
    # In the order in which they were made: a new one moves no other's key.
    books: dict[str, list[Code]] = defaultdict(list)
    for code in Code.objects.filter(
        consultation=response.consultation_id, question__in=slugs, retired=False
    ).order_by("pk"):
        books[code.question].append(code)
    return books


def _codings(response: Response) -> dict[str, list[Coding]]:
    found: dict[str, list[Coding]] = defaultdict(list)
    for coding in (
        Coding.objects.filter(response=response, removed_at=None)
        .select_related("code", "by")
        .order_by("pk")
    ):
        found[coding.question].append(coding)
    return found


def _gone_through(
    response: Response, reader: User
) -> tuple[dict[str, CodedAnswer], dict[str, int]]:
    rows = CodedAnswer.objects.filter(response=response, by=reader).select_related("seen_with")
    with_it: dict[str, int] = defaultdict(int)
    for question in CodedAnswer.objects.filter(seen_with=response, by=reader).values_list(
        "question", flat=True
    ):
        with_it[question] += 1
    return {row.question: row for row in rows}, with_it


def _answer(
    response: Response,
    question: Question,
    part: str,
    book: list[Code],
    mine: list[Coding],
    others: list[Coding],
    said: str,
    through: dict[str, CodedAnswer],
    coded_with: dict[str, int],
    last: list[int],
    print_: str,
) -> ShownAnswer:
    text = with_symbols(response.texts[question.slug])
    numbers = {code.pk: number for number, code in enumerate(book[:WITH_A_KEY], 1)}
    whole = {one.code_id for one in mine if one.start is None}
    spans = {
        one.pk: (one.start, one.end)
        for one in mine
        if one.start is not None and one.end is not None
    }
    number_of = {one.pk: numbers.get(one.code_id, 0) for one in mine}
    row = through.get(question.slug)
    return ShownAnswer(
        question=question,
        part=part,
        pieces=[
            ShownPiece(
                piece.text,
                bool(piece.within),
                number_of[piece.within[0]] if piece.within else 0,
                [number_of[pk] for pk in piece.ends],
            )
            for piece in pieces_of(text, spans)
        ],
        codes=[ShownCode(code, numbers.get(code.pk, 0), code.pk in whole) for code in book],
        passages=[
            Passage(one, text[slice(*spans.get(one.pk, (0, 0)))], number_of[one.pk])
            for one in mine
            if one.pk in spans or one.code.retired
        ],
        others=others,
        said=said,
        gone_through=row is not None,
        same=others_saying(response, print_).count() if print_ else 0,
        together=coded_with.get(question.slug, 0),
        seen_with=row.seen_with.reference if row and row.seen_with else "",
        last=[code for code in book if code.pk in last],
    )
