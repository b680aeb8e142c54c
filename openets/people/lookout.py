"""When to look for what the law does by itself, in a process that goes on and on.

A look goes through every operator. Where nothing was written and no day has begun since the last
one, there is nothing new to find; where much is written, looking takes a hundredth of the time and
no more. Who works once (`openets work`) always looks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import date

from openets.desk.proposals import Proposal
from openets.people.opening import Opened

RESTS = 100  # times as long as the look took
LONGEST_REST_SECONDS = 600


class Lookout:
    """Works in an open office, again and again. `seconds` is a clock that only goes forward."""

    def __init__(self, opened: Opened, seconds: Callable[[], float] = time.monotonic) -> None:
        self._opened = opened
        self._seconds = seconds
        self._looked_at: tuple[date, int, int] | None = None
        self._rest_until = seconds()

    def work(self) -> Iterator[Proposal]:
        """Does what is due; answers with each proposal as it then stands."""
        yield from self._opened.work(by_itself=False)
        standing, started = self._standing(), self._seconds()
        if standing == self._looked_at or started < self._rest_until:
            return
        yield from self._opened.by_itself()
        self._looked_at = standing
        ended = self._seconds()
        self._rest_until = ended + min(RESTS * (ended - started), LONGEST_REST_SECONDS)

    def _standing(self) -> tuple[date, int, int]:
        """What tells that something was written, or that a day has begun."""
        office = self._opened.office
        return office.today(), office.writer.book.sequence, self._opened.desk.trail.last()
