"""Penalties at the desk: an operator is short, objects, pays and still owes; other breaches."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from openets.kernel.refusal import Refused
from openets.ledger.store import Store
from openets.schemes.compliance.models import Penalties
from openets.schemes.compliance.penalising import Case, cases
from tests.schemes.compliance.office import (
    FURNACE,
    FURNACE_ACCOUNT,
    KILN,
    KILN_ACCOUNT,
    Desk,
    desk_of,
    make,
    on,
)
from tests.small_office import AUTHORITY, CEMENT_ONE, OTHER_AUTHORITY

TWO = (AUTHORITY, OTHER_AUTHORITY)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return make(tmp_path / "store")


def codes(action: Callable[..., Any], *given: Any, **named: Any) -> list[str]:
    with pytest.raises(Refused) as refused:
        action(*given, **named)
    return [one.code for one in refused.value.refusals]


def case(desk: Desk, operator: str, year: int, breach: str = "") -> Case:
    kept = Penalties(desk.opened.register.database).of(operator)
    return cases(kept)[operator, year, breach]


def short(desk: Desk) -> dict[str, Any]:
    """The kiln misses 40 units of 100 for 2030; answers with what names its penalty."""
    desk.clock.set(on(2031, 4, 20))
    desk.enter(KILN, 2030, 100)
    desk.surrender(KILN_ACCOUNT, 60, 2030)
    return {"operator": KILN, "year": 2030}


def test_short_objected_paid_published_and_still_owed(store: Store) -> None:
    with desk_of(store, on(2031, 4, 20)) as desk:
        penalty = short(desk)
        notice = (AUTHORITY, "penalty notice")
        assert codes(desk.propose, *notice, **penalty) == ["compliance.penalty-early"]
        desk.clock.set(on(2031, 5, 2))
        objection = {**penalty, "reason": "the meter was wrong"}
        assert codes(desk.propose, CEMENT_ONE, "penalty objection", **objection) == [
            "compliance.no-penalty"
        ]
        desk.two(*TWO, "penalty notice", **penalty)
        assert (case(desk, KILN, 2030).cents, case(desk, KILN, 2030).state) == (
            40 * 50 * 100,
            "to be paid",
        )
        assert codes(desk.propose, *notice, **penalty) == ["compliance.penalty-twice"]
        decision = {**penalty, "cents": 150_000, "reason": "half of the doubt"}
        assert codes(desk.propose, AUTHORITY, "penalty decision", **decision) == [
            "compliance.no-objection"
        ]
        desk.approve(AUTHORITY, desk.propose(CEMENT_ONE, "penalty objection", **objection))
        assert codes(desk.propose, AUTHORITY, "penalty publication", **penalty) == [
            "compliance.not-to-be-published"
        ]
        assert codes(desk.propose, CEMENT_ONE, "penalty objection", **objection) == [
            "compliance.objected-already"
        ]
        assert codes(desk.propose, CEMENT_ONE, "penalty decision", **decision) == [
            "compliance.authority-only"
        ]
        desk.two(*TWO, "penalty decision", **decision)
        paid = {**penalty, "cents": 150_001, "reference": "statement 7"}
        assert codes(desk.propose, AUTHORITY, "penalty payment", **paid) == [
            "compliance.paid-too-much"
        ]
        desk.two(*TWO, "penalty payment", **{**paid, "cents": 100_000})
        assert case(desk, KILN, 2030).state == "to be paid"
        desk.two(*TWO, "penalty payment", **{**paid, "cents": 50_000})
        desk.two(*TWO, "penalty publication", **penalty)
        settled = case(desk, KILN, 2030)
        assert (settled.state, settled.open_cents, settled.published) == ("settled", 0, True)
        assert codes(desk.propose, AUTHORITY, "penalty publication", **penalty) == [
            "compliance.not-to-be-published"
        ]
        assert desk.stands(KILN).shortfall == 40  # paying releases nobody
        desk.clock.set(on(2032, 3, 1))
        desk.enter(KILN, 2031, 10)
        assert desk.stands(KILN).shortfall == 50


def test_what_was_missing_on_the_day_is_penalised_though_made_good_later(store: Store) -> None:
    with desk_of(store, on(2031, 4, 20)) as desk:
        penalty = short(desk)
        desk.clock.set(on(2031, 5, 10))
        desk.surrender(KILN_ACCOUNT, 40, 2030)
        desk.two(*TWO, "penalty notice", **penalty)
        assert case(desk, KILN, 2030).cents == 40 * 50 * 100
        assert desk.stands(KILN).symbol == "A"


def test_no_penalty_without_a_missing_unit_or_an_operator(store: Store) -> None:
    with desk_of(store, on(2031, 4, 20)) as desk:
        desk.enter(FURNACE, 2030, 20)
        desk.surrender(FURNACE_ACCOUNT, 20, 2030)
        desk.clock.set(on(2031, 5, 2))
        notice = (AUTHORITY, "penalty notice")
        found = codes(desk.propose, *notice, operator=FURNACE, year=2030)
        assert found == ["compliance.nothing-missing"]
        assert codes(desk.propose, *notice, operator="EX-000009", year=2030) == [
            "compliance.no-account"
        ]
        assert codes(desk.propose, *notice, operator=FURNACE, year=2028) == [
            "compliance.no-penalty-by-law"
        ]


def test_other_breaches_cost_what_the_state_has_set(store: Store) -> None:
    with desk_of(store, on(2031, 5, 2)) as desk:
        fine = {"operator": KILN, "year": 2030, "breach": "late report", "document": "file 3"}
        asked = (AUTHORITY, "national penalty")
        assert codes(desk.propose, *asked, **fine, cents=9_999) == ["compliance.penalty-range"]
        assert codes(desk.propose, *asked, **fine, cents=500_001) == ["compliance.penalty-range"]
        other = {**fine, "breach": "bad manners", "cents": 10_000}
        assert codes(desk.propose, *asked, **other) == ["compliance.breach-unknown"]
        desk.two(*TWO, "national penalty", **fine, cents=10_000)
        assert codes(desk.propose, *asked, **fine, cents=10_000) == ["compliance.penalty-twice"]
        named = {"operator": KILN, "year": 2030, "breach": "late report"}
        desk.two(*TWO, "penalty payment", **named, cents=10_000, reference="statement 8")
        desk.two(*TWO, "penalty publication", **named)
        stands = case(desk, KILN, 2030, "late report")
        assert (stands.state, stands.published) == ("settled", True)


def test_a_measure_is_ordered_after_two_short_years_and_lifted(store: Store) -> None:
    with desk_of(store, on(2031, 4, 20)) as desk:
        short(desk)
        order = {"operator": KILN, "measure": "expulsion order", "reason": "two years short"}
        desk.clock.set(on(2031, 5, 2))
        asked = (AUTHORITY, "measure")
        assert codes(desk.propose, *asked, **order, year=2030) == [
            "compliance.measure-not-permitted"
        ]
        desk.clock.set(on(2032, 4, 1))
        desk.enter(KILN, 2031, 10)
        desk.clock.set(on(2032, 5, 2))
        lift = {**order, "order": "lifted", "year": 2031}
        assert codes(desk.propose, *asked, **lift) == ["compliance.no-measure"]
        desk.two(*TWO, "measure", **order, year=2031)
        assert case(desk, KILN, 2031, "expulsion order").state == "ordered"
        desk.two(*TWO, "measure", **lift)
        assert case(desk, KILN, 2031, "expulsion order").state == "lifted"


def test_a_penalty_is_kept_once_however_often_it_is_carried_out(store: Store) -> None:
    with desk_of(store, on(2031, 4, 20)) as desk:
        penalty = short(desk)
        desk.clock.set(on(2031, 5, 2))
        done = desk.two(*TWO, "penalty notice", **penalty)
        asked = desk.opened.desk.load(done.command, done.body)
        assert asked.carry_out(done.number, 0).refusals == ()
        assert len(Penalties(desk.opened.register.database).of()) == 1
