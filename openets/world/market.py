"""Who sells to whom: offers meet wants, first within a registry, then across.

Pure. There is no price in the demonstration; what matters is that every unit that changes hands has
a seller who holds it, and that as few transfers as possible cross from registry to registry.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, TypeVar


class Offer(NamedTuple):
    """Units of a kind an account would sell; `home` is its registry."""

    account: int
    home: str
    kind: int
    quantity: int


class Want(NamedTuple):
    """Units an account would buy."""

    account: int
    home: str
    quantity: int


class Deal(NamedTuple):
    """Units of a kind that go from seller to buyer."""

    seller: int
    buyer: int
    kind: int
    quantity: int


_Thing = TypeVar("_Thing", Offer, Want)


class Matched(NamedTuple):
    """The deals, and who still wants how much."""

    deals: list[Deal]
    unmet: list[Want]


def match(offers: Iterable[Offer], wants: Iterable[Want]) -> Matched:
    """Deals in the order of offers and wants: within each registry first, then across.

    Sellers and buyers are different accounts. Nothing is sold beyond an offer or a want.
    """
    deals: list[Deal] = []
    left_offers: list[Offer] = []
    left_wants: list[Want] = []
    offers_at, wants_at = _by_home(offers), _by_home(wants)
    for home in dict.fromkeys([*offers_at, *wants_at]):
        rest = _meet(offers_at.get(home, []), wants_at.get(home, []), deals)
        left_offers += rest[0]
        left_wants += rest[1]
    _, unmet = _meet(left_offers, left_wants, deals)
    return Matched(deals, unmet)


def _by_home(things: Iterable[_Thing]) -> dict[str, list[_Thing]]:
    found: dict[str, list[_Thing]] = {}
    for thing in things:
        if thing.quantity:
            found.setdefault(thing.home, []).append(thing)
    return found


def _meet(
    offers: list[Offer], wants: list[Want], deals: list[Deal]
) -> tuple[list[Offer], list[Want]]:
    """Adds the deals of two queues; returns what is left of them."""
    selling = iter(offers)
    offer = next(selling, None)
    offered = offer.quantity if offer else 0  # what is left of the offer at hand
    for index, (buyer, home, wanted) in enumerate(wants):
        needed = wanted
        while needed and offer:
            quantity = min(needed, offered)
            deals.append(Deal(offer.account, buyer, offer.kind, quantity))
            needed -= quantity
            offered -= quantity
            if not offered:
                offer = next(selling, None)
                offered = offer.quantity if offer else 0
        if needed:
            return [], [Want(buyer, home, needed), *wants[index + 1 :]]
    return ([offer._replace(quantity=offered), *selling] if offer else []), []
