"""The compliance figure and its symbol, by cases of law and as properties."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from openets.schemes.compliance.rules import CORRECTIONS, FIGURES, symbol
from openets.schemes.compliance.standing import STANDINGS
from tests.schemes.compliance.histories import EU, UK

CASES = yaml.safe_load((Path(__file__).parent / "cases.yaml").read_text())
units = st.integers(0, 10**12)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["source"])
def test_a_case_of_law(case: dict[str, Any]) -> None:
    year = case.get("computed_in", 2022)
    rule = EU.ask("compliance.figure.correction", for_=year).value
    formula = EU.ask("compliance.figure.formula", for_=year).value
    left = CORRECTIONS[rule](case["last_figure"]) if "last_figure" in case else 0
    figure = FIGURES[formula](case["surrendered"], case["verified"], left)
    words = {key: case[key] for key in ("suspended", "estimated") if key in case}
    assert figure == case["figure"]
    assert symbol(figure, recorded=case["recorded"], **words) == case["symbol"]


def test_every_rule_the_rulebook_names_is_registered() -> None:
    named = (
        (EU, "compliance.figure.correction", CORRECTIONS),
        (EU, "compliance.figure.formula", FIGURES),
        (UK, "compliance.figure.formula", FIGURES),
        (EU, "compliance.symbol.formula", STANDINGS),
        (UK, "compliance.symbol.formula", STANDINGS),
    )
    for rulebook, path, known in named:
        assert {value.value for value in rulebook.parameter(path).values} <= known.keys()


def test_every_symbol_is_one_of_the_laws() -> None:
    for year in (2006, 2014, 2022):
        known = EU.ask("compliance.symbols", for_=year).value
        for recorded in (True, False):
            for figure in (-1, 0):
                assert symbol(figure, recorded=recorded) in known
        assert symbol(0, recorded=False, suspended=True) in known


@given(units, units, st.integers(-(10**12), 10**12))
def test_a_deficit_is_never_forgotten(surrendered: int, verified: int, last: int) -> None:
    formula = FIGURES[EU.ask("compliance.figure.formula", for_=2022).value]
    for correction in CORRECTIONS.values():
        figure = formula(surrendered, verified, correction(last))
        if last < 0 and surrendered <= verified:
            assert symbol(figure, recorded=True) == "B"
