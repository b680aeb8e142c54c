"""A store small enough to see through: two registries, one cap, three operators, a short script.

The ledger, log, fault and machine tests play on it. Numbers are chosen for the eye; the law is that
of the EU in 2006, whose caps and types are in the rulebook.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from openets.kernel import acts
from openets.kernel.clock import instant
from openets.kernel.records import type_code
from openets.ledger.requests import ActRequest, Request, TransactionRequest, key_of
from openets.ledger.store import Store, create_store
from openets.rulebook.load import load_rulebook

CAP = "caps.stationary.phase-1.union"
UNIT = "allowance-2005-2007"
PARTY, RETIREMENT, FIRST, SECOND, OTHER_PARTY, THIRD = 1, 2, 3, 4, 5, 6
KIND = 1


def at(day: str) -> int:
    """An instant on a day, at ten in the morning UTC."""
    return instant(datetime.fromisoformat(f"{day}T10:00").replace(tzinfo=UTC))


def act(act_: acts.Act, *words: str | int, day: str = "2006-01-02") -> ActRequest:
    """A request for an act whose key is made of words."""
    return ActRequest(key_of("act", act_.act, *words), at(day), act_)


def move(
    type_: str,
    transferring: int,
    acquiring: int,
    quantity: int,
    *words: str | int,
    day: str = "2006-03-01",
    year: int = 0,
    refers_to: int = 0,
    kind: int = KIND,
) -> TransactionRequest:
    """A request for a transaction whose key is made of its parties, type and words."""
    return TransactionRequest(
        key=key_of("move", type_, transferring, acquiring, *words),
        effective=at(day),
        type=type_code(type_),
        transferring=transferring,
        acquiring=acquiring,
        kind=kind,
        quantity=quantity,
        year=year,
        refers_to=refers_to,
    )


def opening() -> list[Request]:
    """The acts that set the scene: a kind, six accounts, a cap (records 3 to 10)."""
    places = (
        (PARTY, "AT", "party-holding"),
        (RETIREMENT, "AT", "retirement"),
        (FIRST, "AT", "operator-holding"),
        (SECOND, "AT", "operator-holding"),
        (OTHER_PARTY, "SI", "party-holding"),
        (THIRD, "SI", "operator-holding"),
    )
    cap = int(load_rulebook("eu").ask(CAP, for_=2006).value)
    requests: list[Request] = [
        act(
            acts.KindDefined(
                kind=KIND, unit=UNIT, registry="AT", original_period=0, applicable_period=0
            ),
            KIND,
        )
    ]
    requests += [
        act(acts.AccountOpened(number=number, registry=registry, type=type_), number)
        for number, registry, type_ in places
    ]
    requests.append(act(acts.CapSet(parameter=CAP, year=2006, units=(UNIT,), quantity=cap), CAP))
    return requests


CAP_RECORD = 10  # two founding records, one kind, six accounts, then the cap


def script() -> list[list[Request]]:
    """What is posted, call by call: among it a refusal, a split, a repeat and a reservation."""
    return [
        opening(),
        [move("1-51", 0, PARTY, 1_000, "all", refers_to=CAP_RECORD)],
        [
            move("10-53", PARTY, FIRST, 300, "2006", year=2006),
            move("10-53", PARTY, SECOND, 200, "2006", year=2006),
            move("10-53", PARTY, SECOND, 99_999, "too much", year=2006),
        ],
        [move("10-0", FIRST, SECOND, 50, "sale")],
        [move("10-0", FIRST, SECOND, 50, "sale"), move("3-21", SECOND, THIRD, 20, "abroad")],
        [act(acts.Reserved(account=SECOND, kind=KIND, quantity=100), "second")],
        [
            act(acts.EmissionsVerified(account=FIRST, year=2006, tonnes=120), "first"),
            move("10-2", FIRST, RETIREMENT, 120, "2006", day="2007-04-30", year=2006),
            move("10-2", SECOND, RETIREMENT, 200, "over", day="2007-04-30", year=2006),
        ],
        [move("10-0", SECOND, FIRST, 30, "back", day="2007-05-02")],
    ]


def make_store(directory: Path, urls: dict[str, str] | None = None) -> Store:
    """A new practice store, on SQLite files or at the addresses given for its three databases."""
    urls = urls or {}
    return create_store(
        directory,
        jurisdiction="eu",
        mode="practice",
        journal_url=urls.get("journal"),
        query_url=urls.get("query"),
        log_url=urls.get("log"),
    )
