"""What a book says happened: sums over its records, by account registry, year and kind.

The records are those that are stored, of either book; nothing here knows the published figures or
the play. Whether a transaction type allocates or surrenders, and which accounts are operators', is
the rulebook's answer for the day of the record.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from openets.kernel.acts import AccountOpened, Act, CorrectionNamed, EmissionsVerified, act_of
from openets.kernel.clock import MICROSECONDS_PER_DAY, moment
from openets.kernel.records import ActRecord, Record
from openets.rulebook.model import Rulebook
from openets.world.course import load_course

Cell = tuple[str, int, str]


@dataclass
class CellTotal:
    """The sums of a registry, year and kind; units and tonnes."""

    free_allocation: int = 0
    verified_emissions_t: int = 0
    units_surrendered: int = 0


@dataclass
class Totals:
    """The sums of a book: by cell, and by calendar year in which records took effect.

    `unexplained` is by the year a correction was for. `example_account` is the operator's account
    that surrendered most often, which makes its life worth reading; 0 if there is none.
    `emissions` and `surrendered` are by operator's account, then by year of emissions.
    """

    cells: dict[Cell, CellTotal] = field(default_factory=dict)
    unexplained: dict[int, int] = field(default_factory=dict)
    transactions: dict[int, int] = field(default_factory=dict)
    blocks: dict[int, int] = field(default_factory=dict)
    records: int = 0
    example_account: int = 0
    emissions: dict[int, dict[int, int]] = field(default_factory=dict)
    surrendered: dict[int, dict[int, int]] = field(default_factory=dict)

    def cell(self, cell: Cell) -> CellTotal:
        """The sums of a cell, zero if nothing was recorded."""
        return self.cells.get(cell) or CellTotal()


def sum_records(records: Iterable[Record], rulebook: Rulebook) -> Totals:
    """Sums a stream of records in their order; memory grows with accounts, not with records."""
    summing = Summing(rulebook)
    summing.take((record, act_of(record)) for record in records)
    return summing.result()


class _Day(NamedTuple):
    """Where the transactions of a day are counted, and what types of them do by its law."""

    counted: list[int]  # transactions and blocks, of the calendar year
    does: dict[int, tuple[bool, bool]]  # whether a type allocates, whether it surrenders


class _Years(dict[int, CellTotal]):
    """The sums of a registry and kind by year, found by each of its accounts."""

    def __missing__(self, year: int) -> CellTotal:
        found = self[year] = CellTotal()
        return found


class Summing:
    """The sums so far, and what of the records is needed to go on."""

    def __init__(self, rulebook: Rulebook) -> None:
        self.totals = Totals()
        self.kind_of_type = {type_: kind for kind, type_ in load_course().operators.items()}
        self.cells: defaultdict[tuple[str, str], _Years] = defaultdict(_Years)
        self.places: dict[int, _Years] = {}  # of operators' accounts
        self.emissions: defaultdict[int, dict[int, int]] = defaultdict(dict)
        self.surrendered: defaultdict[int, dict[int, int]] = defaultdict(dict)
        self.corrections: dict[int, int] = {}
        self.surrenders: Counter[int] = Counter()
        self.counted: dict[int, list[int]] = {}
        self._rulebook = rulebook
        self._days: dict[int, _Day] = {}

    def day(self, effective: int) -> _Day:
        """The day of a record."""
        day = effective // MICROSECONDS_PER_DAY
        found = self._days.get(day)
        if found is None:
            date = moment(effective).date()
            rules = self._rulebook.tables_on(date).transaction_types
            does = {
                code: (rule.allocates, rule.surrenders)
                for code, rule in rules.items()
                if rule.allocates or rule.surrenders
            }
            counted = self.counted.setdefault(date.year, [0, 0])
            found = self._days[day] = _Day(counted, does)
        return found

    def take(self, records: Iterable[tuple[Record, Act | None]]) -> None:
        """Takes records, each with its act if it is one, into the sums."""
        places, corrections = self.places, self.corrections
        at: int | None = None  # many transactions in a row are of one instant
        for record, act in records:
            if isinstance(record, ActRecord):
                self.act(record.sequence, act)
                continue
            _, _, effective, type_, year, sender, receiver, refers_to, _, blocks, _ = record
            if effective != at:
                at = effective
                counted, does = self.day(effective)
            counted[0] += 1
            counted[1] += len(blocks)
            if type_ in does:
                allocates, gives_up = does[type_]
                if allocates and receiver in places:
                    places[receiver][year].free_allocation += record.quantity
                if gives_up and sender in places:
                    units = record.quantity
                    places[sender][year].units_surrendered += units
                    years = self.surrendered[sender]
                    years[year] = years.get(year, 0) + units
                    self.surrenders[sender] += 1
            if not sender and refers_to in corrections:
                named, unexplained = corrections[refers_to], self.totals.unexplained
                unexplained[named] = unexplained.get(named, 0) + record.quantity

    def act(self, sequence: int, act: Act | None) -> None:
        """Takes the act of a record into the sums."""
        self.totals.records += 1
        match act:
            case EmissionsVerified() as verified:
                # A later figure for the same account and year replaces the earlier one.
                years = self.emissions[verified.account]
                if verified.tonnes is None:
                    years.pop(verified.year, None)
                else:
                    years[verified.year] = verified.tonnes
            case AccountOpened() as opened:
                kind = self.kind_of_type.get(opened.type)
                if kind is not None:
                    self.places[opened.number] = self.cells[opened.registry, kind]
            case CorrectionNamed() as correction:
                self.corrections[sequence] = correction.year
            case _:
                pass

    def result(self) -> Totals:
        """The sums, by cell too."""
        totals = self.totals
        totals.transactions = {year: counts[0] for year, counts in self.counted.items()}
        totals.records += sum(totals.transactions.values())
        totals.blocks = {year: counts[1] for year, counts in self.counted.items()}
        totals.surrendered = dict(self.surrendered)
        totals.emissions = {account: years for account, years in self.emissions.items() if years}
        for account in totals.emissions.keys() & self.places.keys():
            for year, tonnes in totals.emissions[account].items():
                self.places[account][year].verified_emissions_t += tonnes
        totals.cells = {
            (registry, year, kind): total
            for (registry, kind), years in self.cells.items()
            for year, total in years.items()
        }
        if self.surrenders:
            totals.example_account = max(self.surrenders, key=self.surrenders.__getitem__)
        return totals
