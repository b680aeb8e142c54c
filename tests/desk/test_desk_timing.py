"""When approved transactions are carried out: law cases by regime, and what holds at any time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from openets.desk.calendars import calendar_of
from openets.desk.said import LANGUAGES
from openets.desk.timing import (
    Law,
    Movement,
    execution,
    into_hours,
    law_at,
    listing,
    shift_by_working_days,
)
from openets.kernel.clock import WorkingCalendar
from openets.rulebook.load import load_rulebook

CASES = Path(__file__).parent / "cases"
EU, UK, EXAMPLE = (load_rulebook(name) for name in ("eu", "uk", "example"))
BRUSSELS, LONDON = ZoneInfo("Europe/Brussels"), ZoneInfo("Europe/London")


def cases(path: str) -> Any:
    return yaml.safe_load((CASES / path).read_text())


@pytest.mark.parametrize(
    "case", cases("execution-times-eu.yaml"), ids=lambda c: str(c["confirmed"])
)
def test_transfers_of_the_union_are_carried_out_when_the_law_says(case: dict[str, Any]) -> None:
    confirmed = datetime.fromisoformat(case["confirmed"]).replace(tzinfo=BRUSSELS)
    found = execution(EU, "AT", Movement(case["type"], case["trusted"]), confirmed)
    assert found.at.astimezone(BRUSSELS).strftime("%Y-%m-%dT%H:%M") == case["carried_out"]
    assert found.citation in EU.paths()
    assert all(found.reason.told(language).endswith(".") for language in LANGUAGES)


UK_CASES = cases("execution-times-uk.yaml")


@pytest.mark.parametrize("case", UK_CASES["cases"], ids=lambda c: str(c["approved"]))
def test_delays_of_the_uk_registry(case: dict[str, Any]) -> None:
    """In one clock, with the holidays given, before the rounding to a full minute."""
    closed = frozenset(map(date.fromisoformat, UK_CASES["holidays"]))
    law = Law(UK, date(2021, 3, 15), WorkingCalendar(UTC, frozenset({6, 7}), closed))
    approved = datetime.fromisoformat(case["approved"]).replace(tzinfo=UTC)
    start = into_hours(law, approved, keep_time=False)
    assert start.replace(tzinfo=None) == datetime.fromisoformat(case["start"])
    for minutes, expected in case["after_minutes"].items():
        found = shift_by_working_days(law, approved, minutes)
        assert found.replace(tzinfo=None) == datetime.fromisoformat(expected)
    trusted = shift_by_working_days(law, approved, 0).replace(tzinfo=None)
    assert "trusted" not in case or trusted == datetime.fromisoformat(case["trusted"])


@pytest.mark.parametrize(
    ("confirmed", "carried_out"),
    [
        # Ten o'clock is ten o'clock, also when the clock has changed meanwhile.
        ("2021-03-26T17:00", "2021-03-30T10:01"),
        ("2021-10-29T17:00", "2021-11-02T10:01"),
        ("2021-10-29T12:00", "2021-11-01T12:01"),
    ],
)
def test_across_a_clock_change_hours_are_local(confirmed: str, carried_out: str) -> None:
    at = datetime.fromisoformat(confirmed).replace(tzinfo=LONDON)
    found = execution(UK, "GB", Movement("10-50", trusted=False), at)
    assert found.at.astimezone(LONDON).strftime("%Y-%m-%dT%H:%M") == carried_out


def test_what_does_not_wait_is_carried_out_at_once() -> None:
    at = datetime(2021, 3, 15, 3, tzinfo=UTC)
    for movement in (
        Movement("10-2", trusted=False),
        Movement("10-0", trusted=False, to_government=True),
        Movement("3-0", trusted=False, inbound=True),
    ):
        assert execution(UK, "GB", movement, at).at == at


def test_holidays_come_from_the_country_the_law_names_and_from_its_exceptions() -> None:
    in_london = calendar_of(UK, "GB", date(2021, 4, 1))
    assert not in_london.is_working_day(date(2021, 4, 2))  # Good Friday
    assert in_london.is_working_day(date(2021, 4, 1))
    assert not calendar_of(UK, "GB", date(2021, 12, 31)).is_working_day(date(2022, 1, 3))
    assert not calendar_of(EXAMPLE, "EX", date(2030, 4, 1)).is_working_day(date(2030, 5, 1))


@pytest.mark.parametrize(
    ("law", "registry", "proposed", "trusted_from"),
    [
        (EU, "AT", "2022-03-09T16:30+01:00", "2022-03-15T12:00+01:00"),
        (EU, "AT", "2022-03-24T09:00+01:00", "2022-03-30T12:00+02:00"),
        (UK, "GB", "2021-03-15T11:00+00:00", "2021-03-16T11:00+00:00"),
        (EXAMPLE, "EX", "2030-04-26T11:00+00:00", "2030-05-03T12:00+00:00"),
    ],
)
def test_an_account_is_trusted_from_the_moment_the_law_says(
    law: Any, registry: str, proposed: str, trusted_from: str
) -> None:
    at = datetime.fromisoformat(proposed)
    assert listing(law, registry, at, at).at == datetime.fromisoformat(trusted_from)


def test_a_late_approval_makes_nobody_trusted_in_the_past() -> None:
    proposed = datetime(2022, 3, 9, 9, tzinfo=UTC)
    approved = datetime(2022, 3, 29, 9, tzinfo=UTC)
    assert listing(EU, "AT", proposed, approved).at == approved


REGIMES = ((EU, "AT", 2016), (EU, "AT", 2022), (UK, "GB", 2024), (EXAMPLE, "EX", 2030))
LABELS = {"GB": "10-50"}
instants = st.integers(0, 366 * 24 * 60 * 60)


@given(regime=st.sampled_from(REGIMES), second=instants, trusted=st.booleans())
def test_nothing_is_carried_out_early_or_on_a_day_that_is_not_worked(
    regime: tuple[Any, str, int], second: int, trusted: bool
) -> None:
    law, registry, year = regime
    at = datetime(year, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
    found = execution(law, registry, Movement(LABELS.get(registry, "10-0"), trusted), at)
    known = law_at(law, registry, at)
    assert found.at >= at - timedelta(minutes=1)  # the UK registry cuts to the minute, adds one
    assert known.calendar.is_working_day(known.calendar.local_day(found.at - timedelta(seconds=1)))


@given(regime=st.sampled_from(REGIMES), second=instants, later=st.integers(0, 7 * 86_400))
def test_who_confirms_later_is_not_carried_out_earlier(
    regime: tuple[Any, str, int], second: int, later: int
) -> None:
    law, registry, year = regime
    at = datetime(year, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
    movement = Movement(LABELS.get(registry, "10-0"), trusted=False)
    first = execution(law, registry, movement, at).at
    assert execution(law, registry, movement, at + timedelta(seconds=later)).at >= first
