"""Account holders: who they are by number and by documents, and whose an account is.

A holder is registered, and its data changed, by a proposal like all else: entered by one
administrator, approved by another. Documents are kept by reference (the administrator's file and
page), never by content; names are not kept at all.
"""

from __future__ import annotations

import json
from typing import NamedTuple

from openets.storage.database import Database

TABLE = (
    "CREATE TABLE account_holder (number {id} PRIMARY KEY, registry TEXT NOT NULL,"
    " kind TEXT NOT NULL, country TEXT NOT NULL, registration TEXT, lei TEXT, vat TEXT,"
    " documents TEXT NOT NULL, origin TEXT NOT NULL)"
)
_COLUMNS = "number, registry, kind, country, registration, lei, vat, documents"


class Holder(NamedTuple):
    """An account holder; `documents` are references by the name of the document."""

    number: int
    registry: str
    kind: str
    country: str
    registration: str | None
    lei: str | None
    vat: str | None
    documents: dict[str, str]


class Holders:
    """The holders in the desk's database; `origin` is the key of what registered one."""

    def __init__(self, database: Database) -> None:
        self.database = database
        if not database.has_table("account_holder"):
            with database.durable("people.create-holders"):
                database.run(TABLE)

    def add(self, holder: Holder, origin: str) -> Holder:
        """A new holder under the next number, once for an origin."""
        with self.database.durable("people.holder"):
            found = self.database.row(
                "SELECT number FROM account_holder WHERE origin = ?", (origin,)
            )
            if found:
                return holder._replace(number=int(found[0]))
            stored = holder._replace(number=self._next())
            self.database.run(
                "INSERT INTO account_holder VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*stored[:-1], json.dumps(stored.documents), origin),
            )
        return stored

    def change(self, holder: Holder) -> None:
        """The holder is from here on as stated."""
        with self.database.durable("people.holder-change"):
            self.database.run(
                "UPDATE account_holder SET registry = ?, kind = ?, country = ?, registration = ?,"
                " lei = ?, vat = ?, documents = ? WHERE number = ?",
                (*holder[1:-1], json.dumps(holder.documents), holder.number),
            )

    def get(self, number: int) -> Holder | None:
        """A holder, or None."""
        found = self.database.row(
            f"SELECT {_COLUMNS} FROM account_holder WHERE number = ?", (number,)
        )
        return _holder(found) if found else None

    def every(self) -> list[Holder]:
        """All holders by number."""
        rows = self.database.rows(f"SELECT {_COLUMNS} FROM account_holder ORDER BY number")
        return [_holder(row) for row in rows]

    def _next(self) -> int:
        if not self.database.is_sqlite:  # on SQLite the open transaction is the only one
            self.database.run("LOCK TABLE account_holder IN EXCLUSIVE MODE")
        found = self.database.row("SELECT COALESCE(MAX(number), 0) + 1 FROM account_holder")
        return int(found[0]) if found else 1


def _holder(row: tuple[object, ...]) -> Holder:
    return Holder._make((*row[:-1], json.loads(str(row[-1]))))
