"""The fault harness: one fault, at one boundary, of one run; then the invariants.

Each run is a process of its own that plays the small world's script and is stopped (or hindered) at
the n-th I/O boundary it reaches. It tells its parent over a pipe what was acknowledged. The parent
then opens the store as after any crash, posts the whole script again, and checks that nothing
acknowledged was lost, nothing happened twice, and both books prove sound and agree.

The dying is real: the process sends itself SIGKILL, and the databases see what they would see.
"""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from openets.ledger.post import Writer
from openets.ledger.requests import Outcome
from openets.ledger.store import Store, open_writer
from openets.ledger.verify import verify
from openets.storage import boundary
from openets.storage.database import StorageError
from openets.translog.client import LocalLog, LogAway, LogClient, open_local_log
from tests.small_world import script

KILLED, FULL, LOST, TWICE, CLOCK = "killed", "disk full", "answer lost", "sent twice", "clock back"
FAULTS = (KILLED, FULL, LOST, TWICE, CLOCK)
TRIES = 4  # how often the faulty process asks again before it gives up


@dataclass(frozen=True)
class Fault:
    """What goes wrong, at which boundary of the run (counted from 1)."""

    kind: str
    point: int


class Counter:
    """Counts boundaries and lets the fault happen at its point."""

    def __init__(self, fault: Fault | None) -> None:
        self.fault = fault
        self.reached: list[str] = []

    def __call__(self, name: str) -> None:
        self.reached.append(name)
        if self.fault is None or len(self.reached) != self.fault.point:
            return
        if self.fault.kind == KILLED:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.fault.kind == FULL:
            raise StorageError("The disk is full (injected).")


class FaultyLog:
    """A log client that loses an answer, or sends a batch twice, once the fault's point is passed."""

    def __init__(self, log: LocalLog, counter: Counter) -> None:
        self._log = log
        self._counter = counter
        self._done = False

    def __getattr__(self, name: str) -> Callable[..., object]:
        return getattr(self._log, name)

    def append(self, batch: bytes) -> object:
        answer = self._log.append(batch)
        fault = self._counter.fault
        if fault is None or self._done or len(self._counter.reached) < fault.point:
            return answer
        self._done = True
        if fault.kind == LOST:
            raise LogAway("The answer was lost (injected).")
        if fault.kind == TWICE:
            return self._log.append(batch)
        return answer


def run(store: Store, fault: Fault | None) -> tuple[list[Outcome], list[str], int]:
    """Plays the script in a child process; returns acknowledged outcomes, boundaries, exit signal."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _play_and_exit(store, fault, writer)
    os.close(writer)
    with os.fdopen(reader) as told:
        lines = told.read().splitlines()
    _, status = os.waitpid(child, 0)
    outcomes = [
        Outcome(bytes.fromhex(words[1]), int(words[2]))
        for words in (line.split() for line in lines)
        if words[0] == "done"
    ]
    names = [line.split()[1] for line in lines if line.startswith("at ")]
    failed = [line for line in lines if line.startswith("failed")]
    if failed:
        raise AssertionError("\n".join(lines))
    return outcomes, names, os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def _play_and_exit(store: Store, fault: Fault | None, pipe: int) -> None:
    """The child: never returns."""

    def tell(line: str) -> None:
        os.write(pipe, (line + "\n").encode())

    counter = Counter(fault)
    try:
        boundary.install(counter)
        _play(store, counter, tell)
        for name in counter.reached:
            tell(f"at {name}")
    except BaseException:
        tell("failed " + traceback.format_exc().replace("\n", " | "))
    finally:
        os._exit(0)


def _play(store: Store, counter: Counter, tell: Callable[[str], None]) -> None:
    calls = script()
    for _ in range(TRIES):
        try:
            log = open_local_log(store.log_directory)
            if counter.fault and counter.fault.kind == CLOCK:
                log.step_clock(-86_400_000_000)
            writer = open_writer(store, FaultyLog(log, counter), exclusive=False)
            projection = store.projection()
            for requests in calls:
                for outcome in writer.post(requests):
                    if outcome.completed:
                        tell(f"done {outcome.key.hex()} {outcome.sequence}")
                projection.catch_up(writer.journal)
        except (StorageError, LogAway):
            continue  # the process lives on, opens anew and asks again
        return
    raise AssertionError("The fault did not pass.")


def recover(store: Store) -> list[Outcome]:
    """What an operator does after a crash: open the store and ask everything again."""
    writer = open_writer(store, open_local_log(store.log_directory), exclusive=False)
    try:
        outcomes = [outcome for requests in script() for outcome in writer.post(requests)]
        projection = store.projection()
        projection.catch_up(writer.journal)
        projection.database.close()
        return outcomes
    finally:
        close(writer)


def close(writer: Writer) -> None:
    """Closes what a writer holds open in this process."""
    writer.journal.database.close()
    writer.log.close()


def assert_sound(store: Store, acknowledged: list[Outcome], expected: dict[bytes, bool]) -> None:
    """Nothing acknowledged lost, nothing twice, nothing refused completed; both books proved."""
    journal = store.journal(read_only=True)
    keys = [record.key for record in _records(journal)]
    assert len(keys) == len(set(keys)), "a key stands twice in the journal"
    for outcome in acknowledged:
        assert keys[outcome.sequence - 1] == outcome.key, "an acknowledged record is gone"
    for key, completed in expected.items():
        assert (key in keys) == completed, "a request has another outcome than without the fault"
    journal.database.close()
    result = verify(store)
    assert result.sound, result.findings[0]


def _records(journal: object) -> list[object]:
    from openets.ledger.journal import stored_records

    return list(stored_records(journal.database))


def make(directory: Path, urls: dict[str, str] | None) -> Store:
    """A new store for one run."""
    from tests.small_world import make_store

    directory.mkdir(parents=True)
    return make_store(directory, urls)


__all__ = ["Fault", "LogClient", "assert_sound", "make", "recover", "run"]
