"""Money and rounding: exact or refused, and nothing gained or lost in dividing."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openets.kernel.money import (
    MAX_CENTS,
    Decimal,
    apportion,
    cents,
    cut_off,
    euros,
    round_half_up,
    round_places,
)
from openets.kernel.refusal import Refused

WEIGHTS = st.lists(st.integers(0, 10**12) | st.integers(0, 3), max_size=30)


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("0", 0),
        ("12", 1200),
        ("12.3", 1230),
        ("12.34", 1234),
        (" 12.3400 ", 1234),
        ("-0.01", -1),
        ("-0", 0),
        (Decimal("1E+3"), 100_000),
        (Decimal("92233720368547758.07"), MAX_CENTS),
    ],
    ids=str,
)
def test_amounts_in_whole_cents(amount: str | Decimal, expected: int) -> None:
    assert cents(amount) == expected


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        ("", "money.amount"),
        ("12,34", "money.amount"),
        ("1 000", "money.amount"),
        ("1e3", "money.amount"),
        ("12.", "money.amount"),
        ("１２", "money.amount"),
        ("NaN", "money.amount"),
        (Decimal("NaN"), "money.amount"),
        (Decimal("-Infinity"), "money.amount"),
        ("0.001", "money.fraction"),
        ("0." + "0" * 80 + "1", "money.fraction"),
        (Decimal("1E-999999"), "money.fraction"),
        ("92233720368547758.08", "money.range"),
        ("92233720368547758.07" + "0" * 40 + "1", "money.range"),
        (Decimal("-1E+999999"), "money.range"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_not_exactly_cents_is_refused(amount: str | Decimal, code: str) -> None:
    with pytest.raises(Refused) as refused:
        cents(amount, where="price")
    (refusal,) = refused.value.refusals
    assert (refusal.code, refusal.where) == (code, "price")
    assert "Article 2" in refusal.citation


@given(st.integers(-MAX_CENTS, MAX_CENTS))
def test_cents_and_euros_are_one_amount(amount: int) -> None:
    assert cents(euros(amount)) == amount
    assert cents(str(euros(amount))) == amount


@pytest.mark.parametrize(
    ("value", "nearest", "below"),
    [
        ("2.4", 2, 2),
        ("2.5", 3, 2),
        ("3.5", 4, 3),
        ("-2.5", -3, -3),
        ("1926876368.79", 1926876369, 1926876368),
        ("12345678901234567890123456789012.5", 12345678901234567890123456789013, None),
    ],
)
def test_rounding_has_a_name(value: str, nearest: int, below: int | None) -> None:
    assert round_half_up(Decimal(value)) == nearest
    assert cut_off(Decimal(value)) == (nearest - 1 if below is None else below)


def test_factors_keep_the_decimals_they_are_published_with() -> None:
    assert str(round_places(Decimal("0.942720815"), 8)) == "0.94272082"
    assert str(round_places(Decimal("1"), 3)) == "1.000"
    with pytest.raises(ValueError, match=r"cannot have -1 decimals"):
        round_places(Decimal("1"), -1)


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [
        (10, [1, 1, 1], [4, 3, 3]),
        (10, [1, 2, 3], [2, 3, 5]),
        (1, [1, 1], [1, 0]),
        (1, [1, 2], [0, 1]),
        (2, [0, 5, 0, 5, 5], [0, 1, 0, 1, 0]),
        (0, [0, 0], [0, 0]),
        (0, [], []),
    ],
)
def test_largest_remainders(total: int, weights: list[int], shares: list[int]) -> None:
    assert apportion(total, weights) == shares


@given(st.integers(0, 10**15), WEIGHTS)
def test_shares_sum_to_the_total_and_stay_within_one_of_exact(
    total: int, weights: list[int]
) -> None:
    if total and not any(weights):
        with pytest.raises(ValueError, match=r"every weight is zero"):
            apportion(total, weights)
        return
    shares = apportion(total, weights)
    assert sum(shares) == total
    for share, weight in zip(shares, weights, strict=True):
        exact = Fraction(total * weight, sum(weights) or 1)
        assert abs(share - exact) < 1
        assert weight or share == 0


@given(st.integers(0, 1000), st.lists(st.integers(1, 50), min_size=2, max_size=8))
def test_a_larger_weight_never_gets_less(total: int, weights: list[int]) -> None:
    by_weight = sorted(zip(weights, apportion(total, weights), strict=True))
    for (lighter, less), (heavier, more) in pairwise(by_weight):
        assert lighter == heavier or less <= more


def test_a_year_of_installations_is_apportioned_exactly() -> None:
    weights = [(position * 7919) % 100_003 for position in range(12_000)]
    shares = apportion(1_386_051_745, weights)
    assert sum(shares) == 1_386_051_745


@pytest.mark.parametrize(("total", "weights"), [(-1, [1]), (1, [1, -1])])
def test_nothing_negative_is_apportioned(total: int, weights: list[int]) -> None:
    with pytest.raises(ValueError, match=r"zero or more"):
        apportion(total, weights)
