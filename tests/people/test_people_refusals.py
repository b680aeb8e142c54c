"""Refusals of the desk and of people that no story meets: one test for each code."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from openets.kernel.actor import Actor
from openets.kernel.clock import FixedClock
from openets.kernel.refusal import Refused
from openets.ledger.post import Writer
from openets.people.office import Office
from openets.people.opening import Opened
from openets.people.register import Register
from openets.people.transactions import Move, Moving
from tests.books_by_law import TwoBooks
from tests.small_office import (
    CEMENT,
    CEMENT_ONE,
    CEMENT_TWO,
    GLASS,
    KIND,
    MONDAY,
    SENIOR,
    TRADER,
    TRADER_ONE,
    make_office,
    person,
    staffed,
)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Opened]:
    with staffed(make_office(tmp_path / "store"), FixedClock(MONDAY)) as office:
        yield office


def refused(office: Opened, who: int, command: str, body: str) -> list[str]:
    """The codes of the refusals of a proposal."""
    with pytest.raises(Refused) as found:
        office.desk.propose(person(office, who), command, body)
    return [refusal.code for refusal in found.value.refusals]


@pytest.mark.parametrize(
    ("who", "command", "body", "codes"),
    [
        (
            SENIOR,
            "representative",
            f'{{"account": {CEMENT}, "person": {SENIOR}, "right": "read only"}}',
            ["people.not-to-represent"],
        ),
        (
            SENIOR,
            "representative",
            f'{{"account": {CEMENT}, "person": {TRADER_ONE}, "right": "read only",'
            ' "state": "suspended"}',
            ["people.not-represented"],
        ),
        (
            SENIOR,
            "representative",
            f'{{"account": {CEMENT}, "person": {CEMENT_ONE}, "right": "everything"}}',
            ["people.right-not-known"],
        ),
        (
            CEMENT_ONE,
            "trusted account",
            f'{{"account": {CEMENT}, "listed": {CEMENT}}}',
            ["people.trusts-itself"],
        ),
        (
            CEMENT_ONE,
            "trusted account",
            f'{{"account": {CEMENT}, "listed": {GLASS}, "on": false}}',
            ["people.not-listed"],
        ),
    ],
)
def test_it_is_refused(office: Opened, who: int, command: str, body: str, codes: list[str]) -> None:
    assert refused(office, who, command, body) == codes


def test_of_two_who_decide_at_once_the_second_is_told(
    office: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = (
        f'{{"type": "10-0", "transferring": {CEMENT}, "acquiring": {TRADER}, "kind": {KIND},'
        ' "quantity": 5}'
    )
    proposal = office.desk.propose(person(office, CEMENT_ONE), "transaction", body)
    monkeypatch.setattr(office.desk.proposals, "move", lambda *_: False)
    with pytest.raises(Refused) as found:
        office.desk.approve(person(office, CEMENT_TWO), proposal.number)
    assert found.value.refusals[0].code == "desk.decided-meanwhile"


def test_a_type_no_process_of_the_law_names_is_nobodys_to_propose() -> None:
    books = TwoBooks("uk", date(2026, 3, 2), "GB")
    books.open(1, "trading")
    person_: Any = SimpleNamespace(state="active")
    register: Any = SimpleNamespace(person=lambda _: person_, representative=lambda *_: None)
    office = Office(
        writer=cast(Writer, SimpleNamespace(book=books.book)),
        register=cast(Register, register),
        clock=FixedClock(datetime(2026, 3, 2, 11, tzinfo=UTC)),
        identity="case",
        record=lambda _: None,
        resting_on=lambda _: 0,
        law_kept=Path(),
        statement=lambda _: [],
        undecided=lambda _: [],
        pending=list,
        tables=cast(Any, None),
    )
    moving = Moving(office, Move(type="99-99", transferring=1, acquiring=2, kind=1, quantity=1))
    refusal = moving.permission(Actor(1, "senior administrator", "GB"), "propose")
    assert refusal is not None
    assert refusal.code == "people.no-process"
