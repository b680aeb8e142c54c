"""The log as a process of its own: `python -m openets.translog.server DIR`.

It answers on a Unix socket in its folder to whoever knows the folder's secret, one question at a
time. `--with-parent` ends it when the process that started it is gone (its standard input closes),
so that a crash leaves no log behind that nobody asked for. It says "ready" once it listens.
"""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import tempfile
import threading
import time
from contextlib import suppress
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection, Listener
from pathlib import Path

from pydantic import ValidationError

from openets.rulebook.load import load_rulebook
from openets.storage.boundary import boundary
from openets.storage.collector import leave_books_alone
from openets.storage.database import StorageError
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
from openets.translog.store import load

MAX_MESSAGE_BYTES = 64 * 1024 * 1024
UNIX_PATH_BYTES = 100  # the system allows 108


def address_of(directory: Path) -> str:
    """The socket of a log; in the temporary folder where the log's own path is too long for one."""
    path = str(directory.resolve() / "log.sock")
    if len(path.encode()) <= UNIX_PATH_BYTES:
        return path
    name = hashlib.sha256(path.encode()).hexdigest()[:16]
    return str(Path(tempfile.gettempdir()) / f"openets-{name}.sock")


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


class Server:
    """Listens, and lets one question after the other through to the log."""

    def __init__(self, log: TransactionLog, address: str, authkey: bytes) -> None:
        self._log = log
        self._turn = threading.Lock()
        Path(address).unlink(missing_ok=True)  # left by a log that was killed
        self._listener = Listener(address, family="AF_UNIX", authkey=authkey)

    def run(self) -> None:
        """Serves until the process is told to stop."""
        while True:
            try:
                connection = self._listener.accept()
            except (AuthenticationError, EOFError, ConnectionError):
                continue  # somebody without the secret, or gone before the greeting ended
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def stop(self) -> None:
        """Waits for the question in hand, then lets go of everything."""
        with self._turn:
            self._listener.close()
            self._log.close()

    def _serve(self, connection: Connection) -> None:
        with connection, suppress(EOFError, ConnectionError, OSError):
            while True:
                data = connection.recv_bytes(MAX_MESSAGE_BYTES)
                reply = answers.dump_json(self._answer(data))
                boundary("log.answer.before")
                connection.send_bytes(reply)

    def _answer(self, data: bytes) -> Answer:
        try:
            question = questions.validate_json(data)
        except ValidationError as error:
            return Broken(f"The question is not one the log knows: {error.errors()[0]['msg']}.")
        with self._turn:
            try:
                return answer(self._log, question)
            except StorageError as error:
                return Broken(str(error))


def main(arguments: list[str]) -> int:
    """Runs the log of a folder until SIGTERM, SIGINT, or the parent's end."""
    directory = Path(arguments[0])
    try:
        configuration = load(directory)
        rows = configuration.open()
        rows.database.hold("log")
        rulebook = load_rulebook(configuration.jurisdiction)
        log = TransactionLog(rows, configuration.key(), rulebook, lambda: time.time_ns() // 1_000)
        server = Server(log, address_of(directory), configuration.authkey())
    except (StorageError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    leave_books_alone()
    threading.Thread(target=server.run, daemon=True).start()
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    if "--with-parent" in arguments:
        threading.Thread(target=_await_end_of_input, args=(stop,), daemon=True).start()
    print("ready", flush=True)
    stop.wait()
    server.stop()
    return 0


def _await_end_of_input(stop: threading.Event) -> None:
    # Not through sys.stdin: a thread that waits inside it stops the interpreter from ending.
    while os.read(sys.stdin.fileno(), 1):
        pass
    stop.set()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
