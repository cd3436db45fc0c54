"""The rule that codes are given as a page showed them: what each of them means, and what its reader
had said of the answer before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from consult.models import User
from consult.shown import fingerprint_of, refuse_changed
from responses.models import Code, CodedAnswer, Coding, Response


class CodesChanged(Exception):
    """Codes that were chosen mean something else since the page was opened, or are not given any
    more.
    """

    def __init__(self, codes: Sequence[Code]) -> None:
        super().__init__(", ".join(code.name for code in codes))


@dataclass(frozen=True)
class CodesShown:
    """What a form carries of its page: the version of each code it offered, and the fingerprint
    that `said_of` gave.
    """

    versions: Mapping[int, int]
    said: str


def said_of(*, response: Response, question: str, by: User) -> str:
    """Return the fingerprint of what `by` said of a whole answer so far."""
    return sayings_of(response=response, questions=[question], by=by)[question]


def sayings_of(*, response: Response, questions: Sequence[str], by: User) -> dict[str, str]:
    """Return by question what `said_of` would."""
    given: dict[str, list[int]] = {question: [] for question in questions}
    codings = Coding.objects.filter(
        response=response, question__in=questions, by=by, removed_at=None, start=None
    )
    for question, code in codings.order_by("code").values_list("question", "code"):
        given[question].append(code)
    through = CodedAnswer.objects.filter(response=response, question__in=questions, by=by)
    seen = {row.question: row for row in through}
    return {
        question: fingerprint_from(given[question], through=seen.get(question))
        for question in questions
    }


def fingerprint_from(given: list[int], *, through: CodedAnswer | None) -> str:
    """Return the fingerprint of the codes of a whole answer, sorted, and of having gone through
    it.
    """
    return fingerprint_of(given, through is not None, through and through.seen_with_id)


def hold_codes(codes: Sequence[Code], shown: CodesShown | None) -> None:
    """Keep `codes` from being changed while they are given. Raises CodesChanged.

    `shown` is None if no page is behind it.
    """
    if shown is None:
        return
    found = Code.objects.select_for_update(no_key=True).filter(pk__in=[code.pk for code in codes])
    other = [
        code
        for code in found.order_by("pk")
        if code.retired or shown.versions.get(code.pk) != code.version
    ]
    if other:
        raise CodesChanged(other)


def refuse_other_words(
    *, response: Response, question: str, by: User, shown: CodesShown | None
) -> None:
    """Raise ChangedSinceShown if `by` said something else of the answer since the page was opened,
    in another tab or on another screen.
    """
    if shown is not None:
        now = said_of(response=response, question=question, by=by)
        refuse_changed(shown=shown.said, now=now)
