"""A block of serials stands still: in both books, around it everything goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openets.kernel import acts
from openets.kernel.records import Block
from openets.ledger import reads
from openets.ledger.frozen import Still, name_of_scope, scope_named, scope_of
from openets.ledger.post import Writer
from openets.ledger.requests import Outcome
from openets.ledger.store import open_store, open_writer
from openets.ledger.verify import verify
from openets.translog.client import Accepted, LocalLog, RecordRefused, open_local_log
from tests.busy_world import SCENE, SPARE
from tests.small_world import FIRST, KIND, SECOND, UNIT, act, make_store, move
from tests.translog.batches import Forger

spans = st.lists(
    st.tuples(st.integers(1, 60), st.integers(0, 12)).map(lambda p: (p[0], p[0] + p[1])), max_size=6
)


@given(spans, st.integers(1, 60), st.integers(0, 30))
def test_within_and_around_are_the_serials_one_by_one(
    frozen: list[tuple[int, int]], start: int, length: int
) -> None:
    end = start + length
    stand = {serial for first, last in frozen for serial in range(first, last + 1)}
    still = Still(frozen)
    within = [s for first, last in still.within(start, end) for s in range(first, last + 1)]
    around = [s for first, last in still.around(start, end) for s in range(first, last + 1)]
    assert within == [serial for serial in range(start, end + 1) if serial in stand]
    assert around == [serial for serial in range(start, end + 1) if serial not in stand]


def test_an_order_of_an_older_release_is_written_as_it_was() -> None:
    order = acts.Freeze(account=4, reason="drill")
    assert order.payload() == b'{"account":4,"reason":"drill","act":"freeze"}'
    assert acts.parse_act(order.payload()) == order
    block = acts.Freeze(registry="AT", first=1, last=9, reason="drill")
    assert acts.parse_act(block.payload()) == block
    assert name_of_scope(scope_of(block)) == "serials AT 1-9"
    for scope in (scope_of(order), scope_of(block), "AT", ("kind", 3)):
        assert scope_named(name_of_scope(scope)) == scope
    assert json.loads(block.payload())["last"] == 9


@pytest.fixture
def books(tmp_path: Path) -> Iterator[tuple[Writer, LocalLog]]:
    """The busy world: the first operator holds AT 51-300; the log runs here."""
    store = make_store(tmp_path / "store")
    log = open_local_log(store.log_directory)
    with closing(open_writer(store, log)) as writer:
        assert all(outcome.completed for outcome in writer.post(SCENE))
        yield writer, log
    log.stop()
    assert verify(store).sound


def order(writer: Writer, *words: str, lift: bool = False, **scope: object) -> Outcome:
    kind = acts.Lift if lift else acts.Freeze
    (outcome,) = writer.post([act(kind(reason="stolen", **scope), *words)])  # type: ignore[arg-type]
    return outcome


def sell(writer: Writer, quantity: int, *words: str, receiver: int = SPARE) -> Outcome:
    (outcome,) = writer.post([move("10-0", FIRST, receiver, quantity, *words)])
    return outcome


def code(outcome: Outcome) -> str:
    return outcome.refusals[0].code if outcome.refusals else ""


def test_what_is_picked_goes_around_the_frozen_block(books: tuple[Writer, LocalLog]) -> None:
    writer, _ = books
    stolen = {"registry": "AT", "first": 61, "last": 120}
    assert order(writer, "freeze", **stolen).completed
    assert (writer.held(FIRST, KIND), writer.book.available(FIRST, KIND)) == (250, 190)
    sold = sell(writer, 30, "sale")
    record = writer.journal.record(sold.sequence)
    assert record is not None
    assert record.blocks == (Block(KIND, 51, 60), Block(KIND, 121, 140))  # type: ignore[union-attr]
    refused = sell(writer, 161, "too much")
    assert code(refused) == "ledger.not-covered"
    assert refused.refusals[0].sentence == (
        f"Account {FIRST} has 160 of kind 1 available, not 161. 60 of those it holds are frozen."
    )
    reserved = acts.Reserved(account=FIRST, kind=KIND, quantity=161)
    assert code(writer.post([act(reserved, "too much")])[0]) == "ledger.not-reservable"
    assert sell(writer, 160, "the rest").completed
    assert writer.holdings(FIRST) == {KIND: 60}
    assert code(sell(writer, 1, "one")) == "ledger.not-covered"
    assert order(writer, "lift", lift=True, **stolen).completed
    assert sell(writer, 60, "returned").completed


def shown(writer: Writer, folder: Path) -> reads.AccountView:
    """What the query tables say of the first operator's account."""
    projection = open_store(folder / "store").projection()
    with closing(projection.database) as database:
        projection.catch_up(writer.journal)
        view = reads.account(database, FIRST)
    assert view is not None
    return view


def test_an_account_shows_what_stands_still_in_it(
    books: tuple[Writer, LocalLog], tmp_path: Path
) -> None:
    """Of AT 51-300 two overlapping blocks, then the kind, then everything."""
    writer, _ = books
    one, two, elsewhere = (
        order(writer, f"freeze {first}", registry="AT", first=first, last=last).sequence
        for first, last in ((41, 120), (101, 140), (301, 305))
    )
    view = shown(writer, tmp_path)
    assert view.holdings == [(UNIT, "AT", 250, 90)]
    assert view.freezes == [(one, "serials AT 41-120", 70), (two, "serials AT 101-140", 40)]
    assert (view.frozen, elsewhere) == (0, two + 1)
    order(writer, "lift", lift=True, registry="AT", first=41, last=120)
    assert shown(writer, tmp_path).holdings == [(UNIT, "AT", 250, 40)]
    kind = order(writer, "kind", kind=KIND).sequence
    assert shown(writer, tmp_path).freezes[1:] == [(kind, f"kind {KIND}", 250)]
    assert shown(writer, tmp_path).holdings == [(UNIT, "AT", 250, 250)]
    order(writer, "lift kind", lift=True, kind=KIND)
    registry = order(writer, "registry", registry="AT").sequence
    order(writer, "account", account=FIRST)
    view = shown(writer, tmp_path)
    assert (view.frozen, view.holdings) == (registry, [(UNIT, "AT", 250, 250)])
    assert [(freeze.what, freeze.units) for freeze in view.freezes] == [
        ("serials AT 101-140", 40),
        ("registry AT", 250),
        (f"account {FIRST}", 250),
    ]


def test_a_frozen_serial_that_is_named_is_refused(books: tuple[Writer, LocalLog]) -> None:
    writer, _ = books
    order(writer, "freeze", registry="AT", first=61, last=120)
    asked = move("10-0", FIRST, SPARE, 5, "named")._replace(blocks=(Block(KIND, 57, 61),))
    (outcome,) = writer.post([asked])
    assert code(outcome) == "ledger.serials-frozen"
    assert "serials AT 61-61 are frozen" in outcome.refusals[0].sentence


def test_of_two_orders_that_overlap_each_is_lifted_for_itself(
    books: tuple[Writer, LocalLog],
) -> None:
    writer, log = books
    one, two = {"first": 61, "last": 120}, {"first": 101, "last": 140}
    for index, span in enumerate((one, two, two)):
        assert order(writer, f"freeze {index}", registry="AT", **span).completed
    assert writer.book.available(FIRST, KIND) == 170
    assert code(order(writer, "other", lift=True, registry="AT", first=61, last=140)) == (
        "ledger.not-frozen"
    )
    assert order(writer, "lift one", lift=True, registry="AT", **one).completed
    assert writer.book.available(FIRST, KIND) == 210
    assert log._log._picture.immobile.get((FIRST, KIND)) == 40
    assert order(writer, "lift two", lift=True, registry="AT", **two).completed
    assert writer.book.available(FIRST, KIND) == 250
    assert not writer.book.still


def test_an_account_may_be_left_open_to_what_comes_in(books: tuple[Writer, LocalLog]) -> None:
    writer, _ = books
    assert order(writer, "open", account=SPARE, incoming=True).completed
    assert sell(writer, 10, "in").completed
    (back,) = writer.post([move("10-0", SPARE, SECOND, 1, "out")])
    assert code(back) == "ledger.frozen"
    assert order(writer, "shut", account=SPARE).completed  # the later order holds
    assert code(sell(writer, 10, "in again")) == "ledger.frozen"


def test_the_log_refuses_what_a_broken_registry_would_move(tmp_path: Path) -> None:
    frozen = acts.Freeze(registry="AT", first=61, last=120, reason="stolen")
    forger = Forger(make_store(tmp_path / "store"), [*SCENE, act(frozen, "stolen")])
    for spans, code_ in (
        (((51, 61),), "log.serials-frozen"),
        (((51, 55), (119, 125)), "log.serials-frozen"),
        (((121, 300), (51, 60)), ""),
    ):
        answer = forger.offer(forger.move("10-0", FIRST, SPARE, *spans, word=str(spans)))
        if code_:
            assert isinstance(answer, RecordRefused)
            assert answer.refusal.code == code_
        else:
            assert isinstance(answer, Accepted)
    reserved = forger.act(acts.Reserved(account=FIRST, kind=KIND, quantity=1))
    answer = forger.offer(reserved)
    assert isinstance(answer, RecordRefused)
    assert answer.refusal.code == "log.not-reservable"
    forger.log.stop()
