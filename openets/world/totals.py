"""What a book says happened: sums over its records, by account registry, year and kind.

The records are those that are stored, of either book; nothing here knows the published figures or
the play. Whether a transaction type allocates or surrenders, and which accounts are operators', is
the rulebook's answer for the day of the record.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from openets.kernel.acts import AccountOpened, CorrectionNamed, EmissionsVerified, parse_act
from openets.kernel.clock import moment
from openets.kernel.records import ActRecord, Record, Transaction
from openets.rulebook.model import Rulebook
from openets.rulebook.tables import Tables
from openets.world.course import load_course

_DAY = 86_400_000_000
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
    `emissions` and `surrendered` are by operator's account and year of emissions.
    """

    cells: dict[Cell, CellTotal] = field(default_factory=dict)
    unexplained: dict[int, int] = field(default_factory=dict)
    transactions: dict[int, int] = field(default_factory=dict)
    blocks: dict[int, int] = field(default_factory=dict)
    records: int = 0
    example_account: int = 0
    emissions: dict[tuple[int, int], int] = field(default_factory=dict)
    surrendered: dict[tuple[int, int], int] = field(default_factory=dict)

    def cell(self, cell: Cell) -> CellTotal:
        """The sums of a cell, zero if nothing was recorded."""
        return self.cells.get(cell) or CellTotal()


def sum_records(records: Iterable[Record], rulebook: Rulebook) -> Totals:
    """Sums a stream of records in their order; memory grows with accounts, not with records."""
    summing = _Summing(rulebook)
    for record in records:
        if isinstance(record, Transaction):
            summing.transaction(record)
        else:
            summing.act(record)
    return summing.result()


class _Summing:
    def __init__(self, rulebook: Rulebook) -> None:
        self.totals = Totals()
        self.kind_of_type = {type_: kind for kind, type_ in load_course().operators.items()}
        self.places: dict[int, tuple[str, str]] = {}
        self.emissions = self.totals.emissions
        self.corrections: dict[int, int] = {}
        self.surrenders: dict[int, int] = {}
        self._rulebook = rulebook
        self._days: dict[int, tuple[int, Tables]] = {}

    def _day(self, effective: int) -> tuple[int, Tables]:
        """The calendar year of a record and the law of its day."""
        day = effective // _DAY
        found = self._days.get(day)
        if found is None:
            date = moment(effective).date()
            found = self._days[day] = (date.year, self._rulebook.tables_on(date))
        return found

    def transaction(self, record: Transaction) -> None:
        totals = self.totals
        year, tables = self._day(record.effective)
        totals.records += 1
        totals.transactions[year] = totals.transactions.get(year, 0) + 1
        totals.blocks[year] = totals.blocks.get(year, 0) + len(record.blocks)
        rule = tables.transaction_types.get(record.type)
        if rule is not None and rule.allocates:
            cell = self._cell(record.acquiring, record.year)
            if cell is not None:
                cell.free_allocation += record.quantity
        if rule is not None and rule.surrenders:
            cell = self._cell(record.transferring, record.year)
            if cell is not None:
                cell.units_surrendered += record.quantity
                account = record.transferring
                place = account, record.year
                totals.surrendered[place] = totals.surrendered.get(place, 0) + record.quantity
                self.surrenders[account] = self.surrenders.get(account, 0) + 1
        if not record.transferring and record.refers_to in self.corrections:
            named = self.corrections[record.refers_to]
            totals.unexplained[named] = totals.unexplained.get(named, 0) + record.quantity

    def act(self, record: ActRecord) -> None:
        self.totals.records += 1
        match parse_act(record.payload):
            case AccountOpened() as opened:
                kind = self.kind_of_type.get(opened.type)
                if kind is not None:
                    self.places[opened.number] = (opened.registry, kind)
            case CorrectionNamed() as correction:
                self.corrections[record.sequence] = correction.year
            case EmissionsVerified() as verified:
                # A later figure for the same account and year replaces the earlier one.
                place = verified.account, verified.year
                if verified.tonnes is None:
                    self.emissions.pop(place, None)
                else:
                    self.emissions[place] = verified.tonnes
            case _:
                pass

    def _cell(self, account: int, year: int) -> CellTotal | None:
        place = self.places.get(account)
        if place is None:
            return None
        registry, kind = place
        return self.totals.cells.setdefault((registry, year, kind), CellTotal())

    def result(self) -> Totals:
        for (account, year), tonnes in self.emissions.items():
            cell = self._cell(account, year)
            if cell is not None:
                cell.verified_emissions_t += tonnes
        if self.surrenders:
            self.totals.example_account = max(self.surrenders, key=self.surrenders.__getitem__)
        return self.totals
