"""Freezes at the desk: a person, a block of serials, an account left open to what comes in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from openets.ledger.store import Store
from tests.people.test_people_desk import NOON_OF_TUESDAY, Day, at_work, code
from tests.small_office import (
    AUDITOR,
    CEMENT,
    CEMENT_ONE,
    CEMENT_TWO,
    CENTRAL,
    KIND,
    OTHER_CENTRAL,
    OTHER_SENIOR,
    SENIOR,
    TRADER,
    make_office,
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return make_office(tmp_path / "store")


@pytest.fixture
def day(store: Store) -> Iterator[Day]:
    with at_work(store) as day:
        yield day


def freeze(day: Day, order: str = "freeze", by: tuple[int, int] = (SENIOR, OTHER_SENIOR), **scope):
    first, second = by
    return day.approve(
        second, day.propose(first, "freeze", order=order, reason="stolen credentials", **scope)
    )


def test_nothing_a_frozen_person_proposes_or_approves_works(day: Day) -> None:
    proposed = day.transfer(CEMENT_ONE, CEMENT, TRADER, 10)
    approved = day.approve(CEMENT_TWO, day.transfer(CEMENT_ONE, CEMENT, TRADER, 20))
    assert freeze(day, person=CEMENT_ONE).state == "completed"
    assert code(day.transfer, CEMENT_ONE, CEMENT, TRADER, 30) == "people.not-active"
    assert code(day.approve, CEMENT_TWO, proposed) == "people.frozen"
    others = day.transfer(CEMENT_TWO, CEMENT, TRADER, 40)
    assert code(day.approve, CEMENT_ONE, others) == "people.not-active"
    day.clock.set(NOON_OF_TUESDAY)
    (stopped,) = day.work()
    assert (stopped.number, stopped.state) == (approved.number, "terminated")
    assert "Person 5 is frozen" in stopped.why
    assert (day.held(CEMENT), day.available(CEMENT)) == (400, 350)
    assert freeze(day, "lift", person=CEMENT_ONE).state == "completed"
    assert day.approve(CEMENT_ONE, others).state == "delayed"
    assert day.approve(CEMENT_TWO, proposed).state == "delayed"


def test_who_freezes_whom(day: Day) -> None:
    def asked(who: int, **fields: object) -> str:
        return code(day.propose, who, "freeze", **{"order": "freeze", "reason": "x", **fields})

    assert asked(CEMENT_ONE, person=CEMENT_TWO) == "people.not-permitted"
    assert asked(SENIOR, person=AUDITOR) == "people.of-no-registry"
    assert asked(SENIOR, person=CEMENT_ONE, account=CEMENT) == "people.freeze-scope"
    assert asked(CENTRAL, person=99) == "people.other-state"
    assert asked(SENIOR, person=CEMENT_ONE, order="lift") == "people.other-state"
    proposal = day.propose(SENIOR, "freeze", order="freeze", person=OTHER_SENIOR, reason="x")
    assert code(day.approve, OTHER_SENIOR, proposal) == "people.person-affected"
    assert freeze(day, by=(CENTRAL, OTHER_CENTRAL), person=AUDITOR).state == "completed"


def test_a_suspended_person_is_not_let_go_by_a_lift(day: Day) -> None:
    day.office.register.set_person_state(CEMENT_ONE, "suspended")
    scope = {"person": CEMENT_ONE, "reason": "x"}
    for order in ("freeze", "lift"):
        assert code(day.propose, SENIOR, "freeze", order=order, **scope) == "people.other-state"


def test_a_block_of_serials_stands_still_at_once(day: Day) -> None:
    waiting = day.approve(CEMENT_TWO, day.transfer(CEMENT_ONE, CEMENT, TRADER, 250))
    block = {"registry": "EX", "first": 101, "last": 300}
    assert freeze(day, **block).result
    assert (day.held(CEMENT), day.available(CEMENT)) == (400, -50)
    assert code(day.transfer, CEMENT_ONE, CEMENT, TRADER, 1) == "ledger.not-covered"
    day.clock.set(NOON_OF_TUESDAY)
    (stopped,) = day.work()
    assert (stopped.number, stopped.state) == (waiting.number, "terminated")
    assert day.available(CEMENT) == 200
    assert day.transfer(CEMENT_ONE, CEMENT, TRADER, 200).state == "awaiting approval"
    assert freeze(day, "lift", **block).result
    assert day.available(CEMENT) == 200


def test_an_account_may_still_receive_if_the_order_says_so(day: Day) -> None:
    assert freeze(day, account=CEMENT, incoming=True).state == "completed"
    day.transfer(9, TRADER, CEMENT, 10)
    assert code(day.transfer, CEMENT_ONE, CEMENT, TRADER, 10) == "ledger.frozen"
    assert code(day.propose, SENIOR, "freeze", order="freeze", reason="x", kind=KIND,
                incoming=True) == "ledger.freeze-scope"  # fmt: skip
