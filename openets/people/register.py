"""Persons, representatives, trusted accounts, the choices of holders: what stands behind numbers.

A person goes by number and role; names and documents are kept by the administrator, not here. The
books know accounts; this register knows who may act for them. It lies in the desk's database, and
is changed by approved proposals only, except for the registering of persons.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import NamedTuple

from openets.desk.approval import Settings
from openets.kernel.actor import Actor
from openets.people.contacts import Contacts
from openets.people.enrolments import Enrolments
from openets.people.holders import Holders
from openets.people.operators import Operators
from openets.people.reviews import Reviews
from openets.people.roles import ACTIVE
from openets.people.verifiers import Verifiers
from openets.storage.database import Database

TABLES = (
    "CREATE TABLE person (number {id} PRIMARY KEY, role TEXT NOT NULL, registry TEXT,"
    " state TEXT NOT NULL, token {bytes} NOT NULL)",
    "CREATE TABLE holding (account {id} PRIMARY KEY, holder {id} NOT NULL)",
    "CREATE TABLE representative (account {id} NOT NULL, person {id} NOT NULL, held TEXT NOT NULL,"
    " state TEXT NOT NULL, PRIMARY KEY (account, person))",
    "CREATE TABLE trusted (account {id} NOT NULL, listed {id} NOT NULL, since {id} NOT NULL,"
    " PRIMARY KEY (account, listed))",
    "CREATE TABLE choice (account {id} PRIMARY KEY, second_for_trusted {id} NOT NULL,"
    " second_for_surrender {id} NOT NULL, outside_list_allowed {id} NOT NULL, ceiling {id})",
)
TOKEN_BYTES = 32


class Person(NamedTuple):
    """A person: role, the registry it belongs to (None: none), registered, active or stopped."""

    number: int
    role: str
    registry: str | None
    state: str

    @property
    def actor(self) -> Actor:
        """The person as an actor."""
        return Actor(self.number, self.role, self.registry)


class Representative(NamedTuple):
    """A person's right on an account, and whether it is active."""

    account: int
    person: int
    right: str
    state: str


class Register:
    """The register in the desk's database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        if not database.has_table("person"):
            with database.durable("people.create"):
                for table in TABLES:
                    database.run(table)
        self.contacts = Contacts(database)
        self.enrolments = Enrolments(database)
        self.holders = Holders(database)
        self.operators = Operators(database)
        self.verifiers = Verifiers(database)
        self.reviews = Reviews(database)

    # -- persons --------------------------------------------------------------------------------

    def add_person(
        self, role: str, registry: str | None, state: str = ACTIVE
    ) -> tuple[Person, str]:
        """A new person under the next number, and the token that proves it, told only once."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        with self.database.durable("people.person"):
            number = self._next("person")
            person = Person(number, role, registry, state)
            self.database.run(
                "INSERT INTO person VALUES (?, ?, ?, ?, ?)", (*person, _digest(token))
            )
        return person, token

    def person(self, number: int) -> Person | None:
        """A person by number, or None."""
        found = self.database.row(
            "SELECT number, role, registry, state FROM person WHERE number = ?", (number,)
        )
        return Person._make(found) if found else None

    def by_token(self, token: str) -> Person | None:
        """The person whose token this is, or None."""
        found = self.database.row(
            "SELECT number, role, registry, state FROM person WHERE token = ?", (_digest(token),)
        )
        return Person._make(found) if found else None

    def persons(self) -> list[Person]:
        """All persons by number."""
        rows = self.database.rows(
            "SELECT number, role, registry, state FROM person ORDER BY number"
        )
        return [Person._make(row) for row in rows]

    def in_roles(self, roles: tuple[str, ...]) -> list[Person]:
        """The persons of these roles by number."""
        marks = ", ".join("?" * len(roles))
        rows = self.database.rows(
            f"SELECT number, role, registry, state FROM person WHERE role IN ({marks})"
            " ORDER BY number",
            roles,
        )
        return [Person._make(row) for row in rows]

    def set_person_state(self, number: int, state: str) -> None:
        """A person is active or suspended from here on."""
        with self.database.durable("people.state"):
            self.put_person_state(number, state)

    def put_person_state(self, number: int, state: str) -> None:
        """The same inside the caller's durable write."""
        self.database.run("UPDATE person SET state = ? WHERE number = ?", (state, number))

    # -- holders --------------------------------------------------------------------------------

    def holder_of(self, account: int) -> int | None:
        """The number of an account's holder, or None."""
        found = self.database.row("SELECT holder FROM holding WHERE account = ?", (account,))
        return int(found[0]) if found else None

    def give(self, account: int, holder: int) -> None:
        """An account belongs to a holder from here on."""
        with self.database.durable("people.holding"):
            self.database.run("DELETE FROM holding WHERE account = ?", (account,))
            self.database.run("INSERT INTO holding VALUES (?, ?)", (account, holder))

    def held_by(self, holder: int) -> list[int]:
        """The accounts of a holder."""
        rows = self.database.rows(
            "SELECT account FROM holding WHERE holder = ? ORDER BY account", (holder,)
        )
        return [int(account) for (account,) in rows]

    def held(self) -> list[tuple[int, int]]:
        """Every account that has a holder, with it."""
        rows = self.database.rows("SELECT account, holder FROM holding ORDER BY account")
        return [(int(account), int(holder)) for account, holder in rows]

    # -- representatives ------------------------------------------------------------------------

    def representative(self, account: int, person: int) -> Representative | None:
        """What a person has on an account, or None."""
        found = self.database.row(
            "SELECT account, person, held, state FROM representative"
            " WHERE account = ? AND person = ?",
            (account, person),
        )
        return Representative._make(found) if found else None

    def representatives(self, account: int) -> list[Representative]:
        """All who have or had a right on an account."""
        rows = self.database.rows(
            "SELECT account, person, held, state FROM representative WHERE account = ?"
            " ORDER BY person",
            (account,),
        )
        return [Representative._make(row) for row in rows]

    def represented_by(self, person: int) -> list[int]:
        """The accounts on which a person has a right that is not removed."""
        rows = self.database.rows(
            "SELECT account FROM representative WHERE person = ? AND state <> 'removed'"
            " ORDER BY account",
            (person,),
        )
        return [int(account) for (account,) in rows]

    def appoint(self, account: int, person: int, right: str, state: str) -> None:
        """A person has this right on an account, in this state, from here on."""
        with self.database.durable("people.representative"):
            self.database.run(
                "DELETE FROM representative WHERE account = ? AND person = ?", (account, person)
            )
            self.database.run(
                "INSERT INTO representative VALUES (?, ?, ?, ?)", (account, person, right, state)
            )

    # -- trusted accounts and choices -----------------------------------------------------------

    def trusted_since(self, account: int, listed: int) -> int | None:
        """The instant from which an account of the list is trusted, or None."""
        found = self.database.row(
            "SELECT since FROM trusted WHERE account = ? AND listed = ?", (account, listed)
        )
        return int(found[0]) if found else None

    def trust(self, account: int, listed: int, since: int) -> None:
        """Puts an account on the list of another; it is trusted from an instant on."""
        with self.database.durable("people.trust"):
            self.database.run(
                "DELETE FROM trusted WHERE account = ? AND listed = ?", (account, listed)
            )
            self.database.run("INSERT INTO trusted VALUES (?, ?, ?)", (account, listed, since))

    def distrust(self, account: int, listed: int) -> None:
        """Takes an account off the list of another."""
        with self.database.durable("people.distrust"):
            self.database.run(
                "DELETE FROM trusted WHERE account = ? AND listed = ?", (account, listed)
            )

    def trusted(self, account: int) -> list[tuple[int, int]]:
        """The list of an account: (account, trusted from that instant on)."""
        rows = self.database.rows(
            "SELECT listed, since FROM trusted WHERE account = ? ORDER BY listed", (account,)
        )
        return [(int(listed), int(since)) for listed, since in rows]

    def settings(self, account: int, by_law: Settings) -> Settings:
        """What the holder of an account has chosen, else what the law gives."""
        found = self.database.row(
            "SELECT second_for_trusted, second_for_surrender, outside_list_allowed, ceiling"
            " FROM choice WHERE account = ?",
            (account,),
        )
        if found is None:
            return by_law
        trusted, surrender, outside, ceiling = found
        return Settings(
            second_for_trusted=bool(trusted),
            second_for_surrender=bool(surrender),
            outside_list_allowed=bool(outside),
            ceiling=None if ceiling is None else int(ceiling),
        )

    def choose(self, account: int, settings: Settings) -> None:
        """The holder's choice for an account from here on."""
        with self.database.durable("people.choice"):
            self.database.run("DELETE FROM choice WHERE account = ?", (account,))
            self.database.run(
                "INSERT INTO choice VALUES (?, ?, ?, ?, ?)",
                (
                    account,
                    int(settings.second_for_trusted),
                    int(settings.second_for_surrender),
                    int(settings.outside_list_allowed),
                    settings.ceiling,
                ),
            )

    def _next(self, table: str) -> int:
        if not self.database.is_sqlite:  # on SQLite the open transaction is the only one
            self.database.run(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
        found = self.database.row(f"SELECT COALESCE(MAX(number), 0) + 1 FROM {table}")
        return int(found[0]) if found else 1


def _digest(token: str) -> bytes:
    """Tokens are kept as digests: who reads the database cannot act for anybody."""
    return hashlib.sha256(token.encode()).digest()
