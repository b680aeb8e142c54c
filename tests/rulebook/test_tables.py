"""The tables of a day: each regime has its accounts, units and transactions, and no loose ends."""

from __future__ import annotations

import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from openets.kernel.records import type_code, type_label
from openets.rulebook.load import load_rulebook
from openets.rulebook.tables import Tables

EU = load_rulebook("eu")
DAYS = [date(year, month, 15) for year in range(2004, 2031) for month in (1, 4, 6, 12)]
CODES = yaml.safe_load((Path(__file__).parent / "unit_codes.yaml").read_text())


def on(day: str) -> Tables:
    return EU.tables_on(date.fromisoformat(day))


def test_before_the_system_there_is_nothing() -> None:
    tables = on("2004-06-01")
    assert not tables.account_types
    assert not tables.transaction_types
    assert not tables.is_unit_code(0, 2)


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_whatever_a_table_names_a_table_has(day: date) -> None:
    tables = EU.tables_on(day)
    for code, rule in tables.transaction_types.items():
        assert rule.code == code == type_code(rule.label)
        assert type_label(code) == rule.label
        assert rule.acquiring <= tables.account_types.keys()
        assert rule.transferring <= tables.account_types.keys()
        assert rule.units <= tables.unit_types.keys()
        assert rule.units, f"{rule.label} moves nothing on {day}"
        assert rule.routes, f"{rule.label} leads nowhere on {day}"
        assert rule.creates != bool(rule.transferring)
    for account in tables.account_types.values():
        assert account.units, f"{account.key} holds nothing on {day}"
        assert account.units <= tables.unit_types.keys()
    for status in tables.statuses.values():
        for codes in (status.sends, status.receives):
            assert codes is None or codes <= tables.transaction_types.keys()


@pytest.mark.parametrize("jurisdiction", ["eu", "uk"])
def test_nobody_can_change_what_a_table_says(jurisdiction: str) -> None:
    tables = load_rulebook(jurisdiction).tables_on(date(2022, 6, 15))
    sets = [tables.unit_codes, tables.reconciled]
    for rule in tables.transaction_types.values():
        sets += [rule.transferring, rule.acquiring, rule.routes, rule.units, rule.undoes]
    for account in tables.account_types.values():
        sets += [account.units]
    for status in tables.statuses.values():
        sets += [status.sends, status.others_send, status.receives, status.becomes]
        sets += status.becomes_if_holding.values()
    assert {type(one) for one in sets} <= {frozenset, type(None)}


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_what_ends_is_taken_out_by_reversals_only(day: date) -> None:
    tables = EU.tables_on(day)
    terminal = {key for key, account in tables.account_types.items() if account.terminal}
    for rule in tables.transaction_types.values():
        assert rule.reverses or not rule.transferring & terminal
        if rule.surrenders:  # the books of the first two periods kept them until retirement
            assert rule.acquiring <= terminal | ({"party-holding"} if day.year < 2013 else set())
            assert all(tables.account_types[key].operator for key in rule.transferring)


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_every_unit_that_may_move_has_somewhere_to_go(day: date) -> None:
    tables = EU.tables_on(day)
    for rule in tables.transaction_types.values():
        holdable: set[str] = set()
        for key in rule.acquiring:
            holdable |= tables.account_types[key].units
        assert rule.units <= holdable, f"{rule.label} on {day}"


def test_the_regimes_differ() -> None:
    national, opening, union, now = (on(f"{year}-06-01") for year in (2006, 2012, 2015, 2022))
    assert national.account_types.keys() == {
        "party-holding",
        "operator-holding",
        "person-holding",
        "retirement",
        "cancellation",
    }
    assert "aircraft-operator-holding" in opening.account_types
    assert "trading" not in opening.account_types
    assert national.account_types["operator-holding"].number_type == 120
    assert union.account_types["operator-holding"].number_type == 100
    assert union.account_types["auction"].central
    assert not union.account_types["trading"].central
    aviation = "aviation-allowance-2013-2020"
    assert aviation not in union.account_types["operator-holding"].units
    assert aviation in now.account_types["operator-holding"].units
    assert union.transaction_types[type_code("10-36")].allocates
    assert type_code("10-53") not in union.transaction_types
    assert "HR" in union.registries
    assert "HR" not in national.registries


def test_the_ends_of_a_unit_are_dated_law() -> None:
    unit = "general-allowance-2013-2020"
    assert on("2016-01-01").unit_types[unit].usable_until == 2020
    assert on("2019-01-01").unit_types[unit].usable_until is None
    assert on("2022-01-01").unit_types["general-allowance-2021-2030"].usable_from == 2021


def test_central_accounts_do_not_pay_out_to_operators() -> None:
    routes = on("2015-06-01").transaction_types[type_code("10-0")].routes
    assert ("operator-holding", "trading") in routes
    assert ("total-quantity", "allocation") in routes
    assert ("total-quantity", "operator-holding") not in routes
    assert ("operator-holding", "allocation") not in routes


def test_unit_codes_are_those_of_the_annex() -> None:
    tables = on("2006-01-01")
    assert tables.is_unit_code(0, 2)
    assert tables.is_unit_code(1, 1)
    assert not tables.is_unit_code(1, 2)
    for day in DAYS[4:]:
        today = EU.tables_on(day)
        for unit in today.unit_types.values():
            assert today.is_unit_code(unit.unit_code, unit.supplementary), unit.key


@pytest.mark.parametrize("case", CODES, ids=str)
def test_which_pairs_a_unit_code_may_carry(case: dict[str, Any]) -> None:
    """Regulation (EC) No 2216/2004, Annex VI, Table VI-2."""
    assert EU.tables_on(case["day"]).is_unit_code(*case["pair"]) is case["valid"]


def test_nothing_changes_within_a_stretch_and_the_tables_are_made_once() -> None:
    assert on("2015-01-01") is on("2017-12-31")
    assert on("2007-12-31") is not on("2008-01-01")


def test_looking_up_a_day_is_hot() -> None:
    """A lookup is a bisect and a list index; a compilation would be a thousand times slower."""
    days = [date(2005, 1, 1) + timedelta(days=one) for one in range(0, 6_000, 3)]
    for day in days:
        EU.tables_on(day)
    started = time.perf_counter()
    for _ in range(5):
        for day in days:
            EU.tables_on(day)
    assert (time.perf_counter() - started) / (5 * len(days)) < 0.000_05
