"""The desk as a registry runs it: that of the people, with what every scheme brings to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from openets.kernel.clock import Clock
from openets.ledger.store import Store
from openets.people import opening as people
from openets.people.opening import Opened
from openets.schemes.allocation.extension import ALLOCATION
from openets.schemes.caps.actions import CAPS

EXTENSIONS = (CAPS, ALLOCATION)


@contextmanager
def opening(store: Store, clock: Clock | None = None) -> Iterator[Opened]:
    """The office of a store, with its log and writer; the query tables follow when it closes."""
    with people.opening(store, clock, EXTENSIONS) as opened:
        yield opened
