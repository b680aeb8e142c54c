"""Workbooks of before 2007 (xls), as small as they can be: records in a compound file."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

SECTOR = 512
FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
VERSION = 0x0600
GLOBALS, SHEET = 0x0005, 0x0010

Cell = tuple[int, int, object]


def old_workbook(rows: Sequence[Sequence[object]]) -> bytes:
    """A workbook of one sheet with these rows; text and whole numbers."""
    cells = [
        (row, column, value)
        for row, values in enumerate(rows)
        for column, value in enumerate(values)
    ]
    return of_sheets([cells])


def of_sheets(sheets: Sequence[Iterable[Cell]], shared: str = "") -> bytes:
    """A workbook of sheets of cells; a cell without value shows the text that all share."""
    bodies = [
        _begin(SHEET) + b"".join(_cell(*cell) for cell in cells) + _record(0x0A, b"")
        for cells in sheets
    ]
    names = [f"sheet{number}".encode() for number in range(len(bodies))]
    text = struct.pack("<IIHB", 1, 1, len(shared), 0) + shared.encode("latin-1")
    begin, end = _begin(GLOBALS), _record(0xFC, text) + _record(0x0A, b"")
    bound = sum(4 + 8 + len(name) for name in names)
    at = len(begin) + bound + len(end)
    entries = b""
    for name, body in zip(names, bodies, strict=True):
        entries += _record(0x85, struct.pack("<IBBBB", at, 0, 0, len(name), 0) + name)
        at += len(body)
    return _compound(begin + entries + end + b"".join(bodies))


def _record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def _begin(kind: int) -> bytes:
    return _record(0x0809, struct.pack("<HHHHII", VERSION, kind, 0, 0, 0, 0))


def _cell(row: int, column: int, value: object) -> bytes:
    place = struct.pack("<HHH", row, column, 0)
    if value is None:
        return _record(0xFD, place + struct.pack("<I", 0))
    if isinstance(value, int):
        return _record(0x0203, place + struct.pack("<d", value))
    text = str(value)
    return _record(0x0204, place + struct.pack("<HB", len(text), 1) + text.encode("utf-16-le"))


def _compound(stream: bytes) -> bytes:
    """The stream `Workbook` in a compound file: header, sector table, directory, stream."""
    stream = stream.ljust(4096, b"\0")
    sectors = -(-len(stream) // SECTOR)
    tables = -(-(sectors + 1) // (SECTOR // 4 - 1))
    first = tables + 1
    chain = [FAT] * tables + [END, *range(first + 1, first + sectors), END]
    table = struct.pack(f"<{len(chain)}I", *chain).ljust(tables * SECTOR, b"\xff")
    header = struct.pack(
        "<8s16sHHHHH6xIIIIIIIII",
        *(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", bytes(16), 0x3E, 3, 0xFFFE, 9, 6),
        *(0, tables, tables, 0, 4096, END, 0, END, 0),
    )
    header += struct.pack("<109I", *range(tables), *[FREE] * (109 - tables))
    directory = _entry("Root Entry", 5, END, 0, child=1) + _entry("Workbook", 2, first, len(stream))
    return header + table + directory.ljust(SECTOR, b"\0") + stream.ljust(sectors * SECTOR, b"\0")


def _entry(name: str, kind: int, start: int, size: int, child: int = FREE) -> bytes:
    words = (name + "\0").encode("utf-16-le")
    return struct.pack(
        "<64sHBBIII36xIQ", words, len(words), kind, 1, FREE, FREE, child, start, size
    )
