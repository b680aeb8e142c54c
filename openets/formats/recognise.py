"""Which layout a file is: by its cells, members and outermost element, never by its name."""

from __future__ import annotations

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
    yearly_activity,
)
from openets.formats.layouts import Layout
from openets.formats.problems import refusal
from openets.formats.sheets import Sheet, csv_sheets, header_of
from openets.formats.sources import Part, container, head, is_text, parts_of
from openets.formats.tables import Reading, in_one
from openets.formats.workbook import (
    check_old_workbook,
    check_workbook,
    find_header,
    sheet_of,
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
PACKED = (".xls", ".xlsx", ".zip")  # inside a zip these are not unpacked
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
    if kind in ("workbook", "old-workbook"):
        return _read_workbook(path, old=kind == "old-workbook")
    if kind == "zip":
        return _read_zip(path)
    found = _read_part(Part(path))
    if isinstance(found, str):
        raise _unknown(path.name, found)
    return found


def matching(cells: list[str]) -> Layout | None:
    """The layout whose telling cells the header has; of several, the one that asks for most."""
    have = set(cells)
    fitting = [layout for layout in LAYOUTS if layout.cells <= have]
    return max(fitting, key=lambda layout: len(layout.cells), default=None)


def _read_zip(path: Path) -> Found:
    """The members of known layouts; what else lies beside them is passed over."""
    read: list[Found] = []
    packed: list[str] = []
    for part in parts_of(path):
        found = _read_part(part) if is_text(part) else ""
        if isinstance(found, Found):
            read.append(found)
        elif part.member.lower().endswith(PACKED):
            packed.append(part.member)
    advice = f"to be read by themselves: {', '.join(packed[:6])}" if packed else ""
    if not read:
        raise _unknown(path.name, advice or "no member of the zip is of a known layout")
    together = _together(f"{path.name} is a zip", read)
    if advice:
        together.reading.remarks.append(f"Members of the zip are {advice}.")
    return together


def _read_part(part: Part) -> Found | str:
    """One text or XML part; if no layout wants it, what was seen of it."""
    start = head(part) if not part.name.lower().endswith(".xml") else b"<"
    if start.lstrip().startswith(b"<"):
        return _read_xml(part)
    cells = header_of(start)
    layout = matching(cells)
    if layout is not None:
        return _found(part.name, layout, _whole(layout, csv_sheets(part)))
    shown = ", ".join(cell[:30] for cell in cells[:6])
    return f"its first row reads: {shown or 'nothing'}{_nearest(set(cells))}"


def _whole(layout: Layout, sheets: Iterable[Sheet]) -> Reading:
    """The sheets of one file, which may come block by block, read as one."""
    reading = in_one([layout.read(sheet) for sheet in sheets])
    reading.tables = layout.finish(reading.tables)
    return reading


def _nearest(cells: set[str]) -> str:
    """Which layout the cells come near to, and what it has that they lack."""
    layout = max(LAYOUTS, key=lambda layout: len(layout.cells & cells) / len(layout.cells))
    if len(layout.cells & cells) * 2 < len(layout.cells):
        return ""
    lacking = ", ".join(sorted(layout.cells - cells))
    return f"; it comes near to {layout.title}, which also has {lacking}"


def _read_xml(part: Part) -> Found | str:
    from openets.formats.eutl_xml import READERS, check_size, root_of

    check_size(part)
    root = root_of(part)
    if root not in READERS:
        return f"its outermost element is {root[:40]!r}"
    _, title, read = READERS[root]
    return Found(f"{part.name} is {title}.", read(part))


def _read_workbook(path: Path, *, old: bool) -> Found:
    """All sheets of a workbook that have a known header, as one reading."""
    if old:
        check_old_workbook(path)
    else:
        check_workbook(path)
    names, found = [], []
    for name, rows in workbook_sheets(path):
        names.append(name)
        place = f"{path.name}, sheet {name}"
        fitting = _fitting_sheet(place, rows)
        if fitting is not None:
            sheet, layout = fitting
            found.append(_found(place, layout, _whole(layout, [sheet])))
    if not found:
        raise _unknown(path.name, f"none of its sheets ({', '.join(names[:6])}) has a known header")
    return _together(f"{path.name} is a workbook", found)


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


def _unknown(name: str, what: str) -> Exception:
    titles = "; ".join(dict.fromkeys(title for _, title in known()))
    return refusal(
        "formats.unknown", f"The file is of no known layout: {what}. Known are: {titles}.", name
    )
