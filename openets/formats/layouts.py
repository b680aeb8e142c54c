"""What a layout is: the cells that give it away, how it is read and how it is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from openets.formats.fields import BLANKS, Field, compose, parse
from openets.formats.sheets import Sheet
from openets.formats.tables import Reading, Tables, conform

Arrange = Callable[[pl.DataFrame], pl.DataFrame]


def unchanged(frame: pl.DataFrame) -> pl.DataFrame:
    return frame


def as_they_are(tables: Tables) -> Tables:
    return tables


@dataclass(frozen=True, slots=True)
class Layout:
    """A kind of file: name, one sentence about it, telling cells, reader and writer."""

    name: str
    title: str
    cells: frozenset[str]  # a header with all of these is of this layout
    read: Callable[[Sheet], Reading]
    write: Callable[[Tables], pl.DataFrame]
    table: str  # the table that an export is written from
    finish: Callable[[Tables], Tables] = as_they_are  # what can be done of a whole file only


def flat_layout(
    name: str,
    title: str,
    table: str,
    fields: Sequence[Field],
    *,
    arrange: Arrange = unchanged,
    rearrange: Arrange = unchanged,
    blanks: Sequence[str] = BLANKS,
    blank: str = "",
    finish: Callable[[Tables], Tables] = as_they_are,
) -> Layout:
    """A layout whose rows are rows of one common table.

    `arrange` makes the table's columns from the parsed ones, `rearrange` the other way round.
    """

    def read(sheet: Sheet) -> Reading:
        frame, problems = parse(sheet, fields, blanks)
        return Reading(name, {table: conform(table, arrange(frame))}, [*sheet.problems, *problems])

    def write(tables: Tables) -> pl.DataFrame:
        return compose(rearrange(tables[table]), fields, blank)

    cells = frozenset(item.cell for item in fields if item.needed)
    return Layout(name, title, cells, read, write, table, finish)
