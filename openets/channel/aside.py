"""Something that is worked out in a process of its own meanwhile, on another core.

A module is run with words and prints one JSON value. It is asked for when it is needed; who leaves
before then ends the process.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class BrokeOff(Exception):
    """The process ended without an answer; what it said stands on standard error."""


@contextmanager
def aside(module: str, *words: str) -> Iterator[Callable[[], Any]]:
    """Starts `python -m MODULE WORDS`; yields the way to wait for what it prints."""
    command = [sys.executable, "-m", module, *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield lambda: _answer(module, process)
        finally:
            process.kill()


def _answer(module: str, process: subprocess.Popen[str]) -> Any:
    said, _ = process.communicate()
    if process.returncode:
        raise BrokeOff(f"{module} ended with {process.returncode}.")
    return json.loads(said)
