"""The garbage collector, told to leave the books alone.

A book is millions of small objects that live as long as the process and hold no cycles. By default
Python's collector walks through all of them again and again and finds nothing, which costs a fifth
of the time. A process that keeps a book calls `leave_books_alone` before its books are read, and
again when they are.
"""

from __future__ import annotations

import gc

ALLOCATIONS_BETWEEN_LOOKS = 1_000_000


def leave_books_alone() -> None:
    """What lives now is never looked at again, and what comes is looked at seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(ALLOCATIONS_BETWEEN_LOOKS)
