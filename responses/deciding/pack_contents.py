"""What a pack says, read from what it froze: the words themselves are read from the responses, so
that what was erased since is in no pack any more.
"""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from consult.models import Consultation
from consult.plans.editions import plan_of
from consult.text import with_symbols
from responses.deciding.answers_in_words import ATTACHED
from responses.models import (
    DecisionPack,
    NoPoint,
    PackPoint,
    PointDecision,
    Response,
    ReviewStep,
)
from responses.wording import WordedPart, in_words, titles_of_texts

GONE = "Erased since."
IN_A_FILE = "In the file or the email that it came in."


@dataclass(frozen=True)
class Quote:
    """What someone said, and where."""

    reference: str
    title: str
    words: str
    best: bool = False
    why: str = ""
    by: str = ""


@dataclass(frozen=True)
class Whole:
    """A whole response, as it was answered."""

    reference: str
    parts: list[WordedPart]


@dataclass(frozen=True)
class PackedPoint:
    """A point of a pack: its words as they were sealed, what was said on it, and what was decided
    earlier on it and on the points that were put into it.
    """

    row: PackPoint
    content: dict[str, Any]
    quotes: list[Quote]
    before: list[PointDecision]

    @property
    def single(self) -> bool:
        """Whether one response alone made it."""
        return bool(self.row.makers["responses"] == 1)


class Contents:
    """A pack to be read. Each list is read when it is asked for."""

    def __init__(self, pack: DecisionPack) -> None:
        self.pack = pack
        self.titles = titles_of_texts(plan_of(pack.edition))
        self.parts = {part.slug: part.title for part in plan_of(pack.edition).parts}

    def point(self, row: PackPoint) -> PackedPoint:
        """A point with everything that was said on it, the best quotes first."""
        found = _responses({one[0] for one in row.answers})
        quotes = [
            self._quote(found[response], question, start, end, best=best)
            for response, question, start, end, best in row.answers
        ]
        ordered = sorted(quotes, key=lambda one: not one.best)
        content, pack = row.version.content, self.pack
        decisions = decisions_about(pack.consultation, [row.number, *content["takes_in"]])
        before = decisions.filter(point__pack__number__lt=pack.number)
        return PackedPoint(row, content, ordered, list(before))

    def points(self) -> list[PackedPoint]:
        rows = self.pack.points.select_related("version")
        return [self.point(row) for row in rows]

    def wholes_of(self, row: PackPoint) -> list[Whole]:
        """The whole responses behind a point: of organisations, and of a single voice."""
        ids = {one[0] for one in row.answers}
        if row.makers["responses"] != 1:
            ids &= set(self.pack.contents["organisations"])
        return _wholes(ids)

    def organisations(self) -> list[Whole]:
        return _wholes(set(self.pack.contents["organisations"]))

    def single_voices(self) -> list[Whole]:
        alone = [row for row in self.pack.points.all() if row.makers["responses"] == 1]
        return _wholes({one[0] for row in alone for one in row.answers})

    def reasoned(self) -> list[Quote]:
        """Answers that make no point, with why and who said so."""
        rows = self.pack.contents["reasons"]
        found, labels = _responses({row[0] for row in rows}), dict(NoPoint.Reason.choices)
        return [
            self._quote(found[response], question, why=str(labels[reason]), by=by)
            for response, question, reason, by in rows
        ]

    def unweighed(self) -> list[Quote]:
        """Answers that led nowhere when the pack was sealed."""
        rows = self.pack.contents["unweighed"]
        found = _responses({row[0] for row in rows})
        return [self._quote(found[response], question) for response, question in rows]

    def set_aside(self) -> list[ReviewStep]:
        steps = ReviewStep.objects.filter(pk__in=self.pack.contents["set_aside"])
        return list(steps.select_related("review__response", "by").order_by("review__response"))

    def _quote(
        self,
        response: Response,
        question: str,
        start: int | None = None,
        end: int | None = None,
        **said: Any,
    ) -> Quote:
        if question == ATTACHED:
            return Quote(response.reference, IN_A_FILE, IN_A_FILE, **said)
        text = with_symbols(response.texts.get(question, ""))
        words = text if start is None else text[start:end]
        title = self.titles.get(question, question)
        return Quote(response.reference, title, words or GONE, **said)


def decisions_about(consultation: Consultation, numbers: list[int]) -> QuerySet[PointDecision]:
    """Return each decision on the points with these numbers, the earliest first."""
    return PointDecision.objects.filter(
        point__pack__consultation=consultation, point__number__in=numbers
    ).select_related("point__pack", "point__version", "by")


def _responses(ids: set[int]) -> dict[int, Response]:
    return Response.objects.select_related("edition").in_bulk(ids)


def _wholes(ids: set[int]) -> list[Whole]:
    return [
        Whole(
            response.reference,
            [
                part
                for part in in_words(plan_of(response.edition), response.choices | response.texts)
                if part.answered
            ],
        )
        for _pk, response in sorted(_responses(ids).items())
    ]
