"""The writer of a store as a process of its own: `python -m openets.schemes.writing DIR`.

The counter's process, with what every scheme brings to the desk.
"""

from __future__ import annotations

import sys

from openets.people.counter.process import run_writer
from openets.schemes.desk import EXTENSIONS

if __name__ == "__main__":
    sys.exit(run_writer(sys.argv[1:], EXTENSIONS))
