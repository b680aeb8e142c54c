"""The processes of a running store: log, writer and web server, started, watched, ended together.

They are children of one parent that does no work of its own, so that it has no reason to die. Who
dies is started again; what was under way is mended by the books themselves (the log is the
write-ahead log of the registry, and due work is carried out once). Starting again helps against a
killed process or a lost database server and not against a wrong store, so a child that cannot get
ready at first, that may not go on, or that dies again and again ends the whole, with its own words.
"""

from __future__ import annotations

import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from openets.channel.process import Child
from openets.ledger.store import Store
from openets.people.counter.process import MAY_NOT_GO_ON
from openets.schemes.desk import WRITER_MODULE
from openets.storage.database import HeldElsewhere, StorageError
from openets.translog.client import LOG_MODULE, LogAway, connect_log

WEB_MODULE = "openets.interfaces.web.server"
LOOK_MILLISECONDS = 200
DEATHS, WITHIN_SECONDS = 4, 60  # so many of one child in so many seconds end the whole
BACKLOG = 128


class ServingEnded(Exception):
    """The household cannot go on; says which child and why."""


class Member:
    """One child, kept alive."""

    def __init__(self, name: str, start: Callable[[], Child]) -> None:
        self.name = name
        self._start = start
        self._deaths: deque[float] = deque(maxlen=DEATHS)
        self._child = start()

    def await_ready(self) -> None:
        """Waits until it is ready; raises `ServingEnded` if it ends instead."""
        if not self._child.await_ready():
            code = self._child.process.wait()
            raise ServingEnded(f"The {self.name} did not start ({_how(code)}).")

    def look_after(self) -> None:
        """Starts it again if it has died; raises `ServingEnded` where that would not help."""
        code = self._child.process.poll()
        if code is None:
            return
        self._child.stop()
        if code == MAY_NOT_GO_ON:
            raise ServingEnded(f"The {self.name} may not go on.")
        now = time.monotonic()
        self._deaths.append(now)
        if len(self._deaths) == DEATHS and now - self._deaths[0] < WITHIN_SECONDS:
            raise ServingEnded(f"The {self.name} ended again and again ({_how(code)}).")
        say(f"The {self.name} ended ({_how(code)}); it is started again.")
        self._child = self._start()
        if self._child.await_ready():  # else the next look finds it dead
            say(f"The {self.name} is there again.")

    def stop(self) -> None:
        """Ends it."""
        self._child.stop()


def serve(store: Store, listening: socket.socket, names: tuple[str, ...]) -> Iterator[None]:
    """Runs a store until it is told to stop (KeyboardInterrupt); yields once it serves.

    Raises `ServingEnded`, and `HeldElsewhere` if the store is being served already.
    """
    folder = str(store.directory)
    web = (folder, str(listening.fileno()), *names)
    start: list[tuple[str, Callable[[], Child]]] = [
        ("writer", lambda: Child(WRITER_MODULE, folder)),
        ("web server", lambda: Child(WEB_MODULE, *web, keep=(listening.fileno(),))),
    ]
    if not _log_runs(store):
        start.insert(0, ("log", lambda: Child(LOG_MODULE, str(store.log_directory))))
    members: list[Member] = []
    with _right_to_serve(store):
        try:
            for name, begin in start:  # at once: log and writer have long books to read
                members.append(Member(name, begin))
            for member in members:
                member.await_ready()
            yield
            while True:
                for member in members:
                    member.look_after()
                time.sleep(LOOK_MILLISECONDS / 1_000)
        finally:
            for member in reversed(members):
                member.stop()


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to an address; raises `ServingEnded` if it cannot be had."""
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        found = socket.socket(family, socket.SOCK_STREAM)
        try:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            found.bind(address)
            found.listen(BACKLOG)
        except OSError:
            found.close()
            raise
    except OSError as error:
        reason = error.strerror or str(error)
        sentence = f"Cannot listen on {host} port {port}: {reason}. Choose with --port and --host."
        raise ServingEnded(sentence) from error
    return found


@contextmanager
def _right_to_serve(store: Store) -> Iterator[None]:
    """One household serves a store; a second is turned away at once."""
    with closing(store.journal(read_only=True).database) as database:
        try:
            database.hold("server")
        except HeldElsewhere:
            sentence = f"Another `openets serve` serves the store at {store.directory} already."
            raise StorageError(sentence) from None
        yield


def _log_runs(store: Store) -> bool:
    """True if the log is a service of its own (`openets log serve`), to be left alone."""
    try:
        connect_log(store.log_directory).stop()
    except LogAway:
        return False
    return True


def _how(code: int) -> str:
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"


def say(sentence: str) -> None:
    """A line for whoever keeps the system, on standard error."""
    print(f"openets serve: {sentence}", file=sys.stderr, flush=True)
