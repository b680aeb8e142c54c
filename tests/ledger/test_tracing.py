"""A trace is what following each serial by hand through the records gives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openets.kernel.records import Block, Transaction
from openets.ledger import tracing
from openets.ledger.journal import stored_records
from openets.ledger.store import Store, open_writer
from openets.storage.database import Database
from openets.translog.client import open_local_log
from tests.busy_world import SCENE, SPARE
from tests.conftest import MakeDatabase
from tests.small_world import FIRST, KIND, PARTY, RETIREMENT, SECOND, THIRD, at, make_store, move

TRADES = [
    move("10-0", FIRST, SECOND, 30, "a", day="2006-05-01"),
    move("10-0", SECOND, SPARE, 40, "b", day="2006-06-01"),
    move("10-0", SPARE, FIRST, 5, "back", day="2006-07-01"),
    move("3-21", SPARE, THIRD, 20, "abroad", day="2006-08-01"),
    move("10-0", FIRST, SPARE, 10, "named", day="2006-09-01")._replace(
        blocks=(Block(KIND, 150, 159),)
    ),
    move("10-2", SPARE, RETIREMENT, 15, "ended", day="2007-04-30", year=2006),
]


class World:
    """The query tables, and every movement in order, unit by unit."""

    def __init__(self, store: Store, database: Database) -> None:
        self.store, self.database = store, database
        with closing(store.journal(read_only=True).database) as journal:
            found = [one for one in stored_records(journal) if isinstance(one, Transaction)]
        self.moves = found
        self.last = found[-1].sequence

    def naive(self, followed: dict[int, int], direction: str) -> set[tuple[int, int]]:
        """(record, serial): each move of a serial from the record it is followed from."""
        return {
            (record.sequence, serial)
            for record in self.moves
            for _, start, end in record.blocks
            for serial in range(start, end + 1)
            if serial in followed
            and (
                record.sequence >= followed[serial]
                if direction == "forward"
                else record.sequence <= followed[serial]
            )
        }


def serials(trace: tracing.Trace) -> set[tuple[int, int]]:
    found = [
        (hop.sequence, serial) for hop in trace.hops for serial in range(hop.first, hop.last + 1)
    ]
    assert len(found) == len(set(found))
    order = [hop.sequence for hop in trace.hops]
    assert order == sorted(order, reverse=trace.direction == "backward")
    return set(found)


def world_in(store: Store) -> Iterator[World]:
    log = open_local_log(store.log_directory)
    with closing(open_writer(store, log)) as writer:
        assert all(outcome.completed for outcome in writer.post([*SCENE, *TRADES]))
        projection = store.projection()
        with closing(projection.database):
            projection.catch_up(writer.journal)
    log.stop()
    with closing(Database(store.query_url, name="query", read_only=True)) as database:
        yield World(store, database)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    yield from world_in(make_store(tmp_path_factory.mktemp("traced") / "store"))


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    first=st.integers(1, 1_000),
    length=st.integers(0, 200),
    direction=st.sampled_from(("forward", "backward")),
)
def test_serials(world: World, first: int, length: int, direction: tracing.Direction) -> None:
    last = min(first + length, 1_000)
    found = tracing.trace_serials(world.database, "AT", first, last, direction)
    limit = 0 if direction == "forward" else world.last
    assert serials(found) == world.naive(dict.fromkeys(range(first, last + 1), limit), direction)


@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_every_record(world: World, direction: tracing.Direction) -> None:
    for record in world.moves:
        followed = {
            serial: record.sequence
            for _, start, end in record.blocks
            for serial in range(start, end + 1)
        }
        found = tracing.trace_record(world.database, record.sequence, direction)
        assert serials(found) == world.naive(followed, direction)


@pytest.mark.parametrize("direction", ["forward", "backward"])
@pytest.mark.parametrize("account", [PARTY, FIRST, SECOND, SPARE, THIRD])
def test_every_account_over_a_period(
    world: World, direction: tracing.Direction, account: int
) -> None:
    since, until = at("2006-03-01"), at("2006-08-01")
    followed: dict[int, int] = {}
    ordered = world.moves if direction == "backward" else world.moves[::-1]
    for record in ordered:  # what is followed longest is noted last
        side = record.transferring if direction == "forward" else record.acquiring
        if side == account and since <= record.effective <= until:
            for _, start, end in record.blocks:
                followed |= dict.fromkeys(range(start, end + 1), record.sequence)
    found = tracing.trace_account(world.database, account, direction, since, until)
    assert serials(found) == world.naive(followed, direction)


def test_the_graph_sums_the_hops(world: World) -> None:
    found = tracing.trace_record(world.database, world.moves[-6].sequence, "forward")
    assert sum(edge.units for edge in found.edges) == sum(hop.quantity for hop in found.hops)
    assert found.edges[0][:2] == (FIRST, SECOND)
    assert {edge[:2] for edge in found.edges} == {
        (hop.transferring, hop.acquiring) for hop in found.hops
    }


def test_what_never_was_has_no_way(world: World) -> None:
    assert not tracing.trace_serials(world.database, "AT", 1_001, 1_001, "forward").hops
    assert not tracing.trace_serials(world.database, "ZZ", 1, 1, "backward").hops
    assert not tracing.trace_record(world.database, 3, "forward").hops  # an act


def test_on_both_engines_and_in_tables_of_an_older_release(
    tmp_path: Path, make_database: MakeDatabase
) -> None:
    urls = {role: make_database(role) for role in ("journal", "query", "log")}
    for world in world_in(make_store(tmp_path / "store", urls)):
        found = tracing.trace_record(world.database, world.moves[1].sequence, "forward")
        with closing(world.store.projection().database) as tables:
            tables.run("UPDATE mark SET head = key FROM record WHERE name = 'shape'")
        projection, journal = world.store.projection(), world.store.journal(read_only=True)
        with closing(projection.database), closing(journal.database):
            assert projection.mark()[0] == 0
            projection.catch_up(journal)
        assert tracing.trace_record(world.database, world.moves[1].sequence, "forward") == found
