"""A registry in a few dictionaries, for playing the demonstration without ledger and log.

It checks what the play could get wrong: cover, terminal accounts, permission to create, and the
rulebook's tables. It keeps the records it would have written, with serials per registry.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from datetime import UTC, date, datetime

from openets.kernel import acts
from openets.kernel.records import ActRecord, Block, Record, Transaction, type_label
from openets.kernel.refusal import Refusal
from openets.ledger.requests import ActRequest, Outcome, Request, TransactionRequest
from openets.rulebook.model import Rulebook
from openets.rulebook.tables import Tables


def day_of(effective: int) -> date:
    """The day of an instant."""
    return datetime.fromtimestamp(effective // 1_000_000, tz=UTC).date()


class ToyRegistry:
    """Holdings as queues of blocks; `records` is what was written."""

    def __init__(self, rulebook: Rulebook) -> None:
        self.records: list[Record] = []
        self.accounts: dict[int, acts.AccountOpened] = {}
        self.kinds: dict[int, acts.KindDefined] = {}
        self.rooms: dict[int, list[int]] = {}  # permitted and drawn, by record
        self.permits: dict[int, acts.CapSet | acts.CorrectionNamed | acts.ReplacementOpened] = {}
        self.queues: dict[tuple[int, int], deque[Block]] = defaultdict(deque)
        self.quantities: dict[tuple[int, int], int] = defaultdict(int)
        self.keys: dict[bytes, int] = {}
        self.refuse_after: int | None = None
        self._serials: dict[str, int] = defaultdict(int)
        self._rulebook = rulebook
        self._tables: dict[date, Tables] = {}

    def tables(self, effective: int) -> Tables:
        """The law of the day."""
        day = day_of(effective)
        if day not in self._tables:
            self._tables[day] = self._rulebook.tables_on(day)
        return self._tables[day]

    def held(self, account: int, kind: int) -> int:
        """Units of a kind in an account."""
        return self.quantities.get((account, kind), 0)

    def holdings(self, account: int) -> dict[int, int]:
        """Units in an account by kind."""
        return {kind: held for kind in self.kinds if (held := self.held(account, kind))}

    def post(self, requests: Sequence[Request]) -> list[Outcome]:
        """Writes what may be written and refuses the rest."""
        return [self._one(request) for request in requests]

    def _one(self, request: Request) -> Outcome:
        if request.key in self.keys:
            return Outcome(request.key, self.keys[request.key], repeated=True)
        if self.refuse_after is not None and len(self.records) >= self.refuse_after:
            return Outcome(request.key, 0, (Refusal("toy.full", "The book is full.", "toy"),))
        sequence = len(self.records) + 1
        if isinstance(request, ActRequest):
            self._act(sequence, request)
        else:
            wrong = self._wrong(request)
            if wrong:
                return Outcome(request.key, 0, (Refusal("toy.wrong", wrong, "toy"),))
            self._move(sequence, request)
        self.keys[request.key] = sequence
        return Outcome(request.key, sequence)

    def _act(self, sequence: int, request: ActRequest) -> None:
        match request.act:
            case acts.AccountOpened() as opened:
                assert opened.number not in self.accounts
                tables = self.tables(request.effective)
                assert opened.type in tables.account_types, opened
                assert opened.registry in tables.registries, opened
                self.accounts[opened.number] = opened
            case acts.KindDefined() as kind:
                assert kind.unit in self.tables(request.effective).unit_types, kind
                self.kinds[kind.kind] = kind
            case acts.CapSet() | acts.CorrectionNamed() as permit:
                if isinstance(permit, acts.CapSet):
                    value = self._rulebook.ask(permit.parameter, for_=permit.year).value
                    assert value == permit.quantity
                self.permits[sequence] = permit
                self.rooms[sequence] = [permit.quantity, 0]
            case acts.ReplacementOpened() as permit:
                self.permits[sequence] = permit
                self.rooms[sequence] = [0, 0]
            case _:
                pass
        payload = request.act.payload()
        self.records.append(ActRecord(sequence, request.key, request.effective, payload))

    def _wrong(self, request: TransactionRequest) -> str:
        tables = self.tables(request.effective)
        label = type_label(request.type)
        if request.type not in tables.transaction_types:
            return f"{label} is no type on {day_of(request.effective)}"
        rule = tables.transaction_types[request.type]
        sender = self.accounts.get(request.transferring)
        receiver = self.accounts[request.acquiring]
        route = (sender.type if sender else "", receiver.type)
        unit = self.kinds[request.kind].unit
        if route not in rule.routes:
            return f"{label} has no way {route} on {day_of(request.effective)}"
        if unit not in rule.units or unit not in tables.account_types[receiver.type].units:
            return f"{label} may not bring {unit} to {receiver.type}"
        if sender and tables.account_types[sender.type].terminal:
            return "units have ended"
        if request.quantity <= 0 or request.transferring == request.acquiring:
            return "nothing moves"
        if rule.surrenders:
            law = tables.unit_types[unit]
            if not (law.usable_from or 0) <= request.year <= (law.usable_until or 9_999):
                return f"{unit} may not be used for {request.year}"
        if sender:
            held = self.quantities.get((request.transferring, request.kind), 0)
            return "" if request.quantity <= held else f"{held} held, {request.quantity} asked"
        permitted, drawn = self.rooms.get(request.refers_to, [0, 0])
        fits = drawn + request.quantity <= permitted
        return "" if fits else f"{label}: {permitted - drawn} may be created"

    def _move(self, sequence: int, request: TransactionRequest) -> None:
        blocks = self._take(request) if request.transferring else self._make(request)
        self.queues[request.acquiring, request.kind].extend(blocks)
        self.quantities[request.acquiring, request.kind] += request.quantity
        if self.tables(request.effective).transaction_types[request.type].replaces:
            unit = self.kinds[request.kind].unit
            for place, permit in self.permits.items():
                if isinstance(permit, acts.ReplacementOpened) and unit in permit.replaced_units:
                    self.rooms[place][0] += request.quantity
        self.records.append(
            Transaction(
                sequence,
                request.key,
                request.effective,
                request.type,
                request.year,
                request.transferring,
                request.acquiring,
                request.refers_to,
                0,
                tuple(blocks),
            )
        )

    def _make(self, request: TransactionRequest) -> list[Block]:
        self.rooms[request.refers_to][1] += request.quantity
        home = self.kinds[request.kind].registry
        start = self._serials[home] + 1
        self._serials[home] += request.quantity
        return [Block(request.kind, start, self._serials[home])]

    def _take(self, request: TransactionRequest) -> list[Block]:
        self.quantities[request.transferring, request.kind] -= request.quantity
        queue = self.queues[request.transferring, request.kind]
        wanted, blocks = request.quantity, []
        while wanted:
            block = queue.popleft()
            taken = min(wanted, block.quantity)
            blocks.append(Block(block.kind, block.start, block.start + taken - 1))
            if taken < block.quantity:
                queue.appendleft(Block(block.kind, block.start + taken, block.end))
            wanted -= taken
        return blocks
