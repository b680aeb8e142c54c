"""Keys to enrol that were made and not yet entered: digests, so that nobody reads a key here."""

from __future__ import annotations

from typing import NamedTuple

from openets.storage.database import Database

TABLE = (
    "CREATE TABLE enrolment (person {id} PRIMARY KEY, digest {bytes} NOT NULL, until {id} NOT NULL)"
)


class Enrolling(NamedTuple):
    """The digest of the key made last for a person, and until when it is good."""

    digest: bytes
    until: int


class Enrolments:
    """Who waits with which key, in the desk's database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        if not database.has_table("enrolment"):
            with database.durable("people.create-enrolments"):
                database.run(TABLE)

    def of(self, person: int) -> Enrolling | None:
        """What is kept for a person, None if no key was made."""
        found = self.database.row("SELECT digest, until FROM enrolment WHERE person = ?", (person,))
        return Enrolling(bytes(found[0]), int(found[1])) if found else None

    def put(self, person: int, kept: Enrolling) -> None:
        """A key was made; belongs inside a durable write."""
        self.drop(person)
        self.database.run("INSERT INTO enrolment VALUES (?, ?, ?)", (person, *kept))

    def drop(self, person: int) -> None:
        """No key is good any more; belongs inside a durable write."""
        self.database.run("DELETE FROM enrolment WHERE person = ?", (person,))
