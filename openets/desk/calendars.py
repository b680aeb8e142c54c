"""The working calendar of a registry on a day, as the rulebook describes it.

Holidays come from the `holidays` library for the country the rulebook names, `everywhere` or for a
single registry; days that are closed beside them, or open in spite of them, are data of the law.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from openets.kernel.clock import WorkingCalendar
from openets.rulebook.model import Rulebook

CALENDAR = "desk.calendar"
EVERYWHERE = "everywhere"
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
AHEAD = 1  # years beside the day's own for which holidays are known: a delay may cross New Year


def calendar_of(rulebook: Rulebook, registry: str, day: date) -> WorkingCalendar:
    """The calendar that a registry keeps on a day; raises `NoLaw` if the law has none."""
    value = rulebook.ask(CALENDAR, for_=day).value
    working = {WEEKDAYS.index(name) + 1 for name in value["working_days"]}
    places = [
        (place["country"], place.get("subdivision"))
        for key, place in value["holidays"].items()
        if key in (EVERYWHERE, registry)
    ]
    closed = {found for place in places for found in _holidays(*place, day.year)}
    return WorkingCalendar(
        zone=ZoneInfo(value["zone"]),
        weekend=frozenset(range(1, 8)) - working,
        holidays=frozenset((closed | _days(value, "closed")) - _days(value, "open")),
    )


@lru_cache
def _holidays(country: str, subdivision: str | None, year: int) -> frozenset[date]:
    import holidays  # takes a moment to load

    years = range(year - AHEAD, year + AHEAD + 1)
    return frozenset(holidays.country_holidays(country, subdiv=subdivision, years=years))


def _days(value: Mapping[str, Any], name: str) -> set[date]:
    return {date.fromisoformat(str(day)) for day in value[name]}
