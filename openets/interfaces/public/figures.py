"""What the page shows: read from the query tables, and read anew only when they have moved.

Nothing here needs the writer: figures are those of the query tables, which say themselves up to
which record they go, and the head is what the log has signed and stored.
"""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

from openets.interfaces.public.publication import Publication, kept_back, publication
from openets.interfaces.public.tables import Table
from openets.kernel.batch import TreeHead
from openets.kernel.clock import Clock, SystemClock, moment
from openets.ledger import sums
from openets.ledger.store import Store
from openets.rulebook.model import UnknownPath
from openets.rulebook.tables import ACCOUNT_TYPES, UNIT_TYPES
from openets.storage.database import Database, StorageError
from openets.translog.client import newest_head

OPEN = "open"
GROUP = 4  # hexadecimal digits that the eye takes in together


class Figures(NamedTuple):
    """Everything on the page but the head.

    `record` and `recorded` are the last record in the query tables and when the log recorded it;
    `as_of` says in words of when the totals are.
    """

    record: int
    recorded: datetime | None
    as_of: str
    law: Publication
    tables: tuple[Table, ...]
    open_accounts: int
    registries: int

    def table(self, name: str) -> Table | None:
        """A table by its name."""
        return next((one for one in self.tables if one.name == name), None)


class Sum(NamedTuple):
    """What a registry's or a type's accounts hold of a unit; None where it is kept back."""

    place: str
    unit: str
    accounts: int | None
    units: int | None


class Head(NamedTuple):
    """The log's newest signed head, in the words of `openets log head`."""

    size: int
    recorded: datetime
    root: str
    chain: str
    signature: str
    log_key: str
    fingerprint: str

    def as_dict(self) -> dict[str, str | int]:
        """The same names and values as `openets log head --json`, and the fingerprint."""
        return {
            "records": self.size,
            "recorded": self.recorded.isoformat(),
            "root": self.root,
            "chain": self.chain,
            "signature": self.signature,
            "log key": self.log_key,
            "fingerprint": self.fingerprint,
        }


class Reader:
    """Reads the figures of one store, and keeps them until the query tables or the day move on."""

    def __init__(self, store: Store, clock: Clock | None = None) -> None:
        self.store = store
        self._clock = clock or SystemClock()
        self._turn = threading.Lock()
        self._kept: tuple[tuple[int, bytes, int | None], Figures] | None = None

    def figures(self) -> Figures:
        """The figures as of now; raises `StorageError` if the query tables cannot be read."""
        with (
            self._turn,
            closing(Database(self.store.query_url, name="query", read_only=True)) as database,
        ):
            record, head = mark(database)
            law = publication(self.store.rulebook, self._clock.now())
            key = (record, head, law.before)
            if self._kept is None or self._kept[0] != key:
                self._kept = (key, self._read(database, record, law))
            return self._kept[1]

    def head(self) -> Head | None:
        """The log's newest signed head, None for an empty log."""
        found = newest_head(self.store.log_directory)
        return _head(found, self.store.log_key) if found is not None else None

    def _read(self, database: Database, record: int, law: Publication) -> Figures:
        counted = sums.accounts(database, law.before)
        held = sums.holdings(database, law.before)
        row = database.row("SELECT recorded FROM record WHERE sequence = ?", (record,))
        return Figures(
            record=record,
            recorded=moment(row[0]) if row else None,
            as_of=_as_of(law, record),
            law=law,
            tables=(
                self._accounts(counted),
                self._by_registry(held, law),
                self._by_type(held, law),
            ),
            open_accounts=sum(one.accounts for one in counted if one.status == OPEN),
            registries=len({one.registry for one in counted}),
        )

    def _accounts(self, counted: list[sums.Counted]) -> Table:
        every: Counter[str] = Counter()
        still_open: Counter[str] = Counter()
        for one in counted:
            every[one.registry] += one.accounts
            still_open[one.registry] += one.accounts if one.status == OPEN else 0
        rows = tuple((name, still_open[name], every[name]) for name in sorted(every))
        columns = ("Registry", "Open accounts", "All accounts")
        return Table("accounts", "Accounts by registry", columns, rows)

    def _by_registry(self, held: list[sums.Held], law: Publication) -> Table:
        rows = _divided([(one.registry, one) for one in held], law)
        named = [one._replace(unit=self._unit(one.unit)) for one in rows]
        return _holdings("holdings-by-registry", "Units by registry", "Registry", named, law)

    def _by_type(self, held: list[sums.Held], law: Publication) -> Table:
        rows = _divided([(one.type, one) for one in held], law)
        named = [
            one._replace(place=self._name(ACCOUNT_TYPES, one.place), unit=self._unit(one.unit))
            for one in rows
        ]
        return _holdings("holdings-by-type", "Units by type of account", "Account type", named, law)

    def _unit(self, key: str) -> str:
        return self._name(UNIT_TYPES, key)

    def _name(self, path: str, key: str) -> str:
        """The name the law gives an account type or a type of unit."""
        try:
            return str(self.store.rulebook.parameter(path + key).values[-1].value["name"])
        except UnknownPath:
            return key


def mark(database: Database) -> tuple[int, bytes]:
    """How far the query tables are: the last record and the chain's head there."""
    if not database.has_table("mark"):
        raise StorageError("There are no query tables; `openets restore query` makes them.")
    found = database.row("SELECT sequence, head FROM mark WHERE name = 'journal'")
    return (int(found[0]), bytes(found[1])) if found else (0, b"")


def _divided(held: list[tuple[str, sums.Held]], law: Publication) -> list[Sum]:
    """Units and the accounts that hold them, by a division; without what is to be kept back."""
    accounts: Counter[tuple[str, str]] = Counter()
    units: Counter[tuple[str, str]] = Counter()
    for place, one in held:
        accounts[one.unit, place] += one.accounts
        units[one.unit, place] += one.units
    hidden: set[tuple[str, str]] = set()
    for unit in {unit for unit, _ in units} if law.confidential else ():
        cells = sorted(cell for cell in units if cell[0] == unit)
        hidden |= {cells[place] for place in kept_back([accounts[cell] for cell in cells])}
    return [
        Sum(place, unit, None, None)
        if (unit, place) in hidden
        else Sum(place, unit, accounts[unit, place], units[unit, place])
        for unit, place in units
    ]


def _holdings(
    name: str,
    title: str,
    first: str,
    rows: list[Sum],
    law: Publication,
) -> Table:
    columns = (first, "Unit", "Accounts", "Units")
    hidden = any(one.units is None for one in rows)
    note = (
        "A sum that would tell what one account holds is kept back: holdings are confidential "
        f"({law.confidential})."
        if hidden
        else ""
    )
    ordered = sorted(rows, key=lambda one: (one.place, one.unit))
    return Table(name, title, columns, tuple(ordered), note, law.totals, grouped=True)


def _as_of(law: Publication, record: int) -> str:
    if law.before is None:
        return f"as of record {record:,}"
    day = moment(law.before) - timedelta(days=1)
    return f"at the end of {day.day} {day:%B %Y} (UTC)"


def _head(found: TreeHead, key: bytes) -> Head:
    digest = sha256(key).hexdigest()
    return Head(
        size=found.size,
        recorded=moment(found.recorded).astimezone(UTC),
        root=found.root.hex(),
        chain=found.head.hex(),
        signature=found.signature.hex(),
        log_key=key.hex(),
        fingerprint=" ".join(digest[at : at + GROUP] for at in range(0, len(digest), GROUP)),
    )
