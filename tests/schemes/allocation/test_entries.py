"""What entries come to: classes, movements, sums of a run, and whether accounts cover it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from openets.rulebook.load import load_rulebook
from openets.schemes.allocation.entries import (
    Entry,
    after,
    classify,
    not_enough,
    spread,
    status_of,
)
from openets.schemes.allocation.issue import Facts, Plan, plan_issue
from openets.schemes.allocation.table_law import tables_of

CASES = yaml.safe_load((Path(__file__).parent / "entries.yaml").read_text())
MOVEMENTS = ("allocated", "returned", "reversed")


@pytest.mark.parametrize("case", CASES["classes"], ids=lambda case: case["name"])
def test_the_class_of_an_operator(case: dict[str, Any]) -> None:
    entries = [Entry("1", *row) for row in case["entries"]]
    found = classify(entries, case["up_to"], case.get("excluded", []))
    expect = case["expect"]
    assert (found.classification or "none") == expect["class"]
    for name in ("entitlement", "net", "remaining"):
        assert getattr(found, name) == expect.get(name, getattr(found, name))


@pytest.mark.parametrize("case", CASES["movements"], ids=str)
def test_a_movement_changes_its_own_figure_only(case: dict[str, Any]) -> None:
    entry = Entry("1", *case["entry"])
    (movement,) = [name for name in MOVEMENTS if name in case]
    assert list(after(entry, movement, case[movement])[3:]) == case["expect"]


def test_what_a_run_comes_to() -> None:
    case = CASES["overview"]
    entries = [Entry(str(operator), *row) for operator, *row in case["entries"]]
    facts = {one.operator: Facts(account=int(one.operator)) for one in entries}
    facts |= {str(one): Facts(account=one, withheld="held") for one in case["withheld"]}

    def run_of(year: int) -> Plan:
        of_year = [one for one in entries if one.year == year]
        return plan_issue(of_year, facts, case["expect"]["allowances"], first_come=False)

    found = run_of(case["year"])
    assert found.total == case["expect"]["allowances"]
    assert len(found.lines) == case["expect"]["lines"]
    assert run_of(2022).lines == ()


@pytest.mark.parametrize("case", CASES["enough"], ids=str)
def test_accounts_that_hold_too_little(case: dict[str, Any]) -> None:
    laws = tables_of(load_rulebook("uk"), 2026)
    issued_from = {name: law.allocated_from for name, law in laws.items()}
    assert not_enough(case["asked"], issued_from, case["available"]) == case["lacking"]


@pytest.mark.parametrize(
    ("figures", "excluded", "withheld", "status"),
    [
        ((10, 0, 0, 0), (), False, "allowed"),
        ((10, 0, 0, 0), (2030,), True, "excluded"),
        ((10, 0, 0, 0), (), True, "withheld"),
        ((10, 10, 0, 10), (), False, "reversed"),
        ((6, 10, 4, 0), (), False, "returned"),
    ],
)
def test_how_an_entry_stands(
    figures: tuple[int, int, int, int], excluded: tuple[int, ...], withheld: bool, status: str
) -> None:
    entry = Entry("1", "installations", 2030, *figures)
    assert status_of(entry, excluded, withheld) == status


@given(
    st.lists(st.integers(0, 100), min_size=1, max_size=3),
    st.integers(0, 300),
    st.integers(0, 50),
    st.integers(0, 50),
)
def test_what_was_moved_is_spread_whole(
    entitlements: list[int], allocated: int, returned: int, reversed_: int
) -> None:
    tables = {
        str(place): Entry("1", str(place), 2030, entitlement)
        for place, entitlement in enumerate(entitlements)
    }
    moved = {"allocated": allocated, "returned": returned, "reversed": reversed_}
    found = spread(tables, moved)
    for name, quantity in moved.items():
        assert sum(getattr(entry, name) for entry in found) == quantity
    assert all(entry.net <= entry.entitlement for entry in found[:-1])
