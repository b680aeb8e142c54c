"""Why an operator has its symbol: what happened, what it changed, and the rule that decided."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from typing import NamedTuple

from openets.rulebook.model import Rulebook
from openets.schemes.compliance.events import NAMES, Event, Initialised, StatusFixed, YearBegun
from openets.schemes.compliance.standing import Standing, fixed_for, standing
from openets.schemes.compliance.state import State, evolve, recorded_before


class Line(NamedTuple):
    """An event and the symbol and figure (units) that stood after it."""

    at: datetime
    happened: str
    symbol: str
    figure: int
    bears: bool = True  # on the year asked about, or changed the standing


class Explanation(NamedTuple):
    """The events that led to a standing, in their order, the standing, and the one once fixed."""

    year: int
    lines: tuple[Line, ...]
    standing: Standing
    fixed: Standing | None  # as a cut-off day fixed it for the year

    def sentences(self) -> Iterator[str]:
        """The explanation as text for a person, a sentence to a line."""
        for line in self.lines:
            yield f"{line.at:%Y-%m-%d %H:%M} {line.happened}: {line.symbol} ({line.figure:+,})"
        stands = self.standing
        yield f"{self.year}: {stands.symbol}. {stands.rule} ({stands.citation})"
        if self.fixed is not None:
            yield f"On the cut-off day it was fixed as {self.fixed.symbol}: {self.fixed.rule}"


def explain(
    events: Sequence[Event],
    rulebook: Rulebook,
    year: int | None = None,
    moment: datetime | None = None,
) -> Explanation:
    """What led to the standing for a year, as of now or as it was just before a moment.

    The year is by default the last complete one.
    """
    told = events if moment is None else recorded_before(events, moment)
    state: State | None = None
    lines = []
    for event in told:
        state = evolve(state, event)
        after = standing(state, rulebook, year)
        lines.append(Line(event.at, _said(event), after.symbol, after.figure))
    stands = standing(state, rulebook, year)
    lines = [
        line._replace(bears=_bears(event, stands.year, line, before))
        for event, line, before in zip(told, lines, [None, *lines], strict=False)
    ]
    cut_off = fixed_for(told, rulebook, stands.year)
    return Explanation(stands.year, tuple(lines), stands, cut_off)


def _bears(event: Event, year: int, line: Line, before: Line | None) -> bool:
    """Whether an event says something of a year, or the operator stood otherwise after it."""
    if before is None or (line.symbol, line.figure) != (before.symbol, before.figure):
        return True
    return not isinstance(event, YearBegun) and getattr(event, "year", None) == year


def _said(event: Event) -> str:
    """The event in words: its name, and what it says."""
    if isinstance(event, StatusFixed):
        return "status fixed"
    if isinstance(event, Initialised):
        last = f" to {event.last_year}" if event.last_year is not None else ""
        return f"came in ({event.operator}), with emissions to report from {event.first_year}{last}"
    said = [NAMES[type(event)].replace("-", " ")]
    for one in fields(event):
        value = getattr(event, one.name)
        silent = one.name == "at" or (one.name == "ice_class_tonnes" and not value)
        if not silent and value not in (None, ""):
            said.append(f"{one.name.replace('_', ' ')} {value}")
    return ", ".join(said)
