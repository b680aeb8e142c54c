"""Why a symbol is what it is, told to a person."""

from __future__ import annotations

from datetime import UTC, datetime

from openets.schemes.compliance import events as ev
from openets.schemes.compliance.explain import explain
from openets.schemes.compliance.standing import standing_on
from tests.schemes.compliance.histories import EU, UK


def at(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


MADE_GOOD = [
    ev.Initialised(at=at(2021, 1, 1), first_year=2021, current_year=2021),
    ev.YearBegun(at=at(2022, 1, 1), year=2022),
    ev.EmissionsEntered(at=at(2022, 3, 20), year=2021, tonnes=1000),
    ev.Surrendered(at=at(2022, 4, 29), quantity=900, year=2021),
    ev.StatusFixed(at=at(2022, 5, 1)),
    ev.Surrendered(at=at(2022, 6, 1), quantity=100, year=2021),
]


def test_the_events_and_the_rule_are_told() -> None:
    told = explain(MADE_GOOD, EU)
    assert [line.symbol for line in told.lines] == ["-", "C", "B", "B", "B", "A"]
    assert [line.figure for line in told.lines] == [0, 0, -1000, -100, -100, 0]
    assert [line.bears for line in told.lines] == [True, True, True, True, False, True]
    sentences = list(told.sentences())
    assert "came in (installation), with emissions to report from 2021" in sentences[0]
    assert "ice class" not in sentences[2]
    assert "2022-03-20 00:00 emissions entered, year 2021, tonnes 1000" in sentences[2]
    assert "2021: A. The compliance figure is 0, not negative." in sentences[-2]
    assert "Table XIV-I" in sentences[-2]
    assert "fixed as B" in sentences[-1]
    assert told.fixed is not None
    assert told.fixed.figure == -100


def test_as_of_a_past_day_later_events_are_not_told() -> None:
    told = explain(MADE_GOOD, EU, moment=at(2022, 4, 30))
    assert len(told.lines) == 4
    assert (told.standing.symbol, told.standing.shortfall) == ("B", 100)
    assert told.fixed is None
    assert standing_on(MADE_GOOD, EU, at(2022, 4, 1)).figure == -1000
    assert standing_on(MADE_GOOD, EU, at(2022, 3, 1)).symbol == "C"
    assert standing_on(MADE_GOOD, EU, at(2020, 1, 1)).symbol == "ERROR"


def test_another_year_can_be_asked_for() -> None:
    later = [*MADE_GOOD, ev.YearBegun(at=at(2023, 1, 1), year=2023)]
    assert explain(later, EU).standing.symbol == "C"
    told = explain(later, EU, 2021)
    assert (told.year, told.standing.symbol) == (2021, "A")
    assert told.fixed is not None


def test_each_reason_has_its_sentence() -> None:
    def rule(*events: ev.Event, year: int | None = None) -> str:
        return explain([*MADE_GOOD[:2], *events], EU, year).standing.rule

    when = at(2022, 6, 1)
    assert "No emissions of 2021 stand in the registry" in rule()
    assert "are suspended" in rule(ev.ProcessesSuspended(at=when))
    assert "The authority entered" in rule(ev.EmissionsEstimated(at=when, year=2021, tonnes=5))
    assert "No emissions were due for 2021" in rule(ev.YearExcluded(at=when, year=2021))
    assert "before 2021" in rule(year=2020)


def test_the_conditions_of_the_other_family_are_told() -> None:
    started = MADE_GOOD[:2]
    assert "for 2021" in explain(started, UK).standing.rule
    short = [*started, MADE_GOOD[2]]
    assert "1,000 units fewer" in explain(short, UK).standing.rule
    closing = [*MADE_GOOD, ev.LastYearSet(at=at(2022, 7, 1), year=2022)]
    told = explain(closing, UK).standing
    assert (told.base_symbol, told.last_year_symbol) == ("A", "C")
    assert "for 2022" in told.rule
