"""Proof that both books are whole, agree, and obeyed the law.

Everything is read anew from the stored rows; nothing held in memory by a running process is
believed. The log by its own code; the journal, record by record through a fresh book and row by row
beside the log's; who holds which serial, in one book and the other; the query tables, against a new
fold of the journal. Of a large store log and tables are proved meanwhile, by processes of their
own. What is wrong is named in this order, the first thing alone, for nothing that follows from it
can be trusted. Whoever has something to ask of every record may read along.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Protocol

from openets.kernel.acts import Act, act_of
from openets.kernel.batch import FROM_OFFICERS, Batch, decode_batch
from openets.kernel.records import Malformed, Record, Transaction, decode_record
from openets.kernel.serials import digest_of_holders
from openets.ledger.book import Book
from openets.ledger.journal import TABLES as JOURNAL_TABLES
from openets.ledger.journal import Row
from openets.ledger.post import OFFICERS_NEEDED
from openets.ledger.store import Store
from openets.ledger.stored import check_stored
from openets.ledger.verify_tables import TablesProof, prove_tables, tables_beside
from openets.storage.database import StorageError
from openets.translog.client import Audit, Finding, audit, audit_beside, stored_batches

ENOUGH_FOR_PROCESSES = 20_000  # records; less is proved sooner than a process starts

Progress = Callable[[str, int], None]
Reader = Callable[[Sequence[tuple[Record, Act | None]]], None]
Audited = Callable[[Progress], Audit]


class Holders(Protocol):
    """A book that says who holds which serial."""

    def intervals(self) -> Iterator[tuple[str, int, int, int, int]]:
        """Every unit: (registry, kind, first, last, account), by registry and serial, joined."""


@dataclass
class Verification:
    """What was proved, and the finding that ended the proof, if any."""

    findings: list[Finding] = field(default_factory=list)
    proved: list[str] = field(default_factory=list)
    records: int = 0
    transactions: int = 0
    blocks: int = 0
    units: int = 0
    not_judged: int = 0  # records made under an earlier rulebook, whose law is not asked again
    root: str = ""

    @property
    def sound(self) -> bool:
        """True if nothing was found wrong."""
        return not self.findings


class Wrong(Exception):
    """Carries a finding out of the reading."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(finding.sentence)


def verify(
    store: Store,
    progress: Progress = lambda step, done: None,
    reader: Reader = lambda records: None,
) -> Verification:
    """Proves both books and the query tables of a store, or names the first thing wrong.

    The `reader` is given the records of the journal in their order, each with its act if it is one,
    as soon as they are proved; if the proof ends early, those up to there.
    """
    result = Verification()
    with _meanwhile(store) as (audited, tables):
        try:
            _prove(store, result, audited, progress, reader)
            progress("query tables", 0)
            _prove_tables(tables(), result)
        except Wrong as wrong:
            result.findings.append(wrong.finding)
        except StorageError as error:
            result.findings.append(Finding(book="journal", sentence=str(error)))
    return result


@contextmanager
def _meanwhile(store: Store) -> Iterator[tuple[Audited, Callable[[], TablesProof]]]:
    """The ways to the log's audit and to the proof of the query tables.

    Of a small store both are made when they are asked for, sooner than a process starts.
    """
    if not _is_large(store):
        yield lambda progress: _audit(store, progress), lambda: prove_tables(store)
        return
    beside = audit_beside(store.log_directory, store.jurisdiction, store.log_key)
    with beside as audited, tables_beside(store) as tables:
        yield lambda _: audited(), tables


def _is_large(store: Store) -> bool:
    """Whether processes are worth it; a journal that cannot be read is named when it is proved."""
    try:
        journal = store.journal(read_only=True)
        with closing(journal.database):
            return journal.last() >= ENOUGH_FOR_PROCESSES
    except StorageError:
        return False


def _audit(store: Store, progress: Progress) -> Audit:
    return audit(
        store.log_directory,
        rulebook=store.rulebook,
        log_key=store.log_key,
        progress=lambda done: progress("log", done),
    )


def _prove(
    store: Store, result: Verification, audited: Audited, progress: Progress, reader: Reader
) -> None:
    try:
        book = _prove_journal(store, result, progress, reader)
    except (Wrong, StorageError):
        _believe(audited(progress))  # what is wrong with the log is said first
        raise
    progress("log", 0)
    log = audited(progress)
    _believe(log)
    if (log.records, log.head) != (book.sequence, book.head) and book.sequence:
        sentence = f"The log was proved up to record {log.records}, the journal to {book.sequence}."
        raise Wrong(Finding(book="both", sentence=sentence + " Verify again when nobody writes."))
    result.root = log.root.hex()
    result.proved.append("log: rows, signatures, chain, tree, checks, conservation")
    result.proved.append("journal: rows, signatures, chain, checks, conservation")
    if digest_of_holders(book.intervals()) != log.holders:
        whole = log if log.picture is not None else _audit(store, progress)
        finding = difference_of_holders(book, whole)
        assert finding is not None
        raise Wrong(finding)
    result.units = sum(queue.quantity for queue in book.queues.values())
    result.proved.append("journal = log, batch by batch and serial by serial")


def _prove_tables(tables: TablesProof, result: Verification) -> None:
    if tables.finding is not None:
        raise Wrong(tables.finding)
    behind = tables.until < result.records
    until = f" up to record {tables.until:,}, which they have reached" if behind else ""
    result.proved.append(f"query tables = a new fold of the journal{until}")


def _believe(log: Audit) -> None:
    if log.findings:
        raise Wrong(log.findings[0])


# -- the journal -----------------------------------------------------------------------------------


def _prove_journal(store: Store, result: Verification, progress: Progress, reader: Reader) -> Book:
    journal = store.journal(read_only=True)
    try:
        broken = journal.database.integrity(JOURNAL_TABLES)
        if broken:
            raise Wrong(
                Finding(book="journal", sentence=f"The journal's database is damaged: {broken}.")
            )
        registry_key = store.registry_key().public
        if journal.meta(registry_key) != store.meta():
            sentence = "The journal is of another store than the configuration says."
            raise Wrong(Finding(book="journal", sentence=sentence))
        book = Book(store.store, store.rulebook)
        epoch = 0
        beside = stored_batches(store.log_directory)
        for row, other in zip_longest(journal.rows(), beside):
            batch = _prove_row(store, book, row, other, epoch, registry_key)
            epoch = batch.epoch
            proved = _prove_records(book, batch, result)
            book.seal(batch.head)
            book.commit()
            reader(proved)
            progress("journal", book.sequence)
        result.records = book.sequence
        if book.created is not None and book.created != store.created():
            sentence = "The first record says of the store what its configuration does not."
            raise Wrong(Finding(book="journal", record=1, sentence=sentence))
        _prove_conservation(book)
    finally:
        journal.database.close()
    return book


def _prove_row(
    store: Store,
    book: Book,
    row: Row | None,
    other: tuple[bytes, object] | None,
    epoch: int,
    registry_key: bytes,
) -> Batch:
    """The batch of a row that continues the journal properly and stands in the log as well."""
    first = book.sequence + 1

    def wrong(sentence: str, name: str = "journal") -> Wrong:
        return Wrong(Finding(book=name, batch=first, record=first, sentence=sentence))

    if row is None:
        raise wrong(
            f"The journal ends before record {first}; the log goes on. `openets recover` "
            "takes over what the log has; if it cannot, `openets restore journal`."
        )
    try:
        batch = decode_batch(row.envelope)
    except Malformed as error:
        raise wrong(f"The batch cannot be read: {error}") from None
    if (row.first, row.size) != (batch.first, len(batch.records)):
        raise wrong(f"The row says {row.size} records from {row.first}; its batch says otherwise.")
    if batch.first != first or batch.previous != book.head:
        raise wrong(f"Record {first} should follow; the row holds a batch from {batch.first}.")
    if batch.store != store.store or batch.epoch < epoch:
        raise wrong("The batch is of another store or of an earlier writer.")
    if not _is_properly_signed(book, batch, registry_key):
        raise wrong("The batch is not signed by the registry, nor by two officers.")
    in_both = (row.envelope, row.receipt) == other
    if not in_both and not batch.is_chained():  # where it stands in both, the log's proof shows it
        raise wrong("The chain through the batch does not reach the head it names.")
    tree = row.receipt.tree_head
    if tree.head != batch.head or not tree.is_signed_by(store.log_key):
        raise wrong("The receipt is not one the log gave for this batch.")
    if other is None:
        raise wrong(f"The log ends before record {first}; the journal goes on.", "log")
    if not in_both:
        raise wrong("Journal and log hold different rows for this batch.")
    return batch


def _is_properly_signed(book: Book, batch: Batch, registry_key: bytes) -> bool:
    signers = batch.signers()
    if len(signers) != len(batch.signatures):
        return False
    if batch.origin != FROM_OFFICERS:
        return signers == {registry_key}
    officers = set(book.created.officer_keys) if book.created else set()
    return len({key.hex() for key in signers} & officers) >= OFFICERS_NEEDED


def _prove_records(
    book: Book, batch: Batch, result: Verification
) -> list[tuple[Record, Act | None]]:
    """Takes a batch's records into the book, each checked as if it were proposed now."""
    if batch.rulebook != book.rulebook.digest:
        result.not_judged += len(batch.records)
    proved: list[tuple[Record, Act | None]] = []
    for sequence, data in enumerate(batch.records, batch.first):
        try:
            record = decode_record(data)
            act = act_of(record)
        except Malformed as error:
            raise _wrong(batch, sequence, str(error)) from None
        if record.sequence != sequence:
            sentence = f"The record says it is number {record.sequence}."
            raise _wrong(batch, sequence, sentence, record)
        if record.key in book.keys:
            sentence = f"The record repeats the key of record {book.keys[record.key]}."
            raise _wrong(batch, sequence, sentence, record)
        refusal = check_stored(book, batch, record, act)
        if refusal is not None:
            raise _wrong(batch, sequence, str(refusal), record)
        book.apply(record, act)
        proved.append((record, act))
        if isinstance(record, Transaction):
            result.transactions += 1
            result.blocks += len(record.blocks)
    return proved


def _wrong(batch: Batch, sequence: int, sentence: str, record: Record | None = None) -> Wrong:
    account = serial = None
    if isinstance(record, Transaction):
        account = record.transferring or record.acquiring
        serial = record.blocks[0].start if record.blocks else None
    return Wrong(Finding("journal", batch.first, sequence, account, serial, sentence))


def _prove_conservation(book: Book) -> None:
    held: dict[int, int] = {}
    for (_, kind), queue in book.queues.items():
        counted = sum(end - start + 1 for start, end in queue.blocks())
        if counted != queue.quantity:
            sentence = f"A holding of kind {kind} does not add up."
            raise Wrong(Finding(book="journal", sentence=sentence))
        held[kind] = held.get(kind, 0) + counted
    for kind in book.kinds:
        issued = book.issued.get(kind, 0)
        if issued != held.get(kind, 0):
            sentence = f"Of kind {kind} {issued} were created and {held.get(kind, 0)} are held."
            raise Wrong(Finding(book="journal", sentence=sentence))


def accounts_that_differ(
    book: Holders, log: Holders, concerned: Callable[[int, int], bool]
) -> set[int]:
    """The accounts to which the books do not give the same serials, of those that are concerned.

    `concerned` is asked with the kind of a stretch of serials and the account that has it.
    """
    ours, theirs = (
        {one for one in held.intervals() if concerned(one[1], one[4])} for held in (book, log)
    )
    return {account for *_, account in ours ^ theirs}


def difference_of_holders(book: Holders, log: Holders) -> Finding | None:
    """The first serials the books do not give to the same account, None if there are none."""
    for ours, theirs in zip_longest(book.intervals(), log.intervals()):
        if ours != theirs:
            known = ours or theirs
            assert known is not None
            registry, _, start, _, account = known
            sentence = f"The books differ on who holds {registry} {start}: {ours}, {theirs}."
            return Finding(book="both", account=account, serial=start, sentence=sentence)
    return None
