"""Operators through their years: cases in YAML, and what holds for every history."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openets.kernel.refusal import Refused
from openets.rulebook.model import Rulebook
from openets.schemes.compliance import events as ev
from openets.schemes.compliance.explain import explain
from openets.schemes.compliance.standing import fixed, fixed_for, standing
from openets.schemes.compliance.state import State, apply, as_of, evolve, fold, refusal
from tests.schemes.compliance.histories import BEGIN, BOOKS, EU, UK, read_cases, read_step

CASES = [("uk", case) for case in read_cases("operators-uk.yaml")]
CASES += [("eu", case) for case in read_cases("operators-eu.yaml")]


@pytest.mark.parametrize(
    ("book", "case"), CASES, ids=lambda one: one if isinstance(one, str) else one["title"]
)
def test_an_operator(book: str, case: dict[str, Any]) -> None:
    rulebook = BOOKS[book]
    history: list[ev.Event] = []
    state: State | None = None
    for step in case["events"]:
        event, expected = read_step(step, history[-1].at if history else BEGIN)
        if "refused" in expected:
            with pytest.raises(Refused, match=expected["refused"]):
                apply(state, event, rulebook)
            continue
        state = apply(state, event, rulebook)
        history.append(event)
        check(history, state, rulebook, expected)
    assert fold(history) == state
    told = explain(history, rulebook)
    assert len(told.lines) == len(history)
    assert told.standing == standing(state, rulebook)


def check(
    history: list[ev.Event], state: State, rulebook: Rulebook, expected: dict[str, Any]
) -> None:
    of = expected.pop("of", None)
    stands = standing(state, rulebook, of)
    if isinstance(history[-1], ev.StatusFixed):
        stands = fixed(history, rulebook)[state.current_year - 1]
        assert fixed_for(history, rulebook, state.current_year - 1) == stands
        assert fixed_for(history, rulebook, state.first_year - 2) is None
    found = {
        "symbol": stands.symbol,
        "base_symbol": stands.base_symbol,
        "in_last_year": stands.last_year_symbol is not None,
        "figure": stands.figure,
        "first_due": state.first_year,
        "last_due": state.end,
    }
    assert stands.rule
    assert stands.citation
    if "symbol_not" in expected:
        assert stands.symbol != expected.pop("symbol_not")
    assert {key: found[key] for key in expected} == expected


# -- what holds for every history ----------------------------------------------------------------

years = st.integers(2019, 2026)
quantities = st.integers(-3, 500)


@st.composite
def anything(draw: st.DrawFn) -> dict[str, Any]:
    """Any event at all, most of them possible."""
    name = draw(st.sampled_from([name for name in ev.NAMES.values() if name != "initialised"]))
    values: dict[str, Any] = {"event": name}
    if name.startswith("emissions"):
        values["year"] = draw(years)
        if name != "emissions-withdrawn":
            values["tonnes"] = draw(quantities)
    elif name.startswith("surrender"):
        values["quantity"] = draw(quantities)
    elif name == "credits-entitled":
        values["basis"] = draw(st.sampled_from(["existing", "new", "extended"]))
    elif name not in ("processes-suspended", "processes-resumed", "status-fixed", "recalculated"):
        values["year"] = draw(years)
    return values


@st.composite
def histories(draw: st.DrawFn, rulebook: Rulebook) -> list[ev.Event]:
    """What a registry would have recorded: refused events are left out."""
    first = draw(years)
    start = {"event": "initialised", "first_year": first, "current_year": draw(years)}
    recorded: list[ev.Event] = []
    state: State | None = None
    for number, step in enumerate([start, *draw(st.lists(anything(), max_size=25))]):
        # Several events share an instant, as those of one upload do.
        event = ev.read_event({**step, "at": BEGIN + timedelta(days=9_000 + number // 2)})
        if refusal(state, event, rulebook) is None:
            state = apply(state, event, rulebook)
            recorded.append(event)
        else:
            with pytest.raises(Refused):
                apply(state, event, rulebook)
    assert fold(recorded) == state
    return recorded


@pytest.mark.parametrize("rulebook", [EU, UK], ids=["eu", "uk"])
@settings(deadline=None)  # a history asks the law many times
@given(data=st.data())
def test_as_of_is_the_fold_of_a_prefix(rulebook: Rulebook, data: st.DataObject) -> None:
    recorded = data.draw(histories(rulebook))
    cut = data.draw(st.integers(0, len(recorded)))
    moment = recorded[cut].at if cut < len(recorded) else recorded[-1].at + timedelta(days=1)
    prefix = [event for event in recorded if event.at < moment]
    assert recorded[: len(prefix)] == prefix
    assert as_of(recorded, moment) == fold(prefix)


@pytest.mark.parametrize("rulebook", [EU, UK], ids=["eu", "uk"])
@settings(deadline=None)  # a history asks the law many times
@given(data=st.data())
def test_nothing_stands_where_nothing_can(rulebook: Rulebook, data: st.DataObject) -> None:
    recorded = data.draw(histories(rulebook))
    state = fold(recorded)
    assert state is not None
    for year, figure in state.emissions.items():
        if figure.tonnes:
            assert year not in state.excluded
            assert state.first_year <= year <= state.end
    stands = standing(state, rulebook)
    known = rulebook.ask("compliance.symbols", for_=2022).value
    marks = {*known, "-"} if rulebook is EU else known
    assert stands.symbol.removesuffix("*") in marks


@pytest.mark.parametrize("rulebook", [EU, UK], ids=["eu", "uk"])
@settings(deadline=None)  # a history asks the law many times
@given(data=st.data())
def test_the_order_of_surrenders_and_reversals_does_not_matter(
    rulebook: Rulebook, data: st.DataObject
) -> None:
    """The figure is a sum: what was surrendered between two other events may come in any order."""
    before = data.draw(histories(rulebook))
    at = before[-1].at
    quantity = st.integers(1, 500)
    surrenders = data.draw(
        st.lists(
            st.builds(ev.Surrendered, at=st.just(at), quantity=quantity, year=st.none() | years)
            | st.builds(
                ev.SurrenderReversed, at=st.just(at), quantity=quantity, year=st.none() | years
            ),
            max_size=6,
        )
    )
    shuffled = data.draw(st.permutations(surrenders))
    assert fold([*before, *surrenders]) == fold([*before, *shuffled])


@pytest.mark.parametrize("rulebook", [EU, UK], ids=["eu", "uk"])
@settings(deadline=None)  # a history asks the law many times
@given(data=st.data())
def test_the_order_of_years_does_not_matter(rulebook: Rulebook, data: st.DataObject) -> None:
    """Figures of different years may be entered in any order."""
    before = data.draw(histories(rulebook))
    of = data.draw(st.lists(years, unique=True, max_size=5))
    entered = [ev.EmissionsEntered(at=before[-1].at, year=year, tonnes=year) for year in of]
    one, other = fold([*before, *entered]), fold([*before, *data.draw(st.permutations(entered))])
    assert one == other
    assert standing(one, rulebook) == standing(other, rulebook)


@settings(deadline=None)  # a history asks the law many times
@given(histories(UK))
def test_events_are_written_and_read_back(recorded: list[ev.Event]) -> None:
    assert [ev.read_event(ev.as_dict(event)) for event in recorded] == recorded


@settings(deadline=None)  # a history asks the law many times
@given(histories(EU))
def test_surrendering_what_is_missing_ends_the_shortfall(recorded: list[ev.Event]) -> None:
    state = fold(recorded)
    stands = standing(state, EU)
    if stands.symbol == "B":
        made_good = ev.Surrendered(at=recorded[-1].at, quantity=stands.shortfall)
        assert standing(apply(state, made_good, EU), EU).symbol == "A"


def test_an_event_needs_a_time_zone_and_a_name() -> None:
    with pytest.raises(ValueError, match="time zone"):
        ev.YearBegun(at=BEGIN.replace(tzinfo=None), year=2022)
    with pytest.raises(ValueError, match="is no event"):
        ev.read_event({"event": "year-over", "at": BEGIN})
    with pytest.raises(ValueError, match="other fields"):
        ev.read_event({"event": "year-begun", "at": BEGIN, "tonnes": 3})


def test_without_an_operator_there_is_an_error_and_no_state() -> None:
    assert standing(None, UK).symbol == "ERROR"
    assert evolve(None, ev.YearBegun(at=BEGIN, year=2022)) is None
    assert as_of([ev.YearBegun(at=BEGIN, year=2022)], BEGIN) is None


def test_years_before_the_law_began_are_judged_by_its_first_text() -> None:
    begun = ev.Initialised(at=BEGIN, first_year=1999, current_year=2001)
    assert standing(fold([begun]), EU).symbol == "C"
    assert standing(fold([begun]), UK).symbol == "C"
