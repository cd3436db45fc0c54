"""All answers to one question at once: what each says, its codes, who sent it, and where those who
coded it differ.
"""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce, Length

from consult.models import Consultation, User
from responses.models import CodedAnswer, Coding, Response
from responses.reviewing.coding import answers_to, left_to_code
from responses.reviewing.filters import SLUG

PAGE = 25
NUMBERS = {"code", "page"}
NUMBER = re.compile("[1-9][0-9]{0,8}")
SHOWS = ["left", "mine", "differ"]
SORTS = ["arrived", "length", "kind", "borough", "codes", "differ"]


@dataclass(frozen=True)
class Wanted:
    """Which answers to show, and in which order: `show` is one of SHOWS or empty for all, `code` a
    code's primary key, and `sort` one of SORTS, with a minus for the other way round.
    """

    show: str = ""
    code: int = 0
    kind: str = ""
    borough: str = ""
    sort: str = "arrived"
    page: int = 1

    def written(self, **changed: str | int) -> list[tuple[str, str]]:
        """As an address's query, with some of it changed."""
        values = asdict(self) | changed
        plain = asdict(Wanted())
        return [(name, str(value)) for name, value in values.items() if value != plain[name]]


def read_wanted(pairs: Iterable[tuple[str, str]]) -> tuple[Wanted, list[str]]:
    """Return what an address asks for, and each value that makes no sense: those are left out."""
    values: dict[str, Any] = {}
    bad = []
    for name, raw in pairs:
        value = raw.strip()
        if name not in asdict(Wanted()) or not value:
            continue
        if not _makes_sense(name, value):
            bad.append(value[:120])
        else:
            values[name] = int(value) if name in NUMBERS else value
    return Wanted(**values), bad


def _makes_sense(name: str, value: str) -> bool:
    if name in NUMBERS:
        return NUMBER.fullmatch(value) is not None
    if name == "show":
        return value in SHOWS
    if name == "sort":
        return value.removeprefix("-") in SORTS
    return SLUG.fullmatch(value) is not None


def page_of_answers(
    consultation: Consultation, question: str, *, wanted: Wanted, reader: User
) -> Page[Response]:
    """Return a page of the answers, the last one for a number beyond it."""
    found = _narrowed(consultation, question, wanted, reader)
    return Paginator(_sorted(found, question, wanted.sort), PAGE).get_page(wanted.page)


def _narrowed(
    consultation: Consultation, question: str, wanted: Wanted, reader: User
) -> QuerySet[Response]:
    found = answers_to(consultation, question)
    if wanted.show == "left":
        found = left_to_code(consultation, question)
    elif wanted.show == "mine":
        through = CodedAnswer.objects.filter(response=OuterRef("pk"), question=question, by=reader)
        found = found.filter(~Exists(through))
    elif wanted.show == "differ":
        found = found.filter(coded_differently(question))
    if wanted.code:
        given = Coding.objects.filter(code=wanted.code, question=question, removed_at=None)
        found = found.filter(pk__in=given.values("response"))
    if wanted.kind:
        found = found.filter(choices__contains={"capacity": wanted.kind})
    if wanted.borough:
        found = found.filter(choices__contains={"borough": wanted.borough})
    return found


def coded_differently(question: str) -> Exists:
    """That of two people who went through an answer one gave it a code, and the other did not. A
    passage counts as the answer that it is in.
    """
    same = Coding.objects.filter(
        response=OuterRef("response"),
        question=question,
        code=OuterRef(OuterRef("code")),
        by=OuterRef("by"),
        removed_at=None,
    )
    without = CodedAnswer.objects.filter(
        ~Exists(same), response=OuterRef("response"), question=question
    ).exclude(by=OuterRef("by"))
    one_of_two = CodedAnswer.objects.filter(
        response=OuterRef("response"), question=question, by=OuterRef("by")
    )
    return Exists(
        Coding.objects.filter(
            Exists(one_of_two),
            Exists(without),
            response=OuterRef("pk"),
            question=question,
            removed_at=None,
        )
    )


def _sorted(found: QuerySet[Response], question: str, sort: str) -> QuerySet[Response]:
    name = sort.removeprefix("-")
    if name != "arrived":
        found = found.annotate(place=_place(name, question))
    place = F("id" if name == "arrived" else "place")
    first = place.desc(nulls_last=True) if sort.startswith("-") else place.asc(nulls_last=True)
    return found.order_by(first, "id")


def _place(name: str, question: str) -> object:
    if name == "length":
        return Length(KeyTextTransform(question, "texts"))
    if name == "codes":
        codings = Coding.objects.filter(response=OuterRef("pk"), question=question, removed_at=None)
        counted = codings.order_by().values("response").annotate(n=Count("code", distinct=True))
        return Coalesce(Subquery(counted.values("n")), 0)
    if name == "differ":
        return coded_differently(question)
    return KeyTextTransform({"kind": "capacity"}.get(name, name), "choices")


def answers_of(consultation: Consultation, question: str, references: list[str]) -> list[Response]:
    """Return the answers of these responses as they are now, in the order given."""
    found = answers_to(consultation, question).filter(Q(reference__in=references))
    by_reference = {one.reference: one for one in found}
    return [by_reference[one] for one in references if one in by_reference]
