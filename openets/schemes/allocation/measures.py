"""National implementation measures: the list of installations for a period, checked cell by cell.

Delegated Regulation (EU) 2019/331, Articles 14 and 4: by a day of the law (30 September 2019, then
every five years) a Member State sends the list of its installations with sub-installations, their
yearly activity levels and emissions of the baseline, and their leakage and border status. Here a
file becomes that list, or everything that is wrong with it, each with file, row and column.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from openets.formats.measures_table import MeasuresTable, Row, read_measures
from openets.kernel.misfits import misfits
from openets.kernel.refusal import Refusal
from openets.rulebook.model import Rulebook
from openets.schemes.allocation.checks import CellChecks
from openets.schemes.allocation.law import BASELINE, ROOM, YearLaw, law_of_year
from openets.schemes.allocation.models import (
    DISTRICT_HEATING,
    FALL_BACKS,
    FUEL,
    HEAT,
    PROCESS_EMISSIONS,
    PRODUCT,
    Installations,
    describe,
)
from openets.schemes.allocation.table_law import ask

LIST = "implementation measures"
FIRST_DUE, EVERY = ROOM + "lists.first-due", ROOM + "lists.every"
UNITS = {
    PRODUCT: "t",
    HEAT: "TJ",
    DISTRICT_HEATING: "TJ",
    FUEL: "TJ",
    PROCESS_EMISSIONS: "t CO2e",
}
KINDS = (PRODUCT, *FALL_BACKS)
TRUTHS = {"yes": True, "no": False}
NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,12})?")
ACTIVITIES = "monitoring.activities."
YEAR = re.compile(r"[0-9]{4}")
CODES = {"prodcom": re.compile(r"[0-9]{4,10}"), "cn": re.compile(r"[0-9]{4,8}")}
OF_SUB = ("kind", "product", "exposed", "cbam", "started_on", "prodcom", "cn")
EMISSIONS = {
    "direct_emissions_tco2e": "direct_tonnes",
    "heat_imported_tj": "heat_imported_tj",
    "electricity_mwh": "electricity_mwh",
    "hydrogen_tj": "hydrogen_tj",
}
QUANTITIES = {
    "heat_from_outside_tj": "heat_from_outside_tj",
    "heat_from_nitric_acid_tj": "heat_from_nitric_acid_tj",
    "flared_tco2": "flared_tonnes",
}
REPORTED = "reported"  # what a list states and the calculation does not ask for
NUMBERS = ("activity_level", *EMISSIONS, *QUANTITIES, "waste_gas_tj", "waste_gas_tco2_per_tj")


def due_day(rulebook: Rulebook, first_year: int) -> date | None:
    """The day by which the list for the period that begins with a year is sent."""
    first, every = ask(rulebook, FIRST_DUE, first_year), ask(rulebook, EVERY, first_year)
    if first is None or every is None:
        return None
    day: date = first.value
    while day.year + every.value < first_year:
        day = day.replace(year=day.year + every.value)
    return day


def years_of_period(rulebook: Rulebook, first_year: int) -> tuple[int, ...]:
    """The years of the allocation period that begins with a year; empty if none does."""
    years = []
    year = first_year
    while law_of_year(rulebook, year).period_from == first_year:
        years.append(year)
        year += 1
    return tuple(years)


@dataclass(slots=True)
class Submission:
    """A file as checked: everything wrong with it, or the list of installations as plain values."""

    file: str
    problems: list[Refusal]
    installations: list[dict[str, Any]] = field(default_factory=list)


def read_submission(path: Path, first_year: int, checks: CellChecks) -> Submission:
    """Reads and checks a list for a period; raises `Refused` for a file that is no table."""
    table = read_measures(path)
    law = law_of_year(checks.rulebook, first_year)
    rows = _Rows(table, law, checks)
    problems = [problem.as_refusal() for problem in table.problems]
    problems += rows.header()
    problems += rows.body()
    if problems:
        return Submission(table.file, problems)
    made = rows.installations()
    problems = list(list_problems(made, table.file))
    return Submission(table.file, problems, [] if problems else made)


def described(installations: Sequence[Mapping[str, Any]]) -> Installations:
    """What the calculation takes of a list; raises pydantic's `ValidationError`."""
    asked = [
        {
            **one,
            "sub_installations": [
                {name: value for name, value in sub.items() if name != REPORTED}
                for sub in one.get("sub_installations", ())
            ],
        }
        for one in installations
    ]
    return describe({"installations": asked})


def list_problems(installations: Sequence[Mapping[str, Any]], where: str) -> Iterator[Refusal]:
    """What the calculation cannot take of a list, by the names of installation and field."""
    try:
        described(installations)
    except ValidationError as error:
        for found in misfits(error):
            names = " ".join(_named(installations, found.place))
            place = f"{where}, {names}" if names else where
            yield Refusal("allocation.list-otherwise", found.sentence, LIST, place)


def _named(here: Any, location: tuple[int | str, ...]) -> Iterator[str]:
    for key in location[1:]:
        if isinstance(here, list | tuple) and isinstance(key, int):
            here = here[key]
            yield str(here.get("id") or here.get("name"))
        elif isinstance(here, Mapping):
            here = here.get(str(key))
            if key != "sub_installations":
                yield str(key)


class _Rows:
    """The checks of one file; they remember the rows that came before."""

    def __init__(self, table: MeasuresTable, law: YearLaw, checks: CellChecks) -> None:
        self.table = table
        self._law = law
        self._checks = checks
        span = law.values.get("baseline-years")
        self._baseline = range(span["first_year"], span["last_year"] + 1) if span else range(0)
        self._subs: dict[tuple[str, str], list[Row]] = {}
        self._firsts: dict[str, Row] = {}
        self._years: set[tuple[str, str, str]] = set()

    def header(self) -> Iterator[Refusal]:
        """What is wrong with the header, and with the period."""
        if not self._baseline:
            sentence = f"The law has no baseline for a period that begins with {self._law.year}."
            yield Refusal("allocation.list-no-period", sentence, BASELINE)
        for column in self.table.missing:
            sentence = f"The column {column} is missing; `openets allocation template` writes all."
            yield Refusal("allocation.list-column-missing", sentence, LIST, self._at(1, column))
        for column in self.table.strange:
            sentence = f"Nobody knows the column {column[:40]!r}."
            yield Refusal("allocation.list-column-strange", sentence, LIST, self._at(1, column))

    def body(self) -> Iterator[Refusal]:
        """What is wrong with the rows, cell by cell, then with each sub-installation's years."""
        whole = not (self.table.missing or self.table.strange or self.table.problems)
        if whole and not self.table.rows:
            yield Refusal("allocation.list-empty", "The list has no row.", LIST, self.table.file)
        for row in self.table.rows:
            yield from self._row(row)
        for rows in self._subs.values():
            yield from self._missing_years(rows)

    def _row(self, row: Row) -> Iterator[Refusal]:
        cells = row.cells
        code, sub, year = cells["installation"], cells["sub_installation"], cells["year"]
        problem = self._checks.operator(code, self._at(row.number, "installation"))
        if problem:
            yield problem
        yield from self._words(row)
        yield from self._numbers(row)
        if not YEAR.fullmatch(year) or int(year) not in self._baseline:
            span = f"{self._baseline.start} to {self._baseline.stop - 1}"
            sentence = f"{year[:40]!r} is no year of the baseline, {span}."
            yield self._refusal("allocation.list-year", sentence, row, "year")
            return
        if (code, sub, year) in self._years:
            sentence = f"{sub} of {code} stands in the list for {year} already."
            yield self._refusal("allocation.list-twice", sentence, row, "sub_installation")
            return
        self._years.add((code, sub, year))
        before = self._subs.setdefault((code, sub), [])
        before.append(row)
        yield from self._differing(row, self._firsts.setdefault(code, row), ("activity",), code)
        yield from self._differing(row, before[0], OF_SUB, sub)

    def _differing(
        self, row: Row, first: Row, columns: Sequence[str], of: str
    ) -> Iterator[Refusal]:
        for column in columns:
            if row.cells.get(column, "") != first.cells.get(column, ""):
                sentence = f"{column} differs from row {first.number}, of the same {of}."
                yield self._refusal("allocation.list-differs", sentence, row, column)

    def _words(self, row: Row) -> Iterator[Refusal]:
        cells = row.cells
        kind, product = cells["kind"], cells.get("product", "")
        for column, allowed in (
            ("kind", KINDS),
            ("exposed", tuple(TRUTHS)),
            ("operating", tuple(TRUTHS)),
            ("cbam", (*TRUTHS, "")),
            ("unit", (UNITS[kind],) if kind in UNITS else ("",)),
        ):
            text = cells.get(column, "")
            if text not in allowed and not (column == "unit" and kind not in UNITS):
                sentence = f"{text[:40]!r} is not one of: {', '.join(filter(None, allowed))}."
                yield self._refusal("allocation.list-word", sentence, row, column)
        if not cells["sub_installation"]:
            sentence = "The sub-installation is not named."
            yield self._refusal("allocation.list-unnamed", sentence, row, "sub_installation")
        if kind == PRODUCT and product not in self._law.benchmarks:
            sentence = f"There is no benchmark of {product[:40]!r} in {self._law.year}."
            yield self._refusal("allocation.list-product", sentence, row, "product")
        activity = cells.get("activity", "")
        if activity and ACTIVITIES + activity not in self._checks.rulebook:
            sentence = f"{activity[:40]!r} is no activity of Annex I; write its number."
            yield self._refusal("allocation.list-activity", sentence, row, "activity")
        for column, form in CODES.items():
            text = cells.get(column, "")
            if text and not form.fullmatch(text):
                sentence = f"{text[:40]!r} is no code of goods; write its digits."
                yield self._refusal("allocation.list-goods", sentence, row, column)
        if not _is_day(cells.get("started_on", "")):
            sentence = f"{cells['started_on'][:40]!r} is no day; write 2016-05-01."
            yield self._refusal("allocation.list-day", sentence, row, "started_on")

    def _numbers(self, row: Row) -> Iterator[Refusal]:
        for column in NUMBERS:
            text = row.cells.get(column, "")
            if column == "activity_level" or text:
                if NUMBER.fullmatch(text):
                    continue
                sentence = f"{text[:40]!r} is no number of zero or more; write 1234.5."
                yield self._refusal("allocation.list-number", sentence, row, column)

    def _missing_years(self, rows: list[Row]) -> Iterator[Refusal]:
        started = rows[0].cells.get("started_on", "")
        first = int(started[:4]) if started and _is_day(started) else self._baseline.start
        wanted = range(max(first, self._baseline.start), self._baseline.stop)
        there = {int(row.cells["year"]) for row in rows}
        for year in wanted:
            if year not in there:
                sentence = f"{rows[0].cells['sub_installation']} has no row for {year}."
                yield self._refusal("allocation.list-year-missing", sentence, rows[0], "year")

    def _refusal(self, code: str, sentence: str, row: Row, column: str) -> Refusal:
        return Refusal(code, sentence, LIST, self._at(row.number, column))

    def _at(self, row: int, column: str) -> str:
        return f"{self.table.file}, row {row}, column {column}"

    # -- the list ---------------------------------------------------------------------------------

    def installations(self) -> list[dict[str, Any]]:
        """The list of a file without problems, as plain values for `models.describe`."""
        found: dict[str, dict[str, Any]] = {}
        for (code, _), rows in self._subs.items():
            whole = found.setdefault(code, {"id": code, **_installation(rows[0].cells)})
            whole["sub_installations"].append(_sub_installation(rows))
        return list(found.values())


def _installation(cells: Mapping[str, str]) -> dict[str, Any]:
    made: dict[str, Any] = {"name": cells.get("installation_name", ""), "sub_installations": []}
    activity = cells.get("activity", "")
    return {**made, "activity": int(activity)} if activity else made


def _is_day(text: str) -> bool:
    try:
        return not text or bool(date.fromisoformat(text))
    except ValueError:
        return False


def _sub_installation(rows: list[Row]) -> dict[str, Any]:
    first = rows[0].cells
    made: dict[str, Any] = {"name": first["sub_installation"], "kind": first["kind"]}
    if first.get("product"):
        made["product"] = first["product"]
    if first["kind"] != DISTRICT_HEATING:
        made["exposed"] = TRUTHS[first["exposed"]]
    made["cbam"] = TRUTHS.get(first.get("cbam", ""), False)
    if first.get("started_on"):
        made["started_on"] = first["started_on"]
    made["levels"] = _by_year(rows, "activity_level", idle=False)
    idle = [row.cells["year"] for row in rows if row.cells["operating"] == "no"]
    if idle:
        made["idle_years"] = idle
    emissions = {
        name: figures for column, name in EMISSIONS.items() if (figures := _by_year(rows, column))
    }
    if emissions and first["kind"] == PRODUCT:
        made["emissions"] = emissions
    reported = {} if first["kind"] == PRODUCT else emissions
    goods = {column: first[column] for column in CODES if first.get(column)}
    if reported or goods:
        made[REPORTED] = {**reported, **goods}
    for column, name in QUANTITIES.items():
        if figures := _by_year(rows, column):
            made[name] = figures
    if gas := _by_year(rows, "waste_gas_tj"):
        factor = next((row.cells["waste_gas_tco2_per_tj"] for row in rows), "")
        made["waste_gas"] = {"tj": gas, "tonnes_per_tj": factor or "0"}
    return made


def _by_year(rows: list[Row], column: str, *, idle: bool = True) -> Mapping[str, str]:
    """The figures of a column by year; activity levels of years with operation only."""
    return {
        row.cells["year"]: row.cells[column]
        for row in rows
        if row.cells.get(column) and (idle or row.cells["operating"] == "yes")
    }
