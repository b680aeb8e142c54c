"""The log itself: it takes a batch whole or not at all, durably, and promises it with a signature.

The state lives in the picture and in the tree, both rebuilt from the rows at the start. A batch is
judged and applied on a fresh layer, written in one durable step, and only then settled. If anything
breaks before that step ends, the fresh layer is dropped and nothing has happened.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from openets.kernel.acts import act_of
from openets.kernel.batch import (
    FROM_OFFICERS,
    SALT_BYTES,
    Batch,
    Receipt,
    TreeHead,
    decode_batch,
    extend_chain,
)
from openets.kernel.records import Malformed, decode_record
from openets.kernel.refusal import Refusal
from openets.kernel.signing import SigningKey, is_signed_by
from openets.rulebook.model import Rulebook
from openets.storage.database import StorageError
from openets.translog import checkpoint
from openets.translog.checkpoint import State
from openets.translog.checks import RULE
from openets.translog.judge import Judge
from openets.translog.merkle import leaf_hashes
from openets.translog.messages import (
    Accepted,
    AppendAnswer,
    BatchRefused,
    Fenced,
    Here,
    RecordRefused,
    WrongHead,
    WrongRulebook,
)
from openets.translog.store import Configuration, LogStore, StoredBatch

SIGNERS_OF_AN_ORDER = 2
ROWS_AT_ONCE = 16


def epoch_message(store: bytes, epoch: int) -> bytes:
    """What the registry signs to begin an epoch."""
    return b"openets epoch " + store + epoch.to_bytes(8, "big")


class TransactionLog:
    """The one process that writes a log. `now` gives microseconds since 1970 UTC."""

    def __init__(
        self, rows: LogStore, key: SigningKey, rulebook: Rulebook, now: Callable[[], int]
    ) -> None:
        self._rows = rows
        self._configuration: Configuration = rows.configuration
        self._key = key
        self._rulebook = rulebook
        self._now = now
        rows.check_meta()
        self._picture, self._tree, self._recorded = checkpoint.state_at_start(rows, rulebook)
        self._judge = Judge(self._picture, rulebook, self._configuration)
        self._epoch = 0
        self._in_doubt = True  # whether memory is where the rows are
        self._resolve_doubt()

    def where(self) -> Here:
        """How far the log is."""
        self._resolve_doubt()
        picture = self._picture
        return Here(picture.sequence, picture.head, self._epoch, self._rulebook.digest)

    def new_epoch(self, epoch: int, signature: bytes) -> Here | Fenced | BatchRefused:
        """Begins the next epoch if the registry signed for exactly that one."""
        message = epoch_message(self._configuration.store, epoch)
        self._resolve_doubt()
        if not is_signed_by(self._configuration.registry_key, signature, message):
            return _refuse("log.epoch", "The new epoch is not signed by the registry.")
        if epoch != self._epoch + 1:
            return Fenced(self._epoch)
        self._in_doubt = True
        self._rows.add_epoch(epoch, signature)
        self._epoch, self._in_doubt = epoch, False
        return self.where()

    def batches_after(self, sequence: int, limit: int) -> tuple[tuple[bytes, Receipt], ...]:
        """Accepted batches that reach beyond a record, at most `limit` and never many at once."""
        found = []
        for row in self._rows.batches(sequence):
            found.append((row.batch, row.receipt))
            if len(found) >= min(limit, ROWS_AT_ONCE):
                break
        return tuple(found)

    def append(self, data: bytes) -> AppendAnswer:
        """Takes a batch, or says why not. A batch it has taken before gets its receipt again."""
        self._resolve_doubt()
        try:
            batch = decode_batch(data)
        except Malformed as error:
            return _refuse("log.batch-malformed", str(error))
        refusal = self._check_author(batch)
        if refusal is not None:
            return refusal
        if batch.first <= self._picture.sequence:
            known = self._rows.batch_from(batch.first)
            if known is not None and known.batch == data:
                return Accepted(known.receipt)
        if batch.origin != FROM_OFFICERS and batch.epoch != self._epoch:
            return Fenced(self._epoch)
        here = (self._picture.sequence + 1, self._picture.head)
        if (batch.first, batch.previous) != here:
            return WrongHead(self._picture.sequence, self._picture.head)
        if batch.rulebook != self._rulebook.digest:
            return WrongRulebook(self._rulebook.digest)
        if not batch.is_chained():
            return _refuse("log.chain", "The batch does not lead to the head it names.")
        return self._take(data, batch)

    def close(self) -> None:
        """Lets go of the database."""
        self.keep()
        self._rows.database.close()

    def keep(self) -> None:
        """Keeps what is known for the next start, between two questions."""
        if not self._in_doubt:
            state = State(self._picture, self._tree, self._recorded)
            checkpoint.keep(state, self._configuration, self._rulebook, self._key)

    # -- one batch ------------------------------------------------------------------------------

    def _check_author(self, batch: Batch) -> BatchRefused | None:
        if batch.store != self._configuration.store:
            return _refuse("log.other-store", "The batch is for another store.")
        refusal = author_refusal(batch, self._configuration)
        return BatchRefused(refusal) if refusal is not None else None

    def _take(self, data: bytes, batch: Batch) -> AppendAnswer:
        try:
            stopped = self._judge.take(batch, now=self._now)
            if stopped is not None:
                self._drop()
                return RecordRefused(stopped.at, stopped.refusal)
            receipt = self._promise(batch)
            self._rows.add(batch.first, batch.last, data, receipt)
        except BaseException:
            # A commit that failed may still have reached the disk; the rows will say.
            self._drop()
            self._in_doubt = True
            raise
        self._picture.settle(batch.head)
        self._recorded = receipt.tree_head.recorded
        return Accepted(receipt)

    def _promise(self, batch: Batch) -> Receipt:
        salts = secrets.token_bytes(SALT_BYTES * len(batch.records))
        self._tree.extend(leaf_hashes(salts, batch.records))
        head = TreeHead(
            store=self._configuration.store,
            size=batch.last,
            root=self._tree.root(),
            head=batch.head,
            recorded=max(self._now(), self._recorded),
        )
        return Receipt(head.signed(self._key), salts)

    def _drop(self) -> None:
        self._picture.drop()
        self._judge.forget()
        self._tree.cut_back(self._picture.sequence)

    # -- the start, and after a failure ---------------------------------------------------------

    def _resolve_doubt(self) -> None:
        """Brings memory to where the rows are, trusting the rows; `audit` does not."""
        if not self._in_doubt:
            return
        for epoch, _ in self._rows.epochs():
            self._epoch = epoch
        for row in self._rows.batches(self._picture.sequence):
            try:
                self._fold(row)
            except Malformed as error:
                raise Malformed(f"The log's batch from record {row.first}: {error}") from error
        newest = self._rows.newest()
        if newest is not None and newest.receipt.tree_head.root != self._tree.root():
            raise StorageError(
                "The log's rows do not give the root it signed; run `openets verify`."
            )
        self._in_doubt = False

    def _fold(self, row: StoredBatch) -> None:
        records = decode_batch(row.batch).records
        for record in map(decode_record, records):
            tables = self._judge.tables_at(record.effective)
            self._picture.apply(record, act_of(record), tables)
        self._tree.extend(leaf_hashes(row.receipt.salts, records))
        self._picture.settle(extend_chain(self._picture.head, records))
        self._recorded = row.receipt.tree_head.recorded


def author_refusal(batch: Batch, configuration: Configuration) -> Refusal | None:
    """Why the signatures under a batch do not suffice, or None. Every one must be valid."""
    signers = batch.signers()
    if len(signers) == len(batch.signatures):
        officers = signers & set(configuration.officer_keys)
        if batch.origin != FROM_OFFICERS and signers == {configuration.registry_key}:
            return None
        if batch.origin == FROM_OFFICERS and len(officers) >= SIGNERS_OF_AN_ORDER:
            return None
    sentence = "The batch is signed neither by the registry nor by two officers."
    return Refusal("log.unsigned", sentence, RULE)


def _refuse(code: str, sentence: str) -> BatchRefused:
    return BatchRefused(Refusal(code, sentence, RULE))
