"""What may happen to an operator's compliance, each thing a small frozen record.

Nothing is edited: the standing of an operator on any day follows from what happened up to it
(`state.py`), by the rules in force (`standing.py`). `at` is the instant at which the registry
recorded the event, aware; the order of events is that of the record, never that of a clock.
Quantities are units and tonnes, whole numbers. Article 33 of Delegated Regulation (EU) 2019/1122
and its predecessors say what is computed from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from openets.kernel.clock import instant
from openets.schemes.compliance.law import INSTALLATION


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened, at an instant; raises `ValueError` if that has no time zone."""

    at: datetime

    def __post_init__(self) -> None:
        instant(self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Initialised(Event):
    """The operator came into the registry.

    `operator` is its class, as the rulebook names days and shares of its own for it (`aviation`,
    `maritime`, `regulated-entities`).
    """

    first_year: int
    last_year: int | None = None
    current_year: int
    operator: str = INSTALLATION


@dataclass(frozen=True, slots=True, kw_only=True)
class EmissionsEntered(Event):
    """Verified emissions of a year were entered; a later figure replaces it, and zero is one.

    `ice_class_tonnes` is the part from ships that surrender less by their ice class.
    """

    year: int
    tonnes: int
    ice_class_tonnes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EmissionsWithdrawn(Event):
    """The figure of a year was taken back: there is none again."""

    year: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EmissionsEstimated(Event):
    """The authority entered an estimate of its own, because no verified figure came."""

    year: int
    tonnes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EmissionsCorrected(Event):
    """The authority corrected the figure of a year.

    `in_compliance` is what it decided of the operator, where the law of the day let it decide.
    """

    year: int
    tonnes: int
    in_compliance: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surrendered(Event):
    """Units were surrendered, for the year of emissions named, else for the last complete one."""

    quantity: int
    year: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SurrenderReversed(Event):
    """A surrender, or a part of one, was undone."""

    quantity: int
    year: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class YearExcluded(Event):
    """The operator is outside the system in a year. A figure of that year is withdrawn before."""

    year: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExclusionReversed(Event):
    """The exclusion of a year was undone."""

    year: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstYearSet(Event):
    """The first year for which verified emissions are due was changed."""

    year: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LastYearSet(Event):
    """The last year for which verified emissions are due was set, or taken back with None."""

    year: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditsEntitled(Event):
    """The authority stated by what the operator's entitlement to credits is measured."""

    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class YearBegun(Event):
    """A calendar year began. A wrong one is put right by another."""

    year: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessesSuspended(Event):
    """The registry of the operator's state can take no emissions and no surrender."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessesResumed(Event):
    """The registry of the operator's state takes emissions and surrender again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusFixed(Event):
    """The cut-off day: the status that stood just before it is that of the last complete year."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalculated(Event):
    """Somebody had the status computed anew; it follows from the same events as before."""


Emissions = EmissionsEntered | EmissionsEstimated | EmissionsCorrected

NAMES: dict[type[Event], str] = {
    Initialised: "initialised",
    EmissionsEntered: "emissions-entered",
    EmissionsWithdrawn: "emissions-withdrawn",
    EmissionsEstimated: "emissions-estimated",
    EmissionsCorrected: "emissions-corrected",
    Surrendered: "surrendered",
    SurrenderReversed: "surrender-reversed",
    YearExcluded: "year-excluded",
    ExclusionReversed: "exclusion-reversed",
    FirstYearSet: "first-year-set",
    LastYearSet: "last-year-set",
    CreditsEntitled: "credits-entitled",
    YearBegun: "year-begun",
    ProcessesSuspended: "processes-suspended",
    ProcessesResumed: "processes-resumed",
    StatusFixed: "status-fixed",
    Recalculated: "recalculated",
}
_TYPES = {name: kind for kind, name in NAMES.items()}


def as_dict(event: Event) -> dict[str, Any]:
    """The event as plain values: its name under `event`, its instant as ISO text."""
    values = {one.name: getattr(event, one.name) for one in fields(event)}
    return {"event": NAMES[type(event)], **values, "at": event.at.isoformat()}


def read_event(written: Mapping[str, Any]) -> Event:
    """The event that `as_dict` wrote; raises `ValueError` for a name or a field it has not."""
    values = dict(written)
    kind = _TYPES.get(values.pop("event", None))
    if kind is None:
        raise ValueError(f"{written.get('event')!r} is no event; known are {', '.join(_TYPES)}.")
    at = values.pop("at", None)
    try:
        return kind(at=datetime.fromisoformat(at) if isinstance(at, str) else at, **values)
    except TypeError as error:
        raise ValueError(f"{written['event']} was written with other fields: {error}.") from error
