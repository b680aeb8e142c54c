"""Where persons are reached: an address and a language, apart from everything they did.

The address is the only thing here that may name somebody. It stands in a table of its own, so that
it can be corrected or removed; neither books nor audit trail nor outbox repeat it.
"""

from __future__ import annotations

from openets.desk.directory import Contact
from openets.storage.database import Database

TABLE = (
    "CREATE TABLE contact (person {id} PRIMARY KEY, address TEXT NOT NULL, language TEXT NOT NULL)"
)


class Contacts:
    """The contacts in the desk's database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        if not database.has_table("contact"):
            with database.durable("people.create-contacts"):
                database.run(TABLE)

    def get(self, person: int) -> Contact:
        """Where a person is reached; no address if none is known."""
        found = self.database.row(
            "SELECT address, language FROM contact WHERE person = ?", (person,)
        )
        return Contact._make(found) if found else Contact()

    def put(self, person: int, contact: Contact) -> None:
        """A person is reached there from here on."""
        with self.database.durable("people.contact"):
            self.database.run("DELETE FROM contact WHERE person = ?", (person,))
            self.database.run("INSERT INTO contact VALUES (?, ?, ?)", (person, *contact))
