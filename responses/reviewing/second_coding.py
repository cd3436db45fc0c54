"""Coding some answers a second time, without seeing the first coding, and how far the two agree."""

from collections import Counter, defaultdict
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Random

from consult.auditing import record
from consult.models import Action, Consultation, User
from responses.models import Code, CodedAnswer, Coding, SecondCoding
from responses.reviewing.coding import answers_to


@dataclass(frozen=True)
class Agreement:
    """How two reviewers compare on one code.

    `kappa` is Cohen's; None if chance alone would always make them agree.
    """

    code: Code | None
    both: int
    first_only: int
    second_only: int
    neither: int

    @property
    def compared(self) -> int:
        """How many times the two were compared."""
        return self.both + self.first_only + self.second_only + self.neither

    @property
    def percent(self) -> int:
        """In how many of a hundred they agreed, rounded down: 100 only if they always did."""
        return 100 * (self.both + self.neither) // self.compared if self.compared else 0

    @property
    def kappa(self) -> float | None:
        """Return the agreement beyond chance, from -1 to 1.

        Cohen, J. (1960), Educational and Psychological Measurement 20.
        """
        total = self.compared
        if not total:
            return None
        observed = (self.both + self.neither) / total
        first, second = (
            (self.both + self.first_only) / total,
            (self.both + self.second_only) / total,
        )
        chance = first * second + (1 - first) * (1 - second)
        return None if chance == 1 else (observed - chance) / (1 - chance)


def draw_second_coding(
    *, consultation: Consultation, question: str, size: int, by: User
) -> SecondCoding | None:
    """Draw at random up to `size` answers that others have coded, for `by` to code without seeing
    theirs.

    Returns None if there are none.
    """
    others = CodedAnswer.objects.filter(response=OuterRef("pk"), question=question).exclude(by=by)
    mine = CodedAnswer.objects.filter(response=OuterRef("pk"), question=question, by=by)
    answers = (
        answers_to(consultation, question).filter(Exists(others), ~Exists(mine)).order_by(Random())
    )
    drawn = list(answers.values_list("pk", flat=True)[:size])
    if not drawn:
        return None
    with transaction.atomic():
        record(action=Action.SECOND_CODING_DRAWN, actor=by, subject=question, size=len(drawn))
        return SecondCoding.objects.create(
            consultation=consultation, question=question, by=by, responses=drawn
        )


def compare(second: SecondCoding) -> list[Agreement]:
    """Return how far the second reviewer agrees with the first: over all codes (`code` is None),
    then code by code.

    Only answers that both have gone through are compared. A passage counts as the answer that it is
    in.
    """
    done: dict[int, list[int]] = defaultdict(list)
    rows = CodedAnswer.objects.filter(
        question=second.question, response__in=second.responses
    ).order_by("id")
    for pk, by in rows.values_list("response_id", "by_id"):
        done[pk].append(by)
    twice = {
        pk: people for pk, people in done.items() if len(people) > 1 and second.by_id in people
    }
    first_by = {pk: next(by for by in people if by != second.by_id) for pk, people in twice.items()}
    codings = Coding.objects.filter(
        response__in=first_by, question=second.question, removed_at=None
    )
    given = set(codings.values_list("response_id", "by_id", "code_id"))
    found = []
    for code in Code.objects.filter(consultation=second.consultation, question=second.question):
        cells = Counter(
            ((pk, by, code.pk) in given, (pk, second.by_id, code.pk) in given)
            for pk, by in first_by.items()
        )
        found.append(
            Agreement(
                code, cells[True, True], cells[True, False], cells[False, True], cells[False, False]
            )
        )
    used = [row for row in found if row.both or row.first_only or row.second_only]
    total = Agreement(
        None,
        *(
            sum(getattr(row, cell) for row in used)
            for cell in ("both", "first_only", "second_only", "neither")
        ),
    )
    return [total, *used]
