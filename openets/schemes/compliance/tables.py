"""The public tables: compliance of every operator in a year, and sums by registry and sector.

What the law keeps back until its day is blank before it: verified emissions and symbols have days
of their own (`publication.*`), for each class of operators. The symbol is the one the cut-off day
fixed, with later corrections beside it only in the star of the figure that stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import NamedTuple

from openets.schemes.compliance.days import step_day
from openets.schemes.compliance.reads import History, Sources, histories
from openets.schemes.compliance.standing import Standing, fixed_for, standing
from openets.schemes.compliance.state import State, states_after

EMISSIONS, SYMBOL = "emissions public", "symbol public"  # steps of `days.STEPS`


class Row(NamedTuple):
    """An operator's year. Tonnes and units; None and "" for what is not public, or is not.

    `public_from` is the day from which the whole row is public, None where no law says so.
    """

    registry: str
    operator: str
    kind: str
    activity: int | None
    year: int
    excluded: bool
    verified: int | None
    surrendered: int | None
    symbol: str
    public_from: date | None


class Sum(NamedTuple):
    """The rows of a registry and sector in a year; `symbols` counts those that are public."""

    registry: str
    kind: str
    activity: int | None
    year: int
    operators: int
    verified: int
    surrendered: int
    a: int
    b: int
    c: int
    other: int


def compliance_table(sources: Sources, year: int, now: datetime) -> Iterator[Row]:
    """The rows of a year for everyone who owed a figure for it, by operator, as public on a day."""
    activities = {one.code: one.activity for one in sources.register.operators.every()}
    for history in histories(sources, now):
        after = states_after(history.events)
        state = after[-1]
        if state is not None and owes(state, year):
            symbol = fixed_for(history.events, sources.rulebook, year, after)
            symbol = symbol or standing(state, sources.rulebook, year)
            activity = activities.get(history.code)
            yield _row(sources, history, state, symbol, year, activity, now.date())


def owes(state: State, year: int) -> bool:
    """Whether a year is one of an operator's, excluded or not."""
    return state.first_year <= year and (state.last_year is None or year <= state.last_year)


def _row(
    sources: Sources,
    history: History,
    state: State,
    symbol: Standing,
    year: int,
    activity: int | None,
    day: date,
) -> Row:
    rulebook = sources.rulebook
    opens = {step: step_day(rulebook, step, year, history.kind) for step in (EMISSIONS, SYMBOL)}
    public = {step: dated is None or dated.day <= day for step, dated in opens.items()}
    figure = state.emissions.get(year)
    days = [dated.day for dated in opens.values() if dated is not None]
    return Row(
        history.registry,
        history.code,
        history.kind,
        activity,
        year,
        year in state.excluded,
        figure.tonnes if figure and public[EMISSIONS] else None,
        state.surrendered.get(year, 0) if public[SYMBOL] else None,
        symbol.symbol if public[SYMBOL] else "",
        max(days, default=None),
    )


def summary(rows: Iterable[Row]) -> list[Sum]:
    """The rows summed by registry, class and activity."""
    found: dict[tuple[str, str, int], Sum] = {}
    for row in rows:
        key = (row.registry, row.kind, row.activity or 0)
        empty = Sum(row.registry, row.kind, row.activity, row.year, 0, 0, 0, 0, 0, 0, 0)
        before = found.get(key, empty)
        letter = row.symbol[:1]
        found[key] = before._replace(
            operators=before.operators + 1,
            verified=before.verified + (row.verified or 0),
            surrendered=before.surrendered + (row.surrendered or 0),
            a=before.a + (letter == "A"),
            b=before.b + (letter == "B"),
            c=before.c + (letter == "C"),
            other=before.other + (row.symbol != "" and letter not in "ABC"),
        )
    return [found[key] for key in sorted(found)]
