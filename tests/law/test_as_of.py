"""The law of 3 October 2018 against the law of today: they differ where later acts changed it.

The cases themselves are put to the rulebook with all others. Here the two files are held together:
a figure that changed has its counterpart, and a figure without one has not changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from openets.rulebook.ask import first_day
from openets.rulebook.diff import difference
from openets.rulebook.load import load_rulebook

HERE = Path(__file__).parent / "eu"
EU = load_rulebook("eu")
DAY = date(2018, 10, 3)
TODAY = date.max


def cases(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load((HERE / name).read_text()))


def key(case: Mapping[str, Any]) -> tuple[str, Any]:
    return case["ask"], case["for"]


THEN = cases("as-of-2018-10-03.yaml")
NOW = {key(case): case for case in cases("as-of-2018-10-03-today.yaml")}


def test_every_case_asks_for_the_law_of_that_day() -> None:
    assert {case["known_on"] for case in THEN} == {DAY}
    assert all("known_on" not in case for case in NOW.values())
    assert NOW.keys() <= {key(case) for case in THEN}


@pytest.mark.parametrize("case", THEN, ids=lambda case: f"{case['ask']} {case['for']}")
def test_today_differs_exactly_where_later_acts_changed_the_law(case: dict[str, Any]) -> None:
    path, when = key(case)
    then = EU.ask(path, for_=when, known_on=DAY)
    now = EU.ask(path, for_=when)
    assert (then.value != now.value) is ((path, when) in NOW)
    assert now.enacted > DAY or now.value == then.value


def test_the_differences_are_those_the_rulebook_tells() -> None:
    changed = [one for one in difference(EU, DAY, TODAY) if one.what == "changed"]
    told = {
        (path, when)
        for path, when in map(key, THEN)
        for one in changed
        if one.path == path and one.from_ <= first_day(when) < (one.until or TODAY)
    }
    assert told == NOW.keys()
