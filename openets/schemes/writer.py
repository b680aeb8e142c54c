"""The writer of a store as a process of its own: `python -m openets.schemes.writer DIR`.

It is the people's writer with what every scheme brings to its desk.
"""

from __future__ import annotations

import sys

from openets.people.counter.process import main
from openets.schemes.desk import EXTENSIONS

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], EXTENSIONS))
