"""Hundreds of faults, one at a time, on both engines; `make faults` draws thousands.

OPENETS_FAULT_POINTS says how many. A test is a script, a way of splitting it into batches, and some
of the faults that can happen in that run; half of the tests play the small world's script. Which
they are depends on nothing but the test's number, so a failure comes again.
"""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from openets.kernel.acts import Freeze
from openets.kernel.batch import decode_batch, encode_batch, extend_chain
from openets.kernel.records import decode_record
from openets.ledger.journal import Journal
from openets.ledger.post import WriterStopped
from openets.ledger.store import Store, open_writer
from openets.storage import boundary
from openets.storage.database import Database, StorageError
from openets.translog.client import LogAway, open_local_log
from openets.translog.store import LogStore, load
from tests.conftest import MakeDatabase
from tests.faults.harness import (
    BOUNDARIES,
    KILLED,
    Fault,
    Faultless,
    Plan,
    assert_sound,
    draw_faults,
    play_faultless,
    recover,
    run,
    try_fault,
)
from tests.faults.scripts import script_of
from tests.faults.stores import FreshStore, fresh_stores
from tests.kept_states import keep_after
from tests.small_world import FIRST, SECOND, act, move

POINTS = int(os.environ.get("OPENETS_FAULT_POINTS", "520"))
POINTS_PER_TEST = 20
ENGINES = 2
TESTS = -(-POINTS // (POINTS_PER_TEST * ENGINES))
WHOLE = 15  # tests of the small world between them try every fault its run can have
SPLITS = (2, 3, 5, 5_000)  # records per batch; the two of the founding always go together


@pytest.fixture(autouse=True)
def everything_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every start takes up what was kept when the store was last closed, if it was."""
    keep_after(1, monkeypatch)


@pytest.fixture
def fresh(tmp_path: Path, make_database: MakeDatabase) -> FreshStore:
    return fresh_stores(tmp_path, make_database)


def plan_of(number: int) -> tuple[Plan, int | None]:
    """What the test of a number plays, and which part of the small world's faults it takes."""
    part, other = divmod(number, 2)
    if part < WHOLE and not other:
        return Plan(script_of(0)), part
    return Plan(script_of(number + 1), Random(f"split {number}").choice(SPLITS)), None


def faults_of(number: int, part: int | None, reached: list[str]) -> list[Fault]:
    """The faults of a test: a part of the small world's, or drawn from all its script can have."""
    if part is None:
        return draw_faults(reached, Random(f"faults {number}"))[:POINTS_PER_TEST]
    faults = draw_faults(reached, Random("faults"))
    assert len(faults) <= WHOLE * POINTS_PER_TEST, "the small world's faults need more tests"
    start = min(part * POINTS_PER_TEST, len(faults) - POINTS_PER_TEST)
    return faults[start:][:POINTS_PER_TEST]


@pytest.mark.parametrize("number", range(TESTS))
def test_after_any_fault_the_books_are_those_of_a_run_without(
    number: int, fresh: FreshStore
) -> None:
    plan, part = plan_of(number)
    faultless = play_faultless(fresh(), plan)
    assert set(faultless.reached) == BOUNDARIES
    faults = faults_of(number, part, faultless.reached)
    assert len(set(faults)) == POINTS_PER_TEST
    for fault in faults:
        try:
            try_fault(fresh(), plan, fault, faultless)
        except Exception as error:
            error.add_note(f"{fault} at {faultless.reached[fault.point - 1]}, test {number}")
            raise


def test_enough_faults_are_tried() -> None:
    assert TESTS * POINTS_PER_TEST * ENGINES >= POINTS
    assert POINTS >= 500


def test_a_second_freeze_that_fails_does_not_lift_the_first(fresh: FreshStore) -> None:
    """The writer goes on after a full disk, and what it undid was only what had failed."""
    store = fresh()
    log = open_local_log(store.log_directory)
    freezes = [act(Freeze(account=FIRST, reason=why), why) for why in ("first", "second")]
    try:
        with closing(open_writer(store, log, exclusive=False)) as writer:
            for requests in script_of(0)[:3]:
                writer.post(requests)
            writer.post(freezes[:1])
            boundary.install(disk_full)
            with pytest.raises(LogAway, match="disk is full"):
                writer.post(freezes[1:])
            boundary.install(None)
            (sale,) = writer.post([move("10-0", FIRST, SECOND, 1, "frozen")])
            assert [refusal.code for refusal in sale.refusals] == ["ledger.frozen"]
            assert writer.post(freezes[1:])[0].completed
    finally:
        boundary.install(None)
        log.stop()


def disk_full(name: str) -> None:
    if name == "log.commit.during":
        raise StorageError("The disk is full (injected).")


# -- the harness itself can fail: books broken on purpose ------------------------------------------


@pytest.fixture
def played(fresh: FreshStore) -> tuple[Store, Faultless]:
    """A store on which the small world was played without a fault."""
    store = fresh()
    return store, play_faultless(store, Plan(script_of(0)))


def run_sql(url: str, sql: str, parameters: tuple[object, ...] = ()) -> int:
    with closing(Database(url, name="broken")) as database:
        return database.run(sql, parameters)


LAST_OF_JOURNAL = "DELETE FROM journal_batch WHERE first = (SELECT MAX(first) FROM journal_batch)"
LAST_OF_LOG = "DELETE FROM log_batch WHERE first = (SELECT MAX(first) FROM log_batch)"


def test_an_acknowledged_row_that_both_books_lose_is_missed(
    played: tuple[Store, Faultless],
) -> None:
    store, faultless = played
    run_sql(store.journal_url, LAST_OF_JOURNAL)
    run_sql(load(store.log_directory).url, LAST_OF_LOG)
    with pytest.raises(AssertionError, match="an acknowledged record is gone"):
        assert_sound(store, faultless.outcomes, faultless)
    with pytest.raises(AssertionError, match="not those without a fault"):
        assert_sound(store, [], faultless)


def test_a_row_that_only_the_log_loses_is_missed(played: tuple[Store, Faultless]) -> None:
    store, faultless = played
    run_sql(load(store.log_directory).url, LAST_OF_LOG)
    with pytest.raises(AssertionError, match="The log ends before record"):
        assert_sound(store, faultless.outcomes, faultless)


def test_a_refused_request_that_was_done_is_found(played: tuple[Store, Faultless]) -> None:
    store, faultless = played
    done = faultless.outcomes[0]
    with pytest.raises(AssertionError, match="what was refused has been done"):
        assert_sound(store, [done._replace(sequence=0)], faultless)


def test_a_record_that_stands_twice_is_found(played: tuple[Store, Faultless]) -> None:
    store, faultless = played
    with closing(store.journal().database) as database:
        journal = Journal(database)
        last = decode_batch(list(journal.rows())[-1].envelope)
        receipt = list(journal.rows())[-1].receipt
        again = decode_record(last.records[-1])._replace(sequence=last.last + 1).encode()
        envelope = encode_batch(
            origin=last.origin,
            store=store.store,
            epoch=last.epoch,
            first=last.last + 1,
            previous=last.head,
            head=extend_chain(last.head, (again,)),
            rulebook=last.rulebook,
            records=(again,),
            signers=[store.registry_key()],
        )
        journal.append(last.last + 1, 1, envelope, receipt)
    with pytest.raises(AssertionError, match="a key stands twice"):
        assert_sound(store, faultless.outcomes, faultless)


def test_a_log_that_promises_before_it_writes_is_found_out(
    fresh: FreshStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = Plan(script_of(0))
    faultless = play_faultless(fresh(), plan)
    fault = Fault(KILLED, len(faultless.reached))
    with monkeypatch.context() as broken:
        broken.setattr(LogStore, "add", lambda *_: None)
        store = fresh()
        told = run(store, plan, fault)
    assert told.outcomes
    with pytest.raises(WriterStopped, match="the books differ"):
        recover(store, plan.calls)
