"""Which layout a file is: by its cells, members and outermost element, never by its name."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from openets.formats import (
    commission_workbook,
    daily_extracts,
    eea,
    euets_info,
    eutl_wide,
    merged,
    workbook,
    yearly_activity,
)
from openets.formats.layouts import Layout
from openets.formats.problems import refusal
from openets.formats.sheets import Sheet, csv_sheets, header_cell, header_of
from openets.formats.sources import (
    OLE_MAGIC,
    ZIP_MAGIC,
    Part,
    container,
    head,
    is_text,
    parts_of,
    start_of,
    unpacked,
)
from openets.formats.tables import Reading, in_one
from openets.formats.workbook import (
    HEADER_ROWS,
    check_old_workbook,
    check_workbook,
    find_header,
    sheet_of,
    without_footnotes,
    workbook_sheets,
)

LAYOUTS: tuple[Layout, ...] = (
    *merged.LAYOUTS,
    *euets_info.LAYOUTS,
    *daily_extracts.LAYOUTS,
    *yearly_activity.LAYOUTS,
    *commission_workbook.LAYOUTS,
    *eea.LAYOUTS,
    *eutl_wide.LAYOUTS,
)
WORKBOOKS = 30  # in one zip; the Commission's of all years are fewer
SHOWN = 6  # cells, sheets or members that a sentence names
WEB_PAGE = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype\s+html|html)\b", re.IGNORECASE)
BY_NAME = {layout.name: layout for layout in LAYOUTS}


@dataclass(frozen=True, slots=True)
class Found:
    """What one file turned out to be, in a sentence, and the reading of it."""

    sentence: str
    reading: Reading


@dataclass(frozen=True, slots=True)
class Unknown:
    """What a file of no known layout is, and what else a person should know of it."""

    what: str  # goes on after the file's name: "is a PDF document"
    more: str = ""  # goes on after "it": "comes near to EUETS.INFO, accounts, ..."

    def __str__(self) -> str:
        return f"{self.what}; it {self.more}" if self.more else self.what


def known() -> list[tuple[str, str]]:
    """Name and title of every layout that can be read."""
    from openets.formats.eutl_xml import READERS

    xml = {name: title for name, title, _ in READERS.values()}
    return [*((layout.name, layout.title) for layout in LAYOUTS), *xml.items()]


def read_file(path: Path) -> Found:
    """Recognises a file and reads it. Raises `Refused` if it is nothing known, or dangerous."""
    kind = container(path)
    if kind in ("workbook", "old-workbook"):
        found = _read_workbook(path, path.name, old=kind == "old-workbook")
    elif kind == "zip":
        found = _read_zip(path)
    else:
        part = Part(path)
        found = _read_part(part, start_of(part))
    if isinstance(found, Unknown):
        raise refusal("formats.unknown", f"No table can be read: the file {found}.", path.name)
    return found


def what_is_known() -> str:
    """The titles of all layouts that can be read, in a sentence."""
    return f"Known layouts are: {'; '.join(dict.fromkeys(title for _, title in known()))}."


def matching(cells: list[str]) -> Layout | None:
    """The layout whose telling cells the header has; of several, the one that asks for most."""
    have = set(cells)
    fitting = [layout for layout in LAYOUTS if layout.cells <= have]
    return max(fitting, key=lambda layout: len(layout.cells), default=None)


def _read_zip(path: Path) -> Found | Unknown:
    """The members of known layouts; what else lies beside them is passed over, and named."""
    starts = {part: start_of(part) for part in parts_of(path)}
    if sum(_may_be_workbook(part, start) for part, start in starts.items()) > WORKBOOKS:
        raise refusal(
            "formats.too-many-members", f"The zip holds more than {WORKBOOKS} workbooks.", path.name
        )
    read: list[Found] = []
    passed: dict[str, Unknown] = {}
    for part, start in starts.items():
        found = _read_part(part, start)
        if isinstance(found, Found):
            read.append(found)
        else:
            passed[part.member] = found
    if not read:
        members = [f"{name} {one}" for name, one in passed.items()]
        return Unknown(f"is a zip of no known layout: {_shown(members, '; ') or 'it is empty'}")
    together = _together(f"{path.name} is a zip", read)
    together.reading.remarks += _passed_over(passed)
    return together


def _passed_over(members: dict[str, Unknown]) -> list[str]:
    """Remarks on what was not read; what there is more to say of has one of its own."""
    told = [f"{name} was passed over: it {one.more}." for name, one in members.items() if one.more]
    others = [name for name, one in members.items() if not one.more]
    if others:
        told.append(f"Of no known layout and passed over: {', '.join(others)}.")
    return told


def _read_part(part: Part, start: bytes) -> Found | Unknown:
    """One file or member that begins so; if no layout wants it, what was seen of it."""
    if _may_be_workbook(part, start):
        return _read_packed(part, old=start.startswith(OLE_MAGIC))
    if start.startswith(ZIP_MAGIC):
        return Unknown("is a zip itself", "has to be taken out and read by itself")
    if what := _no_table(start):
        return Unknown(what)
    if part.member and not is_text(start):
        return Unknown("is no text")
    begins = head(part) if not part.name.lower().endswith(".xml") else b"<"
    if begins.lstrip().startswith(b"<"):
        return _read_xml(part)
    rows = [header_of(line) for line in begins.split(b"\n", HEADER_ROWS)[:HEADER_ROWS]]
    for above, cells in enumerate(rows):
        layout = matching(cells)
        if layout is not None:
            return _found(part.name, layout, _whole(layout, csv_sheets(part, above)))
    first = next((cells for cells in rows if any(cells)), [])
    shown = _shown([cell[:30] for cell in first])
    return Unknown(
        f"is of no known layout: its first row reads: {shown or 'nothing'}", _nearest(rows)
    )


def _no_table(start: bytes) -> str:
    """What a file is that nobody could read a table from, by its first bytes."""
    if not start.strip():
        return "is empty"
    if start.startswith(b"%PDF"):
        return "is a PDF document, not the table it shows"
    if WEB_PAGE.match(start.removeprefix(BOM_UTF8)):
        return "is a web page, not the file that it leads to"
    return ""


def _may_be_workbook(part: Part, start: bytes) -> bool:
    """Whether a packed part has to be unpacked to see whether it is a workbook."""
    is_zip = start.startswith(ZIP_MAGIC) and not part.name.lower().endswith(".zip")
    return is_zip or start.startswith(OLE_MAGIC)


def _read_packed(part: Part, *, old: bool) -> Found | Unknown:
    """A workbook inside a zip or gzip; no other document is opened there."""
    if old and ".xls" not in part.name.lower():
        return Unknown("is no workbook")
    with unpacked(part, workbook.LIMITS) as path:
        if container(path) == "zip":
            return Unknown("is no workbook")
        return _read_workbook(path, part.name, old=old)


def _whole(layout: Layout, sheets: Iterable[Sheet]) -> Reading:
    """The sheets of one file, which may come block by block, read as one."""
    reading = in_one([layout.read(sheet) for sheet in sheets])
    reading.tables = layout.finish(reading.tables)
    reading.remarks = list(dict.fromkeys(reading.remarks))  # every block of a text makes them
    return reading


def _nearest(rows: Iterable[list[str]]) -> str:
    """Which layout a row comes near to, as a header, and what it has that the row lacks."""
    for row in rows:
        cells = set(row)
        layout = max(LAYOUTS, key=lambda layout: len(layout.cells & cells) / len(layout.cells))
        if len(layout.cells & cells) * 2 >= len(layout.cells):
            lacking = ", ".join(sorted(layout.cells - cells))
            return f"comes near to {layout.title}, which also has {lacking}"
    return ""


def _read_xml(part: Part) -> Found | Unknown:
    from openets.formats.eutl_xml import READERS, check_size, root_of

    check_size(part)
    root = root_of(part)
    if root not in READERS:
        return Unknown(f"is of no known layout: its outermost element is {root[:40]!r}")
    _, title, read = READERS[root]
    return Found(f"{part.name} is {title}.", read(part))


def _read_workbook(path: Path, name: str, *, old: bool) -> Found | Unknown:
    """All sheets of a workbook that have a known header, as one reading."""
    if old:
        check_old_workbook(path)
    else:
        check_workbook(path)
    sheets: list[str] = []
    found: list[Found] = []
    passed: dict[str, Unknown] = {}
    for title, rows in workbook_sheets(path):
        sheets.append(title)
        place = f"{name}, sheet {title}"
        fitting = _fitting_sheet(place, rows)
        if fitting is not None:
            whole, layout = fitting
            sheet, notes = without_footnotes(whole)
            found.append(_found(place, layout, _whole(layout, [sheet])))
            found[-1].reading.remarks += notes
        elif near := _nearest([header_cell(cell) for cell in row] for row in rows[:HEADER_ROWS]):
            passed[f"Sheet {title}"] = Unknown("is of no known layout", near)
    if not found:
        what = f"is of no known layout: none of its sheets ({_shown(sheets)}) has a known header"
        return Unknown(what, next((one.more for one in passed.values()), ""))
    together = _together(f"{name} is a workbook", found)
    together.reading.remarks += _passed_over(passed)
    return together


def _fitting_sheet(place: str, rows: list[list[str]]) -> tuple[Sheet, Layout] | None:
    """The rows under the header that fits the layout asking for most cells."""
    for layout in sorted(LAYOUTS, key=lambda layout: -len(layout.cells)):
        header = find_header(rows, layout.cells)
        if header is not None:
            return sheet_of(place, rows, header), layout
    return None


def _together(what: str, found: list[Found]) -> Found:
    """What stands in one file as one reading."""
    if len(found) == 1:
        return found[0]
    reading = in_one([one.reading for one in found])
    names = reading.layout.replace("+", ", ")
    return Found(f"{what} of {len(found)} tables: {names}.", reading)


def _found(name: str, layout: Layout, reading: Reading) -> Found:
    counts = ", ".join(
        f"{frame.height:,} {table.replace('_', ' ')}" for table, frame in reading.tables.items()
    )
    return Found(f"{name} is {layout.title}: {counts}.", reading)


def _shown(names: list[str], between: str = ", ") -> str:
    """The first names of a list, which may be long."""
    more = ["..."] if len(names) > SHOWN else []
    return between.join([*names[:SHOWN], *more])
