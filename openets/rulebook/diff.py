"""What a reform changed: the law as it stood on one day against the law as it stood on another.

Both sides are drawn from the same rulebook, by what was enacted on each day. For every parameter
the days from which anything changes are walked through once, and each stretch on which the two
laws say something else is a row: the old value with its article, the new value with its article.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from typing import Literal, NamedTuple

from openets.rulebook.ask import choose, known_values
from openets.rulebook.model import Parameter, Rulebook, Value

What = Literal["new", "changed", "restated", "ended"]


class Difference(NamedTuple):
    """A stretch of days on which the later law says something else than the earlier one did.

    `until` is not included and is None where the stretch has no end. `restated`: the value is the
    same, and another act or article says so, or it is known better.
    """

    path: str
    unit: str | None
    from_: date
    until: date | None
    what: What
    old: Value | None
    new: Value | None


def difference(rulebook: Rulebook, before: date, after: date) -> list[Difference]:
    """All that differs between the law known on two days, by path and day."""
    return [
        one
        for path in rulebook.paths()
        for one in _of_parameter(rulebook.parameter(path), before, after)
    ]


def _of_parameter(parameter: Parameter, before: date, after: date) -> Iterator[Difference]:
    days = {
        day
        for known_on in (before, after)
        for value in known_values(parameter.values, known_on)
        for day in (value.from_, value.until)
        if day is not None
    }
    starts: list[tuple[date, Value | None, Value | None]] = []
    for day in sorted(days):
        old = choose(parameter.values, day, before)
        new = choose(parameter.values, day, after)
        if not starts or starts[-1][1:] != (old, new):
            starts.append((day, old, new))
    ends = {earlier[0]: later[0] for earlier, later in pairwise(starts)}
    for start, old, new in starts:
        what = _what(old, new)
        if what is not None:
            yield Difference(parameter.path, parameter.unit, start, ends.get(start), what, old, new)


def _what(old: Value | None, new: Value | None) -> What | None:
    if old is None or new is None:
        return None if old is new else "new" if old is None else "ended"
    if type(old.value) is not type(new.value) or old.value != new.value:
        return "changed"
    same = (old.source, old.status) == (new.source, new.status)
    return None if same else "restated"
