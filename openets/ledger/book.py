"""The registry's book: who holds which serials, and nothing else.

A pure state machine without database or clock. It turns requests into records (`propose`), takes
records into its state (`apply`), and can undo everything since the last `commit`, because the log
has the last word on each batch. Units of one kind in one account form a queue in the order they
were acquired; the oldest leave first, and a block is cut on its left.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from openets.kernel import acts
from openets.kernel.batch import genesis
from openets.kernel.clock import NoInstant, day_of, is_instant
from openets.kernel.records import (
    ActRecord,
    Block,
    Record,
    Transaction,
    act_record_of,
    block_of,
    transaction_of,
)
from openets.kernel.refusal import Refusal
from openets.ledger import checks
from openets.ledger.frozen import Scope, Still, scope_of, still_of
from openets.ledger.requests import ActRequest, Request, TransactionRequest
from openets.rulebook.model import Rulebook
from openets.rulebook.tables import Tables

Undo = tuple[Any, ...]  # a function and its arguments
COMPACT_AFTER = 256  # spent entries a queue may carry before it is rewritten


class Account:
    """What the book knows of an account: its place, its type and its status."""

    __slots__ = ("number", "operator", "period", "registry", "standing", "type")

    def __init__(self, opened: acts.AccountOpened, status: str) -> None:
        self.number = opened.number
        self.registry = opened.registry
        self.type = opened.type
        self.period = opened.period
        self.operator = opened.operator
        self.standing = (opened.type, status)  # what the law looks at

    @property
    def status(self) -> str:
        """The status of the rulebook the account is in."""
        return self.standing[1]


@dataclass(slots=True)
class Pool:
    """A permission to create units, and how much of it is used."""

    name: str
    units: frozenset[str]
    quantity: int
    registry: str | None = None
    replaced: frozenset[str] = frozenset()  # units whose cancellation widens it
    drawn: int = 0


def pool_of(act: acts.CapSet | acts.CorrectionNamed | acts.ReplacementOpened) -> Pool:
    """The permission an act gives."""
    units = frozenset(act.units)
    if isinstance(act, acts.ReplacementOpened):
        return Pool(act.name, units, 0, replaced=frozenset(act.replaced_units))
    name = act.parameter if isinstance(act, acts.CapSet) else act.name
    return Pool(name, units, act.quantity, act.registry)


class Reservation(NamedTuple):
    """A quantity of a kind set aside in an account."""

    account: int
    kind: int
    quantity: int


class Queue:
    """The blocks of one kind in one account, oldest first, as two columns with a moving head."""

    __slots__ = ("ends", "head", "quantity", "starts")

    def __init__(self) -> None:
        self.starts = array("q")
        self.ends = array("q")
        self.head = 0
        self.quantity = 0

    def blocks(self) -> Iterator[tuple[int, int]]:
        """The (first, last) serials of each live block, oldest first."""
        return zip(self.starts[self.head :], self.ends[self.head :], strict=True)

    def index_of(self, start: int, end: int) -> int:
        """Where the block lies that contains these serials, or -1."""
        head = self.head
        if head < len(self.starts) and self.starts[head] <= start and end <= self.ends[head]:
            return head
        for index in range(head, len(self.starts)):
            if self.starts[index] <= start and end <= self.ends[index]:
                return index
        return -1

    def oldest(self, wanted: int) -> list[tuple[int, int]]:
        """The (first, last) serials of as many units; the queue has them."""
        index, parts = self.head, []
        while True:
            start, end = self.starts[index], self.ends[index]
            if end - start >= wanted - 1:
                parts.append((start, start + wanted - 1))
                return parts
            parts.append((start, end))
            wanted -= end - start + 1
            index += 1

    def take(self, start: int, end: int) -> Undo:
        """Takes serials out, nearly always the oldest; returns what puts them back."""
        head, starts = self.head, self.starts
        if starts[head] != start or end > self.ends[head]:
            return self._cut_out(self.index_of(start, end), start, end)
        undo = (self.restore_head, head, start, self.quantity)
        self.quantity -= end - start + 1
        if end == self.ends[head]:
            self.head = head + 1
        else:
            starts[head] = end + 1
        return undo

    def put(self, start: int, end: int) -> Undo:
        """Adds a block, the newest now; returns what takes it off again."""
        quantity = end - start + 1
        self.starts.append(start)
        self.ends.append(end)
        self.quantity += quantity
        return self.remove_newest, quantity

    def _cut_out(self, index: int, start: int, end: int) -> Undo:
        """Takes serials out of the middle (they were named, not picked)."""
        first, last = self.starts[index], self.ends[index]
        undo = (self.restore_all, self.starts[:], self.ends[:], self.quantity)
        rest = [part for part in ((first, start - 1), (end + 1, last)) if part[0] <= part[1]]
        self.starts[index : index + 1] = array("q", [start for start, _ in rest])
        self.ends[index : index + 1] = array("q", [end for _, end in rest])
        self.quantity -= end - start + 1
        return undo

    def parts_of(self, start: int, end: int) -> list[tuple[int, int]]:
        """Serials cut where the blocks they lie in end; whole if the queue lacks any of them."""
        parts = sorted(
            (max(first, start), min(last, end))
            for first, last in self.blocks()
            if first <= end and start <= last
        )
        complete = sum(last - first + 1 for first, last in parts) == end - start + 1
        return parts if complete else [(start, end)]

    def compact(self) -> None:
        """Drops the entries that have been spent."""
        del self.starts[: self.head]
        del self.ends[: self.head]
        self.head = 0

    # What takes back one change each; they are called newest first.

    def restore_head(self, head: int, start: int, quantity: int) -> None:
        """Makes a block the oldest again, beginning where it began."""
        self.head, self.starts[head], self.quantity = head, start, quantity

    def restore_all(self, starts: array[int], ends: array[int], quantity: int) -> None:
        """Puts all blocks back."""
        self.starts, self.ends, self.quantity = starts, ends, quantity

    def remove_newest(self, quantity: int) -> None:
        """Takes off the block that came last."""
        self.starts.pop()
        self.ends.pop()
        self.quantity -= quantity


class Layer:
    """What was applied and is not committed: where it began, and what takes it back."""

    __slots__ = ("head", "keys", "sequence", "undo")

    def __init__(self, sequence: int, head: bytes) -> None:
        self.sequence = sequence
        self.head = head
        self.keys: list[bytes] = []  # of its records
        self.undo: list[Undo] = []


class Book:
    """The state after the records so far."""

    def __init__(self, store: bytes, rulebook: Rulebook) -> None:
        self.store = store
        self.rulebook = rulebook
        self.sequence = 0
        self.head = genesis(store)
        self.created: acts.StoreCreated | None = None
        self.rulebook_digest = b""
        self.accounts: dict[int, Account] = {}
        self.kinds: dict[int, acts.KindDefined] = {}
        self.queues: dict[tuple[int, int], Queue] = {}
        self.last_serial: dict[str, int] = {}
        self.issued: dict[int, int] = {}
        self.pools: dict[int, Pool] = {}
        self.caps: dict[tuple[str, int], int] = {}
        self.reservations: dict[int, Reservation] = {}
        self.reserved: dict[tuple[int, int], int] = {}
        self.frozen: dict[Scope, bool] = {}  # True where units may still come in
        self.compared: dict[str, int] = {}  # registries whose books are compared, since a record
        self.still: dict[str, Still] = {}  # frozen serials by registry of origin
        self.stopped: dict[tuple[int, int], int] = {}  # frozen units by (account, kind)
        self.emissions: dict[tuple[int, int], int] = {}
        self.money: dict[tuple[int, str], int] = {}
        self.keys: dict[bytes, int] = {}
        self.left_to_check: dict[checks.Likeness, tuple[checks.TransactionCheck, ...]] = {}
        self._instant: int | None = None  # the last that was asked for
        self._law: Tables  # of its day
        self._layers: list[Layer] = []  # oldest first
        self._begin_layer()
        self._spent: set[Queue] = set()

    # -- asking ---------------------------------------------------------------------------------

    def tables_at(self, effective: int) -> Tables:
        """The law of the day (UTC) on which something takes effect; raises `NoInstant`."""
        if effective == self._instant:
            return self._law
        if not is_instant(effective):
            raise NoInstant(effective)
        self._instant, self._law = effective, self.rulebook.tables_on(day_of(effective))
        return self._law

    def held(self, account: int, kind: int) -> int:
        """Units of a kind in an account."""
        queue = self.queues.get((account, kind))
        return queue.quantity if queue else 0

    def available(self, account: int, kind: int) -> int:
        """Units of a kind in an account that are neither reserved nor frozen as serials."""
        place = (account, kind)
        bound = self.reserved.get(place, 0) + self.stopped.get(place, 0)
        return self.held(account, kind) - bound

    def holdings(self, account: int) -> dict[int, int]:
        """Units in an account by kind."""
        return {kind: held for kind in self.kinds if (held := self.held(account, kind))}

    def intervals(self) -> Iterator[tuple[str, int, int, int, int]]:
        """Every unit: (registry, kind, first, last, account), by registry and serial, joined."""
        rows = sorted(
            (self.kinds[kind].registry, start, end, kind, account)
            for (account, kind), queue in self.queues.items()
            for start, end in queue.blocks()
        )
        pending: tuple[str, int, int, int, int] | None = None
        for registry, start, end, kind, account in rows:
            if pending and (registry, kind, start - 1, account) == (
                pending[0],
                pending[1],
                pending[3],
                pending[4],
            ):
                pending = (registry, kind, pending[2], end, account)
                continue
            if pending:
                yield pending
            pending = (registry, kind, start, end, account)
        if pending:
            yield pending

    # -- proposing ------------------------------------------------------------------------------

    def propose(self, request: Request) -> Record | Refusal:
        """The record that would fulfil a request now, or why there is none. Changes nothing."""
        if isinstance(request, ActRequest):
            refusal = checks.check_act(self, request.effective, request.act)
            if refusal is not None:
                return refusal
            key, effective, act = request
            return act_record_of((self.sequence + 1, key, effective, act.payload()))
        if request.blocks:
            request = self._along_blocks(request)
        refusal = checks.check_transaction(self, request, ((request.kind, request.quantity),))
        if refusal is not None:
            return refusal
        record = self._transaction(request)
        return checks.blocks_are_few(self, record) or record

    def check(self, record: Record, act: acts.Act | None) -> Refusal | None:
        """Why a record (and its act, if it is one) could not follow as it stands, or None."""
        if isinstance(record, ActRecord):
            assert act is not None
            return checks.check_act(self, record.effective, act)
        refusal = checks.check_transaction(self, record, checks.lines_of(record.blocks))
        return refusal or checks.blocks_are_few(self, record)

    def _transaction(self, request: TransactionRequest) -> Transaction:
        """The record of a request that has been checked."""
        key, effective, type_, sender, receiver, kind, wanted, year, refers, claim, blocks, legs = (
            request
        )
        if not blocks:
            blocks = self._pick(sender, kind, wanted) if sender else self._next(kind, wanted)
        sequence = self.sequence + 1
        return transaction_of(
            (sequence, key, effective, type_, year, sender, receiver, refers, claim, blocks, legs)
        )

    def _along_blocks(self, request: TransactionRequest) -> TransactionRequest:
        """The request with its named serials cut as the sender's own blocks are."""
        parts: list[Block] = []
        for block in request.blocks:
            kind, start, end = block
            queue = self.queues.get((request.transferring, kind))
            if queue is None or queue.index_of(start, end) >= 0:
                parts.append(block)
            else:
                parts += [Block(kind, *part) for part in queue.parts_of(start, end)]
        return request._replace(blocks=tuple(parts))

    def _next(self, kind: int, wanted: int) -> tuple[Block, ...]:
        """Serials that were never created."""
        start = self.last_serial.get(self.kinds[kind].registry, 0) + 1
        return (Block(kind, start, start + wanted - 1),)

    def _pick(self, account: int, kind: int, wanted: int) -> tuple[Block, ...]:
        """The oldest serials of a holding whose cover has been checked."""
        queue = self.queues[account, kind]
        if (account, kind) in self.stopped:
            return self._pick_around(queue, kind, wanted)
        return tuple([block_of((kind, start, end)) for start, end in queue.oldest(wanted)])

    def _pick_around(self, queue: Queue, kind: int, wanted: int) -> tuple[Block, ...]:
        """The oldest serials that are not frozen."""
        still = self.still[self.kinds[kind].registry]
        blocks: list[Block] = []
        for start, end in queue.blocks():
            for first, last in still.around(start, end):
                if not wanted:
                    return tuple(blocks)
                last = min(last, first + wanted - 1)
                blocks.append(Block(kind, first, last))
                wanted -= last - first + 1
        return tuple(blocks)

    # -- applying -------------------------------------------------------------------------------

    def apply(self, record: Record, act: acts.Act | None) -> None:
        """Takes a record (and its act, if it is one) into the state. Checks nothing."""
        sequence, key = record[:2]
        self.sequence = self.keys[key] = sequence
        self._new_keys.append(key)
        if act is None:
            assert isinstance(record, Transaction)
            self._move(record)
        else:
            self._act(sequence, act)

    def seal(self, head: bytes) -> None:
        """Ends a batch: the records applied since the last one lead to this head of the chain."""
        self.head = head
        self._begin_layer()

    def _begin_layer(self) -> None:
        layer = Layer(self.sequence, self.head)
        self._layers.append(layer)
        self._undo, self._new_keys = layer.undo, layer.keys

    def commit(self) -> None:
        """The oldest sealed batch can no longer be rolled back."""
        del self._layers[0]
        if any(layer.undo for layer in self._layers):
            return
        for queue in self._spent:  # its entries move, so nothing may still have to be undone
            queue.compact()
        self._spent.clear()

    def roll_back(self) -> None:
        """Undoes everything that is not committed, newest first."""
        for layer in reversed(self._layers):
            for function, *arguments in reversed(layer.undo):
                function(*arguments)
            for key in layer.keys:
                del self.keys[key]
        oldest = self._layers[0]
        self.sequence, self.head = oldest.sequence, oldest.head
        self._layers.clear()
        self._begin_layer()
        self._spent.clear()
        self.left_to_check.clear()  # it may rest on kinds that were taken back

    def _set(self, mapping: dict[Any, Any], key: Any, value: Any) -> None:
        """Sets a value of a mapping, undoably."""
        if key in mapping:
            self._undo.append((mapping.__setitem__, key, mapping[key]))
        else:
            self._undo.append((mapping.pop, key))
        mapping[key] = value

    def _move(self, transaction: Transaction) -> None:
        sender, receiver, queues, undo = (
            transaction.transferring,
            transaction.acquiring,
            self.queues,
            self._undo,
        )
        for block in transaction.blocks:
            kind, start, end = block
            if sender:
                queue = queues[sender, kind]
                undo.append(queue.take(start, end))
                if queue.head > COMPACT_AFTER and queue.head * 2 > len(queue.starts):
                    self._spent.add(queue)
            else:
                self._create(block)
            into = queues.get((receiver, kind))
            if into is None:
                into = queues[receiver, kind] = Queue()
            undo.append(into.put(start, end))
        if not sender:
            pool = self.pools[transaction.refers_to]
            self._change(pool, "drawn", pool.drawn + transaction.quantity)
        elif self._replaces(transaction):
            self._entitle(transaction)
        if transaction.reservation:
            self._release(transaction.reservation)
        for leg in transaction.legs:
            place = (leg.account, leg.currency)
            self._set(self.money, place, self.money.get(place, 0) + leg.cents)

    def _replaces(self, transaction: Transaction) -> bool:
        """Whether units are cancelled to be replaced, by today's law; it may have lost the type."""
        rule = self.tables_at(transaction.effective).transaction_types.get(transaction.type)
        return rule is not None and rule.replaces

    def _create(self, block: Block) -> None:
        self._set(self.last_serial, self.kinds[block.kind].registry, block.end)
        self._set(self.issued, block.kind, self.issued.get(block.kind, 0) + block.quantity)

    def _entitle(self, transaction: Transaction) -> None:
        """Units cancelled to be replaced widen the newest replacement open to them."""
        for block in transaction.blocks:
            unit = self.kinds[block.kind].unit
            for sequence in sorted(self.pools, reverse=True):
                pool = self.pools[sequence]
                if unit in pool.replaced:
                    self._change(pool, "quantity", pool.quantity + block.quantity)
                    break

    def _change(self, thing: object, name: str, value: object) -> None:
        """Sets an attribute, undoably."""
        self._undo.append((setattr, thing, name, getattr(thing, name)))
        setattr(thing, name, value)

    def _release(self, sequence: int) -> None:
        reservation = self.reservations[sequence]
        place = (reservation.account, reservation.kind)
        self._set(self.reserved, place, self.reserved[place] - reservation.quantity)
        self._undo.append((self.reservations.__setitem__, sequence, reservation))
        del self.reservations[sequence]

    def _act(self, sequence: int, act: acts.Act) -> None:
        match act:
            case acts.EmissionsVerified():  # the most frequent comes first
                self._figure((act.account, act.year), act.tonnes)
            case acts.StoreCreated():
                self._change(self, "created", act)
            case acts.RulebookAdopted():
                self._change(self, "rulebook_digest", bytes.fromhex(act.digest))
            case acts.KindDefined():
                self._set(self.kinds, act.kind, act)
            case acts.AccountOpened():
                self._set(self.accounts, act.number, Account(act, checks.OPEN))
            case acts.StatusChanged():
                account = self.accounts[act.account]
                self._change(account, "standing", (account.type, act.status))
            case acts.Freeze() | acts.Lift():
                self._freeze(act)
            case acts.Reconciled() if act.begins:
                self._set(self.compared, act.registry, sequence)
            case acts.Reconciled():
                since = self.compared.pop(act.registry)
                self._undo.append((self.compared.__setitem__, act.registry, since))
            case acts.CapSet() | acts.CorrectionNamed() | acts.ReplacementOpened():
                self._set(self.pools, sequence, pool_of(act))
                if isinstance(act, acts.CapSet):
                    self._set(self.caps, (act.parameter, act.year), sequence)
            case acts.Reserved():
                place = (act.account, act.kind)
                self._set(
                    self.reservations,
                    sequence,
                    Reservation(act.account, act.kind, act.quantity),
                )
                self._set(self.reserved, place, self.reserved.get(place, 0) + act.quantity)
            case acts.Released():
                self._release(act.reservation)

    def _figure(self, place: tuple[int, int], tonnes: int | None) -> None:
        if tonnes is not None:
            self._set(self.emissions, place, tonnes)
        elif place in self.emissions:
            self._undo.append((self.emissions.__setitem__, place, self.emissions[place]))
            del self.emissions[place]

    def _freeze(self, act: acts.Freeze | acts.Lift) -> None:
        scope = scope_of(act)
        if isinstance(act, acts.Freeze):
            self._set(self.frozen, scope, bool(act.incoming))
        elif scope in self.frozen:
            self._undo.append((self.frozen.__setitem__, scope, self.frozen.pop(scope)))
        if isinstance(scope, tuple) and len(scope) == 3:
            self._change(self, "still", still_of(self.frozen))
            self._change(self, "stopped", self.count_stopped())

    def count_stopped(self) -> dict[tuple[int, int], int]:
        """Frozen units by place. They cannot move, so a count made at the order stays right."""
        found = {}
        for (account, kind), queue in self.queues.items():
            still = self.still.get(self.kinds[kind].registry)
            if still is None:
                continue
            count = sum(
                last - first + 1
                for start, end in queue.blocks()
                for first, last in still.within(start, end)
            )
            if count:
                found[account, kind] = count
        return found
