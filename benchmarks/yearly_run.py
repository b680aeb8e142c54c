"""`python -m benchmarks.yearly_run`: a year's allocation to all operators, by two people.

A store with an account for each operator and a table that entitles all of them. Measured is what
two people wait for: the run is worked out and proposed, then approved and carried out through
ledger and log, line by line a record of its own, durable in both books.
"""

from __future__ import annotations

import sys
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.place import insist, opened
from openets.kernel import acts
from openets.kernel.actor import Actor
from openets.kernel.clock import FixedClock, instant
from openets.kernel.records import type_code
from openets.ledger.requests import ActRequest, Request, TransactionRequest, key_of
from openets.people.opening import Opened, desk_database, open_desk
from openets.rulebook.load import load_rulebook
from openets.schemes.allocation.actions import run_of
from openets.schemes.allocation.reads import stored
from openets.schemes.desk import EXTENSIONS

OPERATORS, YEAR, TARGET_SECONDS = 11_600, 2_022, 5
HOME, UNIT, CAP, KIND = "AT", "general-allowance-2021-2030", "caps.stationary.union", 1
TOTAL, ALLOCATING, FIRST = 1, 2, 3
CAP_RECORD = 6  # two records found every store, one kind, two accounts, then the cap
NOW = datetime(YEAR, 2, 1, 10, tzinfo=UTC)


def main() -> None:
    """Measures and prints."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else OPERATORS
    with (
        tempfile.TemporaryDirectory(prefix="openets-bench-") as folder,
        opened(Path(folder) / "store", lambda _name: None) as (store, writer),
        closing(desk_database(store)) as database,
    ):
        insist(writer.post(_opening(count)))
        office = open_desk(store, database, writer, FixedClock(NOW), EXTENSIONS)
        amounts = {(_code(number), YEAR): 1_000 + number for number in range(count)}
        stored(office.office).enter("installations", HOME, amounts)
        proposed, carried_out = _run(office)
        held = sum(writer.held(FIRST + number, KIND) for number in range(count))
    assert held == sum(amounts.values())
    print(
        f"{count:,} operators, {held:,} allowances: worked out and proposed in {proposed:.1f} s, "
        f"approved and in both books in {carried_out:.1f} s, together "
        f"{proposed + carried_out:.1f} s. The target is {TARGET_SECONDS} s."
    )


def _run(office: Opened) -> tuple[float, float]:
    """Seconds until the run is proposed, and from its approval until it is carried out."""
    first, second = (_administrator(office) for _ in range(2))
    started = time.perf_counter()
    body, _ = run_of(office.office, "installations", HOME, YEAR)
    assert body is not None
    proposal = office.desk.propose(first, body.name, body.model_dump_json())
    proposed = time.perf_counter()
    done = office.desk.approve(second, proposal.number)
    assert (done.state, done.why) == ("completed", "")
    return proposed - started, time.perf_counter() - proposed


def _administrator(office: Opened) -> Actor:
    return office.register.add_person("senior administrator", HOME)[0].actor


def _code(number: int) -> str:
    return f"{HOME}-{number + 1:06d}"


def _opening(count: int) -> list[Request]:
    """Kind, accounts, cap, its creation, and the allowances where they are allocated from."""
    day = instant(datetime(YEAR, 1, 3, 10, tzinfo=UTC))
    cap = int(load_rulebook("eu").ask(CAP, for_=YEAR).value)
    made: list[acts.Act] = [
        acts.KindDefined(
            kind=KIND, unit=UNIT, registry="EU", original_period=3, applicable_period=3
        ),
        acts.AccountOpened(number=TOTAL, registry="EU", type="total-quantity"),
        acts.AccountOpened(number=ALLOCATING, registry="EU", type="allocation"),
        acts.CapSet(parameter=CAP, year=YEAR, units=(UNIT,), quantity=cap),
    ]
    made += [
        acts.AccountOpened(
            number=FIRST + number, registry=HOME, type="operator-holding", operator=_code(number)
        )
        for number in range(count)
    ]
    requests: list[Request] = [
        ActRequest(key_of("opening", place), day, act) for place, act in enumerate(made)
    ]
    for type_, sender, receiver, refers_to in (
        ("1-31", 0, TOTAL, CAP_RECORD),
        ("10-0", TOTAL, ALLOCATING, 0),
    ):
        key = key_of("opening", type_)
        code = type_code(type_)
        requests.append(
            TransactionRequest(key, day, code, sender, receiver, KIND, cap, refers_to=refers_to)
        )
    return requests


if __name__ == "__main__":
    main()
