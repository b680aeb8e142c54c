"""The smallest jurisdiction that runs: its law is two short files; a store of it plays a year."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from openets.kernel import acts
from openets.kernel.clock import instant
from openets.kernel.records import type_code
from openets.ledger.requests import ActRequest, Outcome, Request, TransactionRequest, key_of
from openets.ledger.store import create_store
from openets.ledger.writing import writing
from openets.rulebook.load import load_rulebook
from openets.storage.database import StorageError
from tests.stories.command_line import rows_as_json, run

LAW = load_rulebook("example")
CAP = "caps.union"
QUANTITY, ENDED, CEMENT, GLASS, TRADER = range(1, 6)
KIND = 1


def at(day: str) -> int:
    return instant(datetime.fromisoformat(f"{day}T10:00").replace(tzinfo=UTC))


def act(day: str, act_: acts.Act, *words: str | int) -> ActRequest:
    return ActRequest(key_of("act", act_.act, *words), at(day), act_)


def move(
    day: str, type_: str, sender: int, receiver: int, quantity: int, year: int = 0, cap: int = 0
) -> TransactionRequest:
    return TransactionRequest(
        key=key_of(day, type_, sender, receiver),
        effective=at(day),
        type=type_code(type_),
        transferring=sender,
        acquiring=receiver,
        kind=KIND,
        quantity=quantity,
        year=year,
        refers_to=cap,
    )


def founding(cap: int) -> list[Request]:
    day = "2030-01-02"
    types = {
        QUANTITY: "total-quantity",
        ENDED: "surrender",
        CEMENT: "operator-holding",
        GLASS: "operator-holding",
        TRADER: "trading",
    }
    kind = acts.KindDefined(
        kind=KIND, unit="allowance", registry="EX", original_period=1, applicable_period=1
    )
    opened = [acts.AccountOpened(number=n, registry="EX", type=type_) for n, type_ in types.items()]
    capped = acts.CapSet(parameter=CAP, year=2030, units=("allowance",), quantity=cap)
    return [
        act(day, kind, KIND),
        *(act(day, account, account.number) for account in opened),
        act(day, capped, CAP),
    ]


def test_a_small_year_is_played_and_proved(tmp_path: Path) -> None:
    store = create_store(tmp_path / "store", jurisdiction="example", mode="practice")
    cap = LAW.ask(CAP, for_=2030).value
    with writing(store) as writer:
        founded = writer.post(founding(cap))
        limit = founded[-1].sequence

        def post(*requests: Request) -> list[Outcome]:
            return writer.post(list(requests))

        year = post(
            move("2030-02-01", "1-0", 0, QUANTITY, cap, cap=limit),
            move("2030-02-28", "10-36", QUANTITY, CEMENT, 400, 2030),
            move("2030-02-28", "10-36", QUANTITY, GLASS, 100, 2030),
            move("2030-06-01", "10-37", QUANTITY, TRADER, 300),
            act("2031-03-31", acts.EmissionsVerified(account=CEMENT, year=2030, tonnes=350), "c"),
            act("2031-03-31", acts.EmissionsVerified(account=GLASS, year=2030, tonnes=180), "g"),
            move("2031-04-10", "10-0", TRADER, GLASS, 80),
            move("2031-04-30", "10-2", CEMENT, ENDED, 350, 2030),
            move("2031-04-30", "10-2", GLASS, ENDED, 180, 2030),
        )
        assert all(outcome.completed for outcome in year)
        refused = post(
            move("2031-05-01", "10-2", TRADER, ENDED, 1, 2030),
            move("2031-05-01", "10-0", ENDED, TRADER, 1),
            move("2031-05-01", "1-0", 0, QUANTITY, 1, cap=limit),
        )
        assert not any(outcome.completed for outcome in refused)
        held = {account: writer.held(account, KIND) for account in range(1, 6)}
        projection = store.projection()
        with closing(projection.database):
            projection.catch_up(writer.journal)
    assert held == {QUANTITY: 200, ENDED: 530, CEMENT: 50, GLASS: 0, TRADER: 220}
    assert json.loads(run("verify", "--json", store=store.directory))["sound"] is True
    rows = rows_as_json("account", "statement", CEMENT, store=store.directory)
    assert len(rows) == 2


def test_a_jurisdiction_without_a_register_cannot_run_a_store(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="The law of rggi has no account types"):
        create_store(tmp_path / "store", jurisdiction="rggi", mode="practice")
    assert not (tmp_path / "store").exists()
