"""Both ends of a line between two processes of one store: frames of bytes on a Unix socket.

A frame is a length and as many bytes (`multiprocessing.connection`); a question is a frame and so
is its answer. Whoever connects proves that it knows the secret, and so does who listens. A stranger
who says nothing, a frame that claims to be endless, a line that breaks in the middle: each costs
the one line and nothing else.
"""

from __future__ import annotations

import hashlib
import os
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import AuthenticationError
from multiprocessing.connection import (
    Client,
    Connection,
    Listener,
    answer_challenge,
    deliver_challenge,
)
from pathlib import Path
from typing import Protocol

UNIX_PATH_BYTES = 100  # the system allows 108
SHORT_PLACE = Path("/tmp")  # not TMPDIR, which may be long and another for the other end
GREETING_SECONDS = 10  # for a stranger to prove that it knows the secret
STOPPING_SECONDS = 10  # for answers under way when the process is told to stop
LINES = 64  # open at once; more are hung up on
BACKLOG = 32
PAUSE_MILLISECONDS = 50
ONLY_ITS_USER = 0o177


class NoAnswer(Exception):
    """Nobody answers; `asked` tells whether the question may have been heard and acted on."""

    def __init__(self, sentence: str, *, asked: bool) -> None:
        super().__init__(sentence)
        self.asked = asked


class Answerer(Protocol):
    """Whoever is behind a socket. Both are called from several threads."""

    def answer(self, question: bytes) -> bytes:
        """The answer to a question, whatever its bytes; never raises for what they are."""

    def refuse(self, sentence: str) -> bytes:
        """The answer to what could not be read at all."""


def address_of(directory: Path, name: str) -> str:
    """The socket of this name in a folder; where its path is too long for one, in a short place."""
    path = str(directory.resolve() / f"{name}.sock")
    if len(path.encode()) <= UNIX_PATH_BYTES:
        return path
    digest = hashlib.sha256(path.encode()).hexdigest()[:16]
    return str(SHORT_PLACE / f"openets-{digest}.sock")


class Listening:
    """The end that answers. Whoever makes one holds the right to be the only one at an address.

    Connections are taken from the first moment on, and wait until `run` gets to them.
    """

    def __init__(self, address: str, authkey: bytes, limit_bytes: int) -> None:
        self._authkey = authkey
        self._limit = limit_bytes
        self._open: dict[threading.Thread, Connection] = {}
        self._stopping = False
        Path(address).unlink(missing_ok=True)  # left by a process that was killed
        with _files_of_this_user_only():
            self._listener = Listener(address, family="AF_UNIX", backlog=BACKLOG)

    def run(self, answerer: Answerer) -> None:
        """Takes connections until `stop`; each has a thread of its own."""
        while not self._stopping:
            try:
                connection = self._listener.accept()
            except OSError:
                # Gone before it was taken, closed by `stop`, or no descriptor is left for it: then
                # asking again at once would only keep the processor busy.
                time.sleep(PAUSE_MILLISECONDS / 1_000)
                continue
            if len(self._open) >= LINES:
                connection.close()
                continue
            thread = threading.Thread(target=self._serve, args=(connection, answerer), daemon=True)
            self._open[thread] = connection
            thread.start()

    def stop(self) -> None:
        """Takes no more questions, and waits until those in hand are answered."""
        self._stopping = True
        self._listener.close()
        lines = list(self._open.items())
        for _, connection in lines:
            with suppress(OSError), _socket_of(connection) as line:
                line.shutdown(socket.SHUT_RD)
        for thread, _ in lines:
            thread.join(STOPPING_SECONDS)

    def _serve(self, connection: Connection, answerer: Answerer) -> None:
        try:
            with connection, suppress(EOFError, OSError, AuthenticationError):
                self._greet(connection)
                while True:
                    try:
                        question = connection.recv_bytes(self._limit)
                    except OSError as error:
                        # Also a broken line comes here, and then nobody hears the answer.
                        connection.send_bytes(answerer.refuse(f"It cannot be read: {error}"))
                        return
                    connection.send_bytes(answerer.answer(question))
        finally:
            self._open.pop(threading.current_thread(), None)

    def _greet(self, connection: Connection) -> None:
        _limit_waiting(connection, GREETING_SECONDS)
        deliver_challenge(connection, self._authkey)
        answer_challenge(connection, self._authkey)
        _limit_waiting(connection, 0)


class Line:
    """The end that asks. It connects when first asked, and again after the line has broken."""

    def __init__(self, address: str, authkey: bytes, limit_bytes: int) -> None:
        self._address = address
        self._authkey = authkey
        self._limit = limit_bytes
        self._connection: Connection | None = None

    def ask(self, question: bytes, *, seconds: float | None = None) -> bytes:
        """The answer to a question, waited for so many seconds (None: for ever).

        Raises `NoAnswer` if none comes.
        """
        asked = False
        try:
            if self._connection is None:
                self._connection = Client(self._address, authkey=self._authkey)
            asked = True
            self._connection.send_bytes(question)
            if seconds is not None and not self._connection.poll(seconds):
                raise TimeoutError(f"nothing was said in {seconds} seconds")
            return self._connection.recv_bytes(self._limit)
        except (OSError, EOFError, AuthenticationError) as error:
            self.hang_up()
            raise NoAnswer(str(error) or type(error).__name__, asked=asked) from error

    def hang_up(self) -> None:
        """Closes the line; the next question opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@contextmanager
def _files_of_this_user_only() -> Iterator[None]:
    before = os.umask(ONLY_ITS_USER)
    try:
        yield
    finally:
        os.umask(before)


def _socket_of(connection: Connection) -> socket.socket:
    """The socket under a connection, under a number of its own, to be closed."""
    return socket.socket(fileno=os.dup(connection.fileno()))


def _limit_waiting(connection: Connection, seconds: int) -> None:
    """No read on a line takes longer than so many seconds; 0 lets it wait for ever."""
    with _socket_of(connection) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("@ll", seconds, 0))
