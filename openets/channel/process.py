"""A process that works until it is told to stop, seen from inside and from its parent.

Inside: SIGTERM and SIGINT end it, and with `--with-parent` also the end of its standard input,
which closes when the process that started it is gone: a crash leaves nobody behind that nobody
asked for. It says "ready" once it can be spoken to.

From the parent: `Child` starts it, waits until it is ready, and ends it. What it has to say to a
person it says on standard error, which is the parent's unless the parent reads it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

WITH_PARENT = "--with-parent"
READY = "ready"
STOP_SECONDS = 30
PATIENCE_SECONDS = 60
LOOK_AGAIN_MILLISECONDS = 100

T = TypeVar("T")


def until_told(arguments: Sequence[str], stop: threading.Event | None = None) -> None:
    """Says that this process is ready, then waits until it is told to stop."""
    told = stop or threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: told.set())
    if WITH_PARENT in arguments:
        threading.Thread(target=_await_end_of_input, args=(told,), daemon=True).start()
    print(READY, flush=True)
    told.wait()


def _await_end_of_input(told: threading.Event) -> None:
    # Not through sys.stdin: a thread that waits inside it stops the interpreter from ending.
    while os.read(sys.stdin.fileno(), 1):
        pass
    told.set()


def patiently(ask: Callable[[], T], *unless: type[Exception]) -> T:
    """What a question answers once whatever is in the way is gone, or after a minute raises."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return ask()
        except unless:
            if time.monotonic() > end:
                raise
            time.sleep(LOOK_AGAIN_MILLISECONDS / 1_000)


class Child:
    """A process of the house (`python -m MODULE ...`) that ends with this one.

    `keep` are descriptors that it keeps open, `stderr` where its standard error goes instead.
    """

    def __init__(
        self, module: str, *arguments: str, keep: Sequence[int] = (), stderr: int | None = None
    ) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments, WITH_PARENT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            pass_fds=keep,
            start_new_session=True,  # Ctrl-C is for the parent; the child ends after it
        )

    def await_ready(self) -> bool:
        """Waits until it is ready; False if it ended instead."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip() == READY

    def said(self) -> str:
        """What it wrote on standard error, where that was asked for; waits for its end."""
        return self.process.stderr.read().strip() if self.process.stderr is not None else ""

    def stop(self) -> None:
        """Ends it, and waits; one that will not end is killed."""
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
