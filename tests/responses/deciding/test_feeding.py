"""What makes a point is written whole, and once."""

from collections.abc import Callable

import pytest

from consult.models import User
from responses.deciding import feeding
from responses.deciding.feeding import feed_passage, make_point_of_code
from responses.models import Code, Point, PointPassage, Response

Send = Callable[..., Response]


def test_a_code_and_its_point_come_both_or_neither(
    code: Code, reviewer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_point_of_code(code=code, part="violence", sentence="More clubs.", by=reviewer)
    assert [fed.code for fed in made.codes.all()] == [code]

    def cut(_point: Point) -> None:
        raise ConnectionError

    monkeypatch.setattr(feeding, "_hold", cut)
    with pytest.raises(ConnectionError):
        make_point_of_code(code=code, part="violence", sentence="Other clubs.", by=reviewer)
    assert Point.objects.count() == 1


def test_words_that_make_a_point_already_can_become_its_quote(
    point: Callable[..., Point], send: Send, reviewer: User
) -> None:
    made, response = point("More clubs."), send({"missing": "Clubs."})
    for quote in (False, True, False):
        feed_passage(
            point=made,
            response=response,
            question="missing",
            passage="Clubs.",
            by=reviewer,
            quote=quote,
        )
    assert [fed.quote for fed in PointPassage.objects.all()] == [True]
