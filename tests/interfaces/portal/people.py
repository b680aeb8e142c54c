"""How people sign in, and a desk that pages ask in this process, so that its clock can be moved."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from openets.kernel.clock import FixedClock
from openets.ledger.store import Store
from openets.people.counter.client import OpenedCounter
from tests.schemes.compliance.office import KILN_ACCOUNT, Desk, on
from tests.small_office import ENDED, KIND, staffed


def basic(name: str, password: str = "") -> dict[str, str]:
    """What a browser sends for a name and a password."""
    return {"Authorization": f"Basic {b64encode(f'{name}:{password}'.encode()).decode()}"}


@contextmanager
def desk_on_a_page(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """The desk that answers instead of a running writer, in the year after the first."""
    clock = FixedClock(on(2031, 4, 3))
    with staffed(store, clock) as opened:
        counter = OpenedCounter(store, opened)
        monkeypatch.setattr("openets.interfaces.portal.views.counter_of", lambda _: counter)
        yield Desk(opened, clock)


def surrender(quantity: int) -> dict[str, object]:
    """The fields of a surrender of the kiln for 2030."""
    fields = {"transferring": KILN_ACCOUNT, "acquiring": ENDED, "kind": KIND, "year": 2030}
    return {"type": "10-2", "quantity": quantity, **fields}
