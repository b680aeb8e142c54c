"""Serial ranges: whatever is done to them, the same serials come out."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openets.kernel.serials import SerialRange, merge, total

# A short line of serials, so that ranges meet, nest and miss each other often.
RANGES = st.tuples(st.integers(1, 40), st.integers(1, 40)).map(
    lambda ends: SerialRange(min(ends), max(ends))
)


def serials(*ranges: SerialRange) -> list[int]:
    return [serial for each in ranges for serial in range(each.start, each.end + 1)]


@pytest.mark.parametrize(("start", "end"), [(0, 5), (-3, 5), (6, 5), (0, 0)])
def test_reversed_and_non_positive_ranges_do_not_exist(start: int, end: int) -> None:
    with pytest.raises(ValueError, match=r"range"):
        SerialRange(start, end)


def test_one_serial_is_a_range() -> None:
    assert SerialRange(7, 7).quantity == 1
    assert str(SerialRange(7, 9)) == "7-9"


def test_ranges_are_ordered_by_start() -> None:
    assert sorted([SerialRange(5, 6), SerialRange(1, 9), SerialRange(1, 2)]) == [
        SerialRange(1, 2),
        SerialRange(1, 9),
        SerialRange(5, 6),
    ]


@given(RANGES, st.data())
def test_taken_and_rest_are_the_whole(whole: SerialRange, data: st.DataObject) -> None:
    quantity = data.draw(st.integers(1, whole.quantity))
    taken, rest = whole.take(quantity)
    assert taken.quantity == quantity
    assert taken.start == whole.start
    assert serials(taken, *([rest] if rest else [])) == serials(whole)
    assert (rest is None) == (quantity == whole.quantity)


@pytest.mark.parametrize("quantity", [-1, 0, 11])
def test_no_more_and_no_less_than_there_is_can_be_taken(quantity: int) -> None:
    with pytest.raises(ValueError, match=r"cannot be taken from the range 1-10; it has 10"):
        SerialRange(1, 10).take(quantity)


@given(RANGES, st.integers(0, 42))
def test_a_split_gives_two_adjoining_halves_or_is_refused(whole: SerialRange, at: int) -> None:
    if whole.start < at <= whole.end:
        left, right = whole.split_at(at)
        assert right.start == at
        assert left.adjoins(right)
        assert serials(left, right) == serials(whole)
    else:
        with pytest.raises(ValueError, match=r"cannot be split"):
            whole.split_at(at)


@given(RANGES, RANGES)
def test_intersection_and_difference_partition_a_range(a: SerialRange, b: SerialRange) -> None:
    shared = a.intersection(b)
    parts = [*a.subtract(b), *([shared] if shared else [])]
    assert serials(*sorted(parts)) == serials(a)
    assert set(serials(*a.subtract(b))) == set(serials(a)) - set(serials(b))


@given(RANGES, RANGES)
def test_relations_mean_what_they_say(a: SerialRange, b: SerialRange) -> None:
    ours, theirs = set(serials(a)), set(serials(b))
    assert a.contains(b) == (theirs <= ours)
    assert a.overlaps(b) == b.overlaps(a) == bool(ours & theirs)
    assert a.adjoins(b) == b.adjoins(a)
    if a.adjoins(b):
        assert not a.overlaps(b)
        assert len(merge([a, b])) == 1


@given(st.lists(RANGES, max_size=6))
def test_merging_conserves_every_serial_or_is_refused(ranges: list[SerialRange]) -> None:
    whole = serials(*ranges)
    if len(set(whole)) < len(whole):
        with pytest.raises(ValueError, match=r"overlap"):
            merge(ranges)
        return
    merged = merge(ranges)
    assert serials(*merged) == sorted(whole)
    assert total(merged) == total(ranges) == len(whole)
    assert not any(a.adjoins(b) for a, b in pairwise(merged))


@given(st.sets(st.integers(2, 40)), st.randoms())
def test_merging_undoes_any_splitting(cuts: set[int], random: Random) -> None:
    pieces = [SerialRange(1, 40)]
    for cut in sorted(cuts):
        pieces[-1:] = pieces[-1].split_at(cut)
    random.shuffle(pieces)
    assert merge(pieces) == (SerialRange(1, 40),)
