"""Shipping companies: which emissions count, and what becomes of those not surrendered for.

Directive 2003/87/EC, Articles 3ga, 3gb and 12(3-e). The share that is surrendered for enters the
compliance figure (`standing.due_tonnes`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from openets.kernel.money import Decimal, round_half_up
from openets.rulebook.model import Rulebook
from openets.schemes.compliance.standing import due_tonnes
from openets.schemes.compliance.state import Figure

OPERATOR = "maritime"
VOYAGES = "monitoring.maritime.voyage-share"
SHARE = "monitoring.maritime.surrender-share"
HUNDRED = 100


class ShippingDue(NamedTuple):
    """Units surrendered for a year, and allowances that are cancelled instead of auctioned."""

    due: int
    cancelled: int


def in_scope(rulebook: Rulebook, year: int, voyages: Mapping[str, int]) -> int:
    """The tonnes that count, by kind of voyage as the rulebook names them, to the nearest tonne.

    Raises `NoLaw` before shipping was covered and `KeyError` for another kind of voyage.
    """
    shares = rulebook.ask(VOYAGES, for_=year).value
    tonnes = sum((Decimal(tonnes) * shares[kind] for kind, tonnes in voyages.items()), Decimal(0))
    return round_half_up(tonnes / HUNDRED)


def shipping_due(rulebook: Rulebook, year: int, verified: Figure) -> ShippingDue:
    """What a company surrenders for verified emissions; the difference is cancelled.

    Raises `NoLaw` before shipping was covered.
    """
    rulebook.ask(SHARE, for_=year)
    due = due_tonnes(verified, rulebook, year, OPERATOR)
    return ShippingDue(due, verified.tonnes - due)
