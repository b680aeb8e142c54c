"""Penalties for a shortfall and for other breaches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openets.kernel.money import Decimal, euros
from openets.rulebook.load import load_folder
from openets.rulebook.model import NoLaw
from openets.schemes.compliance.penalties import (
    FACTORS,
    NationalPenalty,
    further_measures,
    index_factor,
    national_penalties,
    penalty,
)
from tests.schemes.compliance.histories import EU, UK, read_cases


@pytest.mark.parametrize("case", read_cases("penalties.yaml"), ids=str)
def test_a_penalty(case: dict[str, Any]) -> None:
    shortfall = case.get("shortfall", case.get("verified", 0) - case.get("surrendered", 0))
    index = Decimal(case["index"]) if "index" in case else None
    found = penalty(EU, case["year"], shortfall, index=index)
    assert euros(found.cents) == Decimal(case["euros"])
    assert "Article 16" in found.citation
    expected = {"carried_over": found.carried_over, "published": found.name_published}
    expected["final"] = found.is_final
    assert {key: case[key] for key in expected if key in case} == {
        key: value for key, value in expected.items() if key in case
    }


@given(st.integers(2005, 2030), st.integers(0, 10**9))
def test_a_shortfall_stays_owed_whatever_is_paid(year: int, shortfall: int) -> None:
    found = penalty(EU, year, shortfall)
    assert found.carried_over == shortfall
    assert found.cents >= shortfall * found.euros_a_tonne * 100


def test_a_law_without_a_penalty_has_none() -> None:
    with pytest.raises(NoLaw):
        penalty(UK, 2022, 100)


def test_the_index_of_a_member_state() -> None:
    series = {2012: Decimal(80), 2020: Decimal(92)}
    assert index_factor(EU, "DE", 2020, series) == Decimal("1.15")
    with pytest.raises(NoLaw):
        index_factor(EU, "AT", 2020, series)
    assert EU.ask("members.DE.penalty-index", for_=2020).value["formula"] in FACTORS


STATE = """\
members.AT.penalties.{breach}:
  title: Penalty for a breach
  values:
    - from: 2021
      enacted: 2020-12-01
      value: {value}
      source: {{ act: An act, article: "Article 5" }}
      status: secondary
"""


def test_the_penalties_of_a_member_state(tmp_path: Path) -> None:
    breaches = {
        "late-report": "{ breach: report after the day, least_eur: 1000, most_eur: 50_000 }",
        "no-permit": "{ breach: operating without a permit, most_eur: 100_000 }",
    }
    for breach, value in breaches.items():
        (tmp_path / f"{breach}.yaml").write_text(STATE.format(breach=breach, value=value))
    rulebook = load_folder(tmp_path)
    assert national_penalties(rulebook, "AT", 2022) == [
        NationalPenalty("report after the day", 1000, 50_000, "An act, Article 5", "secondary"),
        NationalPenalty(
            "operating without a permit", None, 100_000, "An act, Article 5", "secondary"
        ),
    ]
    assert national_penalties(rulebook, "AT", 2020) == []
    assert national_penalties(EU, "PT", 2022) == []


@pytest.mark.parametrize("case", read_cases("national-penalties.yaml"), ids=str)
def test_a_range_of_a_state(case: dict[str, Any]) -> None:
    known = {one.breach: one for one in national_penalties(EU, case["state"], case["year"])}
    assert (case["breach"] in known) != case.get("unknown", False)
    if not case.get("unknown"):
        found = known[case["breach"]]
        bounds = found.range_cents(case.get("tonnes", 0), case.get("turnover", 0))
        assert bounds == (case["least"] * 100, case["most"] * 100)
        assert (found.status, case["article"] in found.citation) == (case["status"], True)


def test_what_else_may_follow() -> None:
    def measures(year: int, short: list[int], operator: str) -> list[str]:
        return [one.measure for one in further_measures(EU, year, short, operator)]

    assert measures(2025, [2025], "maritime") == []
    assert measures(2025, [2024, 2025], "maritime") == ["expulsion order"]
    assert measures(2026, [2024, 2026], "maritime") == []
    assert measures(2026, [2024, 2025], "maritime") == []
    assert measures(2014, [2014], "aviation") == ["operating ban"]
    assert measures(2014, [2013], "aviation") == []
    assert measures(2025, [2024, 2025], "installation") == []
