"""A run of records as rows of the query tables: what each record says, and nothing added up.

`record`, `block`, `leg`, `kind` and `account` get a row for what is said once and never changes.
What a later record may replace (a status, a figure, a freeze) is kept by its place, the last word
only. Sums and holdings follow from the moves and are worked out by whoever needs them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from openets.kernel import acts
from openets.kernel.records import ActRecord, Transaction, decode_record
from openets.ledger.checks import OPEN
from openets.ledger.frozen import name_of_scope, scope_of

NO_MOVEMENT = (0, 0, 0, 0, 0, 0)  # of type, year, accounts, reference and quantity: an act's row

Row = tuple[Any, ...]


class Stretch:
    """Records that follow one another, as rows in the order of the primary keys."""

    def __init__(self) -> None:
        self.records: list[Row] = []
        self.blocks: list[Row] = []
        self.legs: list[Row] = []
        self.kinds: list[Row] = []
        self.accounts: list[Row] = []  # as they were opened; `statuses` has what came after
        self.moves: list[Transaction] = []
        self.statuses: dict[int, str] = {}
        self.emissions: dict[tuple[int, int], int | None] = {}  # None where taken back
        self.frozen: dict[str, int] = {}  # scope to the record that froze it, 0 where lifted

    def take(self, records: Iterable[bytes], recorded: int) -> None:
        """Adds the records of a batch, written at an instant."""
        keep, keep_block, keep_move = self.records.append, self.blocks.append, self.moves.append
        for record in map(decode_record, records):
            if isinstance(record, ActRecord):
                sequence, key, effective, payload = record
                keep((sequence, key, effective, recorded, *NO_MOVEMENT, payload.decode()))
                self._act(record, acts.parse_act(payload))
                continue
            sequence, key, effective, type_, year, sender, receiver, rests_on, _, blocks, legs = (
                record
            )
            quantity = 0
            for kind, start, end in blocks if len(blocks) == 1 else sorted(blocks):
                keep_block((sequence, kind, start, end))
                quantity += end - start + 1
            keep(
                (
                    sequence,
                    key,
                    effective,
                    recorded,
                    type_,
                    year,
                    sender,
                    receiver,
                    rests_on,
                    quantity,
                    None,
                )
            )
            keep_move(record)
            for leg in legs:
                self.legs.append((sequence, *leg))

    def _act(self, record: ActRecord, act: acts.Act) -> None:
        match act:
            case acts.EmissionsVerified():
                self.emissions[act.account, act.year] = act.tonnes
            case acts.KindDefined():
                periods = (act.original_period, act.applicable_period)
                self.kinds.append((act.kind, act.unit, act.registry, *periods))
            case acts.AccountOpened():
                account = (act.number, act.registry, act.type, act.period, act.operator)
                self.accounts.append((*account, OPEN, record.effective))
            case acts.StatusChanged():
                self.statuses[act.account] = act.status
            case acts.Freeze() | acts.Lift():
                frozen = isinstance(act, acts.Freeze)
                self.frozen[name_of_scope(scope_of(act))] = record.sequence if frozen else 0
