"""An allocation as sentences: each step in words, with its numbers, its article and its status.

Built on demand from the numbers an `Allocation` carries, so that what is explained is what was
reckoned; a bulk run never pays for it. Articles come from the rulebook, by the law and the day the
amounts were reckoned with.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from openets.kernel.money import Decimal
from openets.rulebook.model import Rulebook
from openets.schemes.allocation.amounts import DEDUCTION_ORDERS, ONE, Reckoning
from openets.schemes.allocation.course import (
    CEASED,
    GIVEN_UP,
    HISTORICAL,
    NOT_ELIGIBLE,
    NOT_YET,
    PartAllocation,
)
from openets.schemes.allocation.law import BENCHMARKS, EXPOSURE, PROCESS, ROOM
from openets.schemes.allocation.models import (
    PROCESS_EMISSIONS,
    PRODUCT,
    Installation,
    SubInstallation,
)
from openets.schemes.allocation.parts import BENCHMARK_OF, GIVEN, LEVEL, exposure_of
from openets.schemes.allocation.rules import Allocation, allocate

ASSUMED = "assumed"
LEVEL_RULE, EFFECT = "historical-activity-level", "activity-level.effect"

SHARE_PATHS = {
    CEASED: "activity-level.cessation",
    GIVEN_UP: "renunciation",
    NOT_ELIGIBLE: "not-eligible-activities",
}


class Step(NamedTuple):
    """One step: of which part, the formula in words, its numbers, the result, where it stands.

    `part` is empty for a step of the whole installation; `article` and `status` are empty for plain
    addition.
    """

    part: str
    formula: str
    numbers: str
    result: str
    article: str = ""
    status: str = ""


class Explanation(NamedTuple):
    """An allocation and the steps that lead to it."""

    allocation: Allocation
    steps: tuple[Step, ...]


def explain(
    rulebook: Rulebook,
    installation: Installation,
    year: int,
    known_on: date | None = None,
    correction_percent: Decimal | None = None,
) -> Explanation:
    """The allocation of a year and how it was reckoned; raises `Refused` as `allocate` does."""
    found = allocate(rulebook, installation, year, known_on, correction_percent)
    law = _Articles(rulebook, year, known_on)
    steps: list[Step] = []
    for sub, part in zip(installation.sub_installations, found.parts, strict=True):
        steps += _of_part(law, sub, part)
    steps += _of_whole(law, found)
    return Explanation(found, tuple(steps))


class _Articles:
    """Steps with the article of a path, by the law of a year known on a day."""

    def __init__(self, rulebook: Rulebook, year: int, known_on: date | None) -> None:
        self._rulebook, self.year, self._known_on = rulebook, year, known_on

    def step(self, part: str, formula: str, numbers: str, result: object, path: str) -> Step:
        full = path if path.startswith(ROOM) else ROOM + path
        answer = self._rulebook.ask(full, for_=self.year, known_on=self._known_on)
        return Step(part, formula, numbers, written(result), str(answer.source), answer.status)


def written(value: object) -> str:
    """A number as people read it: thousands separated, no zeros at the end, never an exponent."""
    if isinstance(value, int):
        return f"{value:,}"
    if not isinstance(value, Decimal):
        return str(value)
    text = f"{round(value, 6):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _of_part(law: _Articles, sub: SubInstallation, part: PartAllocation) -> Iterator[Step]:
    yield from _level(law, sub, part)
    if part.basis == NOT_YET:
        return
    yield from _basis(law, sub, part)
    yield from _factors(law, sub, part)
    yield from _change(law, part)
    if part.share_reason:
        path = SHARE_PATHS[part.share_reason]
        numbers = f"× {written(part.share)}"
        yield law.step(part.name, part.share_reason, numbers, part.preliminary, path)
    if part.kept != 1:
        numbers = f"{written(part.preliminary)} × {written(part.kept)}"
        kept = part.preliminary * part.kept
        yield law.step(part.name, "partial cessation", numbers, kept, "partial-cessation-factor")


def _level(law: _Articles, sub: SubInstallation, part: PartAllocation) -> Iterator[Step]:
    level = part.level
    if part.basis != HISTORICAL:
        path = "activity-level.new-sub-installation"
        yield law.step(part.name, f"activity level: {part.basis}", "", level.amount, path)
        return
    years = ", ".join(
        f"{year}: {written(sub.levels[year])}" for year in level.years if year in sub.levels
    )
    words = f"{HISTORICAL}: {level.rule}"
    if level.rule == GIVEN:
        yield Step(part.name, words, "", written(level.amount))
    else:
        yield law.step(part.name, words, years, level.amount, LEVEL_RULE)


def _basis(law: _Articles, sub: SubInstallation, part: PartAllocation) -> Iterator[Step]:
    reckoned = part.reckoning
    if sub.kind == PRODUCT:
        path, words = f"{BENCHMARKS}{sub.product}", f"benchmark of {sub.product}"
    elif sub.kind == PROCESS_EMISSIONS:
        path, words = PROCESS, "share of process emissions"
    else:
        path = f"{BENCHMARKS}{BENCHMARK_OF[sub.kind]}"
        words = f"benchmark of {BENCHMARK_OF[sub.kind]}"
    amount = reckoned.benchmark * reckoned.level
    numbers = f"{written(reckoned.benchmark)} × {written(reckoned.level)}"
    yield law.step(part.name, f"{words} × activity level", numbers, amount, path)
    for share, words, path in (
        (reckoned.exchange_share, "share of direct emissions", "exchangeability-factor"),
        (reckoned.hydrogen_share, "share without hydrogen", "vcm-hydrogen-factor"),
    ):
        if share != 1:
            numbers = f"{written(amount)} × {written(share)}"
            amount *= share
            yield law.step(part.name, f"× {words}", numbers, amount, path)
    if reckoned.supplement:
        numbers = f"{written(amount)} + {written(reckoned.supplement)}"
        path = "steam-cracking-supplement"
        yield law.step(part.name, "+ supplemental feed", numbers, reckoned.basis, path)
    for one in reckoned.deductions:
        if one.quantity:
            numbers = f"{written(one.quantity)} × {written(one.rate)}"
            yield law.step(part.name, f"− {one.rule}", numbers, one.allowances, "deductions")


def _factors(law: _Articles, sub: SubInstallation, part: PartAllocation) -> Iterator[Step]:
    reckoned = part.reckoning
    exposure = exposure_of(sub)
    numbers = f"× {written(reckoned.exposure)}"
    yield law.step(
        *(part.name, f"share kept: carbon leakage, {exposure}", numbers),
        *(_after_exposure(reckoned), EXPOSURE + exposure),
    )
    if reckoned.border != 1:
        numbers = f"× {written(reckoned.border)}"
        result = _after_exposure(reckoned) * reckoned.border
        words = "share kept beside the border adjustment"
        yield law.step(part.name, words, numbers, result, "cbam-factor")
    if reckoned.extra_percent:
        numbers = f"+ {written(reckoned.extra_percent)} %"
        path = "district-heating-supplement"
        yield law.step(part.name, "supplement", numbers, reckoned.exact, path)
    yield law.step(
        *(part.name, "preliminary amount: nearest integer", written(reckoned.exact)),
        *(reckoned.initial, "rounding"),
    )


def _after_exposure(reckoned: Reckoning) -> Decimal:
    """Benchmark × level × exposure, less deductions if the law takes them off before."""
    taken = sum((one.allowances for one in reckoned.deductions), Decimal(0))
    return DEDUCTION_ORDERS[reckoned.deductions_order](reckoned.basis, taken, reckoned.exposure)


def _change(law: _Articles, part: PartAllocation) -> Iterator[Step]:
    for name, change in part.applied.items():
        words = f"{name} changed by {written(change.difference)} %"
        numbers = f"on average {written(change.level)}"
        if name == LEVEL:
            reckoned = part.reckoning
            numbers = f"{written(reckoned.initial)} × {written(change.level)} / " + written(
                reckoned.level
            )
            result: object = part.preliminary if part.share == 1 else ""
            yield law.step(part.name, words, numbers, result, EFFECT)
        else:
            yield law.step(part.name, words, numbers, "", "activity-level.other-parameters")


def _of_whole(law: _Articles, found: Allocation) -> Iterator[Step]:
    parts = " + ".join(written(part.preliminary) for part in found.parts)
    twice = f" − {written(found.double_counted)} counted twice" if found.double_counted else ""
    yield Step(
        "", "preliminary amount of the installation", parts + twice, written(found.preliminary)
    )
    factor = found.factor
    if factor.share is None:
        yield Step("", f"{factor.name} of {law.year}", "", "not in the rulebook: no final amount")
        return
    remaining = _remaining(found)
    numbers = f"{written(remaining)} × {written(factor.share)}"
    final = found.final if found.kept == 1 else written(remaining * factor.share)
    words = f"final amount of {found.kind}: × {factor.name}"
    if factor.path:
        yield law.step("", words, numbers, final, factor.path)
    else:
        yield Step("", words, numbers, written(final), "", _why(found))
    if found.kept != 1:
        words = f"unmet: {', '.join(found.unmet_conditions)}"
        numbers = f"× {written(found.kept)}"
        yield law.step("", words, numbers, found.final, "conditionality.reduction")


def _why(found: Allocation) -> str:
    return ASSUMED if found.factor.name == "correction-factor" else ""


def _remaining(found: Allocation) -> Decimal:
    kept = sum((part.preliminary * part.kept for part in found.parts), Decimal(0))
    return max(Decimal(0), kept - found.double_counted) * ONE
