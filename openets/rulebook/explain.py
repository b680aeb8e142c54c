"""The history of a parameter, for people: every value it has or had, and the article of each.

`ask` gives one answer; a lawyer wants to see where it comes from, what it replaced and what was
known when. The rows are the same for the command line, the API and the pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from openets.rulebook.model import Rulebook, Source, Status

SHOWN_WITH_THOUSANDS = 10_000  # below it a number may be a year


class Row(NamedTuple):
    """One value in a parameter's history. `replaced_on` is when another took its place."""

    from_: date
    until: date | None
    enacted: date
    value: Any
    status: Status
    source: Source
    note: str | None
    replaced_on: date | None


class History(NamedTuple):
    """A parameter and its values, by the day they apply from and the day they were enacted."""

    path: str
    title: str
    unit: str | None
    rows: tuple[Row, ...]


def explain(rulebook: Rulebook, path: str) -> History:
    """The history of a parameter; raises `UnknownPath`.

    A value another act replaced for the same days stays in the history, with the day on which the
    other act was enacted.
    """
    parameter = rulebook.parameter(path)
    values = sorted(parameter.values, key=lambda value: (value.from_, value.enacted))
    rows = []
    for value, following in zip(values, [*values[1:], None], strict=True):
        replaced_on = None
        if following is not None and following.from_ == value.from_:
            replaced_on = following.enacted
        rows.append(
            Row(
                from_=value.from_,
                until=value.until,
                enacted=value.enacted,
                value=value.value,
                status=value.status,
                source=value.source,
                note=value.note,
                replaced_on=replaced_on,
            )
        )
    return History(parameter.path, parameter.title, parameter.unit, tuple(rows))


def describe_row(row: Row) -> str:
    """A row of the history as lines of text, the value first."""
    until = f" until {row.until}" if row.until else ""
    lines = [
        f"from {row.from_}{until}: {write_value(row.value)}",
        f"    {row.source} ({row.status}), enacted {row.enacted}",
    ]
    if row.replaced_on:
        lines.append(f"    replaced by the act of {row.replaced_on}")
    if row.note:
        lines.append(f"    {row.note}")
    return "\n".join(lines)


def write_value(value: Any) -> str:
    """A value as a person reads it: thousands apart, lists in a row, mappings named."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= SHOWN_WITH_THOUSANDS else str(value)
    if isinstance(value, tuple):
        between = " | " if any(isinstance(item, Mapping) for item in value) else ", "
        return between.join(write_value(item) for item in value) or "none"
    if isinstance(value, Mapping):
        parts = (f"{key}: {write_value(item)}" for key, item in value.items())
        return "; ".join(parts)
    return "none" if value is None else str(value)
