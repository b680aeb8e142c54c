"""How many international credits an operator may use: limits of 2008-2012, entitlements to 2020.

Which registered formula makes an entitlement is named by the rulebook; the percentages are its.
Units are whole, and a limit is never exceeded: a fraction of a credit is cut off.
Regulation (EU) No 1123/2013, Article 1; Regulation (EU) No 389/2013, Article 61.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from openets.kernel.money import Decimal, cut_off
from openets.rulebook.model import Rulebook
from openets.schemes.compliance.law import ask_of

HUNDRED = 100
NATIONAL_LIMIT = "credits.phase-2.limit."
ENTITLEMENT = "credits.entitlement."


class Base(NamedTuple):
    """What an entitlement may be measured by, in units and tonnes; zero where there is none."""

    phase_2_entitlement: int = 0
    allocation_2008_2012: int = 0
    verified_2013_2020: int = 0
    surrender_obligation: int = 0
    left_of_2012: int = 0


def _highest(parts: Sequence[Decimal], _left: int) -> Decimal:
    return max(parts)


def _sum_and_rest(parts: Sequence[Decimal], left: int) -> Decimal:
    return sum(parts, Decimal(left))


ENTITLEMENTS: dict[str, Callable[[Sequence[Decimal], int], Decimal]] = {
    "higher-of": _highest,
    "highest-of": _highest,
    "share": _highest,
    "share-and-rest": _sum_and_rest,
}


def entitlement(rulebook: Rulebook, kind: str, year: int, base: Base) -> int:
    """The credits an operator may use in all, in the years around one.

    `kind` is what it is to the law: `existing`, `new`, `extended` or `aviation`. Raises `NoLaw`
    where credits are not used.
    """
    law = rulebook.ask(ENTITLEMENT + kind, for_=year).value
    return cut_off(ENTITLEMENTS[law["formula"]](_parts(law, base), base.left_of_2012))


def _parts(law: Mapping[str, Any], base: Base) -> list[Decimal]:
    measures = {
        "of_allocation_2008_2012_percent": base.allocation_2008_2012,
        "of_verified_emissions_2013_2020_percent": base.verified_2013_2020,
        "of_surrender_obligation_percent": base.surrender_obligation,
    }
    parts = [
        Decimal(measure) * law[percent] / HUNDRED
        for percent, measure in measures.items()
        if percent in law
    ]
    return [*parts, Decimal(base.phase_2_entitlement)] if "phase_2_entitlement" in law else parts


def bases(rulebook: Rulebook, day: date) -> list[str]:
    """The names of everything an entitlement is measured by on a day."""
    answers = {
        path.removeprefix(ENTITLEMENT): ask_of(rulebook, path, day)
        for path in rulebook.paths()
        if path.startswith(ENTITLEMENT)
    }
    return [
        name
        for name, answer in answers.items()
        if answer is not None
        and isinstance(answer.value, Mapping)
        and answer.value.get("formula") in ENTITLEMENTS
    ]


def limit_before(rulebook: Rulebook, kind: str, year: int, obligations: Mapping[int, int]) -> int:
    """The limit of an earlier year of which the law of a year adds what is left; 0 if it does not.

    `obligations` are tonnes by year of emissions.
    """
    before = rulebook.ask(ENTITLEMENT + kind, for_=year).value.get("and_left_of")
    if before is None:
        return 0
    return entitlement(
        rulebook, kind, before, Base(surrender_obligation=obligations.get(before, 0))
    )


def national_limit(rulebook: Rulebook, registry: str, year: int, allocation: int) -> int:
    """The credits an operator may surrender in 2008-2012, as a share of its allocation.

    The limit of the state's plan where the rulebook has it, else the default. Raises `NoLaw`.
    """
    own = NATIONAL_LIMIT + registry
    path = own if own in rulebook else NATIONAL_LIMIT.rstrip(".") + "-default"
    percent = rulebook.ask(path, for_=year).value
    return cut_off(Decimal(allocation) * percent / HUNDRED)


def left(entitled: int, surrendered: int, exchanged: int, reversed_: int = 0) -> int:
    """The credits that may still be used: Regulation (EU) No 389/2013, Article 61."""
    return entitled - surrendered - exchanged + reversed_
