"""The log's picture beside a plain list of serials, and everything it can take back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from openets.kernel import acts
from openets.kernel.clock import day_of
from openets.kernel.records import ActRecord, Block, Record, Transaction, type_code
from openets.rulebook.load import load_rulebook
from openets.rulebook.tables import Tables
from openets.translog import picture as picture_module
from openets.translog.client import stored_records
from openets.translog.picture import Picture, SerialMap, Shelf, Stretch
from tests.busy_world import CLOSED, FROZEN, SCENE
from tests.small_world import FIRST, KIND, PARTY, RETIREMENT, SECOND, UNIT, at, make_store
from tests.translog.batches import Forger

# -- the map of serials ----------------------------------------------------------------------------

owners = st.integers(1, 3)
Held = dict[int, tuple[int, int]]  # serial to (kind, account)


def runs_of(held: Held) -> list[Stretch]:
    """The naive mapping as joined stretches."""
    found: list[Stretch] = []
    for serial, owner in sorted(held.items()):
        if found and found[-1].end == serial - 1 and found[-1][2:] == owner:
            found[-1] = found[-1]._replace(end=serial)
        else:
            found.append(Stretch(serial, serial, *owner))
    return found


def joined(stretches: Iterator[Stretch]) -> list[Stretch]:
    """Neighbours of one owner as one: two chunks may have parted them."""
    found: list[Stretch] = []
    for each in stretches:
        if found and found[-1].end == each.start - 1 and found[-1][2:] == each[2:]:
            found[-1] = found[-1]._replace(end=each.end)
        else:
            found.append(each)
    return found


class MapBesideAList(RuleBasedStateMachine):
    """Chunks of two stretches, so that they divide at every turn."""

    def __init__(self) -> None:
        super().__init__()
        self._patch = pytest.MonkeyPatch()
        self._patch.setattr(picture_module, "STRETCHES_PER_CHUNK", 2)
        self.map = SerialMap()
        self.held: Held = {}
        self.settled: Held = {}

    def teardown(self) -> None:
        self._patch.undo()

    @rule(kind=owners, account=owners, count=st.integers(1, 12))
    def create(self, kind: int, account: int, count: int) -> None:
        first = len(self.held) + 1
        self.map.create(Block(kind, first, first + count - 1), account)
        self.held |= dict.fromkeys(range(first, first + count), (kind, account))

    @precondition(lambda self: self.held)
    @rule(data=st.data(), account=owners)
    def give(self, data: st.DataObject, account: int) -> None:
        start = data.draw(st.integers(1, len(self.held)))
        end = data.draw(st.integers(start, len(self.held)))
        self.map.give(start, end, account)
        for serial in range(start, end + 1):
            self.held[serial] = (self.held[serial][0], account)

    @rule()
    def settle(self) -> None:
        self.map.settle()
        self.settled = dict(self.held)

    @rule()
    def drop(self) -> None:
        self.map.drop()
        self.held = dict(self.settled)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def ask(self, data: st.DataObject) -> None:
        """How far a range is an owner's is asked of every block; it may lie beyond the last."""
        start = data.draw(st.integers(1, len(self.held)))
        end = data.draw(st.integers(start, len(self.held) + 3))
        owner = data.draw(st.sampled_from([(9, 9), *self.held.values()]))
        reached = start
        while reached <= end and self.held.get(reached) == owner:
            reached += 1
        assert self.map.reached(start, end, *owner) == reached

    @invariant()
    def says_the_same(self) -> None:
        assert self.map.last == len(self.held)
        assert joined(iter(self.map)) == runs_of(self.held)
        counted = Counter(self.held.values())
        assert all(
            self.map.held(*owner) == counted[owner] for owner in product(range(1, 4), repeat=2)
        )

    @invariant()
    def is_in_order(self) -> None:
        """Chunks are short, each ends where the next begins, and neighbours in one are two's."""
        chunks = self.map._chunks
        assert [starts[0] for starts, _ in chunks] == self.map._firsts
        assert [starts[-1] for starts, _ in chunks] == [*self.map._firsts[1:], self.map.last + 1]
        for starts, owners in chunks:
            assert starts == sorted(set(starts))
            assert len(owners) == len(starts) - 1 <= 6
            assert all(one != next_ for one, next_ in pairwise(owners))


TestMapBesideAList = MapBesideAList.TestCase


def test_a_range_beyond_the_last_serial_is_nobodys() -> None:
    serials = SerialMap()
    assert serials.reached(1, 10, 1, 7) == 1
    serials.create(Block(1, 1, 5), 7)
    assert serials.reached(6, 10, 1, 7) == 6
    assert serials.reached(0, 3, 1, 7) == 0
    assert serials.reached(4, 8, 1, 7) == 6


def test_neighbours_of_one_owner_are_one_stretch() -> None:
    """Or a unit that goes to and fro for years would leave a stretch behind each time."""
    serials = SerialMap()
    serials.create(Block(1, 1, 100), 7)
    serials.create(Block(1, 101, 200), 7)
    for start, end in ((1, 1), (200, 200), (50, 60), (61, 70), (40, 49), (2, 39), (71, 199)):
        serials.give(start, end, 8)
    assert list(serials) == [Stretch(1, 200, 1, 8)]
    for start, end in ((10, 20), (30, 40), (21, 29), (1, 9), (41, 200)):
        serials.give(start, end, 7)
    assert list(serials) == [Stretch(1, 200, 1, 7)]


# -- shelves ---------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.integers(0, 4), st.none() | st.integers(0, 9)) | st.booleans()))
def test_a_shelf_is_a_mapping_that_can_go_back(steps: list[tuple[int, int | None] | bool]) -> None:
    """True settles, False drops, a pair lays a value there or takes it away."""
    shelf: Shelf[int, int] = Shelf()
    now: dict[int, int] = {}
    settled: dict[int, int] = {}
    for step in steps:
        if step is True:
            shelf.settle()
            settled = dict(now)
        elif step is False:
            shelf.drop()
            now = dict(settled)
        else:
            key, value = step
            shelf.put(key, value)
            now = {each: kept for each, kept in now.items() if each != key}
            now |= {} if value is None else {key: value}
        assert dict(shelf.items()) == now
        assert all(shelf.get(key) == now.get(key) for key in range(5))


# -- the picture -----------------------------------------------------------------------------------

LAW = load_rulebook("eu")
STORE = b"\7" * 16


def tables_of(record: Record) -> Tables:
    return LAW.tables_on(day_of(record.effective))


def taken_in(picture: Picture, record: Record) -> None:
    act = acts.parse_act(record.payload) if isinstance(record, ActRecord) else None
    picture.apply(record, act, tables_of(record))


def state_of(picture: Picture) -> tuple[Any, ...]:
    """Everything the picture says, apart from how it says it."""
    return (
        picture.sequence,
        picture.head,
        picture.rulebook,
        picture.kind_count,
        picture.mode,
        dict(picture.keys),
        {name: dict(shelf) for name, shelf in vars(picture).items() if type(shelf) is Shelf},
        {place: picture.held(*place) for place in product((PARTY, FIRST, SECOND), (KIND, 99))},
        list(picture.intervals()),
        {registry: map_.last for registry, map_ in picture.serials.items() if map_.last},
    )


def acted(sequence: int, act: acts.Act, day: str = "2008-06-01") -> ActRecord:
    return ActRecord(sequence, sequence.to_bytes(16, "big"), at(day), act.payload())


def moved(
    sequence: int,
    type_: str,
    sender: int,
    receiver: int,
    start: int,
    end: int,
    *,
    reservation: int = 0,
    refers_to: int = 0,
) -> Transaction:
    blocks = (Block(KIND, start, end),)
    key, day = sequence.to_bytes(16, "big"), at("2008-06-01")
    code = type_code(type_)
    return Transaction(
        sequence, key, day, code, 2008, sender, receiver, refers_to, reservation, blocks
    )


def further(first: int) -> list[Record]:
    """After the scene: every other thing an act or a transaction can do to the picture."""
    opened = acts.ReplacementOpened(name="x", replaced_units=(UNIT,), units=(UNIT,))
    reserved = acts.Reserved(account=FIRST, kind=KIND, quantity=20)
    named = acts.CorrectionNamed(name="x", year=2008, units=(UNIT,), quantity=9, reason="x")
    return [
        acted(first, opened),
        moved(first + 1, "10-41", FIRST, RETIREMENT, 51, 60),  # cancelled, to be replaced
        moved(first + 2, "1-51", 0, PARTY, 1_001, 1_010, refers_to=first),
        acted(first + 3, reserved),
        moved(first + 4, "10-0", FIRST, SECOND, 61, 70, reservation=first + 3),
        acted(first + 5, reserved),
        acted(first + 6, acts.Released(reservation=first + 5)),
        acted(first + 7, acts.Lift(account=FROZEN, reason="x")),
        acted(first + 8, acts.Freeze(kind=KIND, reason="x")),
        acted(first + 9, acts.Freeze(registry="AT", reason="x")),
        acted(first + 10, acts.StatusChanged(account=CLOSED, status="open", reason="x")),
        acted(first + 11, named),
        acted(first + 12, acts.RulebookAdopted(digest="ab" * 32)),
    ]


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> list[Record]:
    store = make_store(tmp_path_factory.mktemp("picture") / "store")
    Forger(store, SCENE).log.stop()
    scene = list(stored_records(store.log_directory))
    return [*scene, *further(len(scene) + 1)]


def test_every_record_can_be_taken_back(records: list[Record]) -> None:
    picture = Picture(STORE)
    for record in records:
        before = state_of(picture)
        taken_in(picture, record)
        after = state_of(picture)
        assert after != before
        picture.drop()
        assert state_of(picture) == before
        taken_in(picture, record)
        assert state_of(picture) == after
        picture.settle(picture.head)
        assert state_of(picture) == after
        picture.drop()  # nothing is left to take back
        assert state_of(picture) == after


@given(steps=st.lists(st.tuples(st.integers(1, 12), st.booleans()), max_size=20))
def test_batches_that_were_dropped_leave_no_trace(
    records: list[Record], steps: list[tuple[int, bool]]
) -> None:
    """Batches of so many records, each then settled or dropped."""
    tried, stands = Picture(STORE), 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(picture_module, "STRETCHES_PER_CHUNK", 2)
        for count, accepted in steps:
            batch = records[stands : stands + count]
            for record in batch:
                taken_in(tried, record)
            before = list(tried.intervals())
            if accepted:
                tried.settle(tried.head)
                assert list(tried.intervals()) == before
                stands += len(batch)
            else:
                tried.drop()
    plain = Picture(STORE)
    for record in records[:stands]:
        taken_in(plain, record)
    assert state_of(tried) == state_of(plain)


def test_the_chain_moves_with_what_is_settled(records: list[Record]) -> None:
    picture = Picture(STORE)
    for word, record in zip((b"\1", b"\2"), records, strict=False):
        taken_in(picture, record)
        picture.settle(word * 32)
    taken_in(picture, records[2])
    picture.drop()
    assert (picture.sequence, picture.head) == (2, b"\2" * 32)


def test_what_the_records_come_to(records: list[Record]) -> None:
    """Figures by hand, so that the picture is not compared with itself alone."""
    picture = Picture(STORE)
    for record in records:
        taken_in(picture, record)
    first = len(records) - 12
    assert list(picture.intervals()) == [
        ("AT", KIND, 1, 60, RETIREMENT),
        ("AT", KIND, 61, 70, SECOND),
        ("AT", KIND, 71, 300, FIRST),
        ("AT", KIND, 301, 500, SECOND),
        ("AT", KIND, 501, 1_010, PARTY),
    ]
    assert picture.created.get(KIND) == 1_010
    assert {number: picture.held(number, KIND) for number in (PARTY, FIRST, SECOND)} == {
        PARTY: 510,
        FIRST: 230,
        SECOND: 210,
    }
    replacement = picture.permissions.get(first)
    assert replacement is not None
    assert (replacement.quantity, replacement.used) == (10, 10)
    assert picture.claimed.get((FIRST, KIND)) == 0
    assert picture.claimed.get((SECOND, KIND)) == 150
    assert [claim.account for _, claim in picture.claims.items()] == [SECOND]
    assert {scope for scope, _ in picture.frozen.items()} == {("kind", KIND), ("registry", "AT")}
    closed = picture.places.get(CLOSED)
    assert closed is not None
    assert closed.status == "open"
    assert picture.rulebook == b"\xab" * 32


@pytest.mark.parametrize("per_chunk", [2, 128])
def test_a_map_that_divides_says_the_same_as_one_that_does_not(
    monkeypatch: pytest.MonkeyPatch, per_chunk: int
) -> None:
    """Every second serial changes hands: two thousand stretches, in short chunks and in one."""
    pictures = []
    for most in (per_chunk, 4_000):
        monkeypatch.setattr(picture_module, "STRETCHES_PER_CHUNK", most)
        picture = Picture(STORE)
        kind = acts.KindDefined(
            kind=KIND, unit=UNIT, registry="AT", original_period=0, applicable_period=0
        )
        taken_in(picture, acted(1, kind))
        taken_in(picture, moved(2, "1-51", 0, PARTY, 1, 4_000))
        for sequence, serial in enumerate(range(2, 4_000, 4), 3):
            taken_in(picture, moved(sequence, "10-0", PARTY, FIRST, serial, serial + 1))
            if not sequence % 100:
                picture.settle(picture.head)
        picture.settle(picture.head)
        pictures.append(picture)
    divided, whole = pictures
    assert len(whole.serials["AT"]._chunks) == 1
    assert len(divided.serials["AT"]._chunks) > 1_999 // (2 * per_chunk)
    assert len(list(divided.intervals())) == 2_001
    assert state_of(divided) == state_of(whole)


def test_what_divided_the_map_is_taken_back_with_it() -> None:
    """Units are created, scattered over many stretches and chunks, and none of it ever was."""
    serials = SerialMap()
    serials.create(Block(1, 1, 10), 7)
    serials.settle()
    for first in range(11, 2_011, 100):
        serials.create(Block(1, first, first + 99), 7)
    for serial in range(1, 2_011, 2):
        serials.give(serial, serial, 8)
    assert len(serials._chunks) > 1
    serials.drop()
    assert list(serials) == [Stretch(1, 10, 1, 7)]
    assert (serials.last, serials.held(1, 7), serials.held(1, 8)) == (10, 10, 0)
    serials.create(Block(2, 11, 20), 8)
    assert list(serials) == [Stretch(1, 10, 1, 7), Stretch(11, 20, 2, 8)]
