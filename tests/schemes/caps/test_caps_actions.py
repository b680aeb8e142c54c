"""Creation at the desk: under the cap of the law, by two people, and refused above it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from openets.kernel.batch import FROM_REGISTRY, encode_batch, extend_chain
from openets.kernel.clock import FixedClock
from openets.kernel.records import Block, Transaction, type_code
from openets.kernel.refusal import Refused
from openets.ledger.requests import key_of
from openets.people.opening import Opened
from openets.translog.client import RecordRefused
from tests.small_office import (
    AUTHORITY,
    CAP,
    CENTRAL,
    KIND,
    MONDAY,
    OTHER_AUTHORITY,
    OTHER_CENTRAL,
    QUANTITY,
    SENIOR,
    make_office,
    person,
    staffed,
)

SET = {"parameter": CAP, "year": 2031, "units": ["allowance"]}
MAKE = {
    "type": "1-0",
    "parameter": CAP,
    "year": 2031,
    "acquiring": QUANTITY,
    "kind": KIND,
}


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Opened]:
    with staffed(make_office(tmp_path / "store"), FixedClock(MONDAY)) as opened:
        yield opened


def propose(office: Opened, command: str, fields: dict[str, Any], who: int = AUTHORITY) -> int:
    return office.desk.propose(person(office, who), command, json.dumps(fields)).number


def refusals(action: Callable[[], object]) -> list[tuple[str, str]]:
    with pytest.raises(Refused) as refused:
        action()
    return [(one.code, one.citation) for one in refused.value.refusals]


def cap_is_set(office: Opened) -> int:
    number = propose(office, "cap", SET, CENTRAL)
    assert office.desk.approve(person(office, OTHER_CENTRAL), number).state == "completed"
    return int(office.office.rulebook.ask(CAP, for_=2031).value)


def test_a_cap_is_set_once_with_the_quantity_of_the_law(office: Opened) -> None:
    quantity = cap_is_set(office)
    told = next(office.desk.proposals.events(1)).sentence
    assert f"{quantity} units of allowance may be created for 2031, by {CAP}" in told
    again = refusals(lambda: propose(office, "cap", SET, CENTRAL))
    assert again == [("ledger.cap-set", CAP)]
    unknown = {**SET, "year": 2032, "units": ["allowance", "credit"]}
    assert refusals(lambda: propose(office, "cap", unknown))[0] == ("cap.unit-unknown", "cap rule")
    none = {**SET, "parameter": "caps.nowhere"}
    assert refusals(lambda: propose(office, "cap", none))[0][0] == "ledger.cap-unknown"
    assert refusals(lambda: propose(office, "cap", SET, SENIOR))[0][0] == "people.not-permitted"


def test_creation_rests_on_the_cap_and_stops_at_it(office: Opened) -> None:
    wanted = {**MAKE, "quantity": 10}
    assert refusals(lambda: propose(office, "creation", wanted)) == [("cap.not-set", CAP)]
    quantity = cap_is_set(office)
    before = office.office.writer.held(QUANTITY, KIND)
    number = propose(office, "creation", {**MAKE, "quantity": quantity - 5})
    told = next(office.desk.proposals.events(number)).sentence
    assert f"under {CAP} of 2031 ({quantity} of {quantity} left)" in told
    assert office.desk.approve(person(office, OTHER_AUTHORITY), number).state == "completed"
    assert office.office.writer.held(QUANTITY, KIND) == before + quantity - 5
    assert refusals(lambda: propose(office, "creation", {**MAKE, "quantity": 6})) == [
        ("ledger.above-cap", CAP)
    ]
    number = propose(office, "creation", {**MAKE, "quantity": 5})
    assert office.desk.approve(person(office, OTHER_AUTHORITY), number).state == "completed"


def test_the_log_refuses_it_in_its_own_code(office: Opened) -> None:
    """A registry that lost its own check: the batch is signed and well made, and refused."""
    quantity = cap_is_set(office)
    writer, book = office.office.writer, office.office.writer.book
    start = book.last_serial["EX"] + 1
    record = Transaction(
        book.sequence + 1,
        key_of("above the cap"),
        1_900_000_000_000_000,
        type_code("1-0"),
        2031,
        0,
        QUANTITY,
        book.caps[CAP, 2031],
        0,
        (Block(KIND, start, start + quantity),),
    )
    data = record.encode()
    batch = encode_batch(
        origin=FROM_REGISTRY,
        store=book.store,
        epoch=writer._epoch,
        first=record.sequence,
        previous=book.head,
        head=extend_chain(book.head, (data,)),
        rulebook=book.rulebook.digest,
        records=[data],
        signers=[writer._key],
    )
    answer = writer._log.append(batch)
    assert isinstance(answer, RecordRefused)
    assert (answer.refusal.code, answer.refusal.citation) == ("log.above-cap", CAP)
