"""The log's proof of itself: every stored row read anew, every record judged again.

Nothing a running log holds in memory is believed. A fresh picture and a fresh tree are built from
the rows; signatures, chain, roots and checks must all come out as they did. The first thing wrong
is named and ends the reading, for nothing that follows from it can be trusted.

A second core does it while the registry's own book is proved: as a process of its own,
`python -m openets.translog.verify DIR JURISDICTION KEY`, that prints what came out as JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from openets.channel.aside import BrokeOff, aside
from openets.kernel.acts import Freeze, Lift
from openets.kernel.batch import FROM_OFFICERS, SALT_BYTES, Batch, decode_batch
from openets.kernel.records import Malformed, Record, Transaction
from openets.kernel.serials import digest_of_holders
from openets.kernel.signing import is_signed_by
from openets.rulebook.load import load_rulebook
from openets.rulebook.model import Rulebook
from openets.storage.collector import leave_books_alone
from openets.storage.database import StorageError
from openets.translog.accept import author_refusal, epoch_message
from openets.translog.judge import Judge
from openets.translog.merkle import Tree, leaf_hashes
from openets.translog.picture import Picture
from openets.translog.store import TABLES, Configuration, LogStore, StoredBatch, load


class Finding(NamedTuple):
    """Something wrong: in which book, and as near as can be said where."""

    book: str
    batch: int | None = None
    record: int | None = None
    account: int | None = None
    serial: int | None = None
    sentence: str = ""


@dataclass
class Audit:
    """What the reading found; `head` and `root` are those of the last row that was right.

    `holders` is the digest of who holds which serial (`openets.kernel.serials.digest_of_holders`).
    """

    findings: list[Finding] = field(default_factory=list)
    records: int = 0
    head: bytes = b""
    root: bytes = b""
    holders: bytes = b""
    picture: Picture | None = None

    def intervals(self) -> Iterator[tuple[str, int, int, int, int]]:
        """Every unit by the log's rows: (registry, kind, first, last, account), joined."""
        return self.picture.intervals() if self.picture is not None else iter(())


class _Wrong(Exception):
    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(finding.sentence)


def audit(
    directory: Path,
    *,
    rulebook: Rulebook,
    log_key: bytes,
    progress: Callable[[int], None] = lambda done: None,
) -> Audit:
    """Reads a log's rows and proves them, under the public key the caller knows the log by."""
    result = Audit()
    try:
        configuration = load(directory)
        if configuration.log_key != log_key:
            raise StorageError("The log's configuration names another key than the registry knows.")
        rows = configuration.open(read_only=True)
        try:
            _Reading(rows, rulebook, result).run(progress)
        finally:
            rows.database.close()
    except _Wrong as wrong:
        result.findings.append(wrong.finding)
    except StorageError as error:
        result.findings.append(Finding("log", sentence=str(error)))
    return result


class _Reading:
    """One pass over the rows."""

    def __init__(self, rows: LogStore, rulebook: Rulebook, result: Audit) -> None:
        self._rows = rows
        self._configuration: Configuration = rows.configuration
        self._rulebook = rulebook
        self._result = result
        self._picture = Picture(self._configuration.store)
        self._judge = Judge(self._picture, rulebook, self._configuration)
        self._tree = Tree()
        self._epoch = 0
        self._recorded = 0

    def run(self, progress: Callable[[int], None]) -> None:
        damage = self._rows.database.integrity(TABLES)
        if damage:
            raise StorageError(f"The log's database is damaged: {damage}.")
        self._rows.check_meta()
        last_epoch = self._read_epochs()
        for row in self._rows.batches():
            batch = self._check_row(row)
            if batch.epoch > last_epoch:
                raise self._wrong(batch.first, f"Epoch {batch.epoch} was never begun.")
            self._take(batch)
            self._check_promise(row, batch)
            self._picture.settle(batch.head)
            self._result.records = batch.last
            self._result.head, self._result.root = batch.head, row.receipt.tree_head.root
            progress(batch.last)
        self._check_conservation()
        self._result.holders = digest_of_holders(self._picture.intervals())
        self._result.picture = self._picture

    def _read_epochs(self) -> int:
        last = 0
        for epoch, signature in self._rows.epochs():
            message = epoch_message(self._configuration.store, epoch)
            signed = is_signed_by(self._configuration.registry_key, signature, message)
            if epoch != last + 1 or not signed:
                raise StorageError(f"Epoch {epoch} does not follow or was not begun by a writer.")
            last = epoch
        return last

    def _check_row(self, row: StoredBatch) -> Batch:
        first = self._picture.sequence + 1
        try:
            batch = decode_batch(row.batch)
        except Malformed as error:
            raise self._wrong(first, f"The batch cannot be read: {error}") from None
        if (row.first, row.last) != (batch.first, batch.last):
            sentence = f"The row says {row.first} to {row.last}; its batch says otherwise."
            raise self._wrong(first, sentence)
        if batch.first != first or batch.previous != self._picture.head:
            sentence = f"Record {first} should follow; the row's batch begins at {batch.first}."
            raise self._wrong(first, sentence)
        if batch.store != self._configuration.store or batch.epoch < self._epoch:
            raise self._wrong(first, "The batch is of another store or of an earlier writer.")
        refusal = author_refusal(batch, self._configuration)
        if refusal is not None:
            raise self._wrong(first, f"{refusal.sentence} Something in it was changed.")
        if not batch.is_chained():
            raise self._wrong(first, "The chain through the batch misses the head it names.")
        if len(row.receipt.salts) != len(batch.records) * SALT_BYTES:
            raise self._wrong(first, "The batch has not one salt for each record.")
        self._epoch = batch.epoch
        return batch

    def _take(self, batch: Batch) -> None:
        # A batch made under a rulebook this release no longer has is not judged by today's law;
        # what every ledger owes is judged all the same.
        law = batch.rulebook == self._rulebook.digest
        stopped = self._judge.take(batch, law=law)
        if stopped is None:
            return
        sequence, record = batch.first + stopped.at, stopped.record
        if record is None:
            raise self._wrong(batch.first, stopped.refusal.sentence, sequence)
        if batch.origin == FROM_OFFICERS and not isinstance(stopped.act, Freeze | Lift):
            raise self._wrong(batch.first, "Officers ordered more than a freeze.", sequence)
        raise self._wrong(batch.first, str(stopped.refusal), sequence, record)

    def _check_promise(self, row: StoredBatch, batch: Batch) -> None:
        self._tree.extend(leaf_hashes(row.receipt.salts, batch.records))
        tree = row.receipt.tree_head
        if tree.head != batch.head or not tree.is_signed_by(self._configuration.log_key):
            raise self._wrong(batch.first, "The tree head is not one that the log signed.")
        if tree.root != self._tree.root():
            raise self._wrong(batch.first, "The salts and records do not give the signed root.")
        if tree.recorded < self._recorded:
            raise self._wrong(batch.first, "The row was recorded before the one that precedes it.")
        self._recorded = tree.recorded

    def _check_conservation(self) -> None:
        held: dict[int, int] = {}
        for _, kind, start, end, _ in self._picture.intervals():
            held[kind] = held.get(kind, 0) + end - start + 1
        if held != self._picture.created:
            raise StorageError(f"Units held by kind are {held}, not those created.")

    @staticmethod
    def _wrong(
        batch: int, sentence: str, record: int | None = None, of: Record | None = None
    ) -> _Wrong:
        account = serial = None
        if isinstance(of, Transaction):
            account = of.transferring or of.acquiring
            serial = of.blocks[0].start if of.blocks else None
        return _Wrong(Finding("log", batch, record or batch, account, serial, sentence))


# -- meanwhile -----------------------------------------------------------------------------------

MODULE = "openets.translog.verify"
DIGESTS = ("head", "root", "holders")


@contextmanager
def audit_beside(
    directory: Path, jurisdiction: str, log_key: bytes
) -> Iterator[Callable[[], Audit]]:
    """Gives the way to the audit of a log, which is made meanwhile; it brings no picture along."""
    with aside(MODULE, str(directory), jurisdiction, log_key.hex()) as answer:
        yield lambda: _audit_of(answer)


def _audit_of(answer: Callable[[], dict[str, Any]]) -> Audit:
    try:
        found = answer()
    except BrokeOff as broken:
        return Audit([Finding("log", sentence=f"The proof of the log broke off: {broken}")])
    findings = [Finding(**one) for one in found["findings"]]
    head, root, holders = (bytes.fromhex(found[name]) for name in DIGESTS)
    return Audit(findings, found["records"], head, root, holders)


def _print(result: Audit) -> None:
    digests = {name: getattr(result, name).hex() for name in DIGESTS}
    findings = [one._asdict() for one in result.findings]
    json.dump({"findings": findings, "records": result.records, **digests}, sys.stdout)


if __name__ == "__main__":
    leave_books_alone()
    place, law, key = sys.argv[1:]
    _print(audit(Path(place), rulebook=load_rulebook(law), log_key=bytes.fromhex(key)))
