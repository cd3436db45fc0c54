"""London's time, in and out of words."""

from datetime import UTC, date, datetime, timedelta, tzinfo

import pytest

from consult.clock import (
    LONDON,
    NotADate,
    closing_in_words,
    daily,
    end_of_day,
    in_words,
    iso,
    latest_daily,
    names_a_year,
    next_daily,
    parse_closing,
    parse_day,
    parse_opening,
    start_of_day,
)

NOVEMBER = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "now", "closes_at"),
    [
        ("21 January", NOVEMBER, datetime(2027, 1, 22, tzinfo=UTC)),
        (
            "21 january",
            datetime(2027, 1, 21, 23, 59, tzinfo=UTC),
            datetime(2027, 1, 22, tzinfo=UTC),
        ),
        ("21 January", datetime(2027, 1, 22, tzinfo=UTC), datetime(2028, 1, 22, tzinfo=UTC)),
        ("21 January 2027", datetime(2030, 1, 1, tzinfo=UTC), datetime(2027, 1, 22, tzinfo=UTC)),
        ("2027-01-21", NOVEMBER, datetime(2027, 1, 22, tzinfo=UTC)),
        # In summer London's day ends an hour before that of Greenwich.
        ("30 June 2027", NOVEMBER, datetime(2027, 6, 30, 23, tzinfo=UTC)),
        # The days on which the clocks change have 23 and 25 hours.
        ("2027-03-28", NOVEMBER, datetime(2027, 3, 28, 23, tzinfo=UTC)),
        ("2027-10-31", NOVEMBER, datetime(2027, 11, 1, tzinfo=UTC)),
        ("29 February", NOVEMBER, datetime(2028, 3, 1, tzinfo=UTC)),
        ("2027-01-21T12:30:00Z", NOVEMBER, datetime(2027, 1, 21, 12, 30, tzinfo=UTC)),
        ("2027-01-21t12:30:00+02:00", NOVEMBER, datetime(2027, 1, 21, 10, 30, tzinfo=UTC)),
    ],
)
def test_a_closing_is_the_end_of_its_day_in_london_or_the_instant_itself(
    text: str, now: datetime, closes_at: datetime
) -> None:
    assert parse_closing(text, now=now) == closes_at


def test_just_after_midnight_in_summer_today_is_londons_today() -> None:
    # 23:30 on 29 June in Greenwich is 00:30 on 30 June in London.
    assert parse_closing("29 June", now=datetime(2027, 6, 29, 23, 30, tzinfo=UTC)).year == 2028


def test_an_opening_is_the_beginning_of_its_day() -> None:
    assert parse_opening("30 June 2027", now=NOVEMBER) == datetime(2027, 6, 29, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("soon", "is not a date"),
        ("", "is not a date"),
        ("31 February 2027", "not a day of the calendar"),
        ("30 February", "not a day of the calendar"),
        ("2027-02-30", "not a day of the calendar"),
        ("21 January 227", "is not a date"),
        ("2227-01-21", "in the year 2227"),
        ("21/01/2027", "is not a date"),
        ("2027-01-21T12:30", "has no offset"),
        ("2027-01-21T25:30:00Z", "not an ISO 8601 instant"),
        ("٢١ January", "is not a date"),
    ],
)
def test_text_that_is_not_a_date_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(NotADate, match=why):
        parse_closing(text, now=NOVEMBER)


@pytest.mark.parametrize(
    ("text", "named"),
    [("21 January", False), ("21 January 2027", True), ("2027-01-21T00:00:00Z", True)],
)
def test_a_date_without_a_year_is_recognised(text: str, named: bool) -> None:
    assert names_a_year(text) is named


@pytest.mark.parametrize(
    ("instant", "words"),
    [
        (datetime(2027, 1, 22, tzinfo=UTC), "11:59pm on 21 January 2027 (UK time)"),
        (datetime(2027, 6, 30, 23, tzinfo=UTC), "11:59pm on 30 June 2027 (UK time)"),
        (datetime(2027, 1, 21, 12, tzinfo=UTC), "12:00pm on 21 January 2027 (UK time)"),
        (datetime(2027, 7, 1, 16, 5, tzinfo=UTC), "5:05pm on 1 July 2027 (UK time)"),
    ],
)
def test_a_closing_time_is_never_worded_as_midnight(instant: datetime, words: str) -> None:
    assert closing_in_words(instant) == words


def test_other_times_are_worded_as_they_are() -> None:
    assert (
        in_words(datetime(2027, 1, 22, 0, 5, tzinfo=UTC)) == "12:05am on 22 January 2027 (UK time)"
    )


def test_files_carry_londons_offset() -> None:
    assert iso(datetime(2027, 7, 1, 16, 5, tzinfo=UTC)) == "2027-07-01T17:05:00.000000+01:00"


@pytest.mark.parametrize("day", [date(2027, 3, 28), date(2027, 10, 31), date(2027, 1, 21)])
def test_a_day_ends_where_the_next_begins(day: date) -> None:
    assert end_of_day(day) == start_of_day(day + timedelta(days=1))


@pytest.mark.parametrize("day", [date(2027, 3, 28), date(2027, 10, 31), date(2027, 1, 21)])
@pytest.mark.parametrize("hour", [0, 1, 2, 3, 23])
@pytest.mark.parametrize("zone", [UTC, LONDON])
def test_each_hour_of_the_day_occurs_once_a_day(day: date, hour: int, zone: tzinfo) -> None:
    seen = set()
    instant = start_of_day(day).astimezone(UTC)
    while instant < end_of_day(day):
        latest, following = (
            latest_daily(hour, now=instant.astimezone(zone)),
            next_daily(hour, after=instant.astimezone(zone)),
        )
        assert latest <= instant < following == next_daily(hour, after=latest)
        seen |= {latest, following}
        instant += timedelta(minutes=15)
    # Yesterday's, today's and tomorrow's; of yesterday's there is nothing left where the day begins
    # with today's.
    assert [at for at in sorted(seen) if start_of_day(day) <= at < end_of_day(day)] == [
        daily(hour, day=day)
    ]
    assert len(seen) == (2 if hour == 0 else 3)


@pytest.mark.parametrize(
    ("day", "hour", "at"),
    [
        # London's clocks showed 00:59 and then 02:00: both hours come at that moment.
        (date(2027, 3, 28), 1, datetime(2027, 3, 28, 1, tzinfo=UTC)),
        (date(2027, 3, 28), 2, datetime(2027, 3, 28, 1, tzinfo=UTC)),
        (date(2027, 3, 28), 3, datetime(2027, 3, 28, 2, tzinfo=UTC)),
        # London's clocks showed 01:59 and then 01:00 again: it is the first of the two.
        (date(2027, 10, 31), 1, datetime(2027, 10, 31, 0, tzinfo=UTC)),
        (date(2027, 10, 31), 2, datetime(2027, 10, 31, 2, tzinfo=UTC)),
        (date(2027, 10, 31), 3, datetime(2027, 10, 31, 3, tzinfo=UTC)),
    ],
)
def test_daily_jobs_run_once_on_nights_when_the_clocks_change(
    day: date, hour: int, at: datetime
) -> None:
    assert daily(hour, day=day) == at


def test_a_day_and_month_mean_the_next_such_day_or_today() -> None:
    assert parse_day("23 November", today=date(2026, 11, 23)) == date(2026, 11, 23)
    assert parse_day("22 November", today=date(2026, 11, 23)) == date(2027, 11, 22)
