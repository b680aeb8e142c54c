"""The acts the law stands in: what each is called, its days, and what it amends or repeals.

An act is a parameter like any other (`acts.directive-2003-87`), so that its repeal is a later value
and the law of an earlier day does not know of it. Every act a value cites is described by one of
them; `undescribed` finds those that are not.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from typing import Any, NamedTuple

from openets.rulebook.ask import known_values
from openets.rulebook.model import Rulebook

ACTS = "acts."
_AMENDED = re.compile(r"(?P<act>.+) as amended by (?P<by>.+)")


class Act(NamedTuple):
    """One act, with what is known of it; `cited` counts the values that stand in it."""

    key: str
    name: str
    subject: str
    adopted: date
    in_force: date | None
    applies_from: date | None
    transposed_by: date | None
    amends: tuple[str, ...]
    repealed_by: str | None
    repealed_from: date | None
    journal: str | None
    status: str
    cited: int


def acts(rulebook: Rulebook, known_on: date | None = None) -> list[Act]:
    """The acts adopted by a day (None: all), by the day of adoption."""
    cited = _citations(rulebook, known_on)
    found = []
    for path in rulebook.paths():
        if not path.startswith(ACTS):
            continue
        known = known_values(rulebook.parameter(path).values, known_on)
        if known:
            last = known[-1]
            key = path.removeprefix(ACTS)
            found.append(_act(key, last.value, last.status, cited[last.value["name"]]))
    return sorted(found, key=lambda act: (act.adopted, act.name))


def undescribed(rulebook: Rulebook) -> list[str]:
    """The acts that are cited and that no parameter under `acts.` describes, in order."""
    described = {
        name
        for path in rulebook.paths()
        if path.startswith(ACTS)
        for value in rulebook.parameter(path).values
        for name in (value.value["name"], *value.value.get("also", ()))
    }
    return sorted(set(_citations(rulebook, None)) - described)


def parts_of(citation: str) -> tuple[str, ...]:
    """The acts a citation names: 'X as amended by Y' names both."""
    amended = _AMENDED.fullmatch(citation)
    return (amended["act"], amended["by"]) if amended else (citation,)


def _citations(rulebook: Rulebook, known_on: date | None) -> Counter[str]:
    """How many values stand in each act; of an amended act in the amendment."""
    counts: Counter[str] = Counter()
    for path in rulebook.paths():
        if path.startswith(ACTS):
            continue
        for value in rulebook.parameter(path).values:
            if known_on is None or value.enacted <= known_on:
                first, *amended_by = parts_of(value.source.act)
                counts[amended_by[0] if amended_by else first] += 1
                counts[first] += 0
    return counts


def _act(key: str, value: Any, status: str, cited: int) -> Act:
    return Act(
        key=key,
        name=value["name"],
        subject=value["subject"],
        adopted=value["adopted"],
        in_force=value.get("in_force"),
        applies_from=value.get("applies_from"),
        transposed_by=value.get("transposed_by"),
        amends=tuple(value.get("amends", ())),
        repealed_by=value.get("repealed_by"),
        repealed_from=value.get("repealed_from"),
        journal=value.get("journal"),
        status=status,
        cited=cited,
    )
