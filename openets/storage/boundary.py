"""The named I/O boundaries of the house: the places where a process may die.

Every durable write and every message between processes calls `boundary(name)` before, inside and
after it. In service this does nothing. The fault harness installs a hook and stops the process,
fills the disk or loses an answer at each boundary in turn, so that faults are injected at the very
places where they happen and not imagined beside them.
"""

from __future__ import annotations

from collections.abc import Callable

_hook: Callable[[str], None] | None = None


def boundary(name: str) -> None:
    """Announces that the I/O step of this name is reached."""
    if _hook is not None:
        _hook(name)


def install(hook: Callable[[str], None] | None) -> None:
    """Sets the hook that every boundary calls; None takes it away."""
    global _hook
    _hook = hook
