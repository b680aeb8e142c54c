"""Austria and Slovenia at a thousandth of their size, under caps made as small as they are."""

from __future__ import annotations

from datetime import date
from typing import Any

from openets.rulebook.load import load_rulebook
from openets.rulebook.model import Answer, Rulebook
from openets.rulebook.tables import Tables
from openets.world.figures import Figure, load_figures

REGISTRIES = ("AT", "SI")
SMALLER = 1_000
DIVISORS = {
    "caps.stationary.phase-1.": 52_000,
    "caps.stationary.phase-2.": SMALLER,
    "caps.stationary.union": 40_000,
    "caps.aviation.": 10_000,
}


class SmallLaw(Rulebook):
    """The law of the EU with every cap divided."""

    def __init__(self) -> None:
        self._law = load_rulebook("eu")

    def ask(self, path: str, *arguments: Any, **named: Any) -> Answer:
        answer = self._law.ask(path, *arguments, **named)
        for prefix, divisor in DIVISORS.items():
            if path.startswith(prefix):
                return answer._replace(value=int(answer.value) // divisor)
        return answer

    def tables_on(self, day: date) -> Tables:
        return self._law.tables_on(day)


def small_figures() -> tuple[Figure, ...]:
    """The figures of the small registries."""
    small = []
    for figure in load_figures():
        if figure.registry in REGISTRIES:
            operators = figure.operators // 20 + 2
            small.append(
                Figure(
                    figure.registry,
                    figure.year,
                    figure.kind,
                    operators,
                    min(operators, figure.operators_emitting // 20 + 1),
                    figure.free_allocation // SMALLER,
                    figure.verified_emissions_t // SMALLER + 10,
                    figure.units_surrendered // SMALLER,
                )
            )
    return tuple(small)
