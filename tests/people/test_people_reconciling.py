"""Reconciliation: the units of a registry stand still, and accounts that differ are stopped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from openets.kernel import acts
from openets.kernel.clock import FixedClock, instant
from openets.kernel.refusal import Refused
from openets.ledger.requests import ActRequest, key_of
from openets.ledger.store import Store, open_store
from openets.ledger.verify import verify
from openets.people import reconciling
from openets.people.opening import Opened
from openets.people.reconciling import Reconciliation, begin, compare, end
from openets.translog.client import Audit, Finding, audit
from tests.small_office import (
    CEMENT,
    CENTRAL,
    GLASS,
    KIND,
    MONDAY,
    SENIOR,
    TRADER,
    TRADER_ONE,
    TRADER_TWO,
    make_office,
    person,
    staffed,
)

TRANSFER = (
    f'{{"type": "10-0", "transferring": {TRADER}, "acquiring": {GLASS}, "kind": {KIND},'
    ' "quantity": 5}'
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return make_office(tmp_path / "office")


@pytest.fixture
def office(store: Store) -> Iterator[Opened]:
    with staffed(store, FixedClock(MONDAY)) as opened:
        yield opened


def begun(office: Opened, who: int = SENIOR, registry: str = "EX") -> Reconciliation:
    return begin(office.office, office.desk.trail, person(office, who), registry)


def ended(office: Opened, *differ: int) -> Reconciliation:
    return end(office.office, office.desk.trail, person(office, SENIOR), "EX", differ)


def transfer_refused(office: Opened) -> list[str]:
    try:
        office.desk.propose(person(office, TRADER_ONE), "transaction", TRANSFER)
    except Refused as refused:
        return [one.code for one in refused.refusals]
    return []


def test_units_stand_still_from_the_beginning_to_the_end(office: Opened, store: Store) -> None:
    first = begun(office)
    assert begun(office) == first  # whoever broke off begins where it stood
    assert transfer_refused(office) == ["ledger.being-compared"]
    assert compare(store, "EX", MONDAY.date()) == ()
    assert ended(office).differ == ()
    assert transfer_refused(office) == []
    told = [event.sentence for event in office.desk.trail.events()]
    who = f"Person {SENIOR} (senior administrator)"
    assert told[0] == f"{who} began to compare the books of EX; its units stand still."
    assert told[1] == f"{who} compared the books of EX; they agree."
    with pytest.raises(Refused) as refused:
        ended(office)
    assert [one.code for one in refused.value.refusals] == ["ledger.comparison"]


def test_what_was_approved_waits_for_the_end(store: Store) -> None:
    clock = FixedClock(MONDAY)
    with staffed(store, clock) as office:
        proposal = office.desk.propose(person(office, TRADER_ONE), "transaction", TRANSFER)
        office.desk.approve(person(office, TRADER_TWO), proposal.number)
        clock.set(MONDAY + timedelta(days=9))
        begun(office)
        assert list(office.desk.work()) == []
        ended(office)
        (done,) = office.desk.work()
        assert (done.number, done.state) == (proposal.number, "completed")


def test_it_outlives_the_process_and_both_books_are_proved(store: Store) -> None:
    clock = FixedClock(MONDAY)
    with staffed(store, clock) as office:
        begun(office)
    with staffed(open_store(store.directory), clock) as office:
        assert transfer_refused(office) == ["ledger.being-compared"]
        ended(office)
    assert verify(store).sound


def test_a_log_that_is_not_whole_is_held_against_nothing(
    office: Opened, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(office)
    broken = Audit(findings=[Finding("log", sentence="A row was changed.")])
    monkeypatch.setattr(reconciling, "audit", lambda *_, **__: broken)
    with pytest.raises(Refused, match=r"people\.log-not-whole: A row was changed"):
        compare(store, "EX", MONDAY.date())


def test_what_the_log_gives_to_somebody_else_is_found(
    office: Opened, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(office)
    found = audit(store.log_directory, rulebook=store.rulebook, log_key=store.log_key)
    rows = [(*row[:4], GLASS if row[4] == TRADER else row[4]) for row in found.intervals()]
    monkeypatch.setattr(found, "intervals", lambda: iter(rows))
    monkeypatch.setattr(reconciling, "audit", lambda *_, **__: found)
    assert compare(store, "EX", MONDAY.date()) == (GLASS, TRADER)


def test_an_account_on_which_the_books_differ_is_stopped(office: Opened) -> None:
    begun(office)
    assert ended(office, CEMENT, TRADER).differ == (CEMENT, TRADER)
    assert transfer_refused(office) == ["ledger.frozen"]
    assert {CEMENT, TRADER} <= office.office.writer.book.frozen.keys()
    told = [event.sentence for event in office.desk.trail.events()][-1]
    assert told.endswith(f"they differ on account {CEMENT}, {TRADER}.")


@pytest.mark.parametrize(
    ("who", "registry", "code"),
    [
        (TRADER_ONE, "EX", "people.not-permitted"),
        (SENIOR, "ZZ", "people.not-permitted"),
        (CENTRAL, "ZZ", "people.registry-unknown"),
    ],
)
def test_who_compares(office: Opened, who: int, registry: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        begun(office, who, registry)
    assert [one.code for one in refused.value.refusals] == [code]


def test_the_log_keeps_the_order_by_itself(office: Opened) -> None:
    act = acts.Reconciled(registry="EX", state="ended")
    (outcome,) = office.office.writer.post([ActRequest(key_of("case"), instant(MONDAY), act)])
    assert [one.code for one in outcome.refusals] == ["ledger.comparison"]
