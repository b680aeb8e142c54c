"""What may be surrendered, how many credits, and what shipping companies owe: cases in YAML."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from openets.rulebook.model import NoLaw
from openets.schemes.compliance.credits import Base, entitlement, left, national_limit
from openets.schemes.compliance.maritime import in_scope, shipping_due
from openets.schemes.compliance.state import Figure
from openets.schemes.compliance.surrender import (
    Surrender,
    Unit,
    last_day,
    may_surrender,
    surrender_refusal,
)
from tests.schemes.compliance.histories import BOOKS, EU, read_cases


@pytest.mark.parametrize("case", read_cases("surrender.yaml"), ids=str)
def test_a_surrender(case: dict[str, Any]) -> None:
    rulebook = BOOKS[case.get("book", "eu")]
    operator = case.get("operator", "installation")
    unit = Unit(case["unit"], case.get("issued"), case.get("marked", ""), case.get("project", ""))
    day = case.get("day") or last_day(rulebook, case["year"], operator)
    asked = Surrender(
        unit, case["year"], day, operator, case.get("quantity", 1), case.get("credits_left")
    )
    found = surrender_refusal(rulebook, asked)
    if "refused" not in case:
        assert found is None
    else:
        assert found is not None
        assert found.code == f"compliance.{case['refused']}"
        assert case.get("article", "") in found.citation
    if not {"day", "quantity"} & case.keys():
        assert may_surrender(rulebook, unit, case["year"], operator) == found


@pytest.mark.parametrize("case", read_cases("credits.yaml"), ids=str)
def test_a_limit_of_credits(case: dict[str, Any]) -> None:
    year = case.get("year", 2013)
    if "registry" in case:
        assert national_limit(EU, case["registry"], year, case["allocation"]) == case["expect"]
        return
    base = Base(**{name: case[name] for name in Base._fields if name in case})
    if "no_law" in case:
        with pytest.raises(NoLaw, match=case["no_law"]):
            entitlement(EU, case["kind"], year, base)
        return
    assert entitlement(EU, case["kind"], year, base) == case["expect"]


def test_what_is_left_of_an_entitlement() -> None:
    assert left(1000, surrendered=300, exchanged=200, reversed_=50) == 550


def test_credits_are_surrendered_from_the_year_the_law_names() -> None:
    first = EU.ask("credits.usable-first-year", for_=2010).value
    for unit, name in (("cer", "CER"), ("eru-from-aau", "ERU")):
        before, since = first[name] - 1, first[name]
        assert may_surrender(EU, Unit(unit), since) is None
        asked = Surrender(Unit(unit), before, date(since, 4, 30))
        assert surrender_refusal(EU, asked) is not None


@pytest.mark.parametrize("case", read_cases("maritime.yaml"), ids=str)
def test_shipping(case: dict[str, Any]) -> None:
    year = case["year"]
    if "voyages" in case:
        assert in_scope(EU, year, case["voyages"]) == case["in_scope"]
        return
    verified = Figure(
        case["verified"], date(year + 1, 3, 31), ice_class_tonnes=case.get("ice_class", 0)
    )
    assert shipping_due(EU, year, verified) == (case["due"], case["cancelled"])


def test_there_was_no_shipping_before_2024() -> None:
    with pytest.raises(NoLaw):
        in_scope(EU, 2023, {"at_berth": 1})
    with pytest.raises(NoLaw):
        shipping_due(EU, 2023, Figure(100, date(2024, 3, 31)))
