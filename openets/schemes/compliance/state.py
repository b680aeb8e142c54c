"""The compliance of an operator as a fold over its events, and what may not happen to it.

`evolve` is total: it takes any event that was recorded and asks no law, because history is not
judged twice. `refusal` judges an event before it is recorded, and `apply` does both. So a refused
event changes nothing, and the state as of a past day is the fold of what was recorded by then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import reduce

from openets.kernel.refusal import Refusal, Refused
from openets.rulebook.model import Rulebook
from openets.schemes.compliance.days import day_of
from openets.schemes.compliance.events import (
    EmissionsCorrected,
    EmissionsEntered,
    EmissionsEstimated,
    EmissionsWithdrawn,
    Event,
    ExclusionReversed,
    FirstYearSet,
    Initialised,
    LastYearSet,
    ProcessesResumed,
    ProcessesSuspended,
    Surrendered,
    SurrenderReversed,
    YearBegun,
    YearExcluded,
)
from openets.schemes.compliance.law import article

REFUSED = "compliance.refused-figures"
ESTIMATE = "deadlines.conservative-estimate"


@dataclass(frozen=True, slots=True)
class Figure:
    """The emissions that stand for a year: tonnes, when they were entered and by whom."""

    tonnes: int
    entered: date
    by_authority: bool = False
    in_compliance: bool | None = None  # what the authority decided with a correction
    ice_class_tonnes: int = 0


@dataclass(frozen=True, slots=True)
class State:
    """What is known of an operator. `surrendered` is net of reversals, by year of emissions."""

    first_year: int
    last_year: int | None
    current_year: int
    operator: str
    emissions: Mapping[int, Figure]
    excluded: frozenset[int]
    surrendered: Mapping[int, int]
    suspended: bool

    @property
    def end(self) -> int:
        """The last year for which emissions may be due by now."""
        last = self.current_year - 1 if self.last_year is None else self.last_year
        return max(self.first_year, last)

    @property
    def missing(self) -> tuple[int, ...]:
        """The complete years that have neither a figure nor an exclusion."""
        due = range(self.first_year, min(self.current_year - 1, self.end) + 1)
        return tuple(y for y in due if y not in self.emissions and y not in self.excluded)

    @property
    def surrendered_in_all(self) -> int:
        """Units surrendered, less reversals."""
        return sum(self.surrendered.values())


def evolve(state: State | None, event: Event) -> State | None:
    """The state after an event; what comes before an operator is initialised does nothing."""
    if isinstance(event, Initialised):
        return State(
            first_year=event.first_year,
            last_year=event.last_year,
            current_year=event.current_year,
            operator=event.operator,
            emissions={},
            excluded=frozenset(),
            surrendered={},
            suspended=False,
        )
    return None if state is None else _evolve(state, event)


def _evolve(state: State, event: Event) -> State:
    match event:
        case EmissionsEntered() | EmissionsEstimated() | EmissionsCorrected():
            return replace(state, emissions={**state.emissions, event.year: _figure(event)})
        case EmissionsWithdrawn():
            rest = {y: figure for y, figure in state.emissions.items() if y != event.year}
            return replace(state, emissions=rest)
        case Surrendered():
            return _surrender(state, event.year, event.quantity)
        case SurrenderReversed():
            return _surrender(state, event.year, -event.quantity)
        case YearExcluded():
            return replace(state, excluded=state.excluded | {event.year})
        case ExclusionReversed():
            return replace(state, excluded=state.excluded - {event.year})
        case FirstYearSet():
            return replace(state, first_year=event.year)
        case LastYearSet():
            return replace(state, last_year=event.year)
        case YearBegun():
            return replace(state, current_year=event.year)
        case ProcessesSuspended() | ProcessesResumed():
            return replace(state, suspended=isinstance(event, ProcessesSuspended))
    return state


def _figure(event: EmissionsEntered | EmissionsEstimated | EmissionsCorrected) -> Figure:
    return Figure(
        tonnes=event.tonnes,
        entered=event.at.date(),
        by_authority=not isinstance(event, EmissionsEntered),
        in_compliance=event.in_compliance if isinstance(event, EmissionsCorrected) else None,
        ice_class_tonnes=event.ice_class_tonnes if isinstance(event, EmissionsEntered) else 0,
    )


def _surrender(state: State, year: int | None, quantity: int) -> State:
    of = state.current_year - 1 if year is None else year
    return replace(
        state, surrendered={**state.surrendered, of: state.surrendered.get(of, 0) + quantity}
    )


def fold(events: Iterable[Event]) -> State | None:
    """The state that recorded events lead to; None before the operator is initialised."""
    initial: State | None = None
    return reduce(evolve, events, initial)


def states_after(events: Iterable[Event]) -> list[State | None]:
    """The state before anything happened and after each event, every event folded once."""
    after: list[State | None] = [None]
    for event in events:
        after.append(evolve(after[-1], event))
    return after


def recorded_before(events: Sequence[Event], moment: datetime) -> Sequence[Event]:
    """The events up to the latest one recorded before a moment; of several at once, the last.

    Where clocks went backwards the record's order counts: what stands before that event is in.
    """
    before = [(event.at, index) for index, event in enumerate(events) if event.at < moment]
    return events[: max(before)[1] + 1] if before else ()


def as_of(events: Sequence[Event], moment: datetime) -> State | None:
    """The state as it stood just before a moment: the fold of what was recorded by then."""
    return fold(recorded_before(events, moment))


def apply(state: State | None, event: Event, rulebook: Rulebook) -> State:
    """The state after an event; raises `Refused` if the event may not happen to it."""
    found = refusal(state, event, rulebook)
    if found is not None:
        raise Refused(found)
    after = evolve(state, event)
    assert after is not None  # an event before initialisation is refused
    return after


def refusal(state: State | None, event: Event, rulebook: Rulebook) -> Refusal | None:
    """The first reason against an event, or None."""
    if isinstance(event, Initialised):
        if state is not None:
            return _refuse(rulebook, event, "initialised-twice", "The operator is known already.")
    elif state is None:
        sentence = "Nothing can happen to an operator that is not initialised."
        return _refuse(rulebook, event, "not-initialised", sentence)
    return (
        _amount(event, rulebook)
        or _too_early(state, event, rulebook)
        or _invalid(evolve(state, event), event, rulebook)
    )


def _refuse(rulebook: Rulebook, event: Event, code: str, sentence: str) -> Refusal:
    citation = article(rulebook, REFUSED, event.at.date())
    return Refusal(f"compliance.{code}", sentence, citation)


def _amount(event: Event, rulebook: Rulebook) -> Refusal | None:
    match event:
        case EmissionsEntered() | EmissionsEstimated() | EmissionsCorrected():
            if event.tonnes < 0:
                return _refuse(rulebook, event, "tonnes", "Emissions are zero tonnes or more.")
        case Surrendered() | SurrenderReversed() if event.quantity < 1:
            return _refuse(rulebook, event, "quantity", "At least one whole unit is surrendered.")
    if isinstance(event, EmissionsEntered) and not 0 <= event.ice_class_tonnes <= event.tonnes:
        sentence = "The tonnes of ice-class ships are a part of the emissions."
        return _refuse(rulebook, event, "ice-class", sentence)
    return None


def _too_early(state: State | None, event: Event, rulebook: Rulebook) -> Refusal | None:
    """An estimate replaces a report that did not come, so it waits for the day it should have."""
    if not isinstance(event, EmissionsEstimated) or state is None:
        return None
    dated = day_of(rulebook, ESTIMATE, event.year + 1, state.operator)
    if dated is None or event.at.date() >= dated.day:
        return None
    sentence = f"The authority estimates the emissions of {event.year} from {dated.day}."
    return Refusal("compliance.estimate-early", sentence, dated.citation)


def _invalid(state: State | None, event: Event, rulebook: Rulebook) -> Refusal | None:
    """Emissions may not stand where none can be: the state after the event is looked at whole."""
    if state is None:
        return None
    for year, figure in sorted(state.emissions.items()):
        code, why = "", ""
        if not figure.tonnes:
            continue
        if year in state.excluded:
            code, why = "emissions-in-excluded-year", "the operator is excluded in that year"
        elif year < state.first_year:
            code, why = "emissions-before-first-year", f"its first year is {state.first_year}"
        elif year > state.end and state.last_year is None:
            code, why = "emissions-of-running-year", "the year is not over"
        elif year > state.end:
            code, why = "emissions-after-last-year", f"its last year is {state.end}"
        if code:
            sentence = f"{figure.tonnes} tonnes of {year} cannot stand: {why}."
            return _refuse(rulebook, event, code, sentence)
    return None
