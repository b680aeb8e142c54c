"""Asking on both time axes: the law as it is, and a plain reading of any history."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openets.kernel.money import Decimal
from openets.rulebook.load import load_rulebook
from openets.rulebook.model import NoLaw, Parameter, Rulebook, Source, UnknownPath, Value

SOURCE = Source(act="The Act", article="Article 1")
FIRST = date(2005, 1, 1)

days = st.integers(0, 40).map(lambda years: FIRST + timedelta(days=97 * years))
histories = st.lists(
    st.tuples(days, days, st.integers(0, 9), st.none() | days),
    min_size=1,
    max_size=6,
    unique_by=lambda one: (one[0], one[1]),
)


def book_of(history: list[tuple[date, date, int, date | None]]) -> Rulebook:
    values = [
        Value.model_validate(
            {
                "from": from_,
                "until": until if until and until > from_ else None,
                "enacted": enacted,
                "value": value,
                "source": SOURCE,
                "status": "official",
            }
        )
        for from_, enacted, value, until in history
    ]
    return Rulebook("test", [Parameter(path="p", title="P", values=tuple(values))])


def test_the_same_question_on_two_days() -> None:
    eu = load_rulebook("eu")
    now = eu.ask("linear-reduction-factor", for_=2024)
    then = eu.ask("linear-reduction-factor", for_=2024, known_on=date(2018, 10, 3))
    assert (now.value, then.value) == (Decimal("4.3"), Decimal("2.2"))
    assert now.enacted == date(2023, 5, 10)


@given(histories, days, st.none() | days)
def test_the_greatest_from_wins_and_then_the_latest_act(
    history: list[tuple[date, date, int, date | None]], day: date, known_on: date | None
) -> None:
    book = book_of(history)
    open_to_all = [
        value
        for value in book.parameter("p").values
        if value.from_ <= day and (known_on is None or value.enacted <= known_on)
    ]
    best = max(open_to_all, key=lambda value: (value.from_, value.enacted), default=None)
    if best is None or (best.until is not None and best.until <= day):
        with pytest.raises(NoLaw):
            book.ask("p", for_=day, known_on=known_on)
    else:
        assert book.ask("p", for_=day, known_on=known_on).value == best.value


@given(histories)
def test_the_digest_does_not_depend_on_the_order_of_values(
    history: list[tuple[date, date, int, date | None]],
) -> None:
    assert book_of(history).digest == book_of(history[::-1]).digest


@given(histories, st.integers(0, 5))
def test_the_digest_changes_with_any_value(
    history: list[tuple[date, date, int, date | None]], which: int
) -> None:
    index = which % len(history)
    from_, enacted, value, until = history[index]
    changed = [*history]
    changed[index] = (from_, enacted, value + 1, until)
    assert book_of(history).digest != book_of(changed).digest


def test_a_year_stands_for_its_first_day_and_nothing_for_today() -> None:
    eu = load_rulebook("eu")
    path = "caps.stationary.phase-1.union"
    assert eu.ask(path, for_=2007) == eu.ask(path, for_=date(2007, 1, 1))
    assert eu.ask("deadlines.surrender").value == "09-30"


@pytest.mark.parametrize(
    ("path", "for_", "known_on", "says"),
    [
        ("caps.stationary.union", 2012, None, "it applies from 2013-01-01"),
        ("caps.stationary.union", 0, None, "no value for 0001-01-01; it applies from 2013"),
        ("caps.stationary.union", -5, None, "no value for 0001-01-01; it applies from 2013"),
        ("caps.stationary.union", 99_999, None, "the last one applied until 2041-01-01"),
        ("caps.stationary.union", 2041, None, "the last one applied until 2041-01-01"),
        ("caps.stationary.union", 2013, date(2009, 1, 1), "first enacted on 2010-07-09"),
        ("caps.stationary.union", 2014, date(2011, 1, 1), "applied until 2014-01-01"),
    ],
)
def test_no_law_says_why(path: str, for_: int, known_on: date | None, says: str) -> None:
    with pytest.raises(NoLaw, match=says):
        load_rulebook("eu").ask(path, for_=for_, known_on=known_on)


def test_an_unknown_path_is_met_with_near_ones() -> None:
    with pytest.raises(UnknownPath, match=r"Near it: caps\.stationary\.union"):
        load_rulebook("eu").ask("caps.stationary.unoin")
    with pytest.raises(UnknownPath) as caught:
        load_rulebook("eu").ask("surrender", for_=2010)
    assert "deadlines.surrender" in caught.value.near
    assert isinstance(caught.value, NoLaw)


def test_values_of_a_day_are_those_asked_for_one_by_one() -> None:
    for day, known_on in ((date(2016, 7, 1), None), (date(2024, 7, 1), date(2018, 10, 3))):
        values = load_rulebook("eu").values_on(day, known_on)
        asked = {}
        for path in load_rulebook("eu").paths():
            with suppress(NoLaw):
                asked[path] = load_rulebook("eu").ask(path, for_=day, known_on=known_on).value
        assert values == asked
        assert type(values) is dict


def test_what_a_law_says_once_is_not_asked_of_it_again_but_of_another_law_it_is() -> None:
    asked: list[str] = []

    def ask() -> int:
        asked.append("once")
        return 7

    first, second = Rulebook("test", []), Rulebook("test", [])
    assert [first.once("what", ask), first.once("what", ask), second.once("what", ask)] == [7] * 3
    assert len(asked) == 2
