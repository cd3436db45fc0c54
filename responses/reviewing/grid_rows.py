"""What the grid shows beside each answer to a question."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from consult.models import Consultation, User
from consult.plans.editions import current_edition, plan_of
from consult.text import with_symbols
from responses.models import Code, CodedAnswer, Coding, Response, SecondCoding
from responses.reviewing.claims import in_hand
from responses.reviewing.codes_shown import fingerprint_from


@dataclass(frozen=True)
class Given:
    """A code that someone gave, to all of the answer or, with `words`, to a passage of it."""

    coding: Coding
    words: str


@dataclass(frozen=True)
class GridRow:
    """`ticked` has the codes that the reader gave to all of it and that are still offered, and
    `said` the fingerprint of all that they said. `through` are the others who went through it.
    `agreed` is None until two have.
    """

    response: Response
    text: str
    ticked: set[int]
    none_fits: bool
    said: str
    mine: list[Given]
    others: list[Given]
    through: list[str]
    agreed: bool | None
    kind: str
    borough: str
    in_hand: str


def grid_rows(
    consultation: Consultation, question: str, responses: Sequence[Response], *, reader: User
) -> list[GridRow]:
    """Return what to show of each, in the same order. The number of queries does not grow."""
    codings: dict[int, list[Coding]] = defaultdict(list)
    for coding in (
        Coding.objects.filter(response__in=responses, question=question, removed_at=None)
        .select_related("code", "by")
        .order_by("pk")
    ):
        codings[coding.response_id].append(coding)
    through: dict[int, list[CodedAnswer]] = defaultdict(list)
    for row in (
        CodedAnswer.objects.filter(response__in=responses, question=question)
        .select_related("by")
        .order_by("pk")
    ):
        through[row.response_id].append(row)
    holding = in_hand().filter(response__in=responses).exclude(by=reader)
    held = {claim.response_id: claim.by.username for claim in holding}
    again = {
        pk
        for sample in SecondCoding.objects.filter(
            consultation=consultation, question=question, by=reader
        ).values_list("responses", flat=True)
        for pk in sample
    }
    kinds, boroughs = labels(consultation, "capacity"), labels(consultation, "borough")
    return [
        _row(
            one,
            question,
            codings[one.pk],
            through[one.pk],
            reader,
            blind=one.pk in again,
            kind=kinds.get(str(one.choices.get("capacity", "")), ""),
            borough=boroughs.get(str(one.choices.get("borough", "")), ""),
            in_hand=held.get(one.pk, ""),
        )
        for one in responses
    ]


def labels(consultation: Consultation, question: str) -> dict[str, str]:
    """Return what the options of a question are called, none if it is not asked."""
    for one in plan_of(current_edition(consultation)).asked:
        if one.slug == question:
            return {option.slug: option.label for option in one.options}
    return {}


def _row(
    response: Response,
    question: str,
    codings: list[Coding],
    through: list[CodedAnswer],
    reader: User,
    *,
    blind: bool,
    kind: str,
    borough: str,
    in_hand: str,
) -> GridRow:
    text = with_symbols(response.texts[question])
    mine = [one for one in codings if one.by_id == reader.pk]
    own = next((row for row in through if row.by_id == reader.pk), None)
    whole = sorted(one.code_id for one in mine if one.start is None)
    # Someone coding for the second time must not be led by the first.
    hidden = blind and own is None
    return GridRow(
        response=response,
        text=text,
        ticked={one.code_id for one in mine if one.start is None and not one.code.retired},
        none_fits=own is not None and not mine,
        said=fingerprint_from(whole, through=own),
        mine=[_given(one, text) for one in mine if one.start is not None or one.code.retired],
        others=[] if hidden else [_given(one, text) for one in codings if one.by_id != reader.pk],
        through=[] if hidden else [row.by.username for row in through if row is not own],
        agreed=None if hidden else _agreed(codings, through),
        kind=kind,
        borough=borough,
        in_hand=in_hand,
    )


def _given(coding: Coding, text: str) -> Given:
    return Given(coding, text[coding.start : coding.end] if coding.end else "")


def _agreed(codings: list[Coding], through: list[CodedAnswer]) -> bool | None:
    if len(through) < 2:
        return None
    gave = [{one.code_id for one in codings if one.by_id == row.by_id} for row in through]
    return all(codes == gave[0] for codes in gave)


def codes_offered(consultation: Consultation, question: str) -> list[Code]:
    """Return the codes of a question in the order of their keys on the reading screen."""
    return list(
        Code.objects.filter(consultation=consultation, question=question, retired=False).order_by(
            "pk"
        )
    )
