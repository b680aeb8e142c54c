"""Maintenance windows, as pure rules: how deadlines move out of them, and what runs afterwards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openets.desk.maintenance import (
    BY_LENGTH,
    FORMULAS,
    NEXT_WORKING_DAY,
    Rule,
    Window,
    afterwards,
    moved,
    rule_of,
)
from openets.desk.timing import law_at
from openets.kernel.clock import instant, moment
from openets.rulebook.load import load_rulebook

NEW_YEAR = Window(
    "EX",
    instant(datetime(2030, 12, 31, 16, tzinfo=UTC)),
    instant(datetime(2031, 1, 4, 12, tzinfo=UTC)),
    "new release",
)
LAW = law_at(load_rulebook("example"), "EX", datetime(2030, 12, 31, 9, tzinfo=UTC))
spans = st.tuples(st.integers(0, 1_000), st.integers(1, 300))
windows = st.lists(spans, max_size=5).map(
    lambda found: [Window("EX", opens, opens + length, "") for opens, length in found]
)


@pytest.mark.parametrize(
    ("deadline", "by_length"),
    [
        ("2030-12-31T15:59", "2030-12-31T15:59"),  # before it opens
        ("2030-12-31T16:00", "2031-01-04T12:00"),
        ("2031-01-02T09:00", "2031-01-06T05:00"),
        ("2031-01-04T11:59", "2031-01-08T07:59"),
        ("2031-01-04T12:00", "2031-01-04T12:00"),  # it has closed
    ],
)
def test_a_deadline_in_a_window_moves_by_its_length(deadline: str, by_length: str) -> None:
    at = instant(datetime.fromisoformat(deadline).replace(tzinfo=UTC))
    assert f"{moment(moved(at, [NEW_YEAR], LAW)):%Y-%m-%dT%H:%M}" == by_length


def test_or_to_the_same_hour_of_the_next_working_day() -> None:
    at = instant(datetime(2031, 1, 2, 9, tzinfo=UTC))
    found = FORMULAS[NEXT_WORKING_DAY](at, NEW_YEAR, LAW)
    assert moment(found) == datetime(2031, 1, 6, 9, tzinfo=UTC)  # the 4th is a Saturday
    without_calendar = FORMULAS[NEXT_WORKING_DAY](at, NEW_YEAR, None)
    assert without_calendar == FORMULAS[BY_LENGTH](at, NEW_YEAR, None)


def test_what_the_law_says_and_what_holds_where_it_is_silent() -> None:
    assert rule_of(LAW) == Rule("refused", BY_LENGTH)
    uk = law_at(load_rulebook("uk"), "GB", datetime(2026, 3, 2, tzinfo=UTC))
    assert rule_of(uk) == rule_of(None) == Rule("refused", BY_LENGTH)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.integers(0, 1_500), windows)
def test_nothing_ends_or_is_done_inside_a_window(at: int, found: list[Window]) -> None:
    late, done = moved(at, found, None), afterwards(at, found)
    for window in found:
        assert not window.opens <= late < window.closes
        assert not window.opens <= done < window.closes
    assert at <= done <= late  # deadlines move at least as far as what is carried out


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.integers(0, 1_500), windows)
def test_outside_of_windows_nothing_moves(at: int, found: list[Window]) -> None:
    if not any(one.opens <= at < one.closes for one in found):
        assert moved(at, found, None) == afterwards(at, found) == at


def test_a_window_counts_once_however_often_it_is_asked_about() -> None:
    at = NEW_YEAR.opens + timedelta(hours=1) // timedelta(microseconds=1)
    assert {moved(at, [NEW_YEAR], LAW) for _ in range(3)} == {moved(at, [NEW_YEAR], LAW)}
