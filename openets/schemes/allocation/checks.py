"""What stands against a change of a table, against an upload, and against a return.

All that is wrong is found at once. The codes are the house's; with which code of its own a
jurisdiction answers is in its rulebook (`checks.answers`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import file_digest
from pathlib import Path
from typing import Any

from openets.desk.proposals import DELAYED
from openets.formats.allocation_table import (
    OWN,
    AllocationTable,
    Layout,
    Row,
    read_allocation_table,
)
from openets.kernel.refusal import Refusal
from openets.people.asked import Body
from openets.people.office import Office
from openets.people.transactions import Move
from openets.rulebook.model import Rulebook
from openets.schemes.allocation.reads import Known, entries, known_operators, stored, waiting
from openets.schemes.allocation.table_law import TABLES, is_of_a_period, tables_of

UPLOADS = "uploads.allocation-table"
RULE = "allocation rule"
CHANGE, RUN = "allocation table", "allocation run"  # the names of the commands
AMOUNT = re.compile(r"[0-9]{1,15}")
PIECES = re.compile(r"<(\w+)>")
MARK_AFTER_CHECKSUM = r"[\w.]*"


# -- the cells of a change ------------------------------------------------------------------------


@dataclass(frozen=True)
class CellChecks:
    """The checks of an operator, a year and an amount, against one registry and table."""

    rulebook: Rulebook
    known: Known
    registry: str
    table: str

    def operator(self, code: str, where: str) -> Refusal | None:
        """Why an operator has no place in the table, or None."""
        if code not in self.known:
            sentence = f"There is no operator {code[:40]!r}."
            return Refusal("allocation.operator-unknown", sentence, RULE, where)
        registry = self.known.registry_of(code)
        if registry != self.registry:
            sentence = f"Operator {code} is of registry {registry}, not of {self.registry}."
            return Refusal("allocation.operator-elsewhere", sentence, RULE, where)
        return None

    def year(self, year: int, where: str) -> Refusal | None:
        """Why a year has no place in the table, or None."""
        if not is_of_a_period(self.rulebook, year):
            sentence = f"{year} lies in no period of free allocation."
            return Refusal("allocation.year-outside-period", sentence, TABLES, where)
        if self.table not in tables_of(self.rulebook, year):
            named = ", ".join(tables_of(self.rulebook, year))
            sentence = f"The law of {year} has no table {self.table!r}; it has {named}."
            return Refusal("allocation.table-unknown", sentence, TABLES, where)
        return None

    def cell(self, code: str, year: int, amount: int, where: str) -> Refusal | None:
        """Why an operator cannot have an amount in a year, or None."""
        if not amount or self.known.operates_in(code, year):
            return None
        sentence = f"Operator {code} does not operate in {year} and has an amount for it."
        return Refusal("allocation.year-not-operating", sentence, RULE, where)


def twice(code: str, where: str) -> Refusal:
    """The refusal for an operator that a table names twice."""
    sentence = f"Operator {code} is named twice."
    return Refusal("allocation.operator-twice", sentence, RULE, where)


def pending(office: Office, table: str, registry: str) -> list[Refusal]:
    """Why a table cannot be changed while something else about it waits at the desk."""
    found = []
    if change := _first_waiting(office, CHANGE, table, registry):
        sentence = f"Proposal {change} changes the table already; it must end first."
        found.append(Refusal("allocation.table-pending", sentence, RULE, "table"))
    if run := _first_waiting(office, RUN, table, registry):
        sentence = f"Proposal {run}, a run of the table, waits; it must end first."
        found.append(Refusal("allocation.run-pending", sentence, RULE, "table"))
    return found


def _first_waiting(office: Office, command: str, table: str, registry: str) -> int:
    """The number of the first proposal of a command about a table that has not ended, else 0."""
    about = (
        one.number
        for one in waiting(office, command)
        if one.registry == registry and json.loads(one.body)["table"] == table
    )
    return next(about, 0)


# -- an upload ------------------------------------------------------------------------------------


@dataclass(slots=True)
class Upload:
    """A file as checked: its table, everything wrong with it, or the amounts it enters."""

    table: str
    file: str
    problems: list[Refusal]
    amounts: dict[tuple[str, int], int] = field(default_factory=dict)


def read_upload(office: Office, path: Path, table: str, registry: str) -> Upload:
    """Reads and checks a table of a registry; `table` may be empty where the file's name says it.

    Raises `Refused` for a file that is no table or dangerous to open.
    """
    law: Mapping[str, Any] = office.by_law(UPLOADS, {})
    named, years, problems = _name(path, law)
    table = table or named or next(iter(tables_of(office.rulebook, office.today().year)), "")
    read = read_allocation_table(path, _layouts(law, table))
    if law and read.layout.identifier != OWN and not problems and named != table:
        problems.append(_other_table(path.name, table, named))
    elif read.layout.identifier == OWN:
        years, problems = None, []
    checks = CellChecks(office.rulebook, known_operators(office), registry, table)
    file = _File(read, checks, years)
    problems += [problem.as_refusal() for problem in read.problems]
    problems += file.header()
    problems += file.body()
    problems += _left_out(office, file, table, registry)
    return Upload(table, read.file, problems, {} if problems else file.amounts)


def _layouts(law: Mapping[str, Any], table: str) -> list[Layout]:
    own = Layout(OWN)
    if table not in law.get("identifier", {}):
        return [own]
    return [own, Layout(law["identifier"][table], int(law["columns_before_years"]))]


def _name(path: Path, law: Mapping[str, Any]) -> tuple[str, range | None, list[Refusal]]:
    """What the name says by the law's pattern: the table, its years, and what is wrong with it."""
    if not law:
        return "", None, []
    stem = str(law["file"]).rpartition(".")[0]
    pieces = {
        "table": "|".join(map(re.escape, law["tables"])),
        "first": r"\d{4}",
        "last": r"\d{4}",
        "checksum": r"[0-9a-f]{32}",
    }
    pattern = "".join(
        f"(?P<{part}>{pieces[part]})" if index % 2 else re.escape(part)
        for index, part in enumerate(PIECES.split(stem))
    )
    told = re.fullmatch(pattern + MARK_AFTER_CHECKSUM, path.stem, re.IGNORECASE | re.ASCII)
    if told is None:
        sentence = f"The file is named like {law['file']}."
        return "", None, [Refusal("allocation.file-name", sentence, UPLOADS, path.name)]
    found = []
    with path.open("rb") as file:
        if file_digest(file, "md5").hexdigest() != told["checksum"].lower():
            sentence = "The content is not the one the file was named for: its checksum differs."
            found.append(Refusal("allocation.file-checksum", sentence, UPLOADS, path.name))
    years = range(int(told["first"]), int(told["last"]) + 1)
    return law["tables"][told["table"].upper()], years, found


def _other_table(file: str, table: str, named: str) -> Refusal:
    sentence = f"The file is named for the table {named}, and was given as {table}."
    return Refusal("allocation.file-of-another-table", sentence, UPLOADS, file)


class _File:
    """The checks of one file; they remember the operators that came before."""

    def __init__(self, read: AllocationTable, checks: CellChecks, years: range | None) -> None:
        self.read = read
        self.amounts: dict[tuple[str, int], int] = {}
        self.operators: dict[str, int] = {}  # the row of each
        self._checks = checks
        self._years = years
        self._sound: set[str] = set()  # columns of years the header has right
        self._by_number = {code.rpartition("-")[2].lstrip("0"): code for code in _codes(checks)}

    def header(self) -> Iterator[Refusal]:
        """What is wrong with the header, column by column."""
        read = self.read
        if not read.identifier:
            yield self._missing(read.layout.identifier)
        if not read.years:
            yield self._missing("of a year")
        for column in read.strange:
            sentence = f"The column {column[:40]!r} is no year, and nothing else stands here."
            yield Refusal("allocation.column-strange", sentence, RULE, self._at(1, column))
        for column in read.years:
            found = self._checks.year(int(column), self._at(1, column))
            if found:
                yield found
            elif self._years is not None and int(column) not in self._years:
                span = f"{self._years.start} to {self._years.stop - 1}"
                sentence = f"The file is named for {span}; {column} lies outside."
                yield Refusal("allocation.year-not-of-file", sentence, RULE, self._at(1, column))
            else:
                self._sound.add(column)

    def _missing(self, column: str) -> Refusal:
        sentence = f"The column {column} is missing."
        return Refusal("allocation.column-missing", sentence, RULE, self._at(1, column))

    def body(self) -> Iterator[Refusal]:
        """What is wrong with the rows, cell by cell."""
        if self.read.identifier and not self.read.rows and not self.read.problems:
            sentence = "The table has no row."
            yield Refusal("allocation.table-empty", sentence, RULE, self.read.file)
        for row in self.read.rows:
            yield from self._row(row)

    def _row(self, row: Row) -> Iterator[Refusal]:
        place = self._at(row.number, self.read.identifier)
        code = self._by_number.get(row.operator.lstrip("0"), row.operator)
        problem = None
        if not row.operator:
            sentence = "The operator is not named."
            problem = Refusal("allocation.operator-empty", sentence, RULE, place)
        elif code in self.operators:
            problem = twice(code, place)
        else:
            problem = self._checks.operator(code, place)
        if problem:
            yield problem
        self.operators.setdefault(code, row.number)
        for column, text in row.amounts.items():
            yield from self._amount(code, column, text, row.number, sound=problem is None)

    def _amount(
        self, code: str, column: str, text: str, row: int, *, sound: bool
    ) -> Iterator[Refusal]:
        if not text:
            return
        where = self._at(row, column)
        if not AMOUNT.fullmatch(text):
            sentence = f"{text[:40]!r} is no whole number of allowances, zero or more."
            yield Refusal("allocation.amount", sentence, RULE, where)
            return
        if not sound or column not in self._sound:
            return
        problem = self._checks.cell(code, int(column), int(text), where)
        if problem:
            yield problem
        self.amounts[code, int(column)] = int(text)

    def _at(self, row: int, column: str) -> str:
        return f"{self.read.file}, row {row}, column {column}"


def _codes(checks: CellChecks) -> Iterable[str]:
    """The operators of the registry, which a jurisdiction's own layout names by number."""
    known = checks.known
    codes = {*known.registered, *known.accounts}
    return (code for code in codes if known.registry_of(code) == checks.registry)


def _left_out(office: Office, file: _File, table: str, registry: str) -> Iterator[Refusal]:
    """A table states the whole: whoever stood in the one before stands in this one."""
    if not file.read.identifier:
        return
    before = {operator for operator, _ in stored(office).amounts(table, registry)}
    for operator in sorted(before - file.operators.keys()):
        sentence = f"Operator {operator} stood in the table before and is missing."
        yield Refusal("allocation.operator-left-out", sentence, RULE, file.read.file)


# -- a return -------------------------------------------------------------------------------------


def against(office: Office, body: Body) -> list[Refusal]:
    """Why a movement does not follow from the tables: a return of more than was in excess."""
    if not isinstance(body, Move) or not body.transferring:
        return []
    laws = tables_of(office.rulebook, body.year or office.today().year).values()
    if body.type not in {law.returned_by for law in laws}:
        return []
    account, issuing = office.account(body.transferring), office.account(body.acquiring)
    if account is None or issuing is None:
        return []
    tables = {law.name for law in laws if law.allocated_from == issuing.type}
    return [*_return_pending(office, body), *_above_excess(office, body, account.operator, tables)]


def _above_excess(
    office: Office, body: Move, operator: str | None, tables: set[str]
) -> Iterator[Refusal]:
    excluded: Iterable[int] = ()
    known = office.register.operators.by_code(operator)
    if known is not None:
        excluded = office.register.operators.excluded(known.number)
    mine = [
        one.remaining(tuple(excluded))
        for one in entries(office, operator=operator or "", year=body.year)
        if one.table in tables
    ]
    excess = max(0, -sum(mine))
    if body.quantity > excess:
        sentence = (
            f"Of {body.year} {excess} allowances of operator {operator} are in excess; "
            f"{body.quantity} were to be returned."
        )
        yield Refusal("allocation.return-above-excess", sentence, TABLES, "quantity")


def _return_pending(office: Office, body: Move) -> Iterator[Refusal]:
    """Another return of the year that waits; one already approved is asked about its excess."""
    for one in waiting(office, Move.name):
        other = Move.model_validate_json(one.body)
        asked, alike = ((each.type, each.transferring, each.year) for each in (body, other))
        if one.state != DELAYED and asked == alike:
            sentence = f"Proposal {one.number} returns allowances of {body.year} already."
            yield Refusal("allocation.return-pending", sentence, TABLES, "year")
