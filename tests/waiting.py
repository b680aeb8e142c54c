"""Waiting for what another process or thread does."""

from __future__ import annotations

import time
from collections.abc import Callable

SECONDS = 120  # for what takes one; the machine may be busy


def wait_for(what: Callable[[], object]) -> None:
    """Waits until something is so."""
    end = time.monotonic() + SECONDS
    while not what():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.05)
