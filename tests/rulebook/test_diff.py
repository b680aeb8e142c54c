"""What a reform changed: each stretch of days on which two laws differ, and no other."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openets.rulebook.ask import choose
from openets.rulebook.diff import Difference, difference
from openets.rulebook.load import load_folder, load_rulebook

BEFORE, AFTER = date(2010, 1, 1), date(2014, 1, 1)


def short(one: Difference) -> tuple[object, ...]:
    old, new = (side.value if side else None for side in (one.old, one.new))
    return (one.path, one.from_, one.until, one.what, old, new)


def test_a_reform_is_told_as_new_changed_and_restated(tiny: Path) -> None:
    found = [short(one) for one in difference(load_folder(tiny), BEFORE, AFTER)]
    reserve = {"intake": pytest.approx(12), "members": ("NO", "CH")}
    assert found == [
        ("caps.reserve", date(2015, 1, 1), None, "new", None, reserve),
        ("caps.union", date(2014, 1, 1), None, "changed", 900_000, 800_000),
        ("penalty", date(2013, 1, 1), date(2014, 1, 1), "restated", 100, 100),
        ("penalty", date(2014, 1, 1), None, "new", None, 100),
    ]


def test_read_backwards_new_is_ended(tiny: Path) -> None:
    found = difference(load_folder(tiny), AFTER, BEFORE)
    assert [one.what for one in found] == ["ended", "changed", "restated", "ended"]


def test_a_law_does_not_differ_from_itself(tiny: Path) -> None:
    assert difference(load_folder(tiny), AFTER, AFTER) == []


def test_what_was_law_on_neither_day_is_no_difference(tiny: Path) -> None:
    assert difference(load_folder(tiny), date(2008, 1, 1), date(2009, 1, 1)) == []


def test_the_reform_of_2023_changed_the_factor_from_2024() -> None:
    found = difference(load_rulebook("eu"), date(2018, 10, 3), date(2023, 12, 31))
    factor = [one for one in found if one.path == "linear-reduction-factor"]
    assert [(one.from_.year, str(one.old.value), str(one.new.value)) for one in factor] == [
        (2024, "2.2", "4.3"),
        (2028, "2.2", "4.4"),
    ]
    assert all("2023/959" in one.new.source.act for one in factor)


@settings(deadline=None)  # it compares the whole law
@given(st.dates(date(2003, 1, 1), date(2026, 1, 1)), st.dates(date(2005, 1, 1), date(2032, 1, 1)))
def test_where_no_difference_is_told_the_answers_are_the_same(before: date, day: date) -> None:
    book, after = load_rulebook("eu"), date(2026, 1, 1)
    told = {
        one.path
        for one in difference(book, before, after)
        if one.from_ <= day and (one.until is None or day < one.until)
    }
    for path in book.paths():
        values = book.parameter(path).values
        same = choose(values, day, before) == choose(values, day, after)
        assert same is (path not in told)
