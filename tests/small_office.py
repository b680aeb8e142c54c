"""An office small enough to see through: the law of the example, five accounts, a dozen people.

People go by number and role. Cement and glass have operators, the trader has none; each account has
two representatives. The clock stands on a Monday morning before the hours of the registry begin.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from openets.kernel import acts
from openets.kernel.actor import Actor
from openets.kernel.clock import FixedClock, instant
from openets.kernel.records import type_code
from openets.ledger.requests import ActRequest, Request, TransactionRequest, key_of
from openets.ledger.store import Store, create_store, open_writer
from openets.people.holders import Holder
from openets.people.opening import Opened, desk_database, open_desk
from openets.people.register import Register
from openets.rulebook.load import load_rulebook
from openets.schemes.desk import EXTENSIONS
from openets.translog.client import open_local_log

MONDAY = datetime(2030, 3, 4, 9, tzinfo=UTC)
QUANTITY, ENDED, CEMENT, GLASS, TRADER = range(1, 6)
KIND = 1
CAP = "caps.union"
ROLES = (
    "senior administrator",
    "senior administrator",
    "authority",
    "authority",
    "representative",  # cement
    "representative",
    "representative",  # glass
    "representative",
    "representative",  # trader
    "representative",
    "auditor",
    "central administrator",
    "central administrator",
)
SENIOR, OTHER_SENIOR, AUTHORITY, OTHER_AUTHORITY = 1, 2, 3, 4
CEMENT_ONE, CEMENT_TWO, GLASS_ONE, GLASS_TWO, TRADER_ONE, TRADER_TWO = range(5, 11)
AUDITOR, CENTRAL, OTHER_CENTRAL = 11, 12, 13
EVERYBODY = tuple(range(1, len(ROLES) + 1))
REPRESENTED = {
    CEMENT: (CEMENT_ONE, CEMENT_TWO),
    GLASS: (GLASS_ONE, GLASS_TWO),
    TRADER: (TRADER_ONE, TRADER_TWO),
}


def founding() -> list[Request]:
    """Kind, accounts, cap, and what the accounts hold: cement 400, glass 100, trader 300."""
    law = load_rulebook("example")
    day = instant(datetime(2030, 1, 2, 10, tzinfo=UTC))
    types = ("total-quantity", "surrender", "operator-holding", "operator-holding", "trading")
    kind = acts.KindDefined(
        kind=KIND, unit="allowance", registry="EX", original_period=1, applicable_period=1
    )
    cap = law.ask(CAP, for_=2030).value
    capped = acts.CapSet(parameter=CAP, year=2030, units=("allowance",), quantity=cap)
    made: list[acts.Act] = [kind]
    made += [
        acts.AccountOpened(number=number, registry="EX", type=type_)
        for number, type_ in enumerate(types, start=1)
    ]
    made.append(capped)
    requests: list[Request] = [
        ActRequest(key_of("found", index), day, one) for index, one in enumerate(made)
    ]
    moves = (
        ("1-0", 0, QUANTITY, cap, len(made) + 2),  # two records found every store
        ("10-36", QUANTITY, CEMENT, 400, 0),
        ("10-36", QUANTITY, GLASS, 100, 0),
        ("10-37", QUANTITY, TRADER, 300, 0),
    )
    for type_, sender, receiver, quantity, refers_to in moves:
        key = key_of("found", type_, receiver)
        code = type_code(type_)
        requests.append(
            TransactionRequest(
                key, day, code, sender, receiver, KIND, quantity, 2030, refers_to=refers_to
            )
        )
    return requests


def make_office(
    directory: Path, urls: dict[str, str] | None = None, jurisdiction: str = "example"
) -> Store:
    """A store with its accounts, people and representatives; nothing is proposed yet."""
    urls = urls or {}
    store = create_store(
        directory,
        jurisdiction=jurisdiction,
        mode="practice",
        journal_url=urls.get("journal"),
        query_url=urls.get("query"),
        desk_url=urls.get("desk"),
        log_url=urls.get("log"),
    )
    with staffed(store, FixedClock(MONDAY)) as office:
        outcomes = office.office.writer.post(founding())
        assert all(outcome.completed for outcome in outcomes)
        staff(office.register)
    return store


def staff(register: Register) -> None:
    """Registers the people and their rights."""
    for role in ROLES:
        place = None if role in ("auditor", "central administrator") else "EX"
        register.add_person(role, place)
    for account in range(QUANTITY, TRADER + 1):
        register.holders.add(holder_of(account), f"founding {account}")
        register.give(account, account)
    for account, people in REPRESENTED.items():
        for person in people:
            register.appoint(account, person, "initiate and approve", "active")


def holder_of(account: int) -> Holder:
    """The holder of an account, under the same number: the region, else an organisation."""
    if account in REPRESENTED:
        papers = {"register extract": f"file {account}"}
        return Holder(0, "EX", "organisation", "AT", f"FN {account}", None, None, papers)
    return Holder(0, "EX", "government", "AT", None, None, None, {})


@contextmanager
def staffed(store: Store, clock: FixedClock) -> Iterator[Opened]:
    """The open office of a store, with the log in this process."""
    log = open_local_log(store.log_directory)
    try:
        with (
            closing(open_writer(store, log, exclusive=False)) as writer,
            closing(desk_database(store)) as database,
        ):
            yield open_desk(store, database, writer, clock, EXTENSIONS)
    finally:
        log.stop()


def person(office: Opened, number: int) -> Actor:
    """A person as an actor."""
    found = office.register.person(number)
    assert found is not None
    return found.actor
