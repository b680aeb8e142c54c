"""Free allocation of an installation: the public face of the calculation.

`allocate` gives the amounts of one year, `allocate_years` those of several at once for bulk runs.
Preliminary amounts are those of Article 16(2) to (7) of Delegated Regulation (EU) 2019/331, changed
by activity; final ones are × the correction factor or a linear factor (Articles 16(8) and 18(5))
less unmet conditions (22a to 22c). Quantities are allowances, integers. Pure: an installation as
described in `models` and a rulebook in, numbers out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

from openets.kernel.money import Decimal
from openets.kernel.refusal import Refused
from openets.rulebook.model import Rulebook
from openets.schemes.allocation import amounts, changes, parts
from openets.schemes.allocation.course import PartAllocation, year_by_year
from openets.schemes.allocation.law import YearLaw, law_of_year
from openets.schemes.allocation.models import PRODUCT, Installation

__all__ = ["Allocation", "Factor", "PartAllocation", "Refused", "allocate", "allocate_years"]

CORRECTION, RECALCULATED = "correction-factor", "correction-factor-recalculated"
GENERATORS = "linear-factor.electricity-generators"
NEW_ENTRANTS = "linear-factor.new-entrants"
INCUMBENT, GENERATOR, NEW_ENTRANT = "incumbent", "electricity-generator", "new-entrant"


class Factor(NamedTuple):
    """What makes the preliminary amount final: its name, its share of one, where it stands.

    `share` is None while the law names no factor for the year; `path` is empty if the factor is the
    caller's assumption, or none because the best performers are spared.
    """

    name: str
    share: Decimal | None
    path: str = ""


class Allocation(NamedTuple):
    """What an installation is allocated in a year; `final` is None while there is no factor.

    The final amount is reckoned from the whole, so it may differ by a few allowances from the sum
    of those of the parts, which are rounded one by one.
    """

    installation: str
    year: int
    kind: str
    parts: tuple[PartAllocation, ...]
    double_counted: int
    preliminary: int
    factor: Factor
    unmet_conditions: tuple[str, ...]
    kept: Decimal
    final: int | None


def allocate(
    rulebook: Rulebook,
    installation: Installation,
    year: int,
    known_on: date | None = None,
    correction_percent: Decimal | None = None,
) -> Allocation:
    """The allocation of a year, by the law as it stood on `known_on` (None: as it is).

    `correction_percent` is an assumed cross-sectoral correction factor, used where the law calls
    for one. Raises `Refused` where the description or the law does not suffice.
    """
    (found,) = allocate_years(rulebook, installation, [year], known_on, correction_percent)
    return found


def allocate_years(
    rulebook: Rulebook,
    installation: Installation,
    years: Sequence[int],
    known_on: date | None = None,
    correction_percent: Decimal | None = None,
) -> list[Allocation]:
    """The allocations of several years, in the order given; each period is walked through once.

    Raises `Refused` as `allocate` does, for all years together.
    """
    found: dict[int, Allocation] = {}
    laws = {year: law_of_year(rulebook, year, known_on) for year in years}
    for first in sorted({_period_from(law) for law in laws.values()}):
        wanted = {year for year, law in laws.items() if law.period_from == first}
        period = [
            laws.get(year) or law_of_year(rulebook, year, known_on)
            for year in range(first, max(wanted) + 1)
        ]
        for law, of_year in zip(period, year_by_year(installation, period), strict=True):
            if law.year in wanted:
                found[law.year] = _finish(installation, law, of_year, correction_percent)
    return [found[year] for year in years]


def _period_from(law: YearLaw) -> int:
    """The first year of the period; `Refused` outside one."""
    if law.period_from is None:
        law.need("baseline-years")
    return law.period_from or law.year


def _finish(
    installation: Installation,
    law: YearLaw,
    of_year: tuple[PartAllocation, ...],
    correction_percent: Decimal | None,
) -> Allocation:
    preliminary = amounts.sum_of_installation(
        [part.preliminary for part in of_year], installation.double_counted
    )
    kind = _kind(installation, law)
    factor = final_factor(installation, law, kind, correction_percent)
    if factor.name == CORRECTION and _spared(installation, law, of_year):
        factor = Factor("best performers", amounts.ONE)
    unmet = unmet_conditions(installation, law)
    kept = _kept(law, unmet)
    if factor.share is None:
        return Allocation(
            *(installation.id, law.year, kind, of_year, installation.double_counted),
            *(preliminary, factor, unmet, kept, None),
        )
    share = factor.share
    with_cessation = _partially_ceased(installation, law, of_year, share)
    done = tuple(
        part._replace(final=_final(part.preliminary * part.kept, share, kept, law))
        for part in with_cessation
    )
    weighted = sum((part.preliminary * part.kept for part in done), Decimal(0))
    remaining = max(amounts.ZERO, weighted - installation.double_counted)
    final = _final(remaining, share, kept, law)
    return Allocation(
        *(installation.id, law.year, kind, done, installation.double_counted),
        *(preliminary, factor, unmet, kept, final),
    )


def _final(preliminary: Decimal, share: Decimal, kept: Decimal, law: YearLaw) -> int:
    """× the factor, rounded, then less what unmet conditions cut, rounded again."""
    final = amounts.final_amount(preliminary, share, law.rounding)
    return final if kept == 1 else amounts.final_amount(final, kept, law.rounding)


def _kind(installation: Installation, law: YearLaw) -> str:
    if parts.is_new_entrant(installation, law):
        return NEW_ENTRANT
    return GENERATOR if installation.electricity_generator else INCUMBENT


def final_factor(
    installation: Installation,
    law: YearLaw,
    kind: str,
    correction_percent: Decimal | None = None,
) -> Factor:
    """The factor of the final amount, by the formula the law of the year names for the kind."""
    formula = law.need(f"final-amount.{kind}")
    return FINAL_FORMULAS[formula](installation, law, correction_percent)


def _correction(installation: Installation, law: YearLaw, assumed: Decimal | None) -> Factor:
    """The correction factor; the recalculated one for decisions from the day it began."""
    if assumed is not None:
        return Factor(CORRECTION, assumed / 100)
    begins: date | None = law.values.get("correction-factor-recalculated-from")
    decided = installation.decided_on
    later = begins is not None and decided is not None and decided >= begins
    path = RECALCULATED if later else CORRECTION
    percent = law.values.get(path)
    return Factor(CORRECTION, None if percent is None else Decimal(percent) / 100, path)


def _linear_of(path: str) -> Callable[[Installation, YearLaw, Decimal | None], Factor]:
    def linear(installation: Installation, law: YearLaw, assumed: Decimal | None) -> Factor:
        return Factor("linear-factor", Decimal(law.need(path)), path)

    return linear


FINAL_FORMULAS: dict[str, Callable[[Installation, YearLaw, Decimal | None], Factor]] = {
    "correction factor": _correction,
    "linear factor of electricity generators": _linear_of(GENERATORS),
    "linear factor of new entrants": _linear_of(NEW_ENTRANTS),
}


def _spared(installation: Installation, law: YearLaw, of_year: Sequence[PartAllocation]) -> bool:
    above = law.values.get("best-performers")
    if above is None:
        return False
    best = sum(
        part.preliminary
        for sub, part in zip(installation.sub_installations, of_year, strict=True)
        if sub.kind == PRODUCT
        and sub.specific_emissions is not None
        and sub.specific_emissions < law.best.get(str(sub.product), amounts.ZERO)
    )
    whole = sum(part.preliminary for part in of_year)
    return amounts.spared_from_correction(best, whole, Decimal(above))


def unmet_conditions(installation: Installation, law: YearLaw) -> tuple[str, ...]:
    """Which conditions of the year's law the installation does not meet."""
    if "conditionality.reduction" not in law.values:
        return ()
    found = []
    may_wait = law.need("conditionality.energy-measures-exempt")
    if any(
        not one.carried_out
        and not amounts.measure_may_wait(
            one.payback_years, one.turnover_percent, one.profit_percent, may_wait
        )
        for one in installation.audit_measures
    ):
        found.append("energy-measures")
    exempt = law.values.get("conditionality.climate-neutrality-exempt-share", 0)
    if installation.climate_neutrality_plan_missing and amounts.plan_is_called_for(
        installation.above_percentile_share_percent, exempt
    ):
        found.append("climate-neutrality-plan")
    return tuple(found)


def _kept(law: YearLaw, unmet: Sequence[str]) -> Decimal:
    if not unmet:
        return amounts.ONE
    cut = Decimal(law.need("conditionality.reduction"))
    cumulative = law.values.get("conditionality.cumulative", False)
    return amounts.share_with_conditions(len(unmet), cut, cumulative=cumulative)


def _partially_ceased(
    installation: Installation, law: YearLaw, of_year: Sequence[PartAllocation], share: Decimal
) -> list[PartAllocation]:
    """The parts with what a fall of their activity in the year before leaves them (2013-2020)."""
    rule = law.values.get("partial-cessation")
    if rule is None:
        return list(of_year)
    whole = sum(part.preliminary for part in of_year)
    final = amounts.final_amount(whole, share, law.rounding)
    found = []
    for sub, part in zip(installation.sub_installations, of_year, strict=True):
        level = sub.levels.get(law.year - 1)
        if law.year - 1 in sub.idle_years:
            level = amounts.ZERO
        own = amounts.final_amount(part.preliminary, share, law.rounding)
        if level is not None and changes.partial_cessation_counts(own, final, rule):
            steps = law.need("partial-cessation-factor")
            kept = changes.partial_cessation_factor(level, part.level.amount, steps)
            part = part._replace(kept=kept)
        found.append(part)
    return found
