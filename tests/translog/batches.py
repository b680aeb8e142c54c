"""Batches made by hand, as a registry with a broken book would send them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from openets.kernel import acts
from openets.kernel.batch import (
    FROM_REGISTRY,
    SALT_BYTES,
    Receipt,
    TreeHead,
    decode_batch,
    encode_batch,
    extend_chain,
)
from openets.kernel.records import ActRecord, Block, Leg, Record, Transaction, type_code
from openets.kernel.signing import SigningKey
from openets.ledger.requests import Request, key_of
from openets.ledger.store import Store, open_writer
from openets.translog.client import LocalLog, open_local_log
from openets.translog.merkle import Tree, leaf_hashes
from openets.translog.messages import AppendAnswer
from openets.translog.store import load
from tests.small_world import KIND, at


class Forger:
    """Signs with the registry's key whatever it is told to, on top of where the log is."""

    def __init__(self, store: Store, scene: Sequence[Request]) -> None:
        self.store = store
        self.log: LocalLog = open_local_log(store.log_directory)
        with closing(open_writer(store, self.log)) as writer:
            refused = [outcome for outcome in writer.post(scene) if not outcome.completed]
            assert not refused, refused[0]

    def next(self) -> int:
        """The sequence a next record would have."""
        return self.log.where().sequence + 1

    def move(
        self,
        type_: str,
        transferring: int,
        acquiring: int,
        *spans: tuple[int, int],
        kind: int = KIND,
        day: str = "2006-06-01",
        year: int = 2006,
        refers_to: int = 0,
        reservation: int = 0,
        legs: tuple[Leg, ...] = (),
        word: str = "forged",
    ) -> Transaction:
        """The next record, with the serials as said."""
        return Transaction(
            self.next(),
            key_of(type_, word),
            at(day),
            type_code(type_),
            year,
            transferring,
            acquiring,
            refers_to,
            reservation,
            tuple(Block(kind, start, end) for start, end in spans),
            legs,
        )

    def act(self, act: acts.Act, day: str = "2006-06-01") -> ActRecord:
        """The next record, an act."""
        return ActRecord(self.next(), key_of("act", act.payload().hex()), at(day), act.payload())

    def envelope(
        self,
        *records: Record | bytes,
        origin: int = FROM_REGISTRY,
        signers: Sequence[SigningKey] | None = None,
        **changed: object,
    ) -> bytes:
        """The signed batch; anything in its head may be changed."""
        here = self.log.where()
        data = tuple(each if isinstance(each, bytes) else each.encode() for each in records)
        words: dict[str, object] = {
            "store": self.store.store,
            "epoch": here.epoch,
            "first": here.sequence + 1,
            "previous": here.head,
            "head": extend_chain(here.head, data),
            "rulebook": here.rulebook,
            **changed,
        }
        keys = [self.store.registry_key()] if signers is None else signers
        return encode_batch(origin=origin, records=data, signers=keys, **words)  # type: ignore[arg-type]

    def conspire(self, *records: Record, in_journal: bool = True, **changed: Any) -> None:
        """Registry and log sign a batch with these records and write it down, nothing checked."""
        rows = load(self.store.log_directory).open()
        journal = self.store.journal()
        envelope = self.envelope(*records, **changed)
        batch, tree = decode_batch(envelope), Tree()
        for row in rows.batches():
            tree.extend(leaf_hashes(row.receipt.salts, decode_batch(row.batch).records))
        salts = secrets.token_bytes(SALT_BYTES * len(batch.records))
        tree.extend(leaf_hashes(salts, batch.records))
        head = TreeHead(batch.store, batch.last, tree.root(), batch.head, 2**52)
        receipt = Receipt(head.signed(rows.configuration.key()), salts)
        with closing(rows.database), closing(journal.database):
            rows.add(batch.first, batch.last, envelope, receipt)
            if in_journal:
                journal.append(batch.first, len(batch.records), envelope, receipt)

    def offer(self, *records: Record | bytes) -> AppendAnswer:
        """Offers a batch with these records."""
        return self.log.append(self.envelope(*records))
