"""Time: instants, local times and working days.

Instants are aware datetimes in UTC, and in both books microseconds since the beginning of 1970. Law
speaks in local hours and working days; this module turns those into instants and holds none itself:
opening hours, zones, weekends and holidays come from the rulebook, because each regulation and each
administrator has its own.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Protocol

MICROSECONDS_PER_DAY = 86_400_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_WEEK = frozenset(range(1, 8))


class Clock(Protocol):
    """Whatever tells the time. Nothing in the house asks the machine except through a clock."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present instant by the machine's clock, in UTC."""
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands until it is moved, for tests and for the replay of history.

    It may be moved backwards: machines' clocks are, and order never rests on a clock.
    """

    def __init__(self, at: datetime) -> None:
        self.set(at)

    def now(self) -> datetime:
        """The instant the clock stands at, in UTC."""
        return self._now

    def set(self, at: datetime) -> None:
        """Moves the clock to an instant; raises `ValueError` if it has no time zone."""
        self._now = _aware(at).astimezone(UTC)

    def step(self, by: timedelta) -> datetime:
        """Moves the clock by a duration and answers where it stands."""
        self._now += by
        return self._now


def instant(at: datetime) -> int:
    """Microseconds since 1970-01-01 00:00 UTC; raises `ValueError` if there is no time zone."""
    # Whole-number division of durations is exact; `timestamp()` goes through a binary fraction.
    return (_aware(at) - _EPOCH) // _MICROSECOND


_LAST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND


def moment(microseconds: int) -> datetime:
    """The datetime in UTC of an instant in microseconds since 1970.

    Raises `ValueError` outside the years 1 to 9999.
    """
    try:
        return _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        raise ValueError(f"The instant {microseconds} is outside the years 1 to 9999.") from None


def day_of(microseconds: int) -> date:
    """The day in UTC of an instant in microseconds since 1970; raises `ValueError` as `moment`."""
    return moment(microseconds).date()


class NoInstant(ValueError):
    """A number that is no instant a record may be effective at."""


def is_instant(microseconds: int) -> bool:
    """True for an instant of the years 1970 to 9999, which is all a record may be effective at."""
    return 0 <= microseconds <= _LAST


def at_local(day: date, hour: time, zone: tzinfo) -> datetime:
    """The instant, in UTC, at which clocks in the zone show this day and hour.

    In spring an hour does not exist: a time in it moves forward by the length of the change, so
    02:30 becomes 03:30. In autumn an hour comes twice: the first counts. Raises `ValueError` if the
    hour brings a time zone of its own.
    """
    if hour.tzinfo is not None:
        raise ValueError("A local hour has no time zone of its own; the zone is given beside it.")
    # fold=0 is the offset before the change, which gives both rules at once.
    return datetime.combine(day, hour.replace(fold=0), zone).astimezone(UTC)


def _aware(at: datetime) -> datetime:
    if at.utcoffset() is None:
        raise ValueError(f"{at.isoformat()} has no time zone; an instant needs one.")
    return at


@dataclass(frozen=True)
class WorkingCalendar:
    """The working days of one administrator: every day but weekends and holidays.

    `weekend` holds ISO weekdays (1 is Monday, 7 Sunday); `holidays` are single dates; `zone` is
    where the days begin and end. All of it is the caller's, from the rulebook. Raises `ValueError`
    for a weekday that does not exist or a week without a working day.
    """

    zone: tzinfo
    weekend: Set[int]
    holidays: Set[date] = frozenset()

    def __post_init__(self) -> None:
        if not self.weekend < _WEEK:
            raise ValueError("A weekend is made of ISO weekdays 1 to 7 and leaves at least one.")

    def local_day(self, at: datetime) -> date:
        """The date in the zone at an instant; raises `ValueError` if that has no time zone."""
        return _aware(at).astimezone(self.zone).date()

    def at(self, day: date, hour: time) -> datetime:
        """The instant, in UTC, of a local hour on a day of this calendar (see `at_local`)."""
        return at_local(day, hour, self.zone)

    def is_working_day(self, day: date) -> bool:
        """True if the day is neither in a weekend nor a holiday.

        Raises `ValueError` for a datetime, which would never equal a holiday; see `local_day`.
        """
        if isinstance(day, datetime):
            raise ValueError("A working day is a date; take the local day of an instant first.")
        return day.isoweekday() not in self.weekend and day not in self.holidays

    def working_day_from(self, day: date) -> date:
        """The day itself if it is a working day, else the next one."""
        return day if self.is_working_day(day) else self.next_working_day(day)

    def next_working_day(self, day: date) -> date:
        """The first working day after the day."""
        return self.add_working_days(day, 1)

    def add_working_days(self, day: date, n: int) -> date:
        """The n-th working day after the day, or before it if n is negative.

        The day itself is not counted, whether or not it is a working day; with n = 0 it is the
        answer as it stands.
        """
        step = _DAY if n >= 0 else -_DAY
        for _ in range(abs(n)):
            day += step
            while not self.is_working_day(day):
                day += step
        return day
