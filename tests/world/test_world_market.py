"""Deals: nothing beyond offer or want, home first, and what is unmet is said."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from openets.world.market import Deal, Offer, Want, match

HOMES = st.sampled_from(["AT", "SI", "GB"])
QUANTITY = st.integers(0, 50)


def test_home_comes_first() -> None:
    offers = [Offer(1, "AT", 7, 10), Offer(2, "SI", 8, 10)]
    wants = [Want(3, "SI", 6), Want(4, "AT", 12), Want(5, "GB", 9)]
    matched = match(offers, wants)
    assert matched.deals == [
        Deal(1, 4, 7, 10),
        Deal(2, 3, 8, 6),
        Deal(2, 4, 8, 2),
        Deal(2, 5, 8, 2),
    ]
    assert matched.unmet == [Want(5, "GB", 7)]


@given(
    st.lists(st.tuples(HOMES, QUANTITY), max_size=12),
    st.lists(st.tuples(HOMES, QUANTITY), max_size=12),
)
def test_offers_and_wants_meet_as_far_as_they_go(
    selling: list[tuple[str, int]], buying: list[tuple[str, int]]
) -> None:
    offers = [Offer(i, home, 1, quantity) for i, (home, quantity) in enumerate(selling)]
    wants = [Want(100 + i, home, quantity) for i, (home, quantity) in enumerate(buying)]
    deals, unmet = match(offers, wants)
    supply, demand = sum(o.quantity for o in offers), sum(w.quantity for w in wants)
    assert sum(deal.quantity for deal in deals) == min(supply, demand)
    assert sum(want.quantity for want in unmet) == demand - min(supply, demand)
    assert all(deal.quantity > 0 for deal in deals)
    assert len({deal[:3] for deal in deals}) == len(deals)
    for offer in offers:
        sold = sum(deal.quantity for deal in deals if deal.seller == offer.account)
        assert sold <= offer.quantity
    for want in wants:
        bought = sum(deal.quantity for deal in deals if deal.buyer == want.account)
        assert bought + sum(u.quantity for u in unmet if u.account == want.account) == want.quantity
