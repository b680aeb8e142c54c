"""The log's own picture: who holds which serial, and what it needs to judge the next record.

Where the registry's book keeps a queue of blocks for every account, the picture keeps one map of
the serials of each originating registry, in ascending order, and writes beside each stretch whose
it is. A unit is never lost from the map: units that have ended lie in the accounts where they end.
Two books that share no structure are unlikely to share a mistake.

Everything else is kept on shelves. Whatever a batch changes, in the map or on a shelf, is noted;
accepting the batch settles its changes, refusing it takes them back.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from sys import intern
from typing import Any, NamedTuple, TypeVar

from openets.kernel import acts
from openets.kernel.batch import genesis
from openets.kernel.records import Block, Record, Transaction
from openets.rulebook.tables import Tables

STRETCHES_PER_CHUNK = 128
NOBODY = 0  # whose serials are before they are created
STARTING_STATUS = "open"

K = TypeVar("K")
V = TypeVar("V")
Scope = tuple[str, int | str]
Span = tuple[str, int, int]  # registry of origin, first and last serial


class Shelf(dict[K, V]):
    """A mapping whose changes since the last settling can be taken back, if `put` made them."""

    __slots__ = ("_undo",)

    def __init__(self) -> None:
        super().__init__()
        self._undo: list[tuple[K, V | None]] = []

    def put(self, key: K, value: V | None) -> None:
        """Lays a value there, or takes it away (None)."""
        self._undo.append((key, self.get(key)))
        if value is None:
            self.pop(key, None)
        else:
            self[key] = value

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
        self.put(key, self.get(key, 0) + quantity)


class Stretch(NamedTuple):
    """Serials of one kind in one account, both ends included."""

    start: int
    end: int
    kind: int
    account: int


class SerialMap:
    """Whose every serial of one registry is, from 1 to `last` without a gap.

    A stretch is two numbers: its first serial, and the number of its owner, a kind in an account.
    It ends where the next begins. So that a stretch is put between others at the same cost however
    many there are, they lie in chunks: the starts, one more for where the chunk ends, the owners.
    Two neighbours in a chunk are never one owner's.
    """

    def __init__(self) -> None:
        self.last = 0
        self._chunks: list[tuple[list[int], list[int]]] = [([1], [])]
        self._firsts = [1]  # where each chunk begins
        self._owners: list[tuple[int, int]] = []  # (kind, account)
        self._numbers: dict[tuple[int, int], int] = {}
        self._held: list[int] = []  # units, by the owner's number
        self._undo: list[tuple[int, int, int]] = []  # from, to, whose it was before

    def held(self, kind: int, account: int) -> int:
        """Units of a kind in an account."""
        number = self._numbers.get((kind, account))
        return 0 if number is None else self._held[number]

    def reached(self, start: int, end: int, kind: int, account: int) -> int:
        """The first of these serials that is not of this kind in this account; else `end` + 1."""
        owner = self._numbers.get((kind, account))
        while 0 < start <= end and start <= self.last:
            starts, owners = self._chunks[bisect_right(self._firsts, start) - 1]
            index = bisect_right(starts, start)
            if owners[index - 1] != owner:
                return start
            start = starts[index]
        return start if start <= end else end + 1

    def stretches(self, start: int, end: int) -> Iterator[Stretch]:
        """The stretches that hold the serials from `start` to `end`, as far as there are any."""
        while 0 < start <= min(end, self.last):
            starts, owners = self._chunks[bisect_right(self._firsts, start) - 1]
            index = bisect_right(starts, start) - 1
            yield Stretch(starts[index], starts[index + 1] - 1, *self._owners[owners[index]])
            start = starts[index + 1]

    def create(self, block: Block, account: int) -> None:
        """Adds new serials at the end."""
        starts, owners = self._chunks[-1]
        owner = self._number(block.kind, account)
        if owners and owners[-1] == owner:
            starts[-1] = block.end + 1
        else:
            starts.append(block.end + 1)
            owners.append(owner)
        self.last = block.end
        self._held[owner] += block.quantity
        self._undo.append((block.start, block.end, NOBODY))
        if len(owners) > 2 * STRETCHES_PER_CHUNK:
            self._divide(len(self._chunks) - 1)

    def give(self, start: int, end: int, account: int) -> None:
        """Writes serials to an account; the caller has seen to it that they exist."""
        while start <= end:
            place = bisect_right(self._firsts, start) - 1
            starts, owners = self._chunks[place]
            index = bisect_right(starts, start) - 1
            before, stop = owners[index], starts[index + 1]
            if stop > end:
                stop = end + 1
            kind, giver = self._owners[before]
            if giver != account:
                owner = self._number(kind, account)
                self._undo.append((start, stop - 1, giver))
                self._held[before] -= stop - start
                self._held[owner] += stop - start
                _cut(starts, owners, index, start, stop, owner)
                if len(owners) > 2 * STRETCHES_PER_CHUNK:
                    self._divide(place)
            start = stop

    def settle(self) -> None:
        """Makes the changes permanent."""
        self._undo.clear()

    def drop(self) -> None:
        """Takes back every change since the last settling: what was given is given back."""
        for start, end, account in self._undo[::-1]:
            if account == NOBODY:
                self._end_before(start)
            else:
                self.give(start, end, account)
        self._undo.clear()

    def __iter__(self) -> Iterator[Stretch]:
        for starts, owners in self._chunks:
            for start, stop, owner in zip(starts, starts[1:], owners, strict=False):
                yield Stretch(start, stop - 1, *self._owners[owner])

    def _number(self, kind: int, account: int) -> int:
        """The number of an owner; never taken back, since a number nobody uses does no harm."""
        number = self._numbers.get((kind, account))
        if number is None:
            number = self._numbers[kind, account] = len(self._owners)
            self._owners.append((kind, account))
            self._held.append(0)
        return number

    def _end_before(self, start: int) -> None:
        """Takes the newest serials away again, from `start` on."""
        while self.last >= start:
            starts, owners = self._chunks[-1]
            if not owners:
                del self._chunks[-1], self._firsts[-1]
                continue
            first = max(start, starts[-2])
            self._held[owners[-1]] -= starts[-1] - first
            if first == starts[-2]:
                del starts[-1], owners[-1]
            starts[-1] = first
            self.last = first - 1

    def _divide(self, place: int) -> None:
        """Makes two chunks of one that has grown too long."""
        starts, owners = self._chunks[place]
        half = len(owners) // 2
        self._chunks[place] = starts[: half + 1], owners[:half]
        self._chunks.insert(place + 1, (starts[half:], owners[half:]))
        self._firsts.insert(place + 1, starts[half])


def _cut(
    starts: list[int], owners: list[int], index: int, start: int, stop: int, owner: int
) -> None:
    """Gives an owner part of a stretch, up to before `stop`, and joins it with what is its own."""
    if stop < starts[index + 1]:  # the rest behind it stays whose it was
        starts.insert(index + 1, stop)
        owners.insert(index + 1, owners[index])
    elif index + 1 < len(owners) and owners[index + 1] == owner:
        del starts[index + 1], owners[index + 1]
    if starts[index] < start:  # and so does what lies before it
        starts.insert(index + 1, start)
        owners.insert(index + 1, owner)
    elif index and owners[index - 1] == owner:
        del starts[index], owners[index]
    else:
        owners[index] = owner


class Place(NamedTuple):
    """An account as the log knows it. Of two accounts of one sort the law says the same."""

    registry: str
    type: str
    status: str
    sort: str


class Permission(NamedTuple):
    """A leave to create units, and how much of it is used."""

    name: str
    units: frozenset[str]
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
        self.claimed: Counts[tuple[int, int]] = Counts()
        self.claims: Shelf[int, acts.Reserved] = Shelf()
        self.permissions: Shelf[int, Permission] = Shelf()
        self.replaced: Shelf[int, frozenset[str]] = Shelf()  # units that widen a permission
        self.frozen: Shelf[Scope, bool] = Shelf()
        self.compared: Shelf[str, bool] = Shelf()  # registries whose books are being compared
        self.receiving: Shelf[int, bool] = Shelf()  # frozen accounts that may still receive
        self.arrested: Shelf[Span, bool] = Shelf()  # frozen serials
        self.immobile: Counts[tuple[int, int]] = Counts()  # of what an account holds of a kind
        self.keys: dict[bytes, int] = {}  # by record; only ever added, the newest last
        self.created: Counts[int] = Counts()
        self.caps: Shelf[tuple[str, int], bool] = Shelf()
        self._shelves: tuple[Shelf[Any, Any], ...] = (
            self.places,
            self.kinds,
            self.claimed,
            self.claims,
            self.permissions,
            self.replaced,
            self.frozen,
            self.compared,
            self.receiving,
            self.arrested,
            self.immobile,
            self.created,
            self.caps,
        )
        self._maps: dict[int, SerialMap] = {}  # by kind
        self._settled = self._standing()

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
        self.keys[record.key] = record.sequence
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
        self._settled = self._standing()

    def drop(self) -> None:
        """What was applied since the last settling never was."""
        for shelf in self._shelves:
            shelf.drop()
        for serials in self.serials.values():
            serials.drop()
        self._maps.clear()  # a kind that was taken back may come again from elsewhere
        self.sequence, self.head, self.rulebook, self.kind_count, self.mode = self._settled
        while len(self.keys) > self.sequence:
            self.keys.popitem()

    def held(self, account: int, kind: int) -> int:
        """Units of a kind in an account."""
        return self.map_of(kind).held(kind, account) if kind in self.kinds else 0

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

    def _standing(self) -> tuple[int, bytes, bytes, int, str]:
        return self.sequence, self.head, self.rulebook, self.kind_count, self.mode

    # -- records --------------------------------------------------------------------------------

    def _move(self, record: Transaction, tables: Tables) -> None:
        sender, receiver, maps = record.transferring, record.acquiring, self._maps
        for block in record.blocks:
            kind, start, end = block
            serials = maps.get(kind) or self.map_of(kind)
            if sender:
                serials.give(start, end, receiver)
            else:
                serials.create(block, receiver)
                self.created.add(kind, block.quantity)
        if record.reservation:
            self._end_claim(record.reservation)
        if not sender:
            self._use(record.refers_to, record.quantity)
        elif self.replaced:
            rule = tables.transaction_types.get(record.type)
            if rule is not None and rule.replaces:
                for block in record.blocks:
                    self._allow_replacement(block)

    def _use(self, number: int, quantity: int) -> None:
        permission = self.permissions.get(number)
        if permission is not None:
            self.permissions.put(number, permission._replace(used=permission.used + quantity))

    def _allow_replacement(self, block: Block) -> None:
        unit = self.kinds[block.kind].unit
        open_to_it = [number for number, units in self.replaced.items() if unit in units]
        if open_to_it:
            newest = self.permissions[max(open_to_it)]
            wider = newest._replace(quantity=newest.quantity + block.quantity)
            self.permissions.put(max(open_to_it), wider)

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
            case acts.EmissionsVerified():
                pass  # most acts are these, and no record of units is checked against them
            case acts.StoreCreated():
                self.mode = act.mode
            case acts.RulebookAdopted():
                self.rulebook = bytes.fromhex(act.digest)
            case acts.KindDefined():
                self.kinds.put(act.kind, act)
                self.kind_count += 1
            case acts.AccountOpened():
                self.places.put(act.number, place_of(act.registry, act.type, STARTING_STATUS))
            case acts.StatusChanged():
                known = self.places.get(act.account)
                if known is not None:
                    self.places.put(act.account, place_of(known.registry, known.type, act.status))
            case acts.Freeze() | acts.Lift():
                self._stop(act)
            case acts.Reconciled():
                self.compared.put(act.registry, act.begins or None)
            case acts.CapSet() | acts.CorrectionNamed() | acts.ReplacementOpened():
                self.permissions.put(sequence, _permission(act))
                if isinstance(act, acts.CapSet):
                    self.caps.put((act.parameter, act.year), True)
                if isinstance(act, acts.ReplacementOpened):
                    self.replaced.put(sequence, frozenset(act.replaced_units))
            case acts.Reserved():
                self.claims.put(sequence, act)
                self.claimed.add((act.account, act.kind), act.quantity)
            case acts.Released():
                self._end_claim(act.reservation)


def place_of(registry: str, type_: str, status: str) -> Place:
    """An account of a registry and a type in a status."""
    return Place(registry, type_, status, intern(f"{status} {type_}"))


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
            return Permission(act.parameter, units, act.registry, act.quantity, 0)
        case acts.CorrectionNamed():
            return Permission(act.name, units, act.registry, act.quantity, 0)
        case acts.ReplacementOpened():
            return Permission(act.name, units, None, 0, 0)
