"""The law that governs records, as plain tables: account types, units, transaction types, statuses.

Both books check every record against these tables, so they are frozen dataclasses over dicts and
frozensets, compiled once for each stretch of days in which nothing changes. In the law each item is
a parameter of its own (`registry.account_types.trading`), with its own dates and article; the
shapes below say what such an item may contain, and the loader refuses any other. The elements are
those of Regulation (EC) No 2216/2004, Annexes I, VI and IX, and of the regulations after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from openets.kernel.records import type_code

ITEMS = "registry."
ACCOUNT_TYPES = "registry.account_types."
UNIT_TYPES = "registry.unit_types."
TRANSACTION_TYPES = "registry.transaction_types."
STATUSES = "registry.statuses."
REGISTRIES = "registry.registries."
UNIT_CODES = "registry.unit_codes"
TRANSACTION_SIZE = "registry.transaction_size"
RECONCILIATION = "registry.reconciliation"


@dataclass(frozen=True, slots=True)
class AccountType:
    """A type of account. `units` are the unit types it may hold, that is, receive."""

    key: str
    name: str
    eutl_code: str | None  # as the transaction log publishes it, '100-7'; None where not known
    number_type: int | None  # the three digits of an account number; None: it has none here
    terminal: bool  # units end here
    operator: bool  # held by the operator of an installation or aircraft
    central: bool  # in the central registry rather than a national one
    units: frozenset[str]


@dataclass(frozen=True, slots=True)
class UnitType:
    """A type of unit. `usable_from` and `usable_until` are years of emissions, both included."""

    key: str
    name: str
    unit_code: int
    supplementary: int
    usable_from: int | None
    usable_until: int | None
    original_period: int


@dataclass(frozen=True, slots=True)
class TransactionType:
    """A type of transaction, with the account types and units it is open to.

    `transferring` and `acquiring` say which account types may stand on each side; `routes` says it
    in pairs (from, to) and is the stricter statement. The first of a pair is empty where units are
    created.
    """

    code: int  # main code x 1000 + supplementary code
    label: str  # '10-53'
    name: str
    creates: bool  # units come into being: there is no transferring account
    transferring: frozenset[str]
    acquiring: frozenset[str]
    routes: frozenset[tuple[str, str]]
    units: frozenset[str]
    surrenders: bool
    reverses: bool  # may take units out of a terminal account
    undoes: frozenset[str]  # labels of the types it moves back; empty: it undoes nothing
    replaces: bool  # units ended by it entitle to as many replacement units
    allocates: bool  # free allocation
    applicable_period: int | None  # the commitment period its units count for; None: any


@dataclass(frozen=True, slots=True)
class Status:
    """A status of an account: the transaction types it may send and receive (None: all).

    Some statuses leave administrators more to send than other people. A record does not say who
    asked for it, so `sends` is what somebody may send, and what the books check; `others_send` is
    what is left to who is no administrator, and is checked where people ask.
    `representatives` says what is left to them: to `act`, to `view`, or `nothing`. `becomes` are
    the statuses that may follow (None: the law does not say); `becomes_if_holding` those that
    follow only where the account may hold one of the units. `set_by` are the classes of persons
    who may give an account this status, `reached_by` what gives it.
    """

    key: str
    name: str
    sends: frozenset[int] | None
    others_send: frozenset[int] | None
    receives: frozenset[int] | None
    representatives: str = "act"
    becomes: frozenset[str] | None = None
    becomes_if_holding: Mapping[str, frozenset[str]] = field(default_factory=dict)
    set_by: tuple[str, ...] = ()
    reached_by: str = "change"


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of a day. `blocks_at_most` bounds the unit blocks of a transaction (None: no).

    `reconciled` are the units that stand still while the books are compared (None: all of them).
    """

    account_types: dict[str, AccountType]
    unit_types: dict[str, UnitType]
    transaction_types: dict[int, TransactionType]
    statuses: dict[str, Status]
    registries: dict[str, str]
    unit_codes: frozenset[tuple[int, int]]
    blocks_at_most: int | None
    reconciled: frozenset[str] | None

    def stands_still(self, unit: str) -> bool:
        """True if units of a type do not move while the books are compared."""
        return self.reconciled is None or unit in self.reconciled

    def is_unit_code(self, unit_code: int, supplementary: int) -> bool:
        """True if the pair is one a unit identification code may carry on that day."""
        return (unit_code, supplementary) in self.unit_codes


# -- the shapes of the items in the law ----------------------------------------------------------

Name = Annotated[str, Field(min_length=1)]
Key = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Label = Annotated[str, Field(pattern=r"^\d{1,2}-\d{1,3}$")]
Code = Annotated[int, Field(ge=0, le=99)]
Keys = tuple[Key, ...]
SetBy = Literal["administrator", "central administrator", "authority", "system"]


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class AccountTypeRow(_Row):
    """`registry.account_types.<key>`"""

    name: Name
    eutl_code: Annotated[str, Field(pattern=r"^\d{1,3}-\d{1,2}$")] | None = None
    number_type: Annotated[int, Field(ge=0, le=999)] | None
    terminal: bool = False
    operator: bool = False
    central: bool = False
    units: Keys


class UnitTypeRow(_Row):
    """`registry.unit_types.<key>`"""

    name: Name
    unit_code: Code
    supplementary: Code
    usable_from: int | None = None
    usable_until: int | None = None
    original_period: Code


class RouteRow(_Row):
    """Units may go from each of these account types to each of those."""

    from_: Annotated[Keys, Field(alias="from")] = ()
    to: Annotated[Keys, Field(min_length=1)]

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Every permitted pair of account types; the first is empty where units are created."""
        for source in self.from_ or ("",):
            for target in self.to:
                yield source, target


class TransactionTypeRow(_Row):
    """`registry.transaction_types.<label>`"""

    name: Name
    routes: Annotated[tuple[RouteRow, ...], Field(min_length=1)]
    units: Annotated[Keys, Field(min_length=1)]
    creates: bool = False
    surrenders: bool = False
    reverses: bool = False
    undoes: tuple[Label, ...] = ()
    replaces: bool = False
    allocates: bool = False
    applicable_period: Code | None = None

    @model_validator(mode="after")
    def _routes_fit(self) -> TransactionTypeRow:
        for route in self.routes:
            if self.creates == bool(route.from_):
                raise ValueError("a route has `from`, unless the transaction creates units")
        return self


class StatusRow(_Row):
    """`registry.statuses.<key>`"""

    name: Name
    sends: tuple[Label, ...] | None = None
    administrators_send_all_but: tuple[Label, ...] | None = None
    receives: tuple[Label, ...] | None = None
    representatives: Literal["act", "view", "nothing"] = "act"
    becomes: Keys | None = None
    becomes_if_holding: dict[Key, Keys] = {}
    set_by: tuple[SetBy, ...] = ("administrator", "central administrator")
    reached_by: Literal["change", "closing", "handover"] = "change"


class _RegistryRow(_Row):
    name: Name


class _UnitCodesRow(_Row):
    pairs: tuple[tuple[Code, Code], ...]


class _TransactionSizeRow(_Row):
    blocks_at_most: Annotated[int, Field(ge=1)]


class _ReconciliationRow(_Row):
    units: Annotated[Keys, Field(min_length=1)]


ITEM_ROWS: dict[str, type[_Row]] = {
    ACCOUNT_TYPES: AccountTypeRow,
    UNIT_TYPES: UnitTypeRow,
    TRANSACTION_TYPES: TransactionTypeRow,
    STATUSES: StatusRow,
    REGISTRIES: _RegistryRow,
    UNIT_CODES: _UnitCodesRow,
    TRANSACTION_SIZE: _TransactionSizeRow,
    RECONCILIATION: _ReconciliationRow,
}


def thaw(value: Any) -> Any:
    """Read-only mappings as dicts, so that the shapes can read them; tuples stay tuples."""
    if isinstance(value, Mapping):
        return {key: thaw(item) for key, item in value.items()}
    return tuple(thaw(item) for item in value) if isinstance(value, tuple) else value


def check_item(path: str, value: Any) -> list[str]:
    """What is wrong with the value of an item, as sentences; other parameters have no shape."""
    if not path.startswith(ITEMS):
        return []
    for prefix, row in ITEM_ROWS.items():
        if path.startswith(prefix):
            try:
                row.model_validate(thaw(value))
            except ValidationError as error:
                return [describe(one["loc"], one["msg"]) for one in error.errors()]
            if prefix == TRANSACTION_TYPES:
                return _check_label(path.removeprefix(prefix))
            return []
    return [f"{path} is no item the register knows: {', '.join(sorted(ITEM_ROWS))}."]


def _check_label(label: str) -> list[str]:
    try:
        type_code(label)
    except ValueError as error:
        return [str(error)]
    return []


def describe(place: Iterable[int | str], message: str) -> str:
    """A pydantic finding as a sentence that names its place."""
    where = ".".join(str(part) for part in place)
    said = message.removeprefix("Value error, ")
    said = said.replace("Extra inputs are not permitted", "This key is unknown")
    said = said[:1].lower() + said[1:]
    return f"{where}: {said}." if where else f"{said[:1].upper()}{said[1:]}."


def unknown_names(path: str, value: Any, paths: set[str]) -> list[str]:
    """Account types, unit types and transaction types an item names and no parameter defines."""
    named: list[str] = []
    if path.startswith((ACCOUNT_TYPES, RECONCILIATION)):
        named = [UNIT_TYPES + unit for unit in value["units"]]
    elif path.startswith(TRANSACTION_TYPES):
        named = [UNIT_TYPES + unit for unit in value["units"]]
        for route in value["routes"]:
            named += [ACCOUNT_TYPES + key for key in (*route.get("from", ()), *route["to"])]
    elif path.startswith(STATUSES):
        for side in ("sends", "administrators_send_all_but", "receives"):
            named += [TRANSACTION_TYPES + label for label in value.get(side) or ()]
        bound = value.get("becomes_if_holding") or {}
        named += [STATUSES + key for key in (*(value.get("becomes") or ()), *bound)]
        named += [UNIT_TYPES + unit for units in bound.values() for unit in units]
    return [f"{path} names {one}, which is not defined." for one in named if one not in paths]


# -- compiling -----------------------------------------------------------------------------------


def compile_tables(in_force: Mapping[str, Any]) -> Tables:
    """The tables of a day from the values in force on it, by path.

    An item may name account types or units that are not in force on the day; they fall away here,
    so that whatever a table names, a table has.
    """
    rows = {path: thaw(value) for path, value in in_force.items()}
    accounts = {key: AccountTypeRow.model_validate(row) for key, row in _under(rows, ACCOUNT_TYPES)}
    units = {key: UnitTypeRow.model_validate(row) for key, row in _under(rows, UNIT_TYPES)}
    transactions = [
        _compile_transaction(label, TransactionTypeRow.model_validate(row), accounts, units)
        for label, row in _under(rows, TRANSACTION_TYPES)
    ]
    codes = {one.code for one in transactions}
    return Tables(
        account_types={
            key: AccountType(
                key=key,
                name=row.name,
                eutl_code=row.eutl_code,
                number_type=row.number_type,
                terminal=row.terminal,
                operator=row.operator,
                central=row.central,
                units=frozenset(row.units).intersection(units),
            )
            for key, row in accounts.items()
        },
        unit_types={key: UnitType(key=key, **row.model_dump()) for key, row in units.items()},
        transaction_types={one.code: one for one in transactions},
        statuses={
            key: _compile_status(key, StatusRow.model_validate(row), codes)
            for key, row in _under(rows, STATUSES)
        },
        registries={key: row["name"] for key, row in _under(rows, REGISTRIES)},
        unit_codes=frozenset(rows.get(UNIT_CODES, {}).get("pairs", ())),
        blocks_at_most=rows.get(TRANSACTION_SIZE, {}).get("blocks_at_most"),
        reconciled=(
            frozenset(rows[RECONCILIATION]["units"]).intersection(units)
            if RECONCILIATION in rows
            else None
        ),
    )


def _under(rows: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for path, row in rows.items():
        if path.startswith(prefix):
            yield path.removeprefix(prefix), row


def _compile_transaction(
    label: str,
    row: TransactionTypeRow,
    accounts: Mapping[str, AccountTypeRow],
    units: Mapping[str, UnitTypeRow],
) -> TransactionType:
    routes = frozenset(
        (source, target)
        for route in row.routes
        for source, target in route.pairs()
        if target in accounts and (not source or source in accounts)
    )
    return TransactionType(
        code=type_code(label),
        label=label,
        name=row.name,
        creates=row.creates,
        transferring=frozenset(source for source, _ in routes if source),
        acquiring=frozenset(target for _, target in routes),
        routes=routes,
        units=frozenset(row.units).intersection(units),
        surrenders=row.surrenders,
        reverses=row.reverses,
        undoes=frozenset(row.undoes),
        replaces=row.replaces,
        allocates=row.allocates,
        applicable_period=row.applicable_period,
    )


def _compile_status(key: str, row: StatusRow, codes: set[int]) -> Status:
    def permitted(labels: tuple[str, ...] | None) -> frozenset[int] | None:
        return None if labels is None else frozenset(map(type_code, labels)) & codes

    others, receives = permitted(row.sends), permitted(row.receives)
    barred = permitted(row.administrators_send_all_but)
    sends = others if others is None or barred is None else others | (codes - barred)
    return Status(
        key=key,
        name=row.name,
        sends=sends,
        others_send=others,
        receives=receives,
        representatives=row.representatives,
        becomes=None if row.becomes is None else frozenset(row.becomes),
        becomes_if_holding={
            status: frozenset(units) for status, units in row.becomes_if_holding.items()
        },
        set_by=row.set_by,
        reached_by=row.reached_by,
    )
