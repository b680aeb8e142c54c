"""What may be asked of compliance at the counter: everybody hears of what he or she may see."""

from __future__ import annotations

from pathlib import Path

import pytest

from openets.kernel.refusal import Refused
from openets.ledger.store import Store
from openets.people.counter.action import Visit
from openets.people.signing_in import NotSignedIn, Who
from openets.schemes.compliance.asking import (
    operators_known,
    operators_represented,
    see_operator,
    suggest_surrender,
)
from tests.schemes.compliance.office import FURNACE, KILN, Desk, desk_of, make, on
from tests.small_office import AUDITOR, AUTHORITY, CEMENT_ONE, GLASS_ONE, SENIOR, TRADER_ONE


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return make(tmp_path / "store")


def visit(store: Store, desk: Desk, person: int) -> Visit:
    return Visit(store, desk.opened, Who(person=person))


def test_everybody_hears_of_the_operators_he_or_she_may_see(store: Store) -> None:
    with desk_of(store, on(2031, 4, 3)) as desk:
        for person, known, represented in (
            (CEMENT_ONE, [KILN], [KILN]),
            (GLASS_ONE, [FURNACE], [FURNACE]),
            (TRADER_ONE, [], []),
            (SENIOR, [KILN, FURNACE], []),
            (AUTHORITY, [KILN, FURNACE], []),
            (AUDITOR, [KILN, FURNACE], []),
        ):
            asked = visit(store, desk, person)
            assert [one.code for one in operators_known.do(asked)] == known, person
            assert [one.code for one in operators_represented.do(asked)] == represented, person


def test_nobody_is_told_of_another_holders_operator(store: Store) -> None:
    with desk_of(store, on(2031, 4, 3)) as desk:
        for ask in (
            lambda asked: suggest_surrender.do(asked, KILN, 2030, 0),
            lambda asked: see_operator.do(asked, KILN, 2030),
        ):
            assert ask(visit(store, desk, CEMENT_ONE)) is not None
            for person in (GLASS_ONE, TRADER_ONE):
                with pytest.raises(Refused) as refused:
                    ask(visit(store, desk, person))
                assert [one.code for one in refused.value.refusals] == ["people.not-permitted"]
            with pytest.raises(NotSignedIn):
                ask(visit(store, desk, 99))


def test_an_operator_nobody_knows_is_none(store: Store) -> None:
    with desk_of(store, on(2031, 4, 3)) as desk:
        asked = visit(store, desk, TRADER_ONE)
        assert see_operator.do(asked, "EX-000009", 0) is None
        assert suggest_surrender.do(asked, "EX-000009", 0, 0) is None
