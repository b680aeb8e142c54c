"""The log as a process of its own: `python -m openets.translog.server DIR`.

It answers on a Unix socket in its folder to whoever knows the folder's secret, one question at a
time (`openets.channel`).
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from pydantic import ValidationError

from openets.channel import line
from openets.channel.process import patiently, until_told
from openets.kernel.records import Malformed
from openets.rulebook.load import load_rulebook
from openets.storage.boundary import boundary
from openets.storage.checkpoint import BETWEEN_KEEPINGS_SECONDS
from openets.storage.collector import leave_books_alone
from openets.storage.database import ServerAway, StorageError
from openets.translog.accept import TransactionLog
from openets.translog.messages import (
    Answer,
    Append,
    Batches,
    BatchesAfter,
    Broken,
    NewEpoch,
    Question,
    Where,
    answers,
    questions,
)
from openets.translog.store import Configuration, load

MAX_MESSAGE_BYTES = 64 * 1024 * 1024


def address_of(directory: Path) -> str:
    """The socket of a log."""
    return line.address_of(directory, "log")


def line_to(configuration: Configuration) -> line.Line:
    """A line to the process of a log, which may or may not run."""
    address = address_of(configuration.directory)
    return line.Line(address, configuration.authkey(), MAX_MESSAGE_BYTES)


def answer(log: TransactionLog, question: Question) -> Answer:
    """The log's answer to a question."""
    match question:
        case Append(batch):
            return log.append(batch)
        case NewEpoch(epoch, signature):
            return log.new_epoch(epoch, signature)
        case Where():
            return log.where()
        case BatchesAfter(sequence, limit):
            return Batches(log.batches_after(sequence, limit))


class Turns:
    """Lets one question after the other through to the log.

    `told` is set when the process is to stop; `lost` then says why, if its database server is gone.
    """

    def __init__(self, log: TransactionLog) -> None:
        self._log = log
        self._turn = threading.Lock()
        self.told = threading.Event()
        self.lost = ""

    def answer(self, question: bytes) -> bytes:
        """The log's answer as bytes, or why it has none."""
        reply = answers.dump_json(self._answer(question))
        boundary("log.answer.before")
        return reply

    def refuse(self, sentence: str) -> bytes:
        """The answer to what is no question at all."""
        return answers.dump_json(Broken(sentence))

    def keep(self) -> None:
        """Keeps what the log knows, hour after hour, until the process is to stop."""
        while not self.told.wait(BETWEEN_KEEPINGS_SECONDS):
            with self._turn:
                self._log.keep()

    def stop(self) -> None:
        """Waits for what is under way."""
        self.told.set()
        with self._turn:
            pass

    def _answer(self, data: bytes) -> Answer:
        try:
            question = questions.validate_json(data)
        except ValidationError as error:
            return Broken(f"The question is not one the log knows: {error.errors()[0]['msg']}.")
        with self._turn:
            try:
                return answer(self._log, question)
            except ServerAway as away:
                self.lost = str(away)
                self.told.set()
                return Broken(self.lost)
            except (StorageError, Malformed) as error:
                return Broken(str(error))


@contextmanager
def at_its_socket(directory: Path) -> Iterator[Turns]:
    """The log of a folder, answering in threads of this process for as long as this lasts.

    Raises `StorageError`, `Malformed` or `OSError` if it cannot begin.
    """
    configuration = load(directory)
    rows = patiently(configuration.open, ServerAway)
    rows.database.hold("log")
    rulebook = load_rulebook(configuration.jurisdiction)
    log = TransactionLog(rows, configuration.key(), rulebook, lambda: time.time_ns() // 1_000)
    authkey = configuration.authkey()
    listening = line.Listening(address_of(directory), authkey, MAX_MESSAGE_BYTES)
    turns = Turns(log)
    for run in (turns.keep, partial(listening.run, turns)):
        threading.Thread(target=run, daemon=True).start()
    try:
        yield turns
    finally:
        turns.stop()
        listening.stop()
        log.close()


def main(arguments: list[str]) -> int:
    """Runs the log of a folder until SIGTERM, SIGINT, the parent's end, or its database server's.

    In the last case it ends with 1, to be started again.
    """
    leave_books_alone()
    try:
        with at_its_socket(Path(arguments[0])) as turns:
            leave_books_alone()
            until_told(arguments, turns.told)
    except (StorageError, Malformed, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    if turns.lost:
        print(turns.lost, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
