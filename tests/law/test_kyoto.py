"""The figures of the Kyoto Protocol hang together: amounts follow from targets and base years."""

from __future__ import annotations

from typing import Any

import pytest

from openets.kernel.money import Decimal
from openets.rulebook.load import load_rulebook

EU = load_rulebook("eu")
FIFTEEN = [
    *("AT", "BE", "DE", "DK", "ES", "FI", "FR", "GB"),
    *("GR", "IE", "IT", "LU", "NL", "PT", "SE"),
]
ROUNDING = Decimal("0.003")  # base years are known to 0.1 million tonnes only


def ask(path: str, year: int = 2008) -> Any:
    return EU.ask(path, for_=year).value


def under(prefix: str) -> list[str]:
    return [path.removeprefix(prefix) for path in EU.paths() if path.startswith(prefix)]


AMOUNTS = [party for party in under("kyoto.assigned-amounts.") if party != "EU-remainder"]


@pytest.mark.parametrize("party", AMOUNTS)
def test_the_assigned_amount_is_five_times_the_target_share_of_the_base_year(party: str) -> None:
    shared = f"kyoto.burden-sharing.{party}"
    target = Decimal(ask(shared if party in FIFTEEN else f"kyoto.targets.{party}"))
    base = Decimal(ask(f"kyoto.base-year-emissions.{party}")) * 1_000_000
    rule = ask("kyoto.periods-in-amount") * base * (100 + target) / 100
    amount = ask(f"kyoto.assigned-amounts.{party}")
    assert abs(rule - amount) / amount < ROUNDING


def test_amounts_of_the_fifteen_and_the_remainder_are_the_joint_amount() -> None:
    assert under("kyoto.burden-sharing.") == FIFTEEN
    parts = [ask(f"kyoto.assigned-amounts.{party}") for party in [*FIFTEEN, "EU-remainder"]]
    assert sum(parts) == ask("kyoto.assigned-amounts.EU")


def test_burden_sharing_leaves_no_more_than_the_joint_target_allows() -> None:
    base = {party: Decimal(ask(f"kyoto.base-year-emissions.{party}")) for party in FIFTEEN}
    kept = sum(
        base[party] * (100 + Decimal(ask(f"kyoto.burden-sharing.{party}"))) / 100
        for party in FIFTEEN
    )
    assert kept <= sum(base.values()) * (100 + Decimal(ask("kyoto.targets.EU"))) / 100


def test_annex_b_has_thirty_nine_entries_and_the_second_period_thirty_eight() -> None:
    parties = under("kyoto.targets.")
    first = [party for party in parties if ask(f"kyoto.targets.{party}") != "no target"]
    second = [party for party in parties if ask(f"kyoto.targets.{party}", 2013) != "no target"]
    assert len(first) == 39
    assert len(second) == 38
    assert {"CA", "JP", "NZ", "RU", "US"} == set(first) - set(second)
    assert {"BY", "CY", "KZ", "MT"} == set(second) - set(first)


def test_every_party_with_a_target_stands_in_the_list_of_parties() -> None:
    assert under("kyoto.parties.") == under("kyoto.targets.")


@pytest.mark.parametrize(
    ("amount", "inventory", "reserve"), [(1000, 190, 900), (1000, 170, 850), (1000, 180, 900)]
)
def test_the_reserve_is_the_lower_of_two_bounds(amount: int, inventory: int, reserve: int) -> None:
    share = ask("kyoto.reserve.assigned-amount-share")
    bounds = (amount * share // 100, inventory * ask("kyoto.reserve.inventory-multiple"))
    assert min(bounds) == reserve


def test_holdings_less_than_a_hundredth_above_the_reserve_bring_a_warning() -> None:
    limit = 900 * (100 + ask("kyoto.reserve.warning-margin")) / 100
    assert 908 < limit <= 909


def test_the_codes_of_the_units_are_valid_pairs() -> None:
    pairs = ask("registry.unit_codes")["pairs"]
    codes = [ask(path)["unit_code"] for path in EU.paths() if path.startswith("kyoto.units.")]
    assert sorted(codes) == [1, 2, 3, 4, 5, 6, 7]
    assert all((code, 0) in pairs for code in codes)


def test_units_and_accounts_the_reserve_counts_exist() -> None:
    for unit in ask("kyoto.reserve.counted-units"):
        assert f"kyoto.units.{unit}" in EU.paths()
    for account in ask("kyoto.reserve.counted-accounts"):
        assert f"registry.account_types.{account}" in EU.paths()
