"""What an upload of verified emissions must be: its name, its header and every row.

All that is wrong is found at once, each finding with its code, row and cell; the codes are those of
the UK registry's uploads, and the rulebook's article is cited where it has one. Zero is a figure, a
blank takes one away, and a row that changes nothing raises nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import file_digest
from pathlib import Path
from typing import Any, NamedTuple

from openets.formats.emissions_table import OWN, Columns, EmissionsTable, Row, read_table
from openets.formats.problems import CITATION, Problem
from openets.rulebook.model import Rulebook
from openets.schemes.compliance.events import EmissionsEntered, EmissionsWithdrawn, Event
from openets.schemes.compliance.law import ask_of

TABLE, PERIODS = "uploads.emissions-table", "periods.phase-"
WHOLE_NUMBER = re.compile(r"\d{1,18}")
YEAR = re.compile(r"-?\d{1,9}")
PIECES = re.compile(r"<(\w+)>")
MARK_AFTER_CHECKSUM = r"[\w.]*"
ANOTHER_ENDING = re.compile(r"\.[A-Za-z]\w*$")
DAY_LETTERS = {"DD": "%d", "MM": "%m", "YYYY": "%Y"}


class Operator(NamedTuple):
    """What the registry knows of an operator. `account_status` is None without an account."""

    account_status: str | None
    first_year: int
    last_year: int | None = None
    excluded: frozenset[int] = frozenset()
    emissions: Mapping[int, int] = {}


class Change(NamedTuple):
    """A row that changes something: tonnes before and after, None where there is no figure."""

    operator: str
    year: int
    before: int | None
    tonnes: int | None

    def event(self, at: datetime) -> Event:
        """The event of the operator's compliance that the change is."""
        if self.tonnes is None:
            return EmissionsWithdrawn(at=at, year=self.year)
        return EmissionsEntered(at=at, year=self.year, tonnes=self.tonnes)


class FileName(NamedTuple):
    """What the name of a file says: the day of its content, the regulator, the checksum."""

    day: date
    regulator: str
    checksum: str


@dataclass(frozen=True, slots=True)
class Upload:
    """A table as checked: everything wrong with it, or what it changes."""

    table: EmissionsTable
    problems: list[Problem]
    changes: list[Change]


def read_upload(
    path: Path, operators: Mapping[str, Operator], rulebook: Rulebook, current_year: int
) -> Upload:
    """Reads and checks a file. Raises `Refused` for one that is no table or dangerous to open."""
    law = _law(rulebook, current_year)
    layouts = (Columns(*law["columns"]), OWN) if law else (OWN,)
    table = read_table(path, layouts)
    problems = list(table.problems)
    if law and table.layout != OWN:
        with path.open("rb") as file:
            checksum = file_digest(file, "md5").hexdigest()
        problems += check_name(path.name, checksum, rulebook, current_year)
    problems += check_table(table, operators, rulebook, current_year)
    return Upload(table, problems, [] if problems else changes(table, operators))


def _law(rulebook: Rulebook, year: int) -> Mapping[str, Any]:
    """What the law of a jurisdiction lays down for such tables; nothing where it does not."""
    answer = ask_of(rulebook, TABLE, year)
    return {} if answer is None else answer.value


# -- the name ------------------------------------------------------------------------------------


def read_name(name: str, rulebook: Rulebook, current_year: int) -> FileName | None:
    """What the name says by the law's pattern; None if it is another name, or there is no law.

    The ending may be left out, but not be another.
    """
    law = _law(rulebook, current_year)
    if not law:
        return None
    stem, _, ending = law["file"].rpartition(".")
    base = re.sub(rf"\.{ending}$", "", name, flags=re.IGNORECASE)
    found = None if ANOTHER_ENDING.search(base) else _pattern(stem, law).fullmatch(base)
    if found is None:
        return None
    form = law["day"]
    for letters, directive in DAY_LETTERS.items():
        form = form.replace(letters, directive)
    try:
        day = datetime.strptime(found["day"], form).date()  # noqa: DTZ007 (a day has no zone)
    except ValueError:
        return None
    return FileName(day, found["regulator"].upper(), found["checksum"].upper())


def _pattern(stem: str, law: Mapping[str, Any]) -> re.Pattern[str]:
    """The law's pattern of a name without its ending; a mark may follow the checksum."""
    pieces = {
        "day": rf"\d{{{len(law['day'])}}}",
        "regulator": "|".join(map(re.escape, law["regulators"])),
        "checksum": r"[0-9a-f]{32}",
    }
    pattern = "".join(
        f"(?P<{part}>{pieces[part]})" if index % 2 else re.escape(part)
        for index, part in enumerate(PIECES.split(stem))
    )
    return re.compile(pattern + MARK_AFTER_CHECKSUM, re.IGNORECASE | re.ASCII)


def check_name(name: str, checksum: str, rulebook: Rulebook, current_year: int) -> list[Problem]:
    """What is wrong with the name of a file whose content has this MD5, in hexadecimal."""
    law = _law(rulebook, current_year)
    if not law:
        return []
    told = read_name(name, rulebook, current_year)
    problem = _Problems(name, rulebook, current_year)
    if told is None:
        return [problem("5002", f"The file is named like {law['file']}.")]
    if told.checksum != checksum.upper():
        sentence = "The content is not the one the file was named for: its checksum differs."
        return [problem("5004", sentence)]
    return []


# -- header and rows -----------------------------------------------------------------------------


class _Problems:
    """Makes findings of a file, each with the article of its code."""

    def __init__(self, file: str, rulebook: Rulebook, year: int) -> None:
        self._file, self._rulebook, self._year = file, rulebook, year

    def __call__(self, code: str, sentence: str, row: int = 0, column: str = "") -> Problem:
        answer = ask_of(self._rulebook, f"uploads.{code}", self._year)
        citation = CITATION if answer is None else str(answer.source)
        return Problem(code, sentence, self._file, row, column, citation=citation)


def check_table(
    table: EmissionsTable,
    operators: Mapping[str, Operator],
    rulebook: Rulebook,
    current_year: int,
) -> list[Problem]:
    """Everything wrong with a table as read, row by row."""
    problem = _Problems(table.file, rulebook, current_year)
    if table.missing:
        return [
            problem("5003", f"The column {cell} is missing.", 1, cell) for cell in table.missing
        ]
    check = _Rows(table.columns, operators, rulebook, current_year, problem)
    return [found for row in table.rows for found in check.row(row)]


class _Rows:
    """The checks of the rows of one table; they remember the rows that came before."""

    def __init__(
        self,
        columns: Columns,
        operators: Mapping[str, Operator],
        rulebook: Rulebook,
        current_year: int,
        problem: _Problems,
    ) -> None:
        self._columns = columns
        self._operators = operators
        self._current_year = current_year
        self._problem = problem
        self._law = _law(rulebook, current_year)
        self._periods = [
            answer.value
            for path in rulebook.paths()
            if path.startswith(PERIODS) and (answer := ask_of(rulebook, path, current_year))
        ]
        self._seen: dict[tuple[str, int], Row] = {}

    def row(self, row: Row) -> Iterator[Problem]:
        """What is wrong with a row, in the order of the checks.

        A row that stands twice and one of an unknown operator are looked at no further.
        """
        no_operator, no_year = self._operator(row), self._year(row)
        yield from filter(None, (no_operator, no_year))
        year = None if no_year else int(row.year)
        if no_operator is None:
            if year is not None and self._seen.setdefault((row.operator, year), row) is not row:
                yield self._twice(row, year)
                return
            operator = self._operators.get(row.operator)
            if operator is None:
                yield self._unknown(row)
                return
            yield from self._account(row, operator)
            if year is not None:
                yield from self._of_the_year(row, year, operator)
        yield from self._emissions(row)

    def _operator(self, row: Row) -> Problem | None:
        column = self._columns.operator
        if not row.operator:
            return self._problem("5014", f"{column} is empty.", row.number, column)
        if not self._law.get("operator_id") or WHOLE_NUMBER.fullmatch(row.operator):
            return None
        sentence = f"{column} holds no identifier: {row.operator[:40]!r} is no number."
        return self._problem("5014", sentence, row.number, column)

    def _year(self, row: Row) -> Problem | None:
        column = self._columns.year
        if not row.year:
            return self._problem("5014", f"{column} is empty.", row.number, column)
        if YEAR.fullmatch(row.year):
            return None
        return self._problem("5009", f"{row.year[:40]!r} is no year.", row.number, column)

    def _twice(self, row: Row, year: int) -> Problem:
        first = self._seen[row.operator, year].number
        sentence = f"Operator {row.operator} and {year} stand in row {first} already."
        return self._problem("5015", sentence, row.number, self._columns.operator)

    def _unknown(self, row: Row) -> Problem:
        sentence = f"There is no operator {row.operator[:40]}."
        return self._problem("5005", sentence, row.number, self._columns.operator)

    def _account(self, row: Row, operator: Operator) -> Iterator[Problem]:
        column, status = self._columns.operator, operator.account_status
        if status is None:
            sentence = f"Operator {row.operator} has no account."
            yield self._problem("5006", sentence, row.number, column)
        elif status in self._law.get("refused_statuses", ()):
            sentence = f"The account of operator {row.operator} is {status}."
            yield self._problem("5007", sentence, row.number, column)

    def _of_the_year(self, row: Row, year: int, operator: Operator) -> Iterator[Problem]:
        column = self._columns.year
        if not any(one["first_year"] <= year <= one["last_year"] for one in self._periods):
            yield self._problem("5010", f"{year} lies in no period.", row.number, column)
            return
        if year > self._current_year:
            yield self._problem("5011", f"{year} has not begun.", row.number, column)
            return
        last = self._current_year if operator.last_year is None else operator.last_year
        if not operator.first_year <= year <= last:
            sentence = f"Emissions of {row.operator} are due from {operator.first_year} to {last}."
            yield self._problem("5013", sentence, row.number, column)
        if year in operator.excluded:
            sentence = f"Operator {row.operator} is excluded in {year}."
            yield self._problem("5016", sentence, row.number, column)

    def _emissions(self, row: Row) -> Iterator[Problem]:
        if row.emissions and not WHOLE_NUMBER.fullmatch(row.emissions):
            sentence = f"{row.emissions[:40]!r} is no whole number of tonnes, zero or more."
            yield self._problem("5008", sentence, row.number, self._columns.emissions)


def changes(table: EmissionsTable, operators: Mapping[str, Operator]) -> list[Change]:
    """What the rows of a table without problems change; a figure that stands raises nothing."""
    found = []
    for row in table.rows:
        year, tonnes = int(row.year), int(row.emissions) if row.emissions else None
        before = operators[row.operator].emissions.get(year)
        if tonnes != before:
            found.append(Change(row.operator, year, before, tonnes))
    return found
