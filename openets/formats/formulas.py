"""Cells of a workbook that hold a formula: what is uploaded as a figure must be a figure.

A reading library shows the value a formula was last saved with. In a table on which units are
issued nobody could say afterwards what such a cell was meant to be, so uploads refuse them by cell.
Call `check_workbook` first: it bounds what is read here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from openets.formats.problems import Problem, listed
from openets.formats.sources import Part, member_names, stream
from openets.formats.workbook import LIMITS, OVERLAP

_CELL = re.compile(
    rb"<(?:\w+:)?c\s[^>]*\br\s*=\s*[\"']([A-Za-z]{1,3}\d{1,7})[\"'][^>]*>\s*<(?:\w+:)?f\b"
)
SENTENCE = "The cell holds a formula; write its value instead."


def formula_problems(path: Path) -> list[Problem]:
    """A problem for each cell with a formula, in the order of the file."""
    cells = list(dict.fromkeys(_cells(path)))
    found = (
        Problem("formats.formula", SENTENCE, path.name, int(row), column) for column, row in cells
    )
    return listed(found, len(cells))


def _cells(path: Path) -> Iterator[tuple[str, str]]:
    for name in member_names(path, LIMITS):
        if not (name.lower().startswith("xl/worksheets/") and name.lower().endswith(".xml")):
            continue
        before = b""
        for chunk in stream(Part(path, name), LIMITS):
            window = before + chunk
            for found in _CELL.finditer(window):
                place = found[1].decode()
                column = place.rstrip("0123456789")
                yield column, place[len(column) :]
            before = window[-OVERLAP:]
