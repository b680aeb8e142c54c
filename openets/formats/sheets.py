"""Files as sheets of text: the header found by its cells, every cell text, every row numbered.

CSV goes through Polars without a loop over rows. To see rows with a field too many or too few,
which Polars would silently fill or cut, each line gets one more field with a mark; where the mark
does not land in its own column, the row is broken. Text that Polars cannot follow (stray
quotation marks) is read by the slower standard reader instead.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from openets.formats.problems import Problem, listed, refusal
from openets.formats.sources import Part, head, text_blocks, text_stream

MARK = "\x1f"  # the unit separator: no public file holds it
ROW = "row"
CELLS = 2**23  # from here on cells must hold something
BYTES_PER_CELL = 2  # separator included; the emptiest public file has more
FIELD_LENGTH = 20_000  # a longer field is a quotation mark that was never closed


@dataclass(slots=True)
class Sheet:
    """A file's cells as text under their header, each row with its number in the file."""

    file: str
    frame: pl.DataFrame
    problems: list[Problem] = field(default_factory=list)

    @property
    def cells(self) -> list[str]:
        """The header's cells."""
        return [name for name in self.frame.columns if name != ROW]


def header_of(head: bytes) -> list[str]:
    """The cells of a text's first line; empty if it has none."""
    line = head.partition(b"\n")[0].decode("utf-8", "replace").rstrip("\r")
    try:
        cells = next(csv.reader([line], delimiter=separator(head)), [])
    except csv.Error:  # line ends of another age, or a field without end: no header we know
        return []
    return [header_cell(cell) for cell in cells]


def header_cell(text: str) -> str:
    """A header's cell without the blanks and line breaks that some hand put into it."""
    return " ".join(text.split())


def separator(head: bytes) -> str:
    """Tab, semicolon or comma, whichever the first line has most of."""
    line = head.partition(b"\n")[0]
    return max((",", "\t", ";"), key=lambda sign: line.count(sign.encode()))


def _below(text: bytes, lines: int) -> bytes:
    """The text without so many lines of its beginning."""
    return text.split(b"\n", lines)[-1] if lines else text


def csv_sheets(part: Part, above: int = 0) -> Iterator[Sheet]:
    """A delimited text as sheets, one for each block of it; broken rows are reported.

    `above` is how many lines stand above the header.
    """
    names = _weighed(part, above)
    sign, before = ",", 0
    for text in text_blocks(part):
        skipped = min(max(above - before, 0), text.text.count(b"\n"))
        body = _below(text.text, skipped)
        before += skipped
        if not body:
            continue
        header = 1 if before == above else 0
        if header:
            sign = separator(body)
        try:
            raw = _read_fast(body, len(names), sign)
        except (pl.exceptions.PolarsError, UnicodeError):
            raw = _read_slowly(body, len(names), sign, text.name, before)
        frame, problems = _without_broken_rows(raw, names, text.name, before, header)
        before += raw.height
        yield Sheet(text.name, frame, [*text.problems, *problems])


def _weighed(part: Part, above: int) -> list[str]:
    """The header. All is weighed before any of it is read: counting bytes costs next to nothing."""
    names = header_of(_below(head(part), above))
    check_header(names, part.name)
    size = rows = 0
    for chunk in text_stream(part):
        size += len(chunk)
        rows += chunk.count(b"\n")
    _check_cells(size, rows * len(names), part.name)
    return names


def check_header(names: list[str], file: str) -> None:
    """A header whose cells cannot name columns refuses the file."""
    cells = [name for name in names if name]
    if len(set(cells)) < len(cells):
        twice = sorted({cell for cell in cells if cells.count(cell) > 1})
        raise refusal(
            "formats.repeated-cell",
            f"The header names a column twice: {', '.join(twice[:5])}.",
            f"{file}, header",
        )


def _check_cells(size: int, cells: int, file: str) -> None:
    """Refuses millions of rows with nothing in them: every empty cell takes memory too."""
    if cells > CELLS and size < cells * BYTES_PER_CELL:
        raise refusal(
            "formats.too-many-cells",
            f"The text would make {cells:,} cells, with hardly anything in them.",
            file,
        )


def _read_fast(text: bytes, width: int, sign: str) -> pl.DataFrame:
    marked = text.replace(b"\r\n", b"\n").replace(MARK.encode(), b" ")
    if not marked.endswith(b"\n"):
        marked += b"\n"
    tail = (sign + MARK + "\n").encode()
    marked = marked.replace(b"\n", tail)
    schema = {f"c{index}": pl.String for index in range(width + 1)}
    frame = pl.read_csv(
        marked,
        has_header=False,
        schema=schema,
        separator=sign,
        empty_string_is_null=False,
        extra_columns="ignore",
        missing_columns="insert",
        raise_if_empty=False,
    )
    if b'"' not in text:
        return frame
    # Line breaks inside quotation marks got the mark too: here it is taken out again.
    return frame.with_columns(pl.all().str.replace_all(tail.decode(), "\n", literal=True))


def _read_slowly(text: bytes, width: int, sign: str, file: str, before: int) -> pl.DataFrame:
    rows: list[list[str]] = []
    try:
        for cells in csv.reader(io.StringIO(text.decode(), newline=""), delimiter=sign):
            mark = [MARK] if len(cells) == width else []
            rows.append([*cells[:width], *mark, *([""] * (width + 1))][: width + 1])
    except csv.Error as error:
        raise refusal(
            "formats.not-csv",
            "A quotation mark that opens in this row is never closed.",
            f"{file}, row {before + len(rows) + 1}",
        ) from error
    schema = {f"c{index}": pl.String for index in range(width + 1)}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _without_broken_rows(
    raw: pl.DataFrame, names: list[str], file: str, before: int, header: int
) -> tuple[pl.DataFrame, list[Problem]]:
    """The rows that fit: `before` rows came earlier, and the first `header` rows are the header."""
    raw = raw.with_row_index(ROW, offset=before + 1).slice(header)
    marks, cells = f"c{len(names)}", [f"c{index}" for index in range(len(names))]
    # A row with something in its first cell is not empty, and mostly that is every row.
    if raw[cells[0]].str.strip_chars().is_in(["", MARK]).fill_null(True).any():
        empty = pl.all_horizontal(pl.col(cells).str.strip_chars().is_in(["", MARK]))
        raw = raw.filter(~empty)
    too_long = pl.any_horizontal(pl.col(cells).str.len_bytes() > FIELD_LENGTH)
    fits = (pl.col(marks) == MARK) & ~too_long
    broken = raw.filter(~fits | fits.is_null())
    sentence = (
        f"The row does not have the {len(names)} fields of the header, "
        "or a quotation mark in it is never closed."
    )
    problems = listed(
        (Problem("formats.broken-row", sentence, file, row) for row in broken[ROW]), broken.height
    )
    good = raw.filter(fits) if problems else raw
    named = {f"c{index}": name for index, name in enumerate(names) if name}
    return good.select(ROW, *(pl.col(old).alias(new) for old, new in named.items())), problems
