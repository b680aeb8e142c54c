"""The real thing: writer and log as processes, killed with -9 while they work, and opened again.

The moments are drawn from a seed: after so many acknowledged records, and a little later. Whatever
was acknowledged before a kill stands in both books after it, and both books are proved.
"""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from typing import TypeVar

import pytest

from openets.ledger.post import Writer, WriterStopped
from openets.ledger.store import Store, open_writer
from openets.ledger.verify import verify
from openets.storage.database import HeldElsewhere, StorageError
from openets.translog.client import LogAway, RemoteLog, connect_log, start_log
from tests.conftest import MakeDatabase
from tests.faults.harness import records_of
from tests.faults.stores import BOOKS
from tests.faults.writer_process import STOPPED
from tests.small_world import FIRST, KIND, RETIREMENT, SECOND, make_store, move

ROOT = Path(__file__).parents[2]
KILLS = {"sqlite": 12, "postgresql": 6}
PATIENCE_SECONDS = 60  # before a process that says nothing is given up
SETTING_THE_SCENE = 10  # records a writer posts, or has repeated, before its first sale

Answer = TypeVar("Answer")


class WriterProcess:
    """A writer at work, and what it has acknowledged."""

    def __init__(self, store: Store, run: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.writer_process", str(store.directory), run],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.acknowledged: dict[str, int] = {}
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def _take(self, line: str) -> None:
        if line.endswith("\n"):  # else it was killed while it wrote the line
            key, sequence = line.split()
            self.acknowledged[key] = int(sequence)

    def await_records(self, count: int) -> None:
        """Waits until so many more records are acknowledged."""
        for _ in range(count):
            line = self._lines.get(timeout=PATIENCE_SECONDS)
            assert line, f"the writer ended: {self.process.communicate()[1]}"
            self._take(line)

    def kill(self) -> None:
        """Kills it with -9."""
        self.process.kill()
        self._end()

    def stop(self) -> int:
        """Tells it to stop and waits for it; returns its exit code."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self._end()

    def _end(self) -> int:
        code = self.process.wait(PATIENCE_SECONDS)
        self._reader.join()
        while line := self._lines.get():
            self._take(line)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()
        return code


def killed(log: RemoteLog) -> None:
    """Kills the log's process with -9."""
    assert log._child is not None
    process = log._child.process
    process.kill()
    process.wait(PATIENCE_SECONDS)
    log.stop()


def patiently(ask: Callable[[], Answer]) -> Answer:
    """What a question answers once a database server has noticed that a process is gone."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return ask()
        except (HeldElsewhere, LogAway):
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


@contextmanager
def writing(store: Store) -> Iterator[Writer]:
    """A writer in this process, at the log that runs."""
    log = connect_log(store.log_directory)
    try:
        with closing(patiently(lambda: open_writer(store, log))) as writer:
            yield writer
    finally:
        log.stop()


def assert_kept(store: Store, acknowledged: dict[str, int]) -> None:
    """Catches up as at any start; then everything acknowledged stands, once, and is proved."""
    with writing(store) as writer:
        assert writer.book.sequence >= len(acknowledged)
    keys = [record.key.hex() for record in records_of(store)]
    assert len(keys) == len(set(keys))
    missing = {n: key for key, n in acknowledged.items() if keys[n - 1 : n] != [key]}
    assert not missing
    result = verify(store)
    assert result.sound, result.findings[0]
    assert result.records == len(keys)


class Scene:
    """A log and a writer at work on one store; whoever is missing is started again."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.log: RemoteLog | None = None
        self.writer: WriterProcess | None = None
        self.acknowledged: dict[str, int] = {}
        self.starts = 0

    def start(self) -> WriterProcess:
        """Starts what does not run; returns the writer."""
        if self.log is None:
            self.log = patiently(lambda: start_log(self.store.log_directory))
        if self.writer is None:
            self.starts += 1
            self.writer = WriterProcess(self.store, f"run {self.starts}")
            self.writer.await_records(SETTING_THE_SCENE)
        return self.writer

    def kill_log(self) -> None:
        """The log is gone; a writer waits for the next one."""
        if self.log is not None:
            log, self.log = self.log, None
            killed(log)

    def kill_writer(self) -> None:
        """The writer is gone; what it has told is kept."""
        if self.writer is not None:
            writer, self.writer = self.writer, None
            writer.kill()
            self.acknowledged |= writer.acknowledged


@pytest.fixture
def scene(tmp_path: Path, make_database: MakeDatabase) -> Iterator[Scene]:
    scene = Scene(make_store(tmp_path / "store", {book: make_database(book) for book in BOOKS}))
    try:
        yield scene
    finally:
        scene.kill_writer()
        scene.kill_log()


def test_killed_at_any_moment_nothing_acknowledged_is_lost(scene: Scene) -> None:
    engine = scene.store.journal_url.partition(":")[0]
    random = Random(f"kills on {engine}")
    victims = ["writer", "log", "both"] * (KILLS[engine] // 3)
    random.shuffle(victims)
    for victim in victims:
        scene.start().await_records(random.randint(1, 40))
        time.sleep(random.random() / 50)
        if victim != "writer":
            scene.kill_log()
        if victim != "log":
            scene.kill_writer()
            scene.log = scene.log or patiently(lambda: start_log(scene.store.log_directory))
            assert_kept(scene.store, scene.acknowledged)
    writer = scene.start()
    writer.await_records(5)  # also after the last kill it goes on
    assert writer.stop() == 0
    scene.writer, told = None, writer.acknowledged
    assert_kept(scene.store, scene.acknowledged | told)


def test_a_log_that_is_told_to_stop_ends_well(scene: Scene) -> None:
    scene.start().stop()
    scene.writer = None
    assert scene.log is not None and scene.log._child is not None
    process = scene.log._child.process
    process.terminate()
    assert process.wait(PATIENCE_SECONDS) == 0
    assert process.stderr is not None
    assert process.stderr.read() == ""


def test_a_log_ends_with_the_process_that_started_it(scene: Scene) -> None:
    scene.start().stop()
    scene.writer = None
    assert scene.log is not None and scene.log._child is not None
    process = scene.log._child.process
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(PATIENCE_SECONDS) == 0


def test_a_second_writer_is_turned_away(scene: Scene) -> None:
    first = scene.start()
    log = connect_log(scene.store.log_directory)
    try:
        with pytest.raises(HeldElsewhere, match="already the writer of the journal"):
            open_writer(scene.store, log)
    finally:
        log.stop()
    first.await_records(5)  # and the first has not noticed
    assert first.stop() == 0
    scene.writer = None
    assert_kept(scene.store, first.acknowledged)


def test_past_the_lock_a_second_writer_fences_the_first(scene: Scene) -> None:
    first = scene.start()
    log = connect_log(scene.store.log_directory)
    try:
        second = patiently_past_the_first(scene.store, log)
        with closing(second):
            assert first.process.wait(PATIENCE_SECONDS) == STOPPED
            held = second.held(FIRST, KIND) + second.held(SECOND, KIND)
            sale = move("10-0", FIRST, SECOND, 1, "by the second")
            assert [outcome.completed for outcome in second.post([sale])] == [True]
            assert second.held(FIRST, KIND) + second.held(SECOND, KIND) == held
    finally:
        log.stop()
    first.stop()
    scene.writer = None
    assert_kept(scene.store, first.acknowledged)


def test_a_fenced_writer_says_who_has_taken_over(scene: Scene) -> None:
    process = scene.start()
    process.stop()
    scene.writer = None
    surrender = move("10-2", FIRST, RETIREMENT, 7, "2006", day="2007-04-30", year=2006)
    log = connect_log(scene.store.log_directory)
    try:
        with (
            writing(scene.store) as first,
            closing(open_writer(scene.store, log, exclusive=False)) as second,
        ):
            (outcome,) = second.post([surrender])
            with pytest.raises(WriterStopped, match="Another writer has taken over"):
                first.post([move("10-0", FIRST, SECOND, 1, "too late")])
    finally:
        log.stop()
    assert outcome.completed
    assert_kept(scene.store, process.acknowledged | {outcome.key.hex(): outcome.sequence})


def patiently_past_the_first(store: Store, log: RemoteLog) -> Writer:
    """A second writer; the batch under way may be journalled by the first just before."""
    while True:
        try:
            return open_writer(store, log, exclusive=False)
        except StorageError as error:
            assert "refused a statement" in str(error)
