"""A register of points, and the people whose answers make them."""

from collections.abc import Callable

import pytest

from consult.models import Consultation, User
from responses.deciding.points import make_point
from responses.models import Code, Point
from responses.reviewing.codebooks import make_code


@pytest.fixture
def point(consultation: Consultation, reviewer: User) -> Callable[..., Point]:
    """Puts a point about violence on the register."""

    def point(sentence: str, *, part: str = "violence", of: Consultation | None = None) -> Point:
        return make_point(
            consultation=of or consultation, part=part, sentence=sentence, by=reviewer
        )

    return point


@pytest.fixture
def code(consultation: Consultation, reviewer: User) -> Code:
    """A code of the question that asks what is missing."""
    return make_code(
        consultation=consultation,
        question="missing",
        name="Clubs",
        group="",
        definition="",
        by=reviewer,
    )
