"""The door to the log: all that the rest of the house knows of it.

A writer speaks to the log through a `LogClient`. In service that is a `RemoteLog`, on the socket of
the log's own process; tests may use a `LocalLog` in their own process. Whoever reads the log's rows
for sums, proofs or restoration finds those functions here too.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from openets.channel.line import Line, NoAnswer
from openets.channel.process import Child
from openets.kernel import acts
from openets.kernel.batch import Receipt, TreeHead, decode_batch
from openets.kernel.records import Record, decode_record
from openets.kernel.signing import SigningKey
from openets.rulebook.load import load_rulebook
from openets.storage.database import StorageError
from openets.translog import server, store
from openets.translog.accept import TransactionLog, epoch_message
from openets.translog.messages import (
    Accepted,
    Answer,
    Append,
    AppendAnswer,
    Batches,
    BatchesAfter,
    BatchRefused,
    Broken,
    Fenced,
    Here,
    NewEpoch,
    Question,
    RecordRefused,
    Where,
    WrongHead,
    WrongRulebook,
    answers,
    questions,
)
from openets.translog.orders import encode_order
from openets.translog.proof import Proof, check_proof, prove, prove_all, receipt_head
from openets.translog.rebuild import rebuild_log
from openets.translog.verify import Audit, Finding, audit, audit_beside

__all__ = [
    "LOG_MODULE",
    "Accepted",
    "AppendAnswer",
    "Audit",
    "BatchRefused",
    "Fenced",
    "Finding",
    "Here",
    "LocalLog",
    "LogAway",
    "LogClient",
    "Proof",
    "RecordRefused",
    "RemoteLog",
    "WrongHead",
    "WrongRulebook",
    "audit",
    "audit_beside",
    "begin_log",
    "check_proof",
    "connect_log",
    "create_log",
    "newest_head",
    "open_local_log",
    "order",
    "prove",
    "prove_all",
    "rebuild_log",
    "receipt_head",
    "serve_log",
    "start_log",
    "stored_batches",
    "stored_records",
]

LOG_MODULE = "openets.translog.server"  # what runs as the log's process

A = TypeVar("A")


class LogAway(Exception):
    """The log does not answer, or could not; what was asked may or may not have been done."""


class LogClient(Protocol):
    """What a writer asks of the log."""

    def append(self, batch: bytes) -> AppendAnswer:
        """Offers a batch."""

    def new_epoch(self, key: SigningKey) -> int:
        """Begins the next epoch with the registry's key and returns its number."""

    def where(self) -> Here:
        """How far the log is."""

    def batches_after(self, sequence: int, limit: int) -> tuple[tuple[bytes, Receipt], ...]:
        """Accepted batches that reach beyond a record, in order, some at a time."""

    def stop(self) -> None:
        """Ends what this client started."""


class _Asking:
    """The four questions, over whatever way answers come."""

    def __init__(self, identity: bytes) -> None:
        self._identity = identity

    def _ask(self, question: Question) -> Answer:
        raise NotImplementedError

    def append(self, batch: bytes) -> AppendAnswer:
        return _expect(self._ask(Append(batch)), _APPEND_ANSWERS)  # type: ignore[return-value]

    def new_epoch(self, key: SigningKey) -> int:
        """Raises `LogAway` if another writer was quicker; the next try will know its epoch."""
        epoch = self.where().epoch + 1
        signature = key.sign(epoch_message(self._identity, epoch))
        return _expect(self._ask(NewEpoch(epoch, signature)), (Here,)).epoch

    def where(self) -> Here:
        return _expect(self._ask(Where()), (Here,))

    def batches_after(self, sequence: int, limit: int) -> tuple[tuple[bytes, Receipt], ...]:
        return _expect(self._ask(BatchesAfter(sequence, limit)), (Batches,)).batches


_APPEND_ANSWERS = (Accepted, RecordRefused, WrongHead, Fenced, WrongRulebook, BatchRefused)


def _expect(found: Answer, wanted: tuple[type[A], ...]) -> A:
    if isinstance(found, wanted):
        return found
    sentence = found.sentence if isinstance(found, Broken) else f"it answered {found}"
    raise LogAway(f"The transaction log did not do what was asked: {sentence}")


class LocalLog(_Asking):
    """The log inside this process, for tests; messages are written and read as on the socket."""

    def __init__(self, configuration: store.Configuration) -> None:
        super().__init__(configuration.store)
        self._step = 0
        rows = configuration.open()
        rulebook = load_rulebook(configuration.jurisdiction)
        self._log = TransactionLog(rows, configuration.key(), rulebook, self._now)

    def _now(self) -> int:
        return time.time_ns() // 1_000 + self._step

    def _ask(self, question: Question) -> Answer:
        try:
            found = server.answer(self._log, questions.validate_json(questions.dump_json(question)))
        except StorageError as error:
            found = Broken(str(error))
        return answers.validate_json(answers.dump_json(found))

    def step_clock(self, microseconds: int) -> None:
        """Sets the log's clock forward or back."""
        self._step += microseconds

    def stop(self) -> None:
        """Closes the log."""
        self._log.close()


class RemoteLog(_Asking):
    """The log in its own process; `child` is it, if this client started it.

    The first question waits until a child is ready. An answer is waited for `seconds` (None: for
    ever).
    """

    def __init__(
        self,
        configuration: store.Configuration,
        child: Child | None = None,
        seconds: float | None = None,
    ) -> None:
        super().__init__(configuration.store)
        self._configuration = configuration
        self._child = child
        self._seconds = seconds
        self._ready = child is None
        self._line: Line | None = None

    def _ask(self, question: Question) -> Answer:
        try:
            if self._line is None:
                self.await_child()
                self._line = server.line_to(self._configuration)
            said = self._line.ask(questions.dump_json(question), seconds=self._seconds)
            return answers.validate_json(said)
        except (NoAnswer, OSError) as error:
            raise LogAway(f"The transaction log does not answer: {error}.") from error

    def await_child(self) -> None:
        """Waits until a child is ready; raises `LogAway` if it ended instead."""
        if self._ready or self._child is None:
            return
        self._ready = self._child.await_ready()
        if not self._ready:
            reason = self._child.said()
            self.stop()
            raise LogAway(f"The transaction log did not start: {reason}")

    def stop(self) -> None:
        """Hangs up, and ends the process if this client started it."""
        if self._line is not None:
            self._line.hang_up()
        if self._child is not None:
            self._child.stop()
            self._child = None


def create_log(
    directory: Path,
    *,
    store: bytes,
    jurisdiction: str,
    registry_key: bytes,
    officer_keys: tuple[bytes, ...] = (),
    url: str | None = None,
) -> bytes:
    """Makes an empty log in a folder; returns the log's public key."""
    return _create(
        directory,
        store=store,
        jurisdiction=jurisdiction,
        registry_key=registry_key,
        officer_keys=officer_keys,
        url=url,
    ).log_key


_create = store.create


def open_local_log(directory: Path) -> LocalLog:
    """The log of a folder inside this process (tests only)."""
    return LocalLog(store.load(directory))


def connect_log(directory: Path, *, seconds: float | None = None) -> RemoteLog:
    """The log that runs for a folder; raises `LogAway` if none does.

    Answers are waited for so many seconds (None: for ever).
    """
    client = RemoteLog(store.load(directory), seconds=seconds)
    client.where()
    return client


def start_log(directory: Path) -> RemoteLog:
    """The log of a folder: the one that runs, or a new process that ends with this one."""
    log = begin_log(directory)
    log.await_child()
    return log


def begin_log(directory: Path) -> RemoteLog:
    """The same, while a new process still reads its rows: the first question waits for it."""
    configuration = store.load(directory)
    try:
        return connect_log(directory)
    except LogAway:
        return RemoteLog(configuration, Child(LOG_MODULE, str(directory), stderr=subprocess.PIPE))


def order(
    log: LogClient, store: bytes, act: acts.Freeze | acts.Lift, officers: Sequence[SigningKey]
) -> AppendAnswer:
    """Gives an order of officers to the log, which answers as to any batch."""
    return log.append(encode_order(log.where(), store, act, officers))


def serve_log(directory: Path) -> int:
    """Runs the log in this process until it is told to stop; returns the exit code."""
    return server.main([str(directory)])


def newest_head(directory: Path) -> TreeHead | None:
    """The tree head of the last stored row, or None for an empty log."""
    rows = store.load(directory).open(read_only=True)
    try:
        newest = rows.newest()
        return newest.receipt.tree_head if newest is not None else None
    finally:
        rows.database.close()


def stored_batches(directory: Path) -> Iterator[tuple[bytes, Receipt]]:
    """Every stored batch with its receipt, as they stand, nothing checked."""
    rows = store.load(directory).open(read_only=True)
    try:
        for row in rows.batches():
            yield row.batch, row.receipt
    finally:
        rows.database.close()


def stored_records(directory: Path) -> Iterator[Record]:
    """Every stored record as it stands, in order, nothing checked: for sums and for auditors."""
    for envelope, _ in stored_batches(directory):
        for data in decode_batch(envelope).records:
            yield decode_record(data)
