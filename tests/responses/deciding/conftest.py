"""A register of points, and the people whose answers make them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from consult.models import Consultation, User
from responses.deciding.feeding import feed_passage
from responses.deciding.packs import seal_pack
from responses.deciding.points import change_point, make_point
from responses.models import Code, DecisionPack, Point, Response
from responses.reviewing.codebooks import make_code
from tests.support.points import KEPT, READY

Make = Callable[..., Point]


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


@pytest.fixture
def ready(point: Make, reviewer: User) -> Callable[..., Point]:
    """Puts a point on the register that an answer makes, ready to be decided."""

    def ready(sentence: str, response: Response, *, passage: str = "", **words: Any) -> Point:
        made = point(sentence)
        feed_passage(
            point=made, response=response, question="missing", passage=passage, by=reviewer
        )
        return change_point(
            point=made, version=1, by=reviewer, **{**KEPT, **READY, "sentence": sentence, **words}
        )

    return ready


@pytest.fixture
def seal(consultation: Consultation, reviewer: User, exports: Path) -> Callable[..., DecisionPack]:
    return lambda **more: seal_pack(
        consultation=consultation, by=reviewer, **{"summary": "What they said.", **more}
    )
