"""Exact numbers: money in whole cents, rounding with a name, and dividing without a remainder.

This module is the only door for `Decimal`: the rest of the house imports it from here, so that one
page shows every way in which a number may lose digits. There are three, and no default among them.
The law rounds differently from act to act, so each caller names in its docstring the provision that
tells it to round, and how. Units and cents are integers; binary floating point does not occur.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal

from openets.kernel.refusal import Refusal, Refused

__all__ = ["Decimal", "apportion", "cents", "cut_off", "euros", "round_half_up", "round_places"]

CENTS_SOURCE = "Regulation (EC) No 974/98, Article 2"
MAX_CENTS = 2**63 - 1
"""Both books store cents as signed 64-bit integers."""

_AMOUNT = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_CENT = Decimal("0.01")
# Wide enough for every amount in cents and every cap, whatever context the caller's thread has.
_WIDE = Context(prec=60)


def cents(amount: str | Decimal, *, where: str = "") -> int:
    """The amount in whole cents, exactly.

    Text is digits with a point, as in `-1234.5`; no thousands separators. Raises `Refused` for text
    that is no amount, for a fraction of a cent (nothing is rounded here) and for an amount neither
    book could store. `where` is the place in the caller's input. Source: Regulation (EC) No 974/98,
    Article 2: one euro is one hundred cents.
    """
    value = _read_amount(amount, where)
    if value.copy_abs() > euros(MAX_CENTS):
        sentence = "The amount is larger than the books can hold."
        raise Refused(Refusal("money.range", sentence, CENTS_SOURCE, where))
    rounded = value.quantize(_CENT, context=_WIDE)
    if rounded != value:
        sentence = f"The amount {str(amount)[:40]} has a fraction of a cent; give whole cents."
        raise Refused(Refusal("money.fraction", sentence, CENTS_SOURCE, where))
    return int(rounded.scaleb(2, _WIDE))


def _read_amount(amount: str | Decimal, where: str) -> Decimal:
    if isinstance(amount, Decimal):
        if amount.is_finite():
            return amount
    elif _AMOUNT.fullmatch(amount.strip()):
        return Decimal(amount.strip())
    sentence = f"{str(amount)[:40]!r} is not an amount of money; write it like 1234.50."
    raise Refused(Refusal("money.amount", sentence, CENTS_SOURCE, where))


def euros(amount_cents: int) -> Decimal:
    """The amount in euros, with two decimals, exactly."""
    return Decimal(amount_cents).scaleb(-2, _WIDE)


def round_half_up(value: Decimal) -> int:
    """The nearest integer; a half goes away from zero. The caller names its provision."""
    return int(value.to_integral_value(ROUND_HALF_UP, _WIDE))


def cut_off(value: Decimal) -> int:
    """The integer at or below, as decisions on caps do. The caller names its provision."""
    return int(value.to_integral_value(ROUND_FLOOR, _WIDE))


def round_places(value: Decimal, places: int) -> Decimal:
    """The nearest number with so many decimals, a half away from zero, for published factors.

    The caller names its provision. Raises `ValueError` for a negative number of places.
    """
    if places < 0:
        raise ValueError(f"A number cannot have {places} decimals.")
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, _WIDE)


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """The total divided in proportion to the weights, as integers that sum to it exactly.

    Largest remainders: everyone gets the whole part of their exact share, and what is left goes one
    by one to the largest fractions, the earlier position first where they are equal. So the result
    does not depend on anything but the order the caller chose; the caller names its provision.
    A weight of zero gets nothing. Raises `ValueError` for a negative total or weight, or if there
    is something to divide and nobody to receive it. Time: n log n.
    """
    if total < 0 or any(weight < 0 for weight in weights):
        raise ValueError("Only a total and weights of zero or more can be apportioned.")
    if total == 0:
        return [0] * len(weights)
    whole = sum(weights)
    if whole == 0:
        raise ValueError(f"{total} cannot be apportioned: every weight is zero.")
    shares = []
    fractions = []
    for weight in weights:
        share, fraction = divmod(total * weight, whole)
        shares.append(share)
        fractions.append(fraction)
    # The fractions sum to fewer whole units than there are positive fractions, so a weight of zero
    # is never reached. Sorting is stable: equal fractions keep their order.
    by_fraction = sorted(range(len(weights)), key=lambda position: -fractions[position])
    for position in by_fraction[: total - sum(shares)]:
        shares[position] += 1
    return shares
