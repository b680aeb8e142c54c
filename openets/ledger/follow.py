"""A process that keeps the query tables up with the journal while the writer goes on writing.

The tables are the greater part of all work and nobody's truth, so the writer does not wait for
them. `Follower` starts the process and, at the end, waits until it has taken in the last record. If
the process that started it dies, its input closes and it stops by itself.
"""

from __future__ import annotations

import select
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from openets.ledger.journal import Journal
from openets.ledger.projection import Projection
from openets.ledger.store import Store, open_store
from openets.storage.collector import leave_books_alone
from openets.storage.database import StorageError

PAUSE_MILLISECONDS = 100
ENOUGH = 8_192  # records; a larger bite is less work: what comes and goes meanwhile is written once


class Follower:
    """The process that follows one store's journal."""

    def __init__(self, store: Store) -> None:
        command = [sys.executable, "-m", "openets.ledger.follow", str(store.directory)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def finish(self) -> None:
        """Waits until the tables hold everything; raises `StorageError` if that failed."""
        _, said = self._process.communicate()
        if self._process.returncode:
            raise StorageError(f"The query tables were not kept up: {said.strip()}")


def main(directory: Path) -> int:
    """Follows the journal until standard input closes, then takes in what is left."""
    try:
        store = open_store(directory)
        projection, journal = store.projection(), store.journal(read_only=True)
        with closing(projection.database), closing(journal.database):
            leave_books_alone()
            _follow(projection, journal)
    except StorageError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _follow(projection: Projection, journal: Journal) -> None:
    """Takes a bite when it is large enough, or when nothing more has come for a while."""
    behind, going = 0, True
    while going:
        pause = 0 if behind >= ENOUGH else PAUSE_MILLISECONDS
        closed, _, _ = select.select([sys.stdin], [], [], pause / 1_000)
        going = not closed
        before, behind = behind, journal.last() - projection.mark()[0]
        if closed or behind >= ENOUGH or behind == before:
            projection.catch_up(journal)
            behind = journal.last() - projection.mark()[0]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
