"""Which of a parameter's dated values is the law: the one question a rulebook answers.

A value has two dates. It *applies* from a day, and it was *enacted* on another, often years before.
So there are two questions about the same article: what applies to a year, and what the law, as it
stood on some day, said about that year. Both are one choice among dated values, made here and
nowhere else; the loader's checks and the compiled tables use the same functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import MAXYEAR, MINYEAR, date
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openets.rulebook.model import Value

SUGGESTIONS = 5


def first_day(when: int | date) -> date:
    """The day a year or a day begins; a year stands for its first of January.

    A number no calendar has a year for stands for the nearest year one has: what somebody mistyped
    has no law, or that of the end of time, and breaks nothing off.
    """
    return date(min(max(when, MINYEAR), MAXYEAR), 1, 1) if isinstance(when, int) else when


def known_values(values: Iterable[Value], known_on: date | None) -> list[Value]:
    """The values enacted by a day (None: all), by the day they apply from.

    Of two that apply from the same day, the one enacted last replaces the other.
    """
    chosen: dict[date, Value] = {}
    for value in values:
        if known_on is not None and value.enacted > known_on:
            continue
        rival = chosen.get(value.from_)
        if rival is None or rival.enacted < value.enacted:
            chosen[value.from_] = value
    return [chosen[day] for day in sorted(chosen)]


def choose(values: Iterable[Value], day: date, known_on: date | None = None) -> Value | None:
    """The value that applies on a day by the law known on another day; None if there is none."""
    begun = [value for value in known_values(values, known_on) if value.from_ <= day]
    if not begun:
        return None
    last = begun[-1]
    return None if last.until is not None and last.until <= day else last


def why_nothing(path: str, values: Sequence[Value], day: date, known_on: date | None) -> str:
    """The sentence for a day on which a parameter has no value."""
    known = known_values(values, known_on)
    if not known:
        first = min(value.enacted for value in values)
        return f"{path} was not law on {known_on}; it was first enacted on {first}."
    if known[0].from_ > day:
        return f"{path} has no value for {day}; it applies from {known[0].from_}."
    last = [value for value in known if value.from_ <= day][-1]
    return f"{path} has no value for {day}; the last one applied until {last.until} (not included)."


def near(path: str, paths: Sequence[str]) -> list[str]:
    """Paths a person may have meant: those written alike, and those the path is a part of."""
    parts = [known for known in paths if path and path.lower() in known.lower()]
    alike = get_close_matches(path, paths, n=SUGGESTIONS)
    return list(dict.fromkeys(parts[:SUGGESTIONS] + alike))[:SUGGESTIONS]
