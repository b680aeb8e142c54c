"""The small office with two operators behind its accounts: cement and glass from 2030 on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from openets.desk.proposals import Proposal
from openets.kernel import acts
from openets.kernel.clock import FixedClock, instant
from openets.ledger.requests import ActRequest, key_of
from openets.ledger.store import Store
from openets.people.opening import Opened
from openets.people.operators import Operator
from openets.schemes.compliance.reads import History, one_known
from openets.schemes.compliance.standing import Standing, fixed, standing
from tests.small_office import (
    AUTHORITY,
    ENDED,
    KIND,
    OTHER_AUTHORITY,
    REPRESENTED,
    make_office,
    person,
    staffed,
)

BEGUN = datetime(2030, 1, 3, 9, tzinfo=UTC)
KILN, FURNACE = "EX-000001", "EX-000002"
KILN_ACCOUNT, FURNACE_ACCOUNT = 6, 7


def on(year: int, month: int, day: int, hour: int = 9) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


def make(directory: Path, urls: dict[str, str] | None = None) -> Store:
    """Two operators with accounts of their own; the kiln has 150 allowances, the furnace 50."""
    store = make_office(directory, urls)
    with staffed(store, FixedClock(BEGUN)) as office:
        for number, code in ((KILN_ACCOUNT, KILN), (FURNACE_ACCOUNT, FURNACE)):
            operator = Operator(0, "EX", "installation", f"permit {number}", 20, 2030, None)
            stored = office.register.operators.add(operator, code, instant(BEGUN))
            assert stored.code == code
            opened = acts.AccountOpened(
                number=number, registry="EX", type="operator-holding", operator=code
            )
            request = ActRequest(key_of("case", code), instant(BEGUN), opened)
            assert office.office.post(request).completed
            for one in REPRESENTED[number - 3]:
                office.register.appoint(number, one, "initiate and approve", "active")
        desk = Desk(office, FixedClock(BEGUN))
        for account, quantity in ((KILN_ACCOUNT, 150), (FURNACE_ACCOUNT, 50)):
            desk.move("10-36", 1, account, quantity, AUTHORITY, OTHER_AUTHORITY)
    return store


class Desk:
    """People at the desk by number, with what compliance says of operators."""

    def __init__(self, office: Opened, clock: FixedClock) -> None:
        self.opened, self.clock = office, clock

    def propose(self, who: int, command: str, **fields: Any) -> Proposal:
        return self.opened.desk.propose(person(self.opened, who), command, json.dumps(fields))

    def approve(self, who: int, proposal: Proposal) -> Proposal:
        return self.opened.desk.approve(person(self.opened, who), proposal.number)

    def two(self, first: int, second: int, command: str, **fields: Any) -> Proposal:
        done = self.approve(second, self.propose(first, command, **fields))
        assert done.state == "completed", done.why
        return done

    def enter(self, operator: str, year: int, tonnes: int | None, **more: Any) -> Proposal:
        fields = {"operator": operator, "year": year, "tonnes": tonnes, **more}
        return self.two(AUTHORITY, OTHER_AUTHORITY, "emissions", **fields)

    def move(
        self, type_: str, sender: int, to: int, quantity: int, *people: int, **more: int
    ) -> Proposal:
        fields = {"type": type_, "transferring": sender, "acquiring": to, "quantity": quantity}
        first, second = people or REPRESENTED[sender - 3]
        return self.two(first, second, "transaction", kind=KIND, **fields, **more)

    def surrender(self, account: int, quantity: int, year: int) -> Proposal:
        return self.move("10-2", account, ENDED, quantity, year=year)

    def work(self, at: datetime) -> list[Proposal]:
        self.clock.set(at)
        return list(self.opened.work())

    def history(self, operator: str) -> History:
        found = one_known(self.opened.office, operator)
        assert found is not None
        return found

    def stands(self, operator: str, year: int | None = None) -> Standing:
        return standing(self.history(operator).state, self.opened.office.rulebook, year)

    def fixed(self, operator: str) -> dict[int, str]:
        found = fixed(self.history(operator).events, self.opened.office.rulebook)
        return {year: one.symbol for year, one in found.items()}

    def status(self, account: int) -> str:
        found = self.opened.office.account(account)
        assert found is not None
        return found.status


@contextmanager
def desk_of(store: Store, at: datetime) -> Iterator[Desk]:
    clock = FixedClock(at)
    with staffed(store, clock) as office:
        yield Desk(office, clock)
