"""Time: instants, clock changes in Brussels, leap days and working days."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openets.kernel.clock import (
    Clock,
    FixedClock,
    SystemClock,
    WorkingCalendar,
    at_local,
    instant,
    moment,
)

BRUSSELS = ZoneInfo("Europe/Brussels")
HOLIDAYS = frozenset({date(2024, 5, 1), date(2024, 12, 25), date(2024, 12, 26), date(2025, 1, 1)})
CALENDAR = WorkingCalendar(BRUSSELS, weekend=frozenset({6, 7}), holidays=HOLIDAYS)

DAYS = st.dates(date(2005, 1, 1), date(2035, 12, 31))
MOMENTS = st.datetimes(
    datetime(1900, 1, 1),  # noqa: DTZ001 (Hypothesis takes naive bounds and adds the zone)
    datetime(2200, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, BRUSSELS, ZoneInfo("Europe/Athens")]),
)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


def test_the_system_clock_tells_utc() -> None:
    clock: Clock = SystemClock()
    assert clock.now().tzinfo is UTC


def test_a_fixed_clock_stands_until_it_is_moved() -> None:
    fixed = FixedClock(datetime(2024, 7, 1, 12, tzinfo=BRUSSELS))
    clock: Clock = fixed
    assert clock.now() == clock.now() == utc(2024, 7, 1, 10)
    assert clock.now().tzinfo is UTC
    assert fixed.step(timedelta(minutes=-5)) == clock.now() == utc(2024, 7, 1, 9, 55)
    fixed.set(utc(2030, 1, 1))
    assert clock.now() == utc(2030, 1, 1)


def test_instants_count_from_1970() -> None:
    assert instant(utc(1970, 1, 1)) == 0
    assert instant(utc(1969, 12, 31, 23, 59, 59, 999_999)) == -1
    assert instant(datetime(2024, 2, 29, 1, tzinfo=BRUSSELS)) == 1_709_164_800_000_000


@given(MOMENTS)
def test_instants_lose_nothing(at: datetime) -> None:
    assert moment(instant(at)) == at.astimezone(UTC)
    assert instant(moment(instant(at))) == instant(at)


def test_a_time_without_a_zone_is_no_instant() -> None:
    naive = datetime(2024, 1, 1)  # noqa: DTZ001
    for refuse in (instant, FixedClock, CALENDAR.local_day):
        with pytest.raises(ValueError, match=r"no time zone"):
            refuse(naive)


@pytest.mark.parametrize("microseconds", [10**18, -(10**18), 10**30])
def test_instants_beyond_the_calendar_are_refused(microseconds: int) -> None:
    with pytest.raises(ValueError, match=r"outside the years 1 to 9999"):
        moment(microseconds)


@pytest.mark.parametrize(
    ("day", "hour", "expected"),
    [
        # Winter and summer: the same local noon is another instant.
        (date(2024, 1, 15), time(12), utc(2024, 1, 15, 11)),
        (date(2024, 7, 15), time(12), utc(2024, 7, 15, 10)),
        # 31 March 2024: clocks go from 02:00 to 03:00.
        (date(2024, 3, 31), time(1, 59), utc(2024, 3, 31, 0, 59)),
        (date(2024, 3, 31), time(2), utc(2024, 3, 31, 1)),
        (date(2024, 3, 31), time(2, 30), utc(2024, 3, 31, 1, 30)),
        (date(2024, 3, 31), time(3), utc(2024, 3, 31, 1)),
        # 27 October 2024: clocks go from 03:00 back to 02:00.
        (date(2024, 10, 27), time(2, 30), utc(2024, 10, 27, 0, 30)),
        (date(2024, 10, 27), time(2, 30, fold=1), utc(2024, 10, 27, 0, 30)),
        (date(2024, 10, 27), time(3), utc(2024, 10, 27, 2)),
        # A leap day.
        (date(2024, 2, 29), time(12), utc(2024, 2, 29, 11)),
    ],
    ids=str,
)
def test_local_hours_across_clock_changes(day: date, hour: time, expected: datetime) -> None:
    found = at_local(day, hour, BRUSSELS)
    assert found == expected
    assert found.tzinfo is UTC
    assert CALENDAR.at(day, hour) == expected


def test_an_hour_that_does_not_exist_moves_forward() -> None:
    moved = at_local(date(2024, 3, 31), time(2, 30), BRUSSELS).astimezone(BRUSSELS)
    assert moved.time() == time(3, 30)


def test_a_local_hour_brings_no_zone() -> None:
    with pytest.raises(ValueError, match=r"no time zone of its own"):
        at_local(date(2024, 1, 1), time(12, tzinfo=UTC), BRUSSELS)


@given(DAYS, st.times().map(lambda hour: hour.replace(fold=0)))
def test_local_hours_come_back_unless_they_do_not_exist(day: date, hour: time) -> None:
    back = at_local(day, hour, BRUSSELS).astimezone(BRUSSELS)
    assert back.date() == CALENDAR.local_day(back) == day
    gap = day.month == 3 and day.day > 24 and day.isoweekday() == 7 and hour.hour == 2
    assert back.time() == (hour.replace(hour=3) if gap else hour)


@given(DAYS)
def test_noon_to_noon_is_a_day_except_at_the_changes(day: date) -> None:
    hours = (CALENDAR.at(day + timedelta(days=1), time(12)) - CALENDAR.at(day, time(12))) / (
        timedelta(hours=1)
    )
    changes = day.isoweekday() == 6 and (day + timedelta(days=1)).day > 24
    expected = {3: 23, 10: 25}.get(day.month, 24) if changes else 24
    assert hours == expected


def test_the_local_day_begins_at_local_midnight() -> None:
    assert CALENDAR.local_day(utc(2024, 6, 30, 21, 59)) == date(2024, 6, 30)
    assert CALENDAR.local_day(utc(2024, 6, 30, 22)) == date(2024, 7, 1)


@pytest.mark.parametrize(
    ("day", "n", "expected"),
    [
        (date(2024, 2, 28), 1, date(2024, 2, 29)),  # leap day
        (date(2023, 2, 28), 1, date(2023, 3, 1)),
        (date(2024, 2, 29), 1, date(2024, 3, 1)),
        (date(2024, 3, 29), 1, date(2024, 4, 1)),  # over the spring change
        (date(2024, 4, 30), 1, date(2024, 5, 2)),  # over a holiday
        (date(2024, 12, 24), 4, date(2025, 1, 2)),  # two holidays, a weekend, New Year
        (date(2024, 6, 1), 1, date(2024, 6, 3)),  # from a Saturday
        (date(2024, 6, 1), 0, date(2024, 6, 1)),
        (date(2024, 6, 3), -1, date(2024, 5, 31)),
        (date(2024, 5, 2), -1, date(2024, 4, 30)),
    ],
    ids=str,
)
def test_working_days_are_counted(day: date, n: int, expected: date) -> None:
    assert CALENDAR.add_working_days(day, n) == expected


def test_a_day_of_work_stands_and_a_day_of_rest_moves_on() -> None:
    assert CALENDAR.working_day_from(date(2024, 4, 30)) == date(2024, 4, 30)
    assert CALENDAR.working_day_from(date(2024, 5, 1)) == date(2024, 5, 2)
    assert CALENDAR.next_working_day(date(2024, 4, 30)) == date(2024, 5, 2)


@given(DAYS, st.integers(1, 15))
def test_counted_days_are_working_days_and_none_is_missed(day: date, n: int) -> None:
    end = CALENDAR.add_working_days(day, n)
    between = [day + timedelta(days=i) for i in range(1, (end - day).days + 1)]
    assert CALENDAR.is_working_day(end)
    assert sum(map(CALENDAR.is_working_day, between)) == n
    start = CALENDAR.working_day_from(day)
    assert CALENDAR.add_working_days(CALENDAR.add_working_days(start, n), -n) == start


def test_an_instant_is_not_taken_for_a_day() -> None:
    with pytest.raises(ValueError, match=r"local day"):
        CALENDAR.is_working_day(utc(2024, 5, 1))


@pytest.mark.parametrize("weekend", [{0}, {8}, {1, 2, 3, 4, 5, 6, 7}])
def test_a_week_has_seven_days_and_a_working_day(weekend: set[int]) -> None:
    with pytest.raises(ValueError, match=r"weekend"):
        WorkingCalendar(BRUSSELS, weekend)


def test_a_weekend_is_what_the_caller_says() -> None:
    calendar = WorkingCalendar(UTC, weekend={5, 6})
    assert calendar.next_working_day(date(2024, 5, 30)) == date(2024, 6, 2)
