"""Free allocation by cases of law in YAML, put to the public functions of the scheme."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from openets.kernel.money import Decimal
from openets.kernel.refusal import Refused
from openets.rulebook.load import load_rulebook
from openets.rulebook.notation import build, parse
from openets.schemes.allocation import amounts, changes, levels
from openets.schemes.allocation.benchmarks import (
    products,
    start_value,
    updated_benchmark,
    updated_value,
)
from openets.schemes.allocation.law import law_of_year
from openets.schemes.allocation.models import Installation, describe
from openets.schemes.allocation.rules import allocate, allocate_years, final_factor

HERE = Path(__file__).parent
EU = load_rulebook("eu")
PERIODS = (2021, 2026)


def cases(name: str) -> list[Any]:
    """The cases of a file, read as exactly as law is."""
    root = parse((HERE / f"{name}.yaml").read_text())
    assert root is not None
    return list(build(root))


def installation(part: dict[str, Any], **whole: Any) -> Installation:
    """An installation with the one sub-installation of a case."""
    described = {"id": "A", "sub_installations": [{"name": "a", **part}], **whole}
    return describe({"installations": [described]}).installations[0]


def source(case: dict[str, Any]) -> str:
    return str(case["source"])


@pytest.mark.parametrize("case", cases("benchmarks"), ids=lambda case: case["product"])
def test_a_benchmark_and_its_update(case: dict[str, Any]) -> None:
    product = case["product"]
    assert law_of_year(EU, 2013).benchmark(product) == case["start"] == start_value(EU, product)
    for year in PERIODS:
        expected = case[f"from_{year}"]
        for each in (year, year + 3):
            law = law_of_year(EU, each)
            assert law.benchmark(product) == expected["value"]
            assert law.best[product] == expected["best"]
        last_digit = Decimal(1).scaleb(expected["value"].as_tuple().exponent)
        assert abs(updated_benchmark(EU, product, year) - expected["value"]) <= last_digit


def test_every_benchmark_has_a_case() -> None:
    named = sorted(case["product"] for case in cases("benchmarks"))
    assert [products(EU, year) for year in (2013, *PERIODS)] == [named] * 3


def test_the_update_rule_alone_with_its_bounds() -> None:
    rule = law_of_year(EU, 2021).need("benchmark-update")
    by_rule = amounts_of(rule, ("0.286", "0.144"), ("1.328", "1.331"), ("0.766", "0.722"))
    assert by_rule == ["0.21736", "1.28816", "0.69266666667"]  # most, least, between


def amounts_of(rule: Any, *pairs: tuple[str, str]) -> list[str]:
    values = [updated_value(Decimal(start), Decimal(best), rule) for start, best in pairs]
    return [f"{round(value, 11).normalize():f}" for value in values]


@pytest.mark.parametrize("case", cases("factors"), ids=source)
def test_a_factor(case: dict[str, Any]) -> None:
    permit = {"permit_on": "2025-12-31"} if case.get("final") == "new-entrant" else {}
    decided = {"decided_on": case["decided_on"]} if "decided_on" in case else {}
    whole = installation(
        {"kind": "heat", "exposed": True, "historical_level": 1}, **permit, **decided
    )
    for year, share in case["shares"].items():
        law = law_of_year(EU, year, case.get("known_on"))
        if "exposure" in case:
            found: Any = law.kept(case["exposure"])
        elif "border" in case:
            found = law.border
        elif "final" in case:
            found = final_factor(whole, law, case["final"]).share
        else:
            found = law.values.get(case["value"])
        assert found == share, year


@pytest.mark.parametrize("case", cases("levels"), ids=source)
def test_a_historical_activity_level(case: dict[str, Any]) -> None:
    whole = {name: case[name] for name in ("permit_on",) if name in case}
    names = ("levels", "idle_years", "started_on", "historical_level", "capacity_change")
    part = {name: case[name] for name in names if name in case}
    made = installation(
        {"kind": "product", "product": "newsprint", "exposed": True, **part}, **whole
    )
    if "refused" in case:
        with pytest.raises(Refused, match=case["refused"]):
            allocate(EU, made, case["for"])
        return
    (found,) = allocate(EU, made, case["for"]).parts
    assert found.level.amount == case["level"]


@pytest.mark.parametrize("case", cases("changes"), ids=source)
def test_a_change_of_the_activity_level(case: dict[str, Any]) -> None:
    law = law_of_year(EU, case.get("year", 2023))
    historical, previous = Decimal(case["level"]), Decimal(case.get("previous", 0))
    average = levels.MEASURES[law.need("activity-level.average")["measure"]](
        [Decimal(level) for level in case["levels"]]
    )
    found = changes.difference_that_applies(
        changes.difference_percent(average, historical),
        previous,
        law.need("activity-level.threshold"),
        law.need("activity-level.step"),
    )
    before = amounts.changed_amount(
        case["initial"], historical * (100 + previous) / 100, historical
    )
    after = amounts.changed_amount(case["initial"], average if found else historical, historical)
    if found == previous:
        after = before
    if "year" in case:
        assert abs(after - before) == case["size"]
        if not changes.reaches_minimum(
            [after - before], law.need("activity-level.minimum")["allowances"]
        ):
            found, after = previous, before
    assert (round(found, 6), after) == (case["difference"], case["amount"])


@pytest.mark.parametrize("case", cases("intervals"), ids=lambda case: str(case["difference"]))
def test_an_interval(case: dict[str, Any]) -> None:
    found = changes.interval(Decimal(case["difference"]), 15, 5)
    assert (list(found) if found else None) == case["interval"]


@pytest.mark.parametrize("case", cases("amounts"), ids=source)
def test_an_amount(case: dict[str, Any]) -> None:
    made = installation(case["part"], **case.get("installation", {}))
    assumed = Decimal(case["correction"]) if "correction" in case else None
    for year, expected in case["preliminary"].items():
        if "refused" in case or expected == "refused":
            with pytest.raises(Refused, match=case.get("refused", "allocation.no-")):
                allocate(EU, made, year, case.get("known_on"), assumed)
            continue
        found = allocate(EU, made, year, case.get("known_on"), assumed)
        assert found.preliminary == expected, year
        if year in case.get("final", {}):
            assert found.final == case["final"][year], year


@pytest.mark.parametrize("case", cases("courses"), ids=source)
def test_a_course_of_years(case: dict[str, Any]) -> None:
    part = case["part"]
    whole = {name: case[name] for name in ("activity",) if name in case}
    made = installation({**part, "levels": {**part.get("levels", {}), **case["levels"]}}, **whole)
    years = list(case["amounts"])
    found = allocate_years(EU, made, years)
    assert {one.year: one.preliminary for one in found} == case["amounts"]
    alone = [allocate(EU, made, year) for year in years]
    assert alone == found
