"""What is frozen: how a freeze is named, and which serials stand still.

A freeze names an account, a kind, a registry, or a block of serials of a registry of origin. Blocks
may overlap, since two orders may meet in one unit; a unit moves again when the last of them is
lifted. Here they are joined into disjoint stretches, so that a question about a serial costs a
search, and where nothing is frozen by serial the book asks no question at all.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from openets.kernel import acts

Serials = tuple[str, int, int]  # registry of origin, first and last serial
Scope = int | str | tuple[str, int] | Serials  # account, registry, ("kind", number), serials


def scope_of(act: acts.Freeze | acts.Lift) -> Scope:
    """What a freeze or lift names, as the book keeps it; raises `ValueError` unless exactly one."""
    place: Scope | None = act.registry
    if act.first is not None or act.last is not None:
        if act.registry is None or act.first is None or act.last is None or act.first > act.last:
            raise ValueError("Serials are named by registry of origin, first and last, upwards.")
        place = (act.registry, act.first, act.last)
    named: list[Scope] = [
        scope
        for scope in (act.account, place, ("kind", act.kind) if act.kind else None)
        if scope is not None
    ]
    if len(named) != 1:
        raise ValueError("A freeze names one account, kind, registry or block of serials.")
    if isinstance(act, acts.Freeze) and act.incoming and act.account is None:
        raise ValueError("Only a frozen account can be left open to what comes in.")
    return named[0]


def name_of_scope(scope: Scope) -> str:
    """What is frozen, in words: 'account 12', 'kind 3', 'registry AT', 'serials AT 1-500'."""
    if isinstance(scope, int):
        return f"account {scope}"
    if isinstance(scope, str):
        return f"registry {scope}"
    if len(scope) == 2:
        return f"kind {scope[1]}"
    return f"serials {scope[0]} {scope[1]}-{scope[2]}"


def scope_named(name: str) -> Scope:
    """The scope a name tells, as `name_of_scope` writes it."""
    word, place, *serials = name.split(" ")
    if serials:
        first, last = serials[0].split("-")
        return place, int(first), int(last)
    if word == "registry":
        return place
    return int(place) if word == "account" else (word, int(place))


class Still:
    """The frozen serials of one registry of origin, as disjoint stretches in ascending order."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        self.starts: list[int] = []
        self.ends: list[int] = []
        for start, end in sorted(spans):
            if self.ends and start <= self.ends[-1] + 1:
                self.ends[-1] = max(self.ends[-1], end)
            else:
                self.starts.append(start)
                self.ends.append(end)

    def within(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The frozen stretches among these serials."""
        index = max(bisect_right(self.starts, start) - 1, 0)
        while index < len(self.starts) and self.starts[index] <= end:
            if self.ends[index] >= start:
                yield max(start, self.starts[index]), min(end, self.ends[index])
            index += 1

    def around(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """What is left of these serials: the stretches between the frozen ones."""
        for stop, resume in self.within(start, end):
            if start < stop:
                yield start, stop - 1
            start = resume + 1
        if start <= end:
            yield start, end


def still_of(scopes: Iterable[Scope]) -> dict[str, Still]:
    """The frozen serials of each registry of origin that has any."""
    spans: dict[str, list[tuple[int, int]]] = {}
    for scope in scopes:
        if isinstance(scope, tuple) and len(scope) == 3:
            spans.setdefault(scope[0], []).append((scope[1], scope[2]))
    return {registry: Still(found) for registry, found in spans.items()}
