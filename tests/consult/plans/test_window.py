"""Where a consultation is in its window, to the second, and how its pages say so."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from consult.auditing import find_entries
from consult.clock import closing_in_words
from consult.models import Action, Consultation, User, once_published, published
from consult.plans.publishing import (
    MUCH_EARLIER,
    ClosesBeforeItOpens,
    ClosesInThePast,
    ClosesMuchEarlier,
    change_schedule,
    change_window,
    check_closing,
    database_now,
    publish_edition,
)
from consult.plans.window import Window, moved_in_words, window_of
from consult.plans.withdrawing import withdraw_consultation

Phase = Consultation.Phase
OPENS = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
# Midnight in London, as for a closing day.
CLOSES = datetime(2027, 1, 22, 0, 0, tzinfo=UTC)
GRACE = timedelta(minutes=30)
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)


def at(now: datetime) -> Window:
    """The window of a consultation that is in no database."""
    asked = Consultation(opens_at=OPENS, closes_at=CLOSES, grace_minutes=30)
    return window_of(asked, now=now)


@pytest.fixture
def small(db: None) -> Consultation:
    """A published consultation that asks nothing, open for two months more."""
    now = timezone.now()
    made = Consultation.objects.create(
        slug="small",
        title="Small",
        opens_at=now - 2 * DAY,
        closes_at=now + 60 * DAY,
        published_at=now,
    )
    publish_edition(consultation=made, actor=None)
    return made


def moves(of: Consultation) -> int:
    return find_entries(action=Action.WINDOW_CHANGED, subject=of.slug).count()


@pytest.mark.parametrize(
    ("now", "phase"),
    [
        (OPENS - SECOND, Phase.ADVANCE),
        (OPENS, Phase.OPEN),
        (CLOSES - SECOND, Phase.OPEN),
        (CLOSES, Phase.GRACE),
        (CLOSES + GRACE - SECOND, Phase.GRACE),
        (CLOSES + GRACE, Phase.CLOSED),
    ],
)
def test_each_phase_includes_its_first_instant_and_not_its_last(
    now: datetime, phase: Phase
) -> None:
    assert at(now).phase == phase
    assert at(now).takes_responses == (phase == Phase.OPEN)


def test_without_a_grace_period_the_closing_is_the_end() -> None:
    asked = Consultation(opens_at=OPENS, closes_at=CLOSES, grace_minutes=0)
    assert window_of(asked, now=CLOSES).phase == Phase.CLOSED


@pytest.mark.parametrize(
    ("now", "sentence"),
    [
        (OPENS - DAY, "This consultation opens at 9:00am on 2 November 2026 (UK time)."),
        (OPENS, "This consultation closes at 11:59pm on 21 January 2027 (UK time)."),
        (CLOSES, "This consultation closed at 11:59pm on 21 January 2027 (UK time)."),
        (CLOSES + DAY, "This consultation closed at 11:59pm on 21 January 2027 (UK time)."),
    ],
)
def test_the_sentence_says_what_matters_now(now: datetime, sentence: str) -> None:
    assert at(now).sentence == sentence


def test_the_end_of_the_grace_period_is_said_as_a_time() -> None:
    assert at(CLOSES).grace_until == "12:30am"


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (60 * DAY - SECOND, "59 days"),
        (2 * DAY, "2 days"),
        (2 * DAY - SECOND, "47 hours"),
        (DAY, "24 hours"),
        (2 * HOUR, "2 hours"),
        (2 * HOUR - SECOND, "119 minutes"),
        (timedelta(seconds=120), "2 minutes"),
        (timedelta(seconds=119), "1 minute"),
        (timedelta(seconds=60), "1 minute"),
        (timedelta(seconds=59), "less than a minute"),
        (timedelta(0), "less than a minute"),
    ],
)
def test_the_time_left_is_never_said_to_be_more_than_it_is(left: timedelta, words: str) -> None:
    assert at(CLOSES - left).left == words


@pytest.mark.parametrize(
    ("left", "last"),
    [
        (7 * DAY + SECOND, ""),
        (7 * DAY, "days"),
        (DAY + SECOND, "days"),
        (DAY, "hours"),
        (SECOND, "hours"),
        (timedelta(0), ""),
    ],
)
def test_the_last_week_and_the_last_day_are_marked(left: timedelta, last: str) -> None:
    assert at(CLOSES - left).last == last


def test_nothing_is_the_last_week_before_the_opening() -> None:
    short = Consultation(opens_at=OPENS, closes_at=OPENS + 3 * DAY, grace_minutes=0)
    assert window_of(short, now=OPENS - SECOND).last == ""
    assert window_of(short, now=OPENS).last == "days"


def test_seconds_left_are_negative_once_it_has_closed() -> None:
    assert at(CLOSES - timedelta(seconds=90.5)).seconds_left == 90
    assert at(CLOSES + 2 * SECOND).seconds_left == -2


def test_a_closing_that_never_moved_is_not_mentioned(small: Consultation) -> None:
    assert moved_in_words(small) == ""


def test_a_moved_closing_is_said_with_both_dates(small: Consultation, editor: User) -> None:
    first, second = small.closes_at + 7 * DAY, small.closes_at + 14 * DAY
    change_window(consultation=small, closes_at=first, actor=editor)
    change_window(consultation=small, closes_at=second, actor=editor)
    words = moved_in_words(small)
    assert words.startswith("The closing date was changed on ")
    assert words.endswith(f", from {closing_in_words(first)} to {closing_in_words(second)}.")


def test_moving_the_opening_says_nothing_about_the_closing(
    small: Consultation, editor: User
) -> None:
    earlier = small.opens_at - DAY
    assert change_window(consultation=small, opens_at=earlier, actor=editor)
    assert moves(small) == 1
    assert moved_in_words(small) == ""


def test_a_later_change_of_the_opening_leaves_the_moved_closing_said(
    small: Consultation, editor: User
) -> None:
    change_window(consultation=small, closes_at=small.closes_at + DAY, actor=editor)
    before = moved_in_words(small)
    change_window(consultation=small, opens_at=small.opens_at - DAY, actor=editor)
    assert moved_in_words(small) == before != ""


def test_another_consultations_move_is_not_ours(small: Consultation, editor: User) -> None:
    change_window(consultation=small, closes_at=small.closes_at + DAY, actor=editor)
    another = Consultation(slug="small-too", opens_at=small.opens_at, closes_at=small.closes_at)
    assert moved_in_words(another) == ""


def test_another_hour_for_the_batch_is_no_move_of_the_closing(
    small: Consultation, editor: User
) -> None:
    change_schedule(consultation=small, batch_hour=23, actor=editor)
    assert moved_in_words(small) == ""


def test_moving_the_window_to_where_it_is_changes_nothing(
    small: Consultation, editor: User
) -> None:
    assert not change_window(
        consultation=small,
        opens_at=small.opens_at,
        closes_at=small.closes_at,
        grace_minutes=small.grace_minutes,
        actor=editor,
    )
    assert moves(small) == 0


def test_the_trail_has_the_whole_window_before_and_after(small: Consultation, editor: User) -> None:
    assert change_window(consultation=small, grace_minutes=45, actor=editor)
    (entry,) = find_entries(action=Action.WINDOW_CHANGED)
    before, after = entry.details["before"], entry.details["after"]
    assert (before["grace_minutes"], after["grace_minutes"]) == (small.grace_minutes, 45)
    assert before["closes_at"] == after["closes_at"]
    assert (entry.actor, entry.subject) == (editor, "small")
    small.refresh_from_db()
    assert small.grace_minutes == 45


def test_a_grace_period_of_nothing_is_a_change_too(small: Consultation, editor: User) -> None:
    change_window(consultation=small, grace_minutes=10, actor=editor)
    assert change_window(consultation=small, grace_minutes=0, actor=editor)
    small.refresh_from_db()
    assert small.grace_minutes == 0


@pytest.mark.parametrize("end", ["the opening", "before it"])
def test_a_window_that_ends_before_it_begins_is_refused(
    small: Consultation, editor: User, end: str
) -> None:
    closes_at = small.opens_at - (SECOND if end == "before it" else timedelta(0))
    with pytest.raises(ClosesBeforeItOpens):
        change_window(consultation=small, closes_at=closes_at, actor=editor)
    with pytest.raises(ClosesBeforeItOpens):
        change_window(consultation=small, opens_at=small.closes_at, actor=editor)
    assert moves(small) == 0


def test_a_closing_in_the_past_is_refused_even_to_someone_sure(
    small: Consultation, editor: User
) -> None:
    past = timezone.now() - SECOND
    with pytest.raises(ClosesInThePast):
        change_window(consultation=small, closes_at=past, sure=True, actor=editor)
    small.refresh_from_db()
    assert small.closes_at > past
    assert moves(small) == 0


def test_much_earlier_is_refused_until_someone_is_sure(small: Consultation, editor: User) -> None:
    earlier = small.closes_at - MUCH_EARLIER - SECOND
    with pytest.raises(ClosesMuchEarlier):
        change_window(consultation=small, closes_at=earlier, actor=editor)
    assert change_window(consultation=small, closes_at=earlier, sure=True, actor=editor)
    small.refresh_from_db()
    assert small.closes_at == earlier


def test_a_little_earlier_needs_nobody_to_be_sure(small: Consultation, editor: User) -> None:
    assert change_window(consultation=small, closes_at=small.closes_at - MUCH_EARLIER, actor=editor)


def test_a_closing_that_has_passed_may_stay_where_it_is(db: None) -> None:
    past = database_now() - DAY
    check_closing(closes_at=past, before=past, sure=False)


def test_a_closed_consultation_can_be_opened_again(small: Consultation, editor: User) -> None:
    Consultation.objects.filter(pk=small.pk).update(closes_at=timezone.now() - HOUR)
    small.refresh_from_db()
    assert change_window(consultation=small, closes_at=timezone.now() + DAY, actor=editor)


def test_the_hour_of_the_batch_is_recorded_when_it_changes(
    small: Consultation, editor: User
) -> None:
    assert not change_schedule(consultation=small, batch_hour=small.batch_hour, actor=editor)
    assert change_schedule(consultation=small, batch_hour=23, actor=editor)
    (entry,) = find_entries(action=Action.SCHEDULE_CHANGED)
    assert entry.details == {"before": {"batch_hour": 2}, "after": {"batch_hour": 23}}
    small.refresh_from_db()
    assert small.batch_hour == 23


def test_withdrawing_twice_is_one_act_and_keeps_its_time(small: Consultation, editor: User) -> None:
    withdraw_consultation(consultation=small, actor=editor)
    assert find_entries(action=Action.CONSULTATION_WITHDRAWN).count() == 1
    small.refresh_from_db()
    first = small.withdrawn_at
    withdraw_consultation(consultation=small, actor=editor)
    small.refresh_from_db()
    assert first == small.withdrawn_at is not None
    assert find_entries(action=Action.CONSULTATION_WITHDRAWN).count() == 1


def test_the_public_sees_only_what_is_published_and_not_withdrawn(
    small: Consultation, editor: User
) -> None:
    unpublished = Consultation.objects.create(
        slug="draft", title="Draft", opens_at=small.opens_at, closes_at=small.closes_at
    )
    assert [one.slug for one in published()] == ["small"]
    withdraw_consultation(consultation=small, actor=editor)
    assert list(published()) == []
    assert [one.slug for one in once_published()] == ["small"]
    assert unpublished not in once_published()


def test_each_published_consultation_carries_the_databases_time(small: Consultation) -> None:
    (found,) = published()
    assert abs(found.now - database_now()) < timedelta(minutes=1)


@pytest.mark.parametrize("side", ["opens_at", "closes_at"])
def test_one_side_can_move_alone(small: Consultation, editor: User, side: str) -> None:
    other = {"opens_at": "closes_at", "closes_at": "opens_at"}[side]
    kept, moved = getattr(small, other), getattr(small, side) + HOUR
    assert change_window(consultation=small, actor=editor, **{side: moved})
    small.refresh_from_db()
    assert (getattr(small, side), getattr(small, other)) == (moved, kept)
