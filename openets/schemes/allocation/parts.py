"""A sub-installation before the law: which of its numbers count, and what they come to in a year.

Joins the description of a sub-installation (`models`), the law of a year (`law`) and the formulas
(`levels`, `amounts`). Its quantities become *tracks*: a historical value and the values of later
years, because activity levels and the other parameters of Articles 16(5) and 19 to 22 of Delegated
Regulation (EU) 2019/331 are followed by one and the same rule (`course`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from openets.kernel.money import Decimal, round_half_up
from openets.kernel.refusal import Refusal, Refused
from openets.schemes.allocation import amounts, levels
from openets.schemes.allocation.law import DISTRICT, EXPOSED, NOT_EXPOSED, PROCESS, YearLaw
from openets.schemes.allocation.models import (
    DISTRICT_HEATING,
    FUEL,
    HEAT,
    PROCESS_EMISSIONS,
    PRODUCT,
    CapacityChange,
    Emissions,
    Installation,
    SubInstallation,
)

LEVEL, EXCHANGE, HYDROGEN = "activity level", "share of direct emissions", "share without hydrogen"
FEED = "supplemental feed: "
FEED_SUPPLEMENT = "supplement for supplemental feed"
GIVEN = "as determined by the authority"
ALL_YEARS = 0  # the year under which a quantity keeps a number that stands for every year

DEDUCTIONS: dict[str, tuple[str, str | None]] = {
    "heat from nitric acid × heat benchmark": ("heat_from_nitric_acid_tj", HEAT),
    "heat from outside the system × heat benchmark": ("heat_from_outside_tj", HEAT),
    "waste gases flared other than for safety": ("flared_tonnes", None),
}
"""The field that holds what is deducted, and the benchmark it is multiplied with (none: tonnes)."""

BENCHMARK_OF = {HEAT: HEAT, DISTRICT_HEATING: HEAT, FUEL: FUEL}


class Track(NamedTuple):
    """A parameter that is followed: its name, its historical value, its value in a later year."""

    name: str
    historical: Decimal
    in_year: Callable[[int], Decimal | None]


def is_new_entrant(installation: Installation, law: YearLaw) -> bool:
    """Whether the permit is later than an incumbent's of the period; Article 3(h)."""
    until: date | None = law.values.get("incumbent-permit-until")
    permit_on = installation.permit_on
    return until is not None and permit_on is not None and permit_on > until


def yearly_levels(sub: SubInstallation, law: YearLaw) -> Mapping[int, Decimal]:
    """The activity levels of the years with operation, waste gas included where it counts."""
    found = {year: level for year, level in sub.levels.items() if year not in sub.idle_years}
    gas = sub.waste_gas
    if gas is None:
        return found
    replaced = law.need("waste-gas-export")
    return {
        year: level
        + amounts.emissions_of_waste_gas(of_year(gas.tj, year), gas.tonnes_per_tj, replaced)
        for year, level in found.items()
    }


def of_year(quantity: Mapping[int, Decimal], year: int) -> Decimal:
    """A quantity in a year; zero if it is given by year and not for this one."""
    return quantity.get(year, quantity.get(ALL_YEARS, Decimal(0)))


def historical_level(
    sub: SubInstallation,
    law: YearLaw,
    found: Mapping[int, Decimal],
    *,
    new_entrant: bool,
) -> levels.Level:
    """The historical activity level of the period; `Refused` if the levels do not give it."""
    given = sub.historical_level
    period = law.period_from or ALL_YEARS
    if given is not None and not given.keys().isdisjoint({period, ALL_YEARS}):
        return levels.Level(of_year(given, period), GIVEN)
    rule = law.values.get("new-entrant-activity-level")
    if new_entrant and rule is not None and sub.started_on is not None:
        return levels.level_of_start(found, rule, sub.started_on)
    level = levels.level_of_baseline(
        found, law.need("baseline-years"), law.need("historical-activity-level"), sub.started_on
    )
    if sub.capacity_change is None:
        return level
    return _with_capacity(level, sub, sub.capacity_change, law)


def _with_capacity(
    level: levels.Level, sub: SubInstallation, change: CapacityChange, law: YearLaw
) -> levels.Level:
    """The level with the capacity that changed before the period; later changes are refused."""
    rule = law.values.get("capacity-change-level")
    if rule is None:
        return level  # later baselines hold the change already
    if change.on > rule["changed_until"]:
        sentence = f"How capacity changed on {change.on} is allocated is not confirmed."
        raise Refused(Refusal("allocation.capacity", sentence, "Decision 2011/278/EU"))
    added = levels.level_of_changed_capacity(
        change.initial, change.changed, change.utilisation_percent / 100
    )
    benchmark = benchmark_of(sub, law)
    counts = levels.capacity_change_is_significant(
        change.initial,
        change.changed,
        round_half_up(added * benchmark),
        round_half_up(level.amount * benchmark),
        law.need("capacity-change"),
        physical=change.physical,
    )
    if not counts:
        return level
    return level._replace(amount=level.amount + added, rule=f"{level.rule}, {rule['formula']}")


def benchmark_of(sub: SubInstallation, law: YearLaw) -> Decimal:
    """Allowances per unit of activity, by product or by the fall-back."""
    if sub.kind == PRODUCT:
        return law.benchmark(str(sub.product))
    if sub.kind == PROCESS_EMISSIONS:
        return Decimal(law.need(PROCESS))
    return law.benchmark(BENCHMARK_OF[sub.kind])


def exposure_of(sub: SubInstallation) -> str:
    """The name of the share that the sub-installation keeps."""
    if sub.kind == DISTRICT_HEATING:
        return DISTRICT
    return EXPOSED if sub.exposed else NOT_EXPOSED


def special_formula(sub: SubInstallation, law: YearLaw) -> str | None:
    """The formula the product needs beside benchmark and level; refuses data for another one."""
    found: str | None = law.values.get("special-formulas", {}).get(sub.product)
    if sub.supplemental_feed is not None and found != FEED_SUPPLEMENT:
        sentence = f"{sub.product} has no supplement for supplemental feed."
        raise Refused(Refusal("allocation.not-for-product", sentence, "special-formulas", sub.name))
    return found


def other_tracks(sub: SubInstallation, law: YearLaw, years: Sequence[int]) -> list[Track]:
    """The parameters beside the activity level, with what they were in the baseline years."""
    if sub.kind != PRODUCT:
        return []
    found = []
    for rule in law.deductions:
        field, _ = DEDUCTIONS[rule]
        quantity = getattr(sub, field)
        if quantity is not None:
            found.append(_track(rule, quantity, law, years))
    formula = special_formula(sub, law)
    feed = sub.supplemental_feed
    if feed is not None and formula == FEED_SUPPLEMENT:
        rates = law.need("steam-cracking-supplement")
        found += [_track(FEED + name, getattr(feed, name), law, years) for name in rates]
    if sub.emissions is not None:
        if sub.product in law.exchangeable:
            found.append(_share(EXCHANGE, sub.emissions, law, years))
        if formula == HYDROGEN:
            found.append(_share(HYDROGEN, sub.emissions, law, years))
    return found


def _track(name: str, quantity: Mapping[int, Decimal], law: YearLaw, years: Sequence[int]) -> Track:
    if ALL_YEARS in quantity:
        return Track(name, quantity[ALL_YEARS], lambda year: None)
    counted = years or _baseline_years(quantity, law)
    measure = levels.MEASURES[law.need("historical-activity-level")["measure"]]
    values = [of_year(quantity, year) for year in counted]
    return Track(name, measure(values) if values else Decimal(0), quantity.get)


def _baseline_years(quantity: Mapping[int, Decimal], law: YearLaw) -> list[int]:
    baseline = law.need("baseline-years")
    return [year for year in quantity if baseline["first_year"] <= year <= baseline["last_year"]]


def _share(name: str, given: Emissions, law: YearLaw, years: Sequence[int]) -> Track:
    """A share of direct emissions, of the baseline as a whole and of each later year."""
    heat = law.benchmark(HEAT)
    indirect, rate = (
        (given.electricity_mwh, law.need("exchangeability-factor"))
        if name == EXCHANGE
        else (given.hydrogen_tj, law.need("vcm-hydrogen-factor"))
    )

    def share(summed: Sequence[int]) -> Decimal:
        direct, heat_tj, other = (
            sum((of_year(quantity, year) for year in summed), Decimal(0))
            for quantity in (given.direct_tonnes, given.heat_imported_tj, indirect)
        )
        return amounts.share_of_direct_emissions(direct, heat_tj * heat, other * rate)

    counted = years or _baseline_years(given.direct_tonnes, law) or [ALL_YEARS]
    by_year = given.direct_tonnes
    return Track(name, share(counted), lambda year: share([year]) if year in by_year else None)


def reckon_part(
    sub: SubInstallation, law: YearLaw, level: Decimal, current: Mapping[str, Decimal]
) -> amounts.Reckoning:
    """The preliminary amount of a year, with the parameters as they now stand."""
    deductions: Sequence[amounts.Deduction] = ()
    supplement = amounts.ZERO
    if current:
        deductions = [
            amounts.Deduction(rule, current[rule], _rate(rule, law))
            for rule in law.deductions
            if rule in current
        ]
        feed = {
            name.removeprefix(FEED): value
            for name, value in current.items()
            if name.startswith(FEED)
        }
        if feed:
            supplement = amounts.supplement_for_feed(feed, law.need("steam-cracking-supplement"))
    return amounts.reckon(
        level,
        benchmark_of(sub, law),
        exposure=law.kept(exposure_of(sub)),
        border=law.border if sub.cbam else amounts.ONE,
        exchange_share=current.get(EXCHANGE, amounts.ONE),
        hydrogen_share=current.get(HYDROGEN, amounts.ONE),
        supplement=supplement,
        deductions=deductions,
        deductions_order=law.deductions_order,
        extra_percent=Decimal(_extra(sub, law)),
        rounding=law.rounding,
    )


def _extra(sub: SubInstallation, law: YearLaw) -> Any:
    return law.values.get("district-heating-supplement", 0) if sub.supplement else 0


def _rate(rule: str, law: YearLaw) -> Decimal:
    benchmark = DEDUCTIONS[rule][1]
    return amounts.ONE if benchmark is None else law.benchmark(benchmark)
