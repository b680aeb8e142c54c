"""The log's own picture: who holds which serial, and what it needs to judge the next record.

Where the registry's book keeps a queue of blocks for every account, the picture keeps one map of
the serials of each originating registry, in ascending order, and writes beside each stretch whose
it is. A unit is never lost from the map: units that have ended lie in the accounts where they end.
Two books that share no structure are unlikely to share a mistake.

Everything else is kept on shelves. Whatever a batch changes, in the map or on a shelf, is noted;
accepting the batch settles its changes, refusing it takes them back.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, NamedTuple, TypeVar

from openets.kernel import acts
from openets.kernel.batch import genesis
from openets.kernel.records import Block, Record, Transaction
from openets.rulebook.tables import Tables

STRETCHES_PER_CHUNK = 512
STARTING_STATUS = "open"

K = TypeVar("K")
V = TypeVar("V")
Scope = tuple[str, int | str]
Span = tuple[str, int, int]  # registry of origin, first and last serial


class Shelf(Generic[K, V]):
    """A mapping whose changes since the last settling can be taken back; None is "not there"."""

    __slots__ = ("_now", "_undo", "get", "items")

    def __init__(self) -> None:
        self._now: dict[K, V] = {}
        self._undo: list[tuple[K, V | None]] = []
        # Every check asks; the dictionary's own methods answer soonest.
        self.get: Callable[[K], V | None] = self._now.get
        self.items = self._now.items

    def put(self, key: K, value: V | None) -> None:
        """Lays a value there, or takes it away."""
        self._undo.append((key, self.get(key)))
        if value is None:
            self._now.pop(key, None)
        else:
            self._now[key] = value

    def settle(self) -> None:
        """Makes the changes permanent."""
        self._undo.clear()

    def drop(self) -> None:
        """Takes back every change since the last settling."""
        for key, value in self._undo[::-1]:
            self.put(key, value)
        self._undo.clear()


class Counts(Shelf[K, int]):
    """A shelf of quantities; what is not there counts nothing."""

    __slots__ = ()

    def add(self, key: K, quantity: int) -> None:
        """Adds to a quantity, or takes away from it."""
        before = self.get(key)
        self._undo.append((key, before))
        self._now[key] = (before or 0) + quantity


class Stretch(NamedTuple):
    """Serials of one kind in one account, both ends included."""

    start: int
    end: int
    kind: int
    account: int


class _Chunk:
    """A run of neighbouring stretches: where each begins, and the number of whose it is."""

    __slots__ = ("owners", "starts")

    def __init__(self, starts: array[int], owners: array[int]) -> None:
        self.starts = starts
        self.owners = owners


class SerialMap:
    """Whose every serial of one registry is, from 1 to `last` without a gap.

    A stretch ends where the next begins, so it is two numbers: its first serial, and the number of
    its owner, a kind in an account.
    """

    def __init__(self) -> None:
        self.last = 0
        self._chunks = [_Chunk(array("q"), array("q"))]
        self._firsts = [1]
        self._owners: list[tuple[int, int]] = []  # (kind, account)
        self._numbers: dict[tuple[int, int], int] = {}
        self._before: dict[_Chunk, tuple[array[int], array[int]]] = {}  # the last settling
        self._settled_last = 0

    def reached(self, start: int, end: int, kind: int, account: int) -> int:
        """The first of these serials that is not of this kind in this account; else `end` + 1."""
        owner = self._numbers.get((kind, account))
        while 0 < start <= end and start <= self.last:
            place, index = self._find(start)
            if self._chunks[place].owners[index] != owner:
                break
            start = min(end, self._end(place, index)) + 1
        return start

    def stretches(self, start: int, end: int) -> Iterator[Stretch]:
        """The stretches that hold the serials from `start` to `end`, as far as there are any."""
        while 0 < start <= min(end, self.last):
            place, index = self._find(start)
            yield self._stretch(place, index)
            start = self._end(place, index) + 1

    def create(self, block: Block, account: int) -> None:
        """Adds new serials at the end."""
        chunk = self._touch(len(self._chunks) - 1)
        owner = self._number(block.kind, account)
        if not chunk.starts or chunk.owners[-1] != owner:
            chunk.starts.append(block.start)
            chunk.owners.append(owner)
        self.last = block.end

    def give(self, start: int, end: int, account: int) -> None:
        """Writes serials to an account; the caller has seen to it that they exist."""
        while start <= end:
            place, index = self._find(start)
            last = self._end(place, index)
            stop = min(end, last)
            self._cut(self._touch(place), index, start, stop, account, last)
            start = stop + 1

    def settle(self) -> None:
        """Makes the changes permanent, and keeps chunks small."""
        for chunk in self._before:
            if len(chunk.starts) > 2 * STRETCHES_PER_CHUNK:
                self._divide(chunk)
        self._before.clear()
        self._settled_last = self.last

    def drop(self) -> None:
        """Takes back every change since the last settling."""
        for chunk, (starts, owners) in self._before.items():
            chunk.starts, chunk.owners = starts, owners
        self._before.clear()
        self.last = self._settled_last

    def __iter__(self) -> Iterator[Stretch]:
        for place, chunk in enumerate(self._chunks):
            for index in range(len(chunk.starts)):
                yield self._stretch(place, index)

    def _find(self, serial: int) -> tuple[int, int]:
        place = bisect_right(self._firsts, serial) - 1
        return place, bisect_right(self._chunks[place].starts, serial) - 1

    def _end(self, place: int, index: int) -> int:
        starts = self._chunks[place].starts
        if index + 1 < len(starts):
            return starts[index + 1] - 1
        return self._firsts[place + 1] - 1 if place + 1 < len(self._firsts) else self.last

    def _stretch(self, place: int, index: int) -> Stretch:
        chunk = self._chunks[place]
        kind, account = self._owners[chunk.owners[index]]
        return Stretch(chunk.starts[index], self._end(place, index), kind, account)

    def _number(self, kind: int, account: int) -> int:
        """The number of an owner; never taken back, since a number nobody uses does no harm."""
        number = self._numbers.get((kind, account))
        if number is None:
            number = self._numbers[kind, account] = len(self._owners)
            self._owners.append((kind, account))
        return number

    def _touch(self, place: int) -> _Chunk:
        """A chunk that is about to change; as it is now it is kept until it settles."""
        chunk = self._chunks[place]
        if chunk not in self._before:
            self._before[chunk] = (chunk.starts[:], chunk.owners[:])
        return chunk

    def _cut(
        self, chunk: _Chunk, index: int, start: int, end: int, account: int, last: int
    ) -> None:
        """Gives away part of the stretch that ends at `last`; joins it with the new owner's own."""
        starts, owners = chunk.starts, chunk.owners
        whole = owners[index]
        owner = self._number(self._owners[whole][0], account)
        if end < last:  # the rest behind it stays whose it was
            starts.insert(index + 1, end + 1)
            owners.insert(index + 1, whole)
        elif index + 1 < len(owners) and owners[index + 1] == owner:
            del starts[index + 1], owners[index + 1]
        if starts[index] < start:  # and so does what lies before it
            starts.insert(index + 1, start)
            owners.insert(index + 1, owner)
        elif index and owners[index - 1] == owner:
            del starts[index], owners[index]
        else:
            owners[index] = owner

    def _divide(self, chunk: _Chunk) -> None:
        at = bisect_right(self._firsts, chunk.starts[0]) - 1
        step = STRETCHES_PER_CHUNK
        parts = [
            _Chunk(chunk.starts[low : low + step], chunk.owners[low : low + step])
            for low in range(0, len(chunk.starts), step)
        ]
        self._chunks[at : at + 1] = parts
        self._firsts[at : at + 1] = [part.starts[0] for part in parts]


class Place(NamedTuple):
    """An account as the log knows it."""

    registry: str
    type: str
    operator: str | None
    status: str


class Permission(NamedTuple):
    """A leave to create units, and how much of it is used."""

    name: str
    units: frozenset[str]
    replaced: frozenset[str]
    registry: str | None
    quantity: int
    used: int


class Picture:
    """Everything the log knows after the records so far."""

    def __init__(self, store: bytes) -> None:
        self.sequence = 0
        self.head = genesis(store)
        self.rulebook = b""
        self.kind_count = 0
        self.mode = ""  # of the store, once its first record stands
        self.serials: dict[str, SerialMap] = {}
        self.places: Shelf[int, Place] = Shelf()
        self.kinds: Shelf[int, acts.KindDefined] = Shelf()
        self.held: Counts[tuple[int, int]] = Counts()
        self.claimed: Counts[tuple[int, int]] = Counts()
        self.claims: Shelf[int, acts.Reserved] = Shelf()
        self.permissions: Shelf[int, Permission] = Shelf()
        self.frozen: Shelf[Scope, bool] = Shelf()
        self.compared: Shelf[str, bool] = Shelf()  # registries whose books are being compared
        self.receiving: Shelf[int, bool] = Shelf()  # frozen accounts that may still receive
        self.arrested: Shelf[Span, bool] = Shelf()  # frozen serials
        self.immobile: Counts[tuple[int, int]] = Counts()  # of what an account holds of a kind
        self.keys: Shelf[bytes, int] = Shelf()
        self.created: Counts[int] = Counts()
        self.caps: Shelf[tuple[str, int], bool] = Shelf()
        self._shelves: tuple[Shelf[Any, Any], ...] = (
            self.places,
            self.kinds,
            self.held,
            self.claimed,
            self.claims,
            self.permissions,
            self.frozen,
            self.compared,
            self.receiving,
            self.arrested,
            self.immobile,
            self.keys,
            self.created,
            self.caps,
        )
        self._maps: dict[int, SerialMap] = {}  # by kind
        self._settled = (self.sequence, self.head, self.rulebook, self.kind_count)

    def map_of(self, kind: int) -> SerialMap:
        """The map of the registry a defined kind comes from."""
        found = self._maps.get(kind)
        if found is None:
            defined = self.kinds.get(kind)
            assert defined is not None
            found = self.serials.setdefault(defined.registry, SerialMap())
            self._maps[kind] = found
        return found

    def apply(self, record: Record, act: acts.Act | None, tables: Tables) -> None:
        """Takes in a record (and its act, if it is one) that has passed the checks."""
        self.sequence = record.sequence
        self.keys.put(record.key, record.sequence)
        if isinstance(record, Transaction):
            self._move(record, tables)
        elif act is not None:
            self._act(record.sequence, act)

    def settle(self, head: bytes) -> None:
        """What was applied stands, and leads to this head of the chain."""
        self.head = head
        for shelf in self._shelves:
            shelf.settle()
        for serials in self.serials.values():
            serials.settle()
        self._settled = (self.sequence, self.head, self.rulebook, self.kind_count)

    def drop(self) -> None:
        """What was applied since the last settling never was."""
        for shelf in self._shelves:
            shelf.drop()
        for serials in self.serials.values():
            serials.drop()
        self._maps.clear()  # a kind that was taken back may come again from elsewhere
        self.sequence, self.head, self.rulebook, self.kind_count = self._settled

    def intervals(self) -> Iterator[tuple[str, int, int, int, int]]:
        """Every unit: (registry, kind, first, last, account), by registry and serial, joined."""
        for registry in sorted(self.serials):
            pending: Stretch | None = None
            for row in self.serials[registry]:
                if pending and (pending.kind, pending.account) == (row.kind, row.account):
                    pending = pending._replace(end=row.end)
                    continue
                if pending:
                    yield registry, pending.kind, pending.start, pending.end, pending.account
                pending = row
            if pending:
                yield registry, pending.kind, pending.start, pending.end, pending.account

    # -- records --------------------------------------------------------------------------------

    def _move(self, record: Transaction, tables: Tables) -> None:
        sender, receiver, add_held = record.transferring, record.acquiring, self.held.add
        for block in record.blocks:
            kind, start, end = block
            quantity = end - start + 1
            if sender:
                self.map_of(kind).give(start, end, receiver)
                add_held((sender, kind), -quantity)
            else:
                self.map_of(kind).create(block, receiver)
                self.created.add(kind, quantity)
            add_held((receiver, kind), quantity)
        if record.reservation:
            self._end_claim(record.reservation)
        rule = tables.transaction_types.get(record.type)
        if not record.transferring:
            self._use(record.refers_to, record.quantity)
        elif rule is not None and rule.replaces:
            for block in record.blocks:
                self._allow_replacement(block)

    def _use(self, number: int, quantity: int) -> None:
        permission = self.permissions.get(number)
        if permission is not None:
            self.permissions.put(number, permission._replace(used=permission.used + quantity))

    def _allow_replacement(self, block: Block) -> None:
        defined = self.kinds.get(block.kind)
        open_to_it = [
            (number, permission)
            for number, permission in self.permissions.items()
            if defined is not None and defined.unit in permission.replaced
        ]
        if open_to_it:
            number, newest = max(open_to_it)
            wider = newest._replace(quantity=newest.quantity + block.quantity)
            self.permissions.put(number, wider)

    def _end_claim(self, number: int) -> None:
        claim = self.claims.get(number)
        if claim is not None:
            self.claims.put(number, None)
            self.claimed.add((claim.account, claim.kind), -claim.quantity)

    def _stop(self, act: acts.Freeze | acts.Lift) -> None:
        frozen = True if isinstance(act, acts.Freeze) else None
        for scope in scopes(act):
            self.frozen.put(scope, frozen)
        if act.account is not None:
            self.receiving.put(act.account, getattr(act, "incoming", None))
        span = span_of(act)
        if span is None or self.arrested.get(span) == frozen:
            return
        self.arrested.put(span, frozen)
        others = [other for other, _ in self.arrested.items() if other != span]
        serials = self.serials.get(span[0]) or SerialMap()
        for low, high in _uncovered(span, others):
            for row in serials.stretches(low, high):
                units = min(row.end, high) - max(row.start, low) + 1
                self.immobile.add((row.account, row.kind), units if frozen else -units)

    def _act(self, sequence: int, act: acts.Act) -> None:
        match act:
            case acts.StoreCreated():
                self.mode = act.mode
            case acts.RulebookAdopted():
                self.rulebook = bytes.fromhex(act.digest)
            case acts.KindDefined():
                self.kinds.put(act.kind, act)
                self.kind_count += 1
            case acts.AccountOpened():
                place = Place(act.registry, act.type, act.operator, STARTING_STATUS)
                self.places.put(act.number, place)
            case acts.StatusChanged():
                known = self.places.get(act.account)
                if known is not None:
                    self.places.put(act.account, known._replace(status=act.status))
            case acts.Freeze() | acts.Lift():
                self._stop(act)
            case acts.Reconciled():
                self.compared.put(act.registry, act.begins or None)
            case acts.CapSet() | acts.CorrectionNamed() | acts.ReplacementOpened():
                self.permissions.put(sequence, _permission(act))
                if isinstance(act, acts.CapSet):
                    self.caps.put((act.parameter, act.year), True)
            case acts.Reserved():
                self.claims.put(sequence, act)
                self.claimed.add((act.account, act.kind), act.quantity)
            case acts.Released():
                self._end_claim(act.reservation)


def scopes(act: acts.Freeze | acts.Lift) -> list[Scope]:
    """What a freeze or lift names, serials apart; a proper one names exactly one thing."""
    registry = act.registry if act.first is None and act.last is None else None
    named = (("account", act.account), ("kind", act.kind), ("registry", registry))
    return [(word, value) for word, value in named if value is not None]


def span_of(act: acts.Freeze | acts.Lift) -> Span | None:
    """The serials a freeze or lift names, None unless it names registry, first and last."""
    if act.registry is None or act.first is None or act.last is None:
        return None
    return act.registry, act.first, act.last


def _uncovered(span: Span, others: Iterable[Span]) -> list[tuple[int, int]]:
    """The parts of a span that lie in none of the others."""
    parts = [span[1:]]
    for registry, first, last in others:
        if registry == span[0]:
            parts = [
                (start, end)
                for low, high in parts
                for start, end in ((low, min(high, first - 1)), (max(low, last + 1), high))
                if start <= end
            ]
    return parts


def _permission(act: acts.CapSet | acts.CorrectionNamed | acts.ReplacementOpened) -> Permission:
    units = frozenset(act.units)
    match act:
        case acts.CapSet():
            return Permission(act.parameter, units, frozenset(), act.registry, act.quantity, 0)
        case acts.CorrectionNamed():
            return Permission(act.name, units, frozenset(), act.registry, act.quantity, 0)
        case acts.ReplacementOpened():
            return Permission(act.name, units, frozenset(act.replaced_units), None, 0, 0)
