"""Published transaction blocks, sifted and ready to be posted as they stand.

A published block names its transaction type, two accounts, a unit and an amount, and often little
more. What the books need beside that is worked out here, before anything is posted:

- the type of an account is one that the law opens to all that the account was seen to do;
- what the law of a block's day has no room for is left out, with the reason;
- what an account gave away without having received it in the files is brought in beforehand, by
  the shortest way the law has from creation to such an account.

Everything follows from the files and the rulebook alone, so the same files give the same plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from openets.kernel.clock import MICROSECONDS_PER_DAY, day_of, instant
from openets.kernel.records import type_code, type_label
from openets.kernel.refusal import Refusal, Refused
from openets.rulebook.model import Rulebook
from openets.rulebook.tables import AccountType, Tables, TransactionType

if TYPE_CHECKING:
    import polars

UNIT_KEYS = "codes.unit-keys"
TYPE_NAMES = "codes.account-type"
UNLISTED = "EU"  # the registry of serials and accounts for which the files name none
# Where several types of account would do, the one that is most often the right one.
LIKELY = ("operator-holding", "aircraft-operator-holding", "person-holding", "party-holding")


COLUMNS = (
    "block_id",
    "transaction_id",
    "effective",
    "type_main",
    "type_supplementary",
    "transferring_account",
    "transferring_registry",
    "transferring_type",
    "acquiring_account",
    "acquiring_registry",
    "acquiring_type",
    "unit",
    "originating_registry",
    "amount",
)


NOWHERE = -1  # in the place of an account: units are created
Kind = tuple[str, str]  # unit of the rulebook, registry that issued it
Holding = tuple[int, Kind]
# (registry, number within it) or ("", number of the collector) -> registry, type as published
Listed = dict[tuple[str, str], tuple[str, str]]


class Move(NamedTuple):
    """A block as it is posted; `transferring` is NOWHERE where units are created."""

    block: str
    effective: int
    year: int  # calendar year, UTC
    type: int
    transferring: int  # index of the account in `Plan.accounts`
    acquiring: int
    kind: Kind
    quantity: int


@dataclass(slots=True)
class Party:
    """An account: its published number, registry, and type as far as known.

    Without a number it is not of the files: units are brought in through it.
    """

    number: str
    registry: str
    types: frozenset[str] = frozenset()  # those still possible

    @property
    def type(self) -> str:
        """The likeliest of the possible types."""
        return min(self.types, key=lambda key: (LIKELY.index(key) if key in LIKELY else 99, key))


class Step(NamedTuple):
    """A leg of the way units take to an account: by a transaction type into a type of account."""

    type: int
    into: str


class Way(NamedTuple):
    """How what is missing in an account comes there, and when."""

    effective: int
    steps: tuple[Step, ...]


@dataclass(slots=True)
class Plan:
    """What is to be posted. `missing` is what must be brought in, by account and kind."""

    moves: list[Move]
    accounts: list[Party]
    missing: dict[Holding, int]
    ways: dict[Holding, Way]
    through: dict[str, int]  # type -> the account of that type units are brought in through
    rows: int
    left_out: dict[str, int]  # blocks by reason

    def opened(self) -> tuple[dict[int, int], dict[Kind, int]]:
        """When each account and each kind of unit is first needed."""
        accounts: dict[int, int] = {}
        kinds: dict[Kind, int] = {}
        for (account, kind), way in self.ways.items():
            kinds[kind] = min(way.effective, kinds.get(kind, way.effective))
            for index in (*(self.through[step.into] for step in way.steps[:-1]), account):
                accounts[index] = min(way.effective, accounts.get(index, way.effective))
        for move in self.moves:
            kinds.setdefault(move.kind, move.effective)
            for index in (move.transferring, move.acquiring):
                accounts.setdefault(index, move.effective)
        accounts.pop(NOWHERE, None)
        return accounts, kinds


class Law:
    """The law of each day as movements need it, kept by the stretch of days it holds for."""

    def __init__(self, rulebook: Rulebook) -> None:
        self._rulebook = rulebook
        self._days: dict[int, Tables] = {}

    def on(self, effective: int) -> Tables:
        """The tables of the day of an instant."""
        day = effective // MICROSECONDS_PER_DAY
        found = self._days.get(day)
        if found is None:
            found = self._days[day] = self._rulebook.tables_on(day_of(effective))
        return found


# -- reading -------------------------------------------------------------------------------------


def read_blocks(files: Sequence[Path]) -> tuple[polars.DataFrame, Listed]:
    """All blocks of the files by time, and what lists of accounts say of registry and type.

    Raises `Refused` with every problem of every file, and if a block stands in two of them.
    """
    import polars as pl

    from openets.formats.recognise import read_file

    blocks: list[pl.DataFrame] = []
    listed: Listed = {}
    refusals: list[Refusal] = []
    for file in files:
        reading = read_file(file).reading
        bad = [problem for problem in reading.problems if problem.row_left_out]
        refusals += [problem.as_refusal() for problem in bad]
        if "transaction_blocks" in reading.tables:
            blocks.append(reading.tables["transaction_blocks"])
        if "accounts" in reading.tables:
            listed |= _listed(reading.tables["accounts"])
        elif "transaction_blocks" not in reading.tables:
            sentence = f"{file.name} is a {reading.layout} file and holds no transaction blocks."
            refusals.append(Refusal("replay.no-transactions", sentence, file.name))
    if not refusals and not blocks:
        sentence = "None of the files holds transaction blocks."
        refusals.append(Refusal("replay.no-transactions", sentence, "replay"))
    if refusals:
        raise Refused(refusals)
    # What the log prints is taken for UTC.
    frame = pl.concat(blocks).with_columns(effective=pl.col("printed_at").dt.epoch("us"))
    if twice := frame.height - frame["block_id"].n_unique():
        sentence = f"{twice} blocks stand in the files twice; give each file once."
        raise Refused(Refusal("replay.twice", sentence, "replay"))
    return frame.sort("effective", "transaction_id", "block_id").select(*COLUMNS), listed


def _listed(accounts: polars.DataFrame) -> Listed:
    """Accounts by their numbers: within the registry, and the collector's own, which is for all."""
    listed: Listed = {}
    columns = ("registry", "account_id", "transaction_account", "type")
    for registry, number, in_registry, type_ in accounts.select(columns).iter_rows():
        told = (registry, type_)
        if in_registry is None:
            listed[registry, number] = told
        else:
            listed["", number] = listed[registry, in_registry] = told
    return listed


# -- planning ------------------------------------------------------------------------------------


def plan_blocks(frame: polars.DataFrame, listed: Listed, rulebook: Rulebook) -> Plan:
    """What of a frame of blocks can be posted, and what has to be there before it."""
    law = Law(rulebook)
    sifting = _Sifting(law, rulebook, listed)
    moves = [move for row in frame.iter_rows(named=True) if (move := sifting.move(row))]
    _narrow_types(moves, sifting.accounts, law)
    moves = [move for move in moves if not sifting.leave_out(_hindrance(move, sifting, law))]
    missing, first = _missing(moves)
    ways = _ways(first, sifting.accounts, law)
    stuck = missing.keys() - ways.keys()
    while stuck:  # what is left out may be what another account gave on
        moves = [
            move
            for move in moves
            if (move.transferring, move.kind) not in stuck
            or not sifting.leave_out("the law has no way to bring in what the files do not show")
        ]
        missing, first = _missing(moves)
        ways = _ways(first, sifting.accounts, law)
        stuck = missing.keys() - ways.keys()
    through: dict[str, int] = {}
    for type_ in dict.fromkeys(step.into for way in ways.values() for step in way.steps[:-1]):
        through[type_] = len(sifting.accounts)
        sifting.accounts.append(Party("", UNLISTED, frozenset({type_})))
    return Plan(moves, sifting.accounts, missing, ways, through, frame.height, sifting.left_out)


class _Sifting:
    """From published rows to moves; what cannot be one is counted by reason."""

    def __init__(self, law: Law, rulebook: Rulebook, listed: Listed) -> None:
        self.law = law
        self.accounts: list[Party] = []
        self.left_out: dict[str, int] = {}
        self._listed = listed
        self._numbers: dict[tuple[str, str], int] = {}
        type_names: Mapping[str, str] = rulebook.parameter(TYPE_NAMES).values[-1].value
        self._type_names = {name: code for code, name in type_names.items()}
        self._units: Mapping[str, str] = rulebook.parameter(UNIT_KEYS).values[-1].value

    def leave_out(self, reason: str) -> bool:
        """Counts a block that is not played; False if there is no reason against it."""
        if reason:
            self.left_out[reason] = self.left_out.get(reason, 0) + 1
        return bool(reason)

    def move(self, row: Mapping[str, object]) -> Move | None:
        """A row as a move, or None if it is left out."""
        reason, move = self._move(row)
        self.leave_out(reason)
        return move

    def _move(self, row: Mapping[str, object]) -> tuple[str, Move | None]:
        effective = int(row["effective"])  # type: ignore[call-overload]
        tables = self.law.on(effective)
        code = type_code(f"{row['type_main']}-{row['type_supplementary'] or 0}")
        rule = tables.transaction_types.get(code)
        if rule is None:
            return f"no transaction type {type_label(code)} in the law of its day", None
        unit = self._units.get(str(row["unit"]))
        if unit is None:
            return f"no unit {row['unit']} in the rulebook", None
        quantity = int(row["amount"])  # type: ignore[call-overload]
        if quantity <= 0:
            return "it moves nothing", None
        home = str(row["transaction_id"])[:2]
        sides = [self._party(row, side, home, tables) for side in ("transferring", "acquiring")]
        if rule.creates:
            sides[0] = NOWHERE
        if None in sides:
            return "an account is not named, or is of no registry the rulebook knows", None
        transferring, acquiring = sides
        assert transferring is not None and acquiring is not None
        origin = str(row["originating_registry"] or UNLISTED)
        kind = (unit, origin if origin in tables.registries else UNLISTED)
        year = day_of(effective).year
        block = str(row["block_id"])
        return "", Move(block, effective, year, code, transferring, acquiring, kind, quantity)

    def _party(self, row: Mapping[str, object], side: str, home: str, tables: Tables) -> int | None:
        """The account on a side of a block; None if it is not named or its registry not known."""
        number = row[f"{side}_account"]
        if number is None:
            return None
        # Numbers repeat across registries; a file that names none numbers accounts for itself.
        name = (str(row[f"{side}_registry"] or ""), str(number))
        known = self._numbers.get(name)
        if known is not None:
            return known
        listed, code = self._listed.get(name, (None, None))
        registry = str(listed or name[0] or home)
        if registry not in tables.registries:
            return None
        told = str(code or row[f"{side}_type"] or "")
        told = self._type_names.get(told, told)
        types = {
            key
            for key, type_ in tables.account_types.items()
            if told and type_.eutl_code in (told, f"{told}-0")
        }
        known = self._numbers[name] = len(self.accounts)
        self.accounts.append(Party(str(number), registry, frozenset(types)))
        return known


def _narrow_types(moves: Iterable[Move], accounts: Sequence[Party], law: Law) -> None:
    """Each account keeps the types the law opens to all it was seen to do, as long as some do."""
    ways = dict.fromkeys(
        (
            id(law.on(m.effective)),
            m.type,
            m.transferring,
            m.acquiring,
            m.kind[0],
            m.effective // MICROSECONDS_PER_DAY,
        )
        for m in moves
    )
    for _, code, transferring, acquiring, unit, day in ways:
        tables = law.on(day * MICROSECONDS_PER_DAY)
        rule = tables.transaction_types[code]
        for index, open_to in (
            (transferring, rule.transferring),
            (acquiring, {key for key in rule.acquiring if unit in tables.account_types[key].units}),
        ):
            if index >= 0:
                party = accounts[index]
                narrowed = (party.types & open_to) if party.types else frozenset(open_to)
                party.types = narrowed or party.types


def _hindrance(move: Move, sifting: _Sifting, law: Law) -> str:
    """Why the law of its day has no room for a move; empty if it has."""
    tables = law.on(move.effective)
    rule = tables.transaction_types[move.type]
    unit = move.kind[0]
    if unit not in rule.units:
        return f"{unit} may not move by {rule.label}"
    if move.transferring == move.acquiring:
        return f"{rule.label} from an account to itself"
    into = sifting.accounts[move.acquiring]
    out = sifting.accounts[move.transferring] if move.transferring >= 0 else None
    if not into.types or (out and not out.types):
        return f"no type of account fits what was done by {rule.label}"
    route = (out.type if out else "", into.type)
    if route not in rule.routes or unit not in tables.account_types[into.type].units:
        return f"{rule.label} from {route[0] or 'nowhere'} to {into.type} with {unit}"
    if rule.surrenders:
        first, last = tables.unit_types[unit].usable_from, tables.unit_types[unit].usable_until
        if first and last and not first <= year_of_emissions(move) <= last:
            return f"{unit} surrendered for {year_of_emissions(move)}"
    return ""


def year_of_emissions(move: Move) -> int:
    """The year a surrender is for: the one before."""
    return move.year - 1


def _missing(
    moves: Iterable[Move],
) -> tuple[dict[Holding, int], dict[Holding, int]]:
    """By account and kind: the deepest shortfall, and the instant of the first one."""
    held: dict[Holding, int] = {}
    deepest: dict[Holding, int] = {}
    first: dict[Holding, int] = {}
    for move in moves:
        if move.transferring >= 0:
            out = (move.transferring, move.kind)
            rest = held[out] = held.get(out, 0) - move.quantity
            if rest < 0:
                first.setdefault(out, move.effective)
                deepest[out] = max(deepest.get(out, 0), -rest)
        into = (move.acquiring, move.kind)
        held[into] = held.get(into, 0) + move.quantity
    return deepest, first


def _ways(first: Mapping[Holding, int], accounts: Sequence[Party], law: Law) -> dict[Holding, Way]:
    """The way in for each shortfall, on its own day or on the last one of the unit's period."""
    found: dict[Holding, Way] = {}
    for (account, kind), effective in first.items():
        unit = law.on(effective).unit_types.get(kind[0])
        days = [effective]
        if unit and unit.usable_until:
            days.append(min(effective, start_of_year(unit.usable_until + 1) - MICROSECONDS_PER_DAY))
        for day in days:
            steps = way_in(law.on(day), kind[0], accounts[account].type)
            if steps:
                found[account, kind] = Way(day, steps)
                break
    return found


def start_of_year(year: int) -> int:
    """The instant a year begins, UTC."""
    return instant(datetime(year, 1, 1, tzinfo=UTC))


def way_in(tables: Tables, unit: str, type_: str) -> tuple[Step, ...]:
    """The shortest way the law has to bring newly created units to a type of account, or ()."""
    reached: dict[str, tuple[Step, ...]] = {"": ()}
    rules = sorted((r for r in tables.transaction_types.values() if _brings(r, unit)), key=_code)
    frontier = [""]
    while frontier and type_ not in reached:
        following = []
        for source in frontier:
            for rule in rules:
                for start, into in sorted(rule.routes):
                    passes = _may_pass(tables.account_types[into], unit, type_)
                    if start == source and passes and into not in reached:
                        reached[into] = (*reached[source], Step(rule.code, into))
                        following.append(into)
        frontier = following
    return reached.get(type_, ())


def _brings(rule: TransactionType, unit: str) -> bool:
    ends = rule.surrenders or rule.reverses or rule.replaces or rule.allocates
    return unit in rule.units and not ends


def _may_pass(account: AccountType, unit: str, aim: str) -> bool:
    return unit in account.units and (account.key == aim or not account.terminal)


def _code(rule: TransactionType) -> int:
    return rule.code
