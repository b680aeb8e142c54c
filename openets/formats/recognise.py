"""Which layout a file is: by its cells, members and outermost element, never by its name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from openets.formats import (
    commission_workbook,
    daily_extracts,
    eea,
    euets_info,
    eutl_wide,
    merged,
)
from openets.formats.layouts import Layout
from openets.formats.problems import refusal
from openets.formats.sheets import Sheet, csv_sheet, header_of
from openets.formats.sources import Part, container, head, parts_of
from openets.formats.tables import Reading, joined
from openets.formats.workbook import check_workbook, find_header, sheet_of, workbook_sheets

LAYOUTS: tuple[Layout, ...] = (
    *merged.LAYOUTS,
    *euets_info.LAYOUTS,
    *daily_extracts.LAYOUTS,
    *commission_workbook.LAYOUTS,
    *eea.LAYOUTS,
    *eutl_wide.LAYOUTS,
)
BY_NAME = {layout.name: layout for layout in LAYOUTS}


@dataclass(frozen=True, slots=True)
class Found:
    """What one file turned out to be, in a sentence, and the reading of it."""

    sentence: str
    reading: Reading


def known() -> list[tuple[str, str]]:
    """Name and title of every layout that can be read."""
    from openets.formats.eutl_xml import READERS

    xml = {name: title for name, title, _ in READERS.values()}
    return [*((layout.name, layout.title) for layout in LAYOUTS), *xml.items()]


def read_file(path: Path) -> Found:
    """Recognises a file and reads it. Raises `Refused` if it is nothing known, or dangerous."""
    kind = container(path)
    if kind == "old-workbook":
        raise refusal(
            "formats.old-workbook",
            "This is a workbook of the format before 2007 (.xls). Save it as .xlsx.",
            path.name,
        )
    if kind == "workbook":
        return _read_workbook(path)
    found = [one for part in parts_of(path) if (one := _read_part(part, alone=kind != "zip"))]
    if not found:
        raise _unknown(path.name, "no member of the zip is of a known layout")
    if len(found) == 1:
        return found[0]
    return Found(
        f"{path.name} is a zip of {len(found)} tables: "
        + ", ".join(sorted(one.reading.layout for one in found))
        + ".",
        Reading(
            "+".join(sorted({one.reading.layout for one in found})),
            joined(one.reading.tables for one in found),
            [problem for one in found for problem in one.reading.problems],
            [remark for one in found for remark in one.reading.remarks],
        ),
    )


def matching(cells: list[str]) -> Layout | None:
    """The layout whose telling cells the header has; of several, the one that asks for most."""
    have = set(cells)
    fitting = [layout for layout in LAYOUTS if layout.cells <= have]
    return max(fitting, key=lambda layout: len(layout.cells), default=None)


def _read_part(part: Part, *, alone: bool) -> Found | None:
    """One text or XML part; nothing if it is a member of a zip that no layout wants."""
    start = head(part) if not part.name.lower().endswith(".xml") else b"<"
    if start.lstrip().startswith(b"<"):
        return _read_xml(part, alone=alone)
    cells = header_of(start)
    layout = matching(cells)
    if layout is not None:
        return _found(part.name, layout, layout.read(csv_sheet(part)))
    if alone:
        shown = ", ".join(cell[:30] for cell in cells[:6])
        raise _unknown(part.name, f"its first row reads: {shown or 'nothing'}")
    return None


def _read_xml(part: Part, *, alone: bool) -> Found | None:
    from openets.formats.eutl_xml import READERS, check_size, root_of

    check_size(part)
    root = root_of(part)
    if root in READERS:
        _, title, read = READERS[root]
        return Found(f"{part.name} is {title}.", read(part))
    if alone:
        raise _unknown(part.name, f"its outermost element is {root[:40]!r}")
    return None


def _read_workbook(path: Path) -> Found:
    check_workbook(path)
    names = []
    for name, rows in workbook_sheets(path):
        names.append(name)
        for sheet, layout in _fitting_sheets(path.name, rows):
            return _found(f"{path.name}, sheet {name}", layout, layout.read(sheet))
    raise _unknown(path.name, f"none of its sheets ({', '.join(names[:6])}) has a known header")


def _fitting_sheets(file: str, rows: list[list[object]]) -> Iterator[tuple[Sheet, Layout]]:
    by_most_cells = sorted(LAYOUTS, key=lambda layout: -len(layout.cells))
    for layout in by_most_cells:
        header = find_header(rows, layout.cells)
        if header is not None:
            yield sheet_of(file, rows, header), layout


def _found(name: str, layout: Layout, reading: Reading) -> Found:
    counts = ", ".join(
        f"{frame.height:,} {table.replace('_', ' ')}" for table, frame in reading.tables.items()
    )
    return Found(f"{name} is {layout.title}: {counts}.", reading)


def _unknown(name: str, what: str) -> Exception:
    titles = "; ".join(dict.fromkeys(title for _, title in known()))
    return refusal(
        "formats.unknown", f"The file is of no known layout: {what}. Known are: {titles}.", name
    )
