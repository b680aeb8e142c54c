"""From an activity level to allowances: the formulas of the preliminary and the final amount.

Delegated Regulation (EU) 2019/331, Articles 16 to 22c; Decision 2011/278/EU, Articles 10 to 14.
Everything is exact until a provision says "nearest integer": Articles 16(9) and 18(6), and before
2021 as recorded allocations show. Factors are shares of one; only rounded amounts are integers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from openets.kernel.money import Decimal, round_half_up

ONE, ZERO = Decimal(1), Decimal(0)

ROUNDINGS: dict[str, Callable[[Decimal], int]] = {"nearest integer": round_half_up}


class Deduction(NamedTuple):
    """What is taken off: the rule's name, a quantity, and the allowances for each of it."""

    rule: str
    quantity: Decimal
    rate: Decimal

    @property
    def allowances(self) -> Decimal:
        """The allowances taken off, exactly."""
        return self.quantity * self.rate


class Reckoning(NamedTuple):
    """The preliminary amount of a sub-installation, step by step, before changes of its level."""

    level: Decimal
    benchmark: Decimal
    exchange_share: Decimal  # of direct emissions, where fuel and electricity are exchangeable
    hydrogen_share: Decimal
    supplement: Decimal
    deductions: tuple[Deduction, ...]
    deductions_order: str
    exposure: Decimal
    border: Decimal
    extra_percent: Decimal
    basis: Decimal
    exact: Decimal
    initial: int


def share_of_direct_emissions(
    direct_tonnes: Decimal, heat_tonnes: Decimal, indirect_tonnes: Decimal
) -> Decimal:
    """Direct emissions and those of imported heat, in all with the indirect ones; 1 if none.

    For electricity that fuel could replace: Decision 2011/278/EU, Article 14; Delegated Regulation
    (EU) 2019/331, Article 22 (deleted from 2026). For the heat of hydrogen in making vinyl chloride
    monomer: Articles 12 and 20. All in tonnes of CO2 equivalent.
    """
    direct = direct_tonnes + heat_tonnes
    total = direct + indirect_tonnes
    return direct / total if total else ONE


def supplement_for_feed(feed: Mapping[str, Decimal], rates: Mapping[str, Decimal]) -> Decimal:
    """Allowances added to steam cracking for what comes from supplemental feed.

    Tonnes of hydrogen, ethylene and other high value chemicals, each times its rate: Decision
    2011/278/EU, Article 11; Delegated Regulation (EU) 2019/331, Article 19.
    """
    return sum((feed[name] * rate for name, rate in rates.items() if name in feed), ZERO)


def emissions_of_waste_gas(
    heat_tj: Decimal, tonnes_per_tj: Decimal, replaced_per_tj: Decimal
) -> Decimal:
    """Process emissions counted for waste gas: what it emits beyond the natural gas it replaces.

    Tonnes of CO2; never below zero. Implementing Regulation (EU) 2021/447, recital 6.
    """
    return max(ZERO, heat_tj * (tonnes_per_tj - replaced_per_tj))


def _before(basis: Decimal, taken: Decimal, factors: Decimal) -> Decimal:
    return max(ZERO, basis - taken) * factors


def _after(basis: Decimal, taken: Decimal, factors: Decimal) -> Decimal:
    return max(ZERO, basis * factors - taken)


DEDUCTION_ORDERS: dict[str, Callable[[Decimal, Decimal, Decimal], Decimal]] = {
    "before exposure and border adjustment": _before,
    "after exposure and border adjustment": _after,
}


def reckon(
    level: Decimal,
    benchmark: Decimal,
    *,
    exposure: Decimal,
    border: Decimal = ONE,
    exchange_share: Decimal = ONE,
    hydrogen_share: Decimal = ONE,
    supplement: Decimal = ZERO,
    deductions: Sequence[Deduction] = (),
    deductions_order: str = "before exposure and border adjustment",
    extra_percent: Decimal = ZERO,
    rounding: str = "nearest integer",
) -> Reckoning:
    """The preliminary amount of a sub-installation in a year.

    Benchmark × activity level × shares + supplement, less deductions and never below zero, × the
    share kept with or without carbon leakage × the share kept beside the border adjustment;
    district heating may get `extra_percent` more. Delegated Regulation (EU) 2019/331, Article
    16(2) to (5), 22b(3); Directive 2003/87/EC, Article 10a(1a). Rounded by Article 16(9).
    """
    basis = level * benchmark * exchange_share * hydrogen_share + supplement
    taken = sum((one.quantity * one.rate for one in deductions), ZERO)
    exact = DEDUCTION_ORDERS[deductions_order](basis, taken, exposure * border)
    if extra_percent:
        exact = exact * (100 + extra_percent) / 100
    return Reckoning(
        *(level, benchmark, exchange_share, hydrogen_share, supplement, tuple(deductions)),
        *(deductions_order, exposure, border, extra_percent, basis, exact),
        ROUNDINGS[rounding](exact),
    )


def changed_amount(initial: int, level: Decimal, historical: Decimal) -> int:
    """The amount after its activity level changed: by the exact percentage, nearest integer.

    Implementing Regulation (EU) 2019/1842, Article 5(1); Delegated Regulation (EU) 2019/331,
    Article 16(9).
    """
    return round_half_up(initial * level / historical) if historical else initial


def part_of(amount: int, share: Decimal) -> int:
    """A share of an amount, nearest integer: a year of cessation, Article 5(4)."""
    return amount if share == 1 else round_half_up(amount * share)


def sum_of_installation(parts: Sequence[int], double_counted: int) -> int:
    """The preliminary amount of an installation: its parts less what is counted twice, not below 0.

    Delegated Regulation (EU) 2019/331, Article 16(6) and (7).
    """
    return max(0, sum(parts) - double_counted)


def final_amount(preliminary: Decimal | int, factor: Decimal, rounding: str) -> int:
    """The final amount: preliminary × correction or linear factor, nearest integer.

    Delegated Regulation (EU) 2019/331, Articles 16(8), (9) and 18(5), (6).
    """
    return ROUNDINGS[rounding](preliminary * factor)


def spared_from_correction(best: int, preliminary: int, above_percent: Decimal) -> bool:
    """Whether the best performers have so large a share that no correction factor applies.

    `best` is the preliminary amount of the sub-installations below the average of the best tenth.
    Delegated Regulation (EU) 2019/331, Article 16(8), second subparagraph.
    """
    return best * 100 > preliminary * above_percent


def plan_is_called_for(share_percent: Decimal | None, exempt_percent: Decimal) -> bool:
    """Whether the sub-installations above the percentile have more than the share that is exempt.

    A share nobody stated is not exempt. Delegated Regulation (EU) 2019/331, Article 22b.
    """
    return share_percent is None or share_percent > exempt_percent


def measure_may_wait(
    payback_years: Decimal,
    turnover_percent: Decimal,
    profit_percent: Decimal,
    law: Mapping[str, Decimal],
) -> bool:
    """Whether a measure recommended by an energy audit need not be carried out.

    Its costs come back too late, or are too large a share of turnover or of profit. Directive
    2003/87/EC, Article 10a(1).
    """
    return (
        payback_years > law["payback_years_above"]
        or turnover_percent > law["turnover_percent_above"]
        or profit_percent > law["profit_percent_above"]
    )


def share_with_conditions(unmet: int, cut_percent: Decimal, *, cumulative: bool) -> Decimal:
    """What unmet conditions leave of the final amount, as a share of one.

    Two cuts are one unless they are cumulative. Directive 2003/87/EC, Article 10a(1); Delegated
    Regulation (EU) 2019/331, Articles 22a to 22c.
    """
    cuts = unmet if cumulative else min(unmet, 1)
    return max(ZERO, (100 - cut_percent * cuts) / 100)
