"""A small office whose accounts have operators, a reserve, and entitlements one can see through.

Operators are numbered like their accounts from 11 on; the ninth account is the new entrants'
reserve with 100 allowances, the total quantity has what the founding left.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from openets.desk.proposals import Proposal
from openets.kernel import acts
from openets.kernel.clock import FixedClock, instant
from openets.kernel.records import type_code
from openets.kernel.refusal import Refused
from openets.ledger.requests import ActRequest, Request, TransactionRequest, key_of
from openets.people.opening import Opened
from openets.people.operators import Operator
from openets.schemes.allocation.actions import change_of
from tests.small_office import (
    AUTHORITY,
    KIND,
    MONDAY,
    OTHER_AUTHORITY,
    QUANTITY,
    make_office,
    person,
    staffed,
)

RESERVE = 9
FIRST, OPERATORS = 11, 4  # accounts 11 to 14, of operators 1 to 4
YEAR = 2030
INSTALLATIONS, NEW_ENTRANTS = "installations", "new-entrants"


def code(number: int) -> str:
    return f"EX-{number:06d}"


def account(number: int) -> int:
    """The account of an operator."""
    return FIRST + number - 1


@contextmanager
def allocation_office(directory: Path, clock: FixedClock | None = None) -> Iterator[Opened]:
    with staffed(make_office(directory), clock or FixedClock(MONDAY)) as opened:
        day = instant(MONDAY)
        made: list[Request] = []
        for number in range(1, OPERATORS + 1):
            stated = Operator(0, "EX", "installation", f"permit {number}", 20, YEAR, None)
            opened.register.operators.add(stated, f"operator {number}", day)
            act = acts.AccountOpened(
                number=account(number),
                registry="EX",
                type="operator-holding",
                operator=code(number),
            )
            made.append(ActRequest(key_of("operator", number), day, act))
        act = acts.AccountOpened(number=RESERVE, registry="EX", type="new-entrants-reserve")
        made.append(ActRequest(key_of("reserve"), day, act))
        central = type_code("10-51")
        made.append(TransactionRequest(key_of("fill"), day, central, QUANTITY, RESERVE, KIND, 100))
        assert all(one.completed for one in opened.office.writer.post(made))
        yield opened


def propose(office: Opened, command: str, fields: dict[str, Any], who: int = AUTHORITY) -> Proposal:
    return office.desk.propose(person(office, who), command, json.dumps(fields))


def decide(office: Opened, proposal: Proposal, who: int = OTHER_AUTHORITY) -> Proposal:
    return office.desk.approve(person(office, who), proposal.number)


def enter(office: Opened, amounts: dict[tuple[int, int], int], table: str = INSTALLATIONS) -> None:
    """Amounts by operator and year, proposed by one and approved by another."""
    named = {(code(operator), year): amount for (operator, year), amount in amounts.items()}
    body = change_of(office.office, table, "EX", named)
    proposal = office.desk.propose(person(office, AUTHORITY), body.name, body.model_dump_json())
    assert decide(office, proposal).state == "completed"


def codes(action: Callable[[], object]) -> list[tuple[str, str]]:
    with pytest.raises(Refused) as refused:
        action()
    return [(one.code, one.where) for one in refused.value.refusals]
