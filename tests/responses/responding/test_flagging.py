"""What looks odd about a response on arrival: noted, told to reviewers, and never refused."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from pytest_django.fixtures import Settings

from consult.web.rate_limits import take_turn
from responses.exporting.columns.responses import RESPONSES
from responses.models import Response
from responses.responding.flagging import (
    FLAGS,
    HIDDEN_FIELD,
    MANY_FROM_ONE_ADDRESS,
    QUICK,
    SENT_QUICKLY,
    flags_in_words,
    flags_of,
)

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
LIBRARY = "192.0.2.7"


def flags(*, after: timedelta = timedelta(minutes=9), hidden: str = "") -> tuple[str, ...]:
    return flags_of(started_at=NOW - after, now=NOW, hidden_field=hidden, address=LIBRARY)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("after", "odd"),
    [
        (timedelta(0), True),
        (QUICK - timedelta(milliseconds=1), True),
        (QUICK, False),
        (timedelta(hours=3), False),
    ],
)
def test_only_what_came_within_seconds_was_quick(after: timedelta, odd: bool) -> None:
    assert flags(after=after) == ((SENT_QUICKLY,) if odd else ())


@pytest.mark.django_db
def test_anything_in_the_hidden_field_is_odd() -> None:
    assert flags(hidden="http://spam.example") == (HIDDEN_FIELD,)
    assert flags(hidden="") == ()


@pytest.mark.django_db
def test_a_busy_address_is_odd_once_it_is_at_the_limit(settings: Settings) -> None:
    settings.LIMITS = {**settings.LIMITS, "flag": (2, 3600), "send": (100, 3600)}
    for _response in range(2):
        assert flags() == ()
        take_turn(limit="send", key=LIBRARY)
    assert flags() == (MANY_FROM_ONE_ADDRESS,)


@pytest.mark.django_db
def test_another_address_is_not_counted(settings: Settings) -> None:
    settings.LIMITS = {**settings.LIMITS, "flag": (1, 3600), "send": (100, 3600)}
    take_turn(limit="send", key="192.0.2.8")
    assert flags() == ()


@pytest.mark.django_db
def test_several_things_can_be_odd_at_once_in_a_fixed_order() -> None:
    assert flags(after=timedelta(0), hidden="x") == (SENT_QUICKLY, HIDDEN_FIELD)


def test_each_flag_has_words_and_an_unknown_one_stays_itself() -> None:
    assert flags_in_words([]) == []
    assert flags_in_words([*FLAGS, "of-a-later-release"]) == [
        "Sent within seconds of opening the form",
        "Filled in a field that is hidden from people",
        "One of very many from one internet address",
        "of-a-later-release",
    ]


def test_the_codebook_names_every_flag() -> None:
    column = next(one for one in RESPONSES if one.name == "flags")
    assert all(f"`{flag}`" in column.meaning for flag in FLAGS)


def test_an_odd_response_is_received_like_any_other(send: Callable[..., Response]) -> None:
    odd = send(flags=(SENT_QUICKLY, HIDDEN_FIELD))
    assert odd.flags == [SENT_QUICKLY, HIDDEN_FIELD]
    assert odd.review.state == "unread"
