"""From a cell of a layout to a column of a common table, and back: one list of fields does both.

A layout is a tuple of `Field`s: the header's cell, the table's column and how the text is
written. `parse` turns text into typed columns, a column at a time, and reports every cell that
does not fit; `compose` writes the same cells from the typed columns, so that what was written
reads back the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

import polars as pl

from openets.formats.problems import Problem, listed, refusal
from openets.formats.sheets import ROW, Sheet

BLANKS = ("", "NA")  # what the merged and scientific files write for nothing
MINUS_ONE = ("", "-1", "-1.0", "n/a", "N/A")  # the Commission's files: -1 is blank, 0 is zero
OPEN = "open"  # in whatever case
# The end of an account that has none; the second is what two digits of a year leave of the first.
OPEN_ENDS = (date.fromisoformat("9999-12-31"), date.fromisoformat("2099-12-31"))
STATE_WORDS = {
    "excluded": "Excluded",
    "not-reported": "Not Reported",
    "not-calculated": "Not Calculated",
    "not-applicable": "Not Applicable",
}
# A whole number as spreadsheets and statistics programs write it: 12, 12.0, 1,234,567, 1e+05. A
# single point before three digits could be a fraction or thousands, and a blank could part two
# numbers: neither is read.
PLAIN = r"^-?\d{1,18}(?:\.0{1,2})?$"
GROUPED = (
    r"^-?\d{1,3}(?:(?:,\d{3}){1,5}|(?:[\x{00a0}\x{202f}'\x{2019}]\d{3}){1,5}|(?:\.\d{3}){2,5})$"
)
SCIENTIFIC = r"^-?\d(?:\.\d{1,14})?[eE]\+?\d{1,2}$"
WHOLE_NUMBER = f"{PLAIN}|{GROUPED}|{SCIENTIFIC}"
DIGITS = r"^-?[0-9]{1,18}$"  # how nearly all of them are written
AMBIGUOUS = r"^-?\d{1,3}\.\d{3}$"
FRACTION = r"^-?\d*[.,]\d+$"
EXACT = 2**53  # floats are exact below it
ISO_DAY, ISO_TIME = "%Y-%m-%d", "%H:%M:%S%.f"
WRITTEN_DAY, UNION_DAY = "%d-%b-%Y", "%d/%m/%Y"
# `29-Aug-14` and `29/08/14`, with or without a time. The systems began in 2005: it is 2014.
SHORT_YEAR = r"^(\d{1,2}(?:-[A-Za-z]{3}-|/\d{1,2}/))(\d\d)( |$)"


class Kind(StrEnum):
    """How a cell is written."""

    TEXT = "text"
    NUMBER_AS_TEXT = "number-as-text"  # an identifier that spreadsheets turn into 12.0
    WHOLE = "whole"  # a whole number, or blank
    YEAR = "year"  # a year, or 0 or blank where there is none
    AMOUNT = "amount"  # units or tonnes, or why there are none: the column and its state
    PART = "part"  # units that are part of an amount, whose state says why there are none
    DECIMAL = "decimal"
    DAY = "day"
    CLOSURE = "closure"  # a day, or a mark that it is still open: closed_on and is_open
    MOMENT = "moment"
    CODE = "code"  # a compliance code, perhaps with a star
    FLAG = "flag"
    SYSTEM = "system"  # a trading system, in whatever case


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a layout. `needed`: the header must have it; `filled`: every row must."""

    cell: str
    column: str
    kind: Kind = Kind.TEXT
    needed: bool = False
    filled: bool = False
    of_block: bool = False  # in XML, it stands with each block of a transaction
    once: str = ""  # what the cell was called in older files
    mark: str = ""  # CLOSURE: what stands for open; FLAG: what stands for yes and no, as "Y/N"


def parse(
    sheet: Sheet, fields: Sequence[Field], blanks: Sequence[str] = BLANKS
) -> tuple[pl.DataFrame, list[Problem]]:
    """The sheet's rows with typed columns, without the rows that have a cell that does not fit."""
    sheet = _as_called_today(sheet, fields)
    have = set(sheet.cells)
    missing = [item.cell for item in fields if item.needed and item.cell not in have]
    if missing:
        raise refusal(
            "formats.missing-cells",
            f"The header lacks {', '.join(missing)}.",
            f"{sheet.file}, header",
        )
    present = [item for item in fields if item.cell in have]
    clean = sheet.frame.with_columns(pl.col(item.cell).str.strip_chars() for item in present)
    typed = clean.select(
        ROW, *(expression for item in present for expression in _typed(item, blanks))
    )
    cells = clean.select(pl.col(item.cell).alias(f"?{item.cell}") for item in present)
    bad = typed.hstack(cells).select(_bad(item, blanks).alias(item.cell) for item in present)
    problems = _problems(sheet.file, clean, bad, present)
    if problems:
        typed = typed.filter(~bad.select(pl.any_horizontal(pl.all())).to_series())
    absent = [column for item in fields if item.cell not in have for column in _absent(item)]
    return typed.with_columns(absent), problems


def _as_called_today(sheet: Sheet, fields: Sequence[Field]) -> Sheet:
    """The sheet with the cells of older files under the names they have today."""
    have = set(sheet.cells)
    older = {item.once: item.cell for item in fields if item.once in have and item.cell not in have}
    return replace(sheet, frame=sheet.frame.rename(older)) if older else sheet


def compose(
    frame: pl.DataFrame, fields: Sequence[Field], blank: str = "", nothing: str = ""
) -> pl.DataFrame:
    """The layout's cells as text. `blank` is written for an amount that is blank."""
    return frame.select(
        _written(item, blank).fill_null(nothing).alias(item.cell) for item in fields
    )


def amount_of(cell: pl.Expr, blanks: Sequence[str]) -> tuple[pl.Expr, pl.Expr]:
    """A number of units and its state, from text; the number is empty unless the state is given."""
    lowered = cell.str.to_lowercase()
    words = {word.lower(): name for name, word in STATE_WORDS.items()}
    reason = lowered.replace_strict(words, default="given", return_dtype=pl.String)
    state = pl.when(cell.is_null() | cell.is_in(list(blanks))).then(pl.lit("blank"))
    value = _whole(pl.when(~_is_blank(cell, blanks)).then(cell))
    return value, state.otherwise(reason)


def moment_of(cell: pl.Expr) -> pl.Expr:
    """A date and time as printed, from `2014-12-31 12:04:34.307` or a shorter form."""
    return cell.map_batches(_moments, return_dtype=pl.Datetime("us"))


def _moments(cells: pl.Series) -> pl.Series:
    """Nearly all are of the first form; the other forms are looked for in the other cells only."""
    moments = cells.str.to_datetime(f"{ISO_DAY} {ISO_TIME}", strict=False, time_unit="us")
    others = (moments.is_null() & cells.is_not_null()).arg_true()
    if others.is_empty():
        return moments
    found = cells.gather(others).alias("cell").to_frame().select(_moment(pl.col("cell")))
    return moments.scatter(others, found.to_series())


def _moment(cell: pl.Expr) -> pl.Expr:
    """The date and time in any of its forms; a day alone is its beginning."""
    text = cell.str.replace(r"^(\d{4}-\d\d-\d\d)T", "${1} ").str.strip_suffix("Z")
    text = _with_long_year(text.str.strip_suffix("+00:00")).str.to_titlecase()
    text = pl.when(text.str.contains(":")).then(text).otherwise(text + " 00:00")
    return pl.coalesce(
        text.str.to_datetime(f"{day} {time}", strict=False, time_unit="us")
        for day in (ISO_DAY, WRITTEN_DAY, UNION_DAY)
        for time in (ISO_TIME, "%H:%M")
    )


def day_of(cell: pl.Expr) -> pl.Expr:
    """A day from ISO text, `12-Mar-2014` or `12/03/2014`, each with or without a time."""
    day = _with_long_year(cell).str.extract(r"^(\S+)")
    return pl.coalesce(
        cell.str.slice(0, len("2000-01-01")).str.to_date(ISO_DAY, strict=False),
        day.str.to_titlecase().str.to_date(WRITTEN_DAY, strict=False),
        day.str.to_date(UNION_DAY, strict=False),
    )


def _with_long_year(text: pl.Expr) -> pl.Expr:
    """A year of two digits would be read as one of the first century."""
    return text.str.replace(SHORT_YEAR, "${1}20${2}${3}")


def _absent(item: Field) -> list[pl.Expr]:
    """The columns of a cell that the file does not have: blank, as what is written back will be."""
    blank = pl.DataFrame({item.cell: [""]}).select(_typed(item, BLANKS))
    return [pl.lit(made[0], dtype=made.dtype).alias(made.name) for made in blank]


def _whole(cell: pl.Expr) -> pl.Expr:
    """The number that text of the form of `WHOLE_NUMBER` says; empty if that is no whole number."""
    return cell.map_batches(_numbers, return_dtype=pl.Int64)


def _numbers(cells: pl.Series) -> pl.Series:
    """Cells of digits are read at once; the other forms are looked for in the other cells only."""
    of_digits = cells.str.contains(DIGITS)
    numbers = cells.cast(pl.Int64, strict=False)
    if of_digits.all():
        return numbers
    others = (~of_digits).arg_true()
    formed = pl.when(pl.col("cell").str.contains(WHOLE_NUMBER)).then(pl.col("cell"))
    found = cells.gather(others).alias("cell").to_frame().select(_integer(formed)).to_series()
    return numbers.scatter(others, found)


def _integer(cell: pl.Expr) -> pl.Expr:
    """The number in any of its forms."""
    plain = pl.when(cell.str.contains(GROUPED)).then(cell.str.replace_all(r"[^\d-]", ""))
    exact = plain.otherwise(cell.str.replace(r"\.0{1,2}$", "")).cast(pl.Int64, strict=False)
    scientific = pl.when(cell.str.contains(SCIENTIFIC)).then(cell).cast(pl.Float64, strict=False)
    is_whole = (scientific == scientific.floor()) & (scientific.abs() < EXACT)
    return pl.coalesce(exact, pl.when(is_whole).then(scientific).cast(pl.Int64, strict=False))


def _without_point(cells: pl.Series) -> pl.Series:
    """Identifiers without the fraction that spreadsheets give them: 12.0 is 12."""
    if not cells.str.contains(".0", literal=True).any():
        return cells
    return cells.str.replace(r"^(\d+)\.0+$", "${1}")


def _is_state(cell: pl.Expr) -> pl.Expr:
    return cell.str.to_lowercase().is_in([word.lower() for word in STATE_WORDS.values()])


def _typed(item: Field, blanks: Sequence[str]) -> list[pl.Expr]:
    """The typed columns of one field; text that does not fit becomes empty."""
    cell = pl.col(item.cell)
    given = pl.when(~_is_blank(cell, blanks)).then(cell)
    if item.kind is Kind.AMOUNT:
        value, state = amount_of(cell, blanks)
        return [value.alias(item.column), state.alias(f"{item.column}_state")]
    if item.kind is Kind.CODE:
        # A dash is nothing in other cells; as a code it says that there is no obligation.
        no_code = _is_blank(cell, [blank for blank in blanks if blank != "-"])
        code = pl.when(~no_code).then(cell.str.strip_suffix("*"))
        starred = cell.str.ends_with("*").fill_null(False)
        return [code.alias(item.column), starred.alias("code_starred")]
    if item.kind is Kind.CLOSURE:
        day = day_of(given)
        without_end = (given.str.to_lowercase() == OPEN) | day.is_in(OPEN_ENDS).fill_null(False)
        is_open = pl.when(given.is_not_null()).then(without_end)
        closed = pl.when(~without_end).then(day)
        return [is_open.alias("is_open"), closed.alias(item.column)]
    return [_simple(item.kind, given).alias(item.column)]


def _simple(kind: Kind, given: pl.Expr) -> pl.Expr:
    """The one typed column of the kinds that have no state or mark."""
    match kind:
        case Kind.NUMBER_AS_TEXT:
            return given.map_batches(_without_point, return_dtype=pl.String)
        case Kind.YEAR:
            return _whole(pl.when(given.str.contains(r"^[12]\d{3}(?:\.0)?$")).then(given))
        case Kind.WHOLE | Kind.PART:
            return _whole(given)
        case Kind.DECIMAL:
            return given.cast(pl.Decimal(28, 6), strict=False)
        case Kind.DAY:
            return day_of(given)
        case Kind.MOMENT:
            return moment_of(given)
        case Kind.FLAG:
            return _flag(given)
        case Kind.SYSTEM:
            return given.str.to_lowercase()
        case _:
            return given


def _bad(item: Field, blanks: Sequence[str]) -> pl.Expr:
    """Whether the cell, under a name of its own beside its typed columns, does not fit its kind."""
    cell, typed = pl.col(f"?{item.cell}"), pl.col(item.column)
    blank = _is_blank(cell, blanks)
    if item.kind is Kind.AMOUNT:
        bad = (pl.col(f"{item.column}_state") == "given") & typed.is_null()
    elif item.kind is Kind.YEAR:
        bad = ~blank & typed.is_null() & (_integer(cell) != 0).fill_null(True)
    elif item.kind is Kind.PART:
        bad = ~blank & typed.is_null() & ~_is_state(cell)
    elif item.kind is Kind.CLOSURE:
        bad = pl.col("is_open").not_() & typed.is_null()
    elif item.kind in (Kind.TEXT, Kind.NUMBER_AS_TEXT, Kind.CODE, Kind.SYSTEM):
        bad = pl.lit(False)
    else:
        bad = ~blank & typed.is_null()
    if item.filled:
        bad = bad | blank
    return bad.fill_null(False)


def _is_blank(cell: pl.Expr, blanks: Sequence[str]) -> pl.Expr:
    return cell.is_null() | cell.is_in(list(blanks))


def _flag(cell: pl.Expr) -> pl.Expr:
    lowered = cell.str.to_lowercase()
    return (
        pl.when(lowered.is_in(["y", "yes", "true", "1", "1.0", "t"]))
        .then(True)
        .when(lowered.is_in(["n", "no", "false", "0", "0.0", "f"]))
        .then(False)
    )


def _problems(
    file: str, clean: pl.DataFrame, checks: pl.DataFrame, present: Sequence[Field]
) -> list[Problem]:
    found: list[Problem] = []
    for item in present:
        mask = checks[item.cell]
        if not mask.any():
            continue
        bad = clean.select(ROW, item.cell).filter(mask)
        each = (_problem(file, row, item, str(value or "")) for row, value in bad.iter_rows())
        found += listed(each, bad.height)
    return sorted(found, key=lambda problem: problem.row)


def _problem(file: str, row: int, item: Field, value: str) -> Problem:
    shown = value if len(value) <= 40 else value[:40] + "..."
    code, sentence = "formats.not-a-number", f"{shown!r} is not a whole number."
    if item.filled and not value:
        code, sentence = "formats.empty-cell", "The cell must not be empty."
    elif item.kind in (Kind.DAY, Kind.CLOSURE, Kind.MOMENT):
        code, sentence = "formats.not-a-date", f"{shown!r} is not a date."
    elif item.kind is Kind.FLAG:
        code, sentence = "formats.not-a-flag", f"{shown!r} is neither yes nor no."
    elif item.kind is not Kind.DECIMAL and re.match(AMBIGUOUS, value):
        code = "formats.fraction"
        sentence = (
            f"{shown!r} could have a fraction or a point between thousands; write it plainly."
        )
    elif item.kind is Kind.DECIMAL:
        sentence = f"{shown!r} is not a number."
    elif re.match(FRACTION, value):
        code, sentence = "formats.fraction", f"{shown!r} has a fraction; units are whole."
    return Problem(code, sentence, file, row, item.cell)


def _written(item: Field, blank: str) -> pl.Expr:
    column = pl.col(item.column)
    if item.kind is Kind.AMOUNT:
        state = pl.col(f"{item.column}_state")
        words = state.replace_strict(STATE_WORDS, default=blank, return_dtype=pl.String)
        return pl.when(column.is_not_null()).then(column.cast(pl.String)).otherwise(words)
    if item.kind is Kind.CODE:
        star = (
            pl.when(pl.col("code_starred").fill_null(False)).then(pl.lit("*")).otherwise(pl.lit(""))
        )
        return column.fill_null("") + star
    if item.kind is Kind.CLOSURE:
        return pl.when(pl.col("is_open")).then(pl.lit(item.mark)).otherwise(column.cast(pl.String))
    if item.kind is Kind.MOMENT:
        return column.dt.strftime("%Y-%m-%d %H:%M:%S%.6f")
    if item.kind is Kind.FLAG:
        yes, _, no = (item.mark or "Y/N").partition("/")
        return pl.when(column).then(pl.lit(yes)).when(~column).then(pl.lit(no))
    return column.cast(pl.String)
