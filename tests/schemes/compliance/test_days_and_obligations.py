"""The legal days, what is owed, what comes next and who may be left out."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from openets.kernel.money import Decimal
from openets.schemes.compliance import events as ev
from openets.schemes.compliance.days import STEPS, concerns_year, day_of, legal_days, step_day
from openets.schemes.compliance.obligation import (
    Installation,
    Progress,
    next_steps,
    obligation,
    opt_outs,
)
from openets.schemes.compliance.standing import left_out_of_fixing
from openets.schemes.compliance.state import State, fold
from tests.schemes.compliance.histories import BEGIN, EU, UK, read_cases


def state_of(case: dict[str, Any]) -> State:
    first = case["first_year"]
    began = ev.Initialised(
        at=BEGIN,
        first_year=first,
        current_year=case["year"] + 1,
        operator=case.get("operator", "installation"),
    )
    entered = [
        ev.EmissionsEntered(at=BEGIN, year=year, tonnes=tonnes)
        for year, tonnes in case["emissions"].items()
    ]
    surrendered = [
        ev.Surrendered(at=BEGIN, year=year, quantity=quantity)
        for year, quantity in case["surrendered"].items()
    ]
    state = fold([began, *entered, *surrendered])
    assert state is not None
    return state


@pytest.mark.parametrize("case", read_cases("days.yaml"), ids=str)
def test_a_legal_day(case: dict[str, Any]) -> None:
    operator = case.get("operator", "installation")
    if "issued" in case:
        found = day_of(EU, "deadlines.free-allocation", case["issued"])
    else:
        found = step_day(EU, case["step"], case["year"], operator)
    assert (found.day if found else None) == case["day"]


def test_days_come_in_order_and_with_their_article() -> None:
    days = legal_days(EU, 2025)
    assert list(days) == sorted(STEPS, key=lambda step: days[step].day)
    assert all(", " in dated.citation for dated in days.values())
    assert legal_days(UK, 2022) == {}


def test_a_day_is_written_once_in_the_law() -> None:
    found = step_day(EU, "verified report", 2027, "regulated-entities")
    assert found is not None
    due = EU.ask("monitoring.entities.report-due", for_=2028).value
    assert due == f"{found.day:%m-%d}"


@pytest.mark.parametrize("case", read_cases("obligations.yaml"), ids=lambda case: case["title"])
def test_an_obligation(case: dict[str, Any]) -> None:
    found = obligation(state_of(case), EU, case["year"])._asdict()
    assert {key: found[key] for key in case["expect"]} == case["expect"]


def test_what_comes_next_before_the_report() -> None:
    began = ev.Initialised(at=BEGIN, first_year=2024, current_year=2026)
    steps = {one.step: one for one in next_steps(fold([began]), EU, 2025, date(2026, 4, 2), True)}
    assert steps["verified report"].progress is Progress.OVERDUE
    assert steps["verified report"].days_left == -2
    assert steps["account blocked"].progress is Progress.DONE
    assert steps["authority's estimate"].days_left == 29
    assert steps["surrender"].progress is Progress.OPEN
    assert "account blocked for shortfall" not in steps


@pytest.mark.parametrize(
    ("blocked", "progress"),
    [(True, Progress.DONE), (False, Progress.OVERDUE), (None, Progress.PASSED)],
)
def test_what_did_not_happen_is_not_said_to_be_done(
    blocked: bool | None, progress: Progress
) -> None:
    state = fold([ev.Initialised(at=BEGIN, first_year=2024, current_year=2026)])
    assert state is not None
    late = date(2026, 11, 28)
    steps = {one.step: one for one in next_steps(state, EU, 2025, late, blocked)}
    assert steps["account blocked"].progress is progress
    assert steps["authority's estimate"].progress is Progress.OVERDUE
    assert steps["emissions public"].progress is Progress.PASSED
    assert steps["surrender"].when == "59 days ago"
    early = next_steps(state, EU, 2025, date(2026, 3, 30), blocked)
    assert {one.progress for one in early} == {Progress.OPEN}
    assert early[0].when == "1 day left"


@pytest.mark.parametrize(("year", "concerned"), [(1990, False), (2005, True), (9999, False)])
def test_a_year_the_law_asks_nothing_of(year: int, concerned: bool) -> None:
    assert concerns_year(EU, year) is concerned


def test_what_comes_next_with_a_shortfall() -> None:
    case = {
        "first_year": 2025,
        "year": 2025,
        "emissions": {2025: 10},
        "surrendered": {2025: 4},
    }
    steps = {
        one.step: one for one in next_steps(state_of(case), EU, 2025, date(2026, 9, 20), False)
    }
    assert steps["verified report"].progress is Progress.DONE
    assert "account blocked" not in steps
    assert steps["surrender"].days_left == 10
    assert "6 more units" in steps["surrender"].sentence
    assert "6 units" in steps["account blocked for shortfall"].sentence
    late = {one.step: one for one in next_steps(state_of(case), EU, 2025, date(2026, 10, 1), False)}
    assert late["surrender"].progress is Progress.OVERDUE
    late = {one.step: one for one in next_steps(state_of(case), EU, 2025, date(2026, 10, 2), False)}
    assert late["account blocked for shortfall"].progress is Progress.PASSED
    case["surrendered"] = {2025: 10}
    done = {one.step: one for one in next_steps(state_of(case), EU, 2025, date(2026, 10, 1), False)}
    assert done["surrender"].progress is Progress.DONE


@pytest.mark.parametrize(
    "event",
    [
        ev.YearExcluded(at=BEGIN, year=2025),
        ev.LastYearSet(at=BEGIN, year=2024),
        ev.FirstYearSet(at=BEGIN, year=2026),
    ],
    ids=["excluded", "after the last year", "before the first"],
)
def test_nothing_comes_next_where_nothing_is_due(event: ev.Event) -> None:
    began = ev.Initialised(at=BEGIN, first_year=2024, current_year=2026)
    state = fold([began, event])
    assert state is not None
    assert next_steps(state, EU, 2025, date(2026, 4, 2), None) == []


SMALL = dict.fromkeys(range(2018, 2025), 24_999)
TINY = dict.fromkeys(range(2018, 2025), 2_499)


@pytest.mark.parametrize(
    ("year", "of", "articles"),
    [
        (2021, Installation(SMALL, Decimal("34.9")), ["27"]),
        (2021, Installation(SMALL), ["27"]),
        (2021, Installation(SMALL, Decimal(35)), []),
        (2021, Installation(SMALL | {2019: 25_000}), []),
        (2021, Installation({2020: 10, 2019: 10}), []),
        (2021, Installation(TINY), ["27", "27a"]),
        (2021, Installation(TINY | {2020: 2_500}), ["27"]),
        (2021, Installation({}, hospital=True), ["27"]),
        (2021, Installation({}, reserve_hours=dict.fromkeys(range(2018, 2021), 300)), ["27a"]),
        (2021, Installation({}, reserve_hours={2018: 300, 2019: 301, 2020: 0}), []),
        (2013, Installation(dict.fromkeys(range(2010, 2013), 100)), ["27"]),
        (2012, Installation(dict.fromkeys(range(2009, 2012), 100)), []),
    ],
)
def test_who_may_be_left_out(year: int, of: Installation, articles: list[str]) -> None:
    assert [one.rpartition(" ")[2] for one in opt_outs(EU, year, of)] == articles


def test_the_cut_off_day_passes_by_who_closed_long_ago() -> None:
    state = fold([ev.Initialised(at=BEGIN, first_year=2021, current_year=2025)])
    assert state is not None
    assert left_out_of_fixing(state, UK, 2023)
    assert not left_out_of_fixing(state, UK, 2024)
    assert not left_out_of_fixing(state, UK, None)
    assert not left_out_of_fixing(state, EU, 2001)
