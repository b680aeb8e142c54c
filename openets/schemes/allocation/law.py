"""The law of free allocation of one year, as plain tables made once before a hot loop.

A rulebook is asked by path and answers with an article; a bulk run over thousands of installations
wants a number. `law_of_year` compiles the values that apply to a year, by the law known on a day,
once per rulebook digest; the explanation asks the rulebook again for the articles of the same
paths. What the law of a year does not have is either none of the year's business (no border
adjustment in 2015) or refused with the rulebook's own sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from openets.kernel.money import Decimal
from openets.kernel.refusal import Refusal, Refused
from openets.rulebook.model import NoLaw, Rulebook

ROOM = "free-allocation."
BENCHMARKS = ROOM + "benchmarks."
EXPOSED, NOT_EXPOSED, DISTRICT = "exposed", "not-exposed", "district-heating"
EXPOSURE = ROOM + "carbon-leakage-factor."
BASELINE = ROOM + "baseline-years"
PROCESS = "process-emissions-factor"
KEPT_LAWS = 512


@dataclass(frozen=True, slots=True)
class YearLaw:
    """What applies to a year: numbers by short path, without the room's name before them.

    `benchmarks` are allowances per unit by product, `heat` and `fuel`; `period_from` is the first
    year of the allocation period, None outside one; `border` the share kept beside the border
    adjustment.
    """

    year: int
    known_on: date | None
    period_from: int | None
    values: Mapping[str, Any]
    benchmarks: Mapping[str, Decimal]
    best: Mapping[str, Decimal]
    exchangeable: frozenset[str]
    exposure: Mapping[str, Decimal]
    border: Decimal
    rounding: str
    deductions: tuple[str, ...]
    deductions_order: str

    def need(self, path: str) -> Any:
        """A value the year must have; `Refused` if it has none."""
        found = self.values.get(path)
        if found is None:
            raise self._no_law(ROOM + path)
        return found

    def benchmark(self, product: str) -> Decimal:
        """Allowances per unit of a product, of heat or of fuel; `Refused` if there is no such."""
        found = self.benchmarks.get(product)
        if found is None:
            sentence = f"There is no benchmark of {product} for {self.year}{self._known()}."
            raise Refused(Refusal("allocation.no-benchmark", sentence, BENCHMARKS + product))
        return found

    def kept(self, exposure: str) -> Decimal:
        """The share kept with or without carbon leakage, as a share of one."""
        found = self.exposure.get(exposure)
        if found is None:
            raise self._no_law(EXPOSURE + exposure)
        return found

    def _no_law(self, path: str) -> Refused:
        sentence = f"The rulebook has no {path} for {self.year}{self._known()}."
        return Refused(Refusal("allocation.no-law", sentence, path))

    def _known(self) -> str:
        return f" by the law known on {self.known_on}" if self.known_on else ""


def law_of_year(rulebook: Rulebook, year: int, known_on: date | None = None) -> YearLaw:
    """The law of free allocation of a year as it stood on a day (None: as the rulebook has it).

    Compiled once per digest, year and day. Outside an allocation period there are factors at most.
    """
    return _compiled(_Keyed(rulebook), year, known_on)


class _Keyed:
    """A rulebook that equals every other with the same digest, as a key of what was compiled."""

    def __init__(self, rulebook: Rulebook) -> None:
        self.rulebook = rulebook

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Keyed) and other.rulebook.digest == self.rulebook.digest

    def __hash__(self) -> int:
        return hash(self.rulebook.digest)


@lru_cache(maxsize=KEPT_LAWS)
def _compiled(keyed: _Keyed, year: int, known_on: date | None) -> YearLaw:
    rulebook = keyed.rulebook
    found = {
        path: value
        for path, value in rulebook.values_on(date(year, 1, 1), known_on).items()
        if path.startswith(ROOM)
    }
    products = {
        path.removeprefix(BENCHMARKS): value
        for path, value in found.items()
        if path.startswith(BENCHMARKS)
    }
    values = {path.removeprefix(ROOM): value for path, value in found.items()}
    rounding = values.get("rounding", {"to": "nearest integer"})
    return YearLaw(
        year=year,
        known_on=known_on,
        period_from=_period_from(rulebook, year, known_on),
        values=values,
        benchmarks={name: Decimal(one["allowances"]) for name, one in products.items()},
        best={
            name: Decimal(one["best_ten_percent"])
            for name, one in products.items()
            if "best_ten_percent" in one
        },
        exchangeable=frozenset(name for name, one in products.items() if one.get("exchangeable")),
        exposure={
            path.removeprefix(EXPOSURE): Decimal(value)
            for path, value in found.items()
            if path.startswith(EXPOSURE)
        },
        border=Decimal(values.get("cbam-factor", 100)) / 100,
        rounding=rounding["to"],
        deductions=tuple(values.get("deductions", ())),
        deductions_order=values.get("deductions-order", ""),
    )


def _period_from(rulebook: Rulebook, year: int, known_on: date | None) -> int | None:
    try:
        return rulebook.ask(BASELINE, for_=year, known_on=known_on).from_.year
    except NoLaw:
        return None
