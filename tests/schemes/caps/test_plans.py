"""National allocation plans by cases: what is wrong with one, and what is issued from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from openets.kernel.refusal import Refused
from openets.rulebook.load import load_rulebook
from openets.rulebook.model import NoLaw
from openets.schemes.caps.plans import (
    Decision,
    Plan,
    PlanLaw,
    TableRow,
    check_plan,
    decided_total,
    granted,
    plan_law,
    reduced_in_proportion,
    yearly_issue,
)

EU = load_rulebook("eu")
CASES = yaml.safe_load((Path(__file__).parent / "plans.yaml").read_text())
SECOND = 2008
amounts = st.integers(0, 10**9)


def plan_of(case: dict[str, Any]) -> Plan:
    words = CASES["base"] | case.get("change", {})
    table = tuple(TableRow(name, years) for name, years in words["table"].items())
    return Plan(**(words | {"table": table}))


def law_of(case: dict[str, Any]) -> PlanLaw:
    return plan_law(EU, case.get("period", SECOND))


@pytest.mark.parametrize("case", CASES["plans"], ids=lambda case: case["source"])
def test_everything_wrong_with_a_plan_is_said_at_once(case: dict[str, Any]) -> None:
    found = check_plan(plan_of(case), law_of(case))
    assert [refusal.code for refusal in found] == case["wrong"]
    assert all(refusal.citation.startswith("Directive 2003/87/EC") for refusal in found)


@pytest.mark.parametrize("case", CASES["issues"], ids=lambda case: case["source"])
def test_what_is_issued_follows_the_table_of_a_plan_that_stands(case: dict[str, Any]) -> None:
    plan, law, decision = plan_of(case), law_of(case), Decision(**case["decision"])

    def issue() -> dict[str, int]:
        notified = plan_of({}) if case.get("amended") else plan
        total = decided_total(notified, decision, law)
        assert total == case["total"]
        stands = reduced_in_proportion(plan, total) if case.get("reduced") else plan
        return yearly_issue(stands, decision, law, case.get("year", SECOND))

    if "refused" not in case:
        assert issue() == case["issue"]
        return
    with pytest.raises(Refused) as refused:
        issue()
    assert [refusal.code for refusal in refused.value.refusals] == [case["refused"]]


def test_an_installation_that_stands_twice_is_named() -> None:
    plan = plan_of({})
    twice = plan._replace(table=(plan.table[0], plan.table[0], plan.table[1]), total=1_500)
    (refusal,) = check_plan(twice, law_of({}))
    assert (refusal.code, refusal.where) == ("plan.twice", "power-plant")


@pytest.mark.parametrize("year", [2006, 2013])
def test_there_are_plans_only_for_the_first_two_periods(year: int) -> None:
    with pytest.raises(NoLaw):
        plan_law(EU, year)


@given(st.lists(amounts, min_size=1, max_size=8), amounts, st.integers(0, 100))
def test_a_cut_in_proportion_adds_up_to_the_total_decided(
    by_installation: list[int], reserve: int, percent: int
) -> None:
    table = tuple(
        TableRow(str(number), {SECOND: amount}) for number, amount in enumerate(by_installation)
    )
    notified = sum(by_installation) + reserve
    plan = Plan("SI", SECOND, 2012, notified, reserve, 0, "in proportion", table)
    total = notified * percent // 100
    cut = reduced_in_proportion(plan, total)
    assert granted(cut) + cut.reserve + cut.auctioned == cut.total == total
    assert check_plan(cut, law_of({})) == []


def test_a_cut_never_raises_a_plan() -> None:
    with pytest.raises(ValueError, match="no reduction"):
        reduced_in_proportion(plan_of({}), 1_001)
