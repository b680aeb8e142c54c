"""A checked snapshot: one imported file as a folder of Parquet tables and a page about it.

`snapshot.json` names the source file, its digest and layout, the rows of each table, and a report
on the quality of what was read: what stands twice, negative amounts, years outside the trading
periods, parts that do not add up, and sums to compare with published ones.

A snapshot is written beside its place and renamed into it, so that it is whole or not there; what
an interrupted import left behind is swept away by the next. The same file again changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from openets.formats.problems import Problem, refusal
from openets.formats.recognise import read_file
from openets.formats.sources import MEGABYTE, container
from openets.formats.sums import sums
from openets.formats.tables import KEYS, PARTS, SCHEMAS, Tables
from openets.kernel.refusal import Refused
from openets.rulebook.load import load_rulebook

PAGE = "snapshot.json"
VERSION = 2
EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the quality report: what, in which table, how often, and where for example."""

    code: str
    sentence: str
    table: str
    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: the folder, its page, and whether it was there already."""

    folder: Path
    sentence: str
    page: dict[str, Any]
    already_there: bool


def import_into(source: Path, folder: Path, *, leave_out_bad_rows: bool = False) -> Imported:
    """Imports one file as the snapshot `folder`.

    Raises `Refused` with every problem if rows would have to be left out and nobody allowed it.
    """
    container(source)  # refuses what cannot be opened, before it is digested
    digest = digest_of(source)
    page = page_of(folder)
    if page is not None and page["sha256"] == digest:
        return Imported(folder, f"{source.name} was imported already.", page, already_there=True)
    found = read_file(source)
    reading = found.reading
    bad = [problem for problem in reading.problems if problem.row_left_out]
    if bad and not leave_out_bad_rows:
        raise Refused(problem.as_refusal() for problem in bad)
    page = {
        "version": VERSION,
        "file": source.name,
        "file_date": datetime.fromtimestamp(source.stat().st_mtime, UTC).isoformat(),
        "sha256": digest,
        "layout": reading.layout,
        "remarks": reading.remarks,
        "rows": {name: frame.height for name, frame in reading.tables.items()},
        "problems": _counted(reading.problems),
        "findings": [asdict(finding) for finding in findings(reading.tables)],
        "sums": sums(reading.tables),
    }
    _write(folder, reading.tables, page)
    return Imported(folder, found.sentence, page, already_there=False)


def load(folder: Path) -> Tables:
    """The tables of a snapshot."""
    page = page_of(folder)
    if page is None:
        raise refusal("formats.no-snapshot", "The folder holds no snapshot.", folder.name)
    try:
        tables = {name: pl.read_parquet(folder / f"{name}.parquet") for name in page["rows"]}
    except (OSError, pl.exceptions.PolarsError) as error:
        raise refusal(
            "formats.damaged", f"The snapshot is damaged: {error}.", folder.name
        ) from error
    if any(dict(frame.schema) != SCHEMAS[name] for name, frame in tables.items()):
        raise refusal(
            "formats.damaged",
            "The snapshot's tables have other columns. Import again.",
            folder.name,
        )
    return tables


def page_of(folder: Path) -> dict[str, Any] | None:
    """A snapshot's page, or nothing if the folder holds no snapshot of this version."""
    try:
        page = json.loads((folder / PAGE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(page, dict) or page.get("version") != VERSION:
        return None
    return page if page.get("rows", {}).keys() <= SCHEMAS.keys() else None


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(MEGABYTE):
            digest.update(chunk)
    return digest.hexdigest()


def findings(tables: Tables) -> list[Finding]:
    """What is odd in tables that could be read; nothing of it is changed."""
    found = []
    for name, frame in tables.items():
        found += [_duplicates(name, frame), *_negatives(name, frame)]
        if "year" in frame.columns:
            found.append(_years(name, frame))
    if "operator_years" in tables:
        found.append(_parts(tables["operator_years"]))
    return [finding for finding in found if finding.count]


@cache
def period_years() -> tuple[int, int]:
    """First year of the first trading period and last year of the fourth, as the law has them."""
    book = load_rulebook("eu")
    periods = [path for path in book.paths() if path.startswith("periods.phase-")]
    values = [value.value for path in periods for value in book.parameter(path).values]
    return min(v["first_year"] for v in values), max(v["last_year"] for v in values)


def _duplicates(table: str, frame: pl.DataFrame) -> Finding:
    key = list(KEYS[table])
    twice = frame.filter(pl.struct(key).is_duplicated())
    return _finding(
        "formats.duplicate",
        f"Rows stand more than once with the same {', '.join(key)}.",
        table,
        twice.select(key),
    )


def _negatives(table: str, frame: pl.DataFrame) -> list[Finding]:
    amounts = [name for name, kind in SCHEMAS[table].items() if kind == pl.Int64]
    key = [name for name in KEYS[table] if name in frame.columns]
    return [
        _finding(
            "formats.negative",
            f"Amounts below zero in {name}.",
            table,
            frame.filter(pl.col(name) < 0).select(*key, name),
        )
        for name in amounts
    ]


def _years(table: str, frame: pl.DataFrame) -> Finding:
    first, last = period_years()
    outside = frame.filter(~pl.col("year").is_between(first, last))
    return _finding(
        "formats.year-outside",
        f"Years outside the trading periods {first}-{last}.",
        table,
        outside.select(*(name for name in KEYS[table] if name in frame.columns)),
    )


def _parts(frame: pl.DataFrame) -> Finding:
    """Allocation in parts that is not the sum given; only where the file gives parts."""
    detailed = pl.any_horizontal(pl.col(PARTS[1:]).is_not_null())
    differs = frame.filter(detailed & (pl.sum_horizontal(PARTS) != pl.col("allocation_total")))
    return _finding(
        "formats.parts-differ",
        "Base, reserve and transitional allocation do not add up to the total.",
        "operator_years",
        differs.select("operator_key", "year", "allocation_total"),
    )


def _finding(code: str, sentence: str, table: str, rows: pl.DataFrame) -> Finding:
    examples = tuple(
        " ".join(str(value) for value in row if value is not None)
        for row in rows.head(EXAMPLES).iter_rows()
    )
    return Finding(code, sentence, table, rows.height, examples)


def _counted(problems: list[Problem]) -> list[dict[str, Any]]:
    """Problems by code, with the places of the first ones."""
    counts: Counter[str] = Counter()
    for problem in problems:
        counts[problem.code] += problem.count
    return [
        {
            "code": code,
            "count": count,
            "sentence": next(p.sentence for p in problems if p.code == code),
            "row_left_out": next(p.row_left_out for p in problems if p.code == code),
            "where": [p.where for p in problems if p.code == code][:EXAMPLES],
        }
        for code, count in sorted(counts.items())
    ]


def _write(folder: Path, tables: Tables, page: dict[str, Any]) -> None:
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    replaced = folder.with_name(f".{folder.name}.replaced")
    if folder.exists() and page_of(folder) is None and any(folder.iterdir()):
        raise refusal(
            "formats.not-a-snapshot",
            "The folder holds something that is no snapshot; nothing in it is replaced.",
            folder.name,
        )
    for leftover in (unfinished, replaced):
        shutil.rmtree(leftover, ignore_errors=True)
    unfinished.mkdir(parents=True)
    for name, frame in tables.items():
        frame.write_parquet(unfinished / f"{name}.parquet")
    text = json.dumps(page, indent=2, ensure_ascii=False)
    (unfinished / PAGE).write_text(text, encoding="utf-8")
    if folder.exists():
        folder.rename(replaced)
    unfinished.rename(folder)
    shutil.rmtree(replaced, ignore_errors=True)
