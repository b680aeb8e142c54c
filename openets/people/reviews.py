"""When the data of accounts and verifiers were last looked through, and when they are due again.

The law gives the years between two reviews; operators and verifiers have longer ones. Opening an
account counts as the first review: its documents were complete on that day.
"""

from __future__ import annotations

from datetime import date

from openets.storage.database import Database

ACCOUNT, VERIFIER = "account", "verifier"
TABLE = (
    "CREATE TABLE review (subject TEXT NOT NULL, number {id} NOT NULL, day TEXT NOT NULL,"
    " PRIMARY KEY (subject, number))"
)


def due_on(last: date | None, years: int) -> date:
    """The day of the next review: so many years after the last; what never had one is overdue.

    A review on 29 February is due again on 28 February of a year that has no other.
    """
    if last is None:
        return date.min
    try:
        return last.replace(year=last.year + years)
    except ValueError:
        return last.replace(year=last.year + years, day=last.day - 1)


class Reviews:
    """The reviews in the desk's database, the last of each account and verifier."""

    def __init__(self, database: Database) -> None:
        self.database = database
        if not database.has_table("review"):
            with database.durable("people.create-reviews"):
                database.run(TABLE)

    def note(self, subject: str, number: int, day: date) -> None:
        """An account or a verifier was reviewed on a day."""
        with self.database.durable("people.review"):
            self.database.run(
                "DELETE FROM review WHERE subject = ? AND number = ?", (subject, number)
            )
            self.database.run("INSERT INTO review VALUES (?, ?, ?)", (subject, number, str(day)))

    def last(self, subject: str, number: int) -> date | None:
        """The day of the last review, or None."""
        found = self.database.row(
            "SELECT day FROM review WHERE subject = ? AND number = ?", (subject, number)
        )
        return date.fromisoformat(str(found[0])) if found else None
