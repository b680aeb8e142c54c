"""The desk as a registry runs it: that of the people, with what every scheme brings to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from openets.kernel.clock import Clock
from openets.ledger.store import Store
from openets.people import opening as people
from openets.people.counter import client
from openets.people.counter.client import Counter
from openets.people.extension import Extension
from openets.people.opening import Opened
from openets.schemes.allocation import asking as of_allocation
from openets.schemes.allocation.extension import ALLOCATION
from openets.schemes.caps.actions import CAPS
from openets.schemes.compliance import actions, due, entitling, penalising
from openets.schemes.compliance import asking as of_compliance

COMPLIANCE = Extension(
    commands=(*actions.COMMANDS, *due.COMMANDS, *penalising.COMMANDS, *entitling.COMMANDS),
    against=actions.against,
    due=due.due,
)
EXTENSIONS = (CAPS, ALLOCATION, COMPLIANCE)
ASKING = (of_allocation, of_compliance)  # what they hold can be asked for once they are imported
WRITER_MODULE = "openets.schemes.writer"  # what runs as the writer's process


@contextmanager
def opening(store: Store, clock: Clock | None = None) -> Iterator[Opened]:
    """The office of a store, with its log and writer; the query tables follow when it closes."""
    with people.opening(store, clock, EXTENSIONS) as opened:
        yield opened


@contextmanager
def at_counter(store: Store) -> Iterator[Counter]:
    """The counter of a store: the running writer's, or an office that is open meanwhile."""
    with client.at_counter(store, EXTENSIONS) as counter:
        yield counter
