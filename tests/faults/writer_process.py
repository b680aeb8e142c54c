"""A registry writer as a process of its own, to be killed: posts small calls until told to stop.

    python -m tests.faults.writer_process DIR RUN

It says on standard output what was acknowledged, a line `KEY SEQUENCE` for each record, once the
books have it. Standard input closing tells it to stop. A log or database that is away is waited
for, and the same is asked again.
"""

from __future__ import annotations

import select
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random
from typing import TypeVar

from openets.ledger.post import Writer, WriterStopped
from openets.ledger.requests import Request
from openets.ledger.store import open_store, open_writer
from openets.storage.database import StorageError
from openets.translog.client import LogAway, connect_log
from tests.small_world import CAP_RECORD, FIRST, PARTY, SECOND, move, opening

STOPPED = 3  # the exit code of a writer that was fenced
PAUSE_SECONDS = 0.02

Answer = TypeVar("Answer")


def main(directory: Path, run: str) -> int:
    """Opens the store, sets the scene unless it stands, and posts until input closes."""
    store = open_store(directory)
    log = _when_there(lambda: connect_log(store.log_directory))
    random = Random(run)
    try:
        writer = _when_there(lambda: open_writer(store, log))
        with closing(writer):
            _post(writer, opening())
            _post(writer, [move("1-51", 0, PARTY, 100_000, "all", refers_to=CAP_RECORD)])
            _post(writer, [move("10-53", PARTY, FIRST, 50_000, "2006", year=2006)])
            number = 0
            while not select.select([sys.stdin], [], [], 0)[0]:
                calls = random.randint(1, 4)
                _post(writer, [_sale(writer, run, number + n) for n in range(calls)])
                number += calls
    except WriterStopped as stopped:
        print(stopped, file=sys.stderr)
        return STOPPED
    finally:
        log.stop()
    return 0


def _sale(writer: Writer, run: str, number: int) -> Request:
    """One unit from whoever holds more to the other."""
    rich, poor = (FIRST, SECOND) if writer.held(FIRST, 1) > 1_000 else (SECOND, FIRST)
    return move("10-0", rich, poor, 1, run, number)


def _post(writer: Writer, requests: list[Request]) -> None:
    for outcome in _when_there(lambda: writer.post(requests)):
        assert outcome.completed, outcome.refusals
        print(outcome.key.hex(), outcome.sequence, flush=True)


def _when_there(ask: Callable[[], Answer]) -> Answer:
    """What a question answers once whoever is asked is there to answer it."""
    while True:
        try:
            return ask()
        except (LogAway, StorageError):
            time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
