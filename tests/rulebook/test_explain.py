"""The history of a parameter, and how values are written for people."""

from __future__ import annotations

from datetime import date

import pytest

from openets.kernel.money import Decimal
from openets.rulebook.explain import describe_row, explain, write_value
from openets.rulebook.load import load_rulebook
from openets.rulebook.model import UnknownPath


def test_a_history_shows_what_was_replaced_and_when() -> None:
    rows = explain(load_rulebook("eu"), "caps.stationary.union").rows
    for_2013 = [row for row in rows if row.from_ == date(2013, 1, 1)]
    assert [row.value for row in for_2013] == [1_926_876_368, 2_039_152_882, 2_084_301_856]
    assert [row.replaced_on for row in for_2013] == [date(2010, 10, 22), date(2013, 9, 5), None]
    assert describe_row(for_2013[0]).startswith("from 2013-01-01 until 2014-01-01: 1,926,876,368\n")


def test_an_unknown_path_has_no_history() -> None:
    with pytest.raises(UnknownPath):
        explain(load_rulebook("eu"), "caps")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2013, "2013"),
        (1_000_000, "1,000,000"),
        (Decimal("2.2"), "2.2"),
        (True, "yes"),
        (None, "none"),
        (("a", "b"), "a, b"),
        ((), "none"),
        ({"first": 2005, "units": ("a", "b")}, "first: 2005; units: a, b"),
        (({"to": ("a", "b")}, {"to": ("c",)}), "to: a, b | to: c"),
    ],
)
def test_values_are_written_for_people(value: object, text: str) -> None:
    assert write_value(value) == text
