"""Stored proposals: the tables that the order of things at the desk rests on.

A proposal is a command by name and the JSON of what it asks. Its state moves by one conditional
write, so that of two people who decide at once one is first and the other is told. Every move
leaves its line of the audit trail, its task and its notices in the same durable write.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import NamedTuple

from openets.desk import said as texts
from openets.desk.said import Said
from openets.desk.trail import Asked, Event, Trail
from openets.kernel.actor import Actor
from openets.kernel.clock import moment
from openets.storage.database import Database, StorageError

DRAFTED = "drafted"  # stored, its reservation not yet certain
AWAITING = "awaiting approval"
DELAYED = "delayed"
COMPLETED = "completed"
TERMINATED = "terminated"
REJECTED = "rejected"
WITHDRAWN = "withdrawn"
CANCELLED = "cancelled"
EXPIRED = "expired"
FINAL = (COMPLETED, TERMINATED, REJECTED, WITHDRAWN, CANCELLED, EXPIRED)

TABLES = (
    "CREATE TABLE desk_meta (key TEXT PRIMARY KEY, value {bytes} NOT NULL)",
    "CREATE TABLE proposal (number {id} PRIMARY KEY, command TEXT NOT NULL, body TEXT NOT NULL,"
    " registry TEXT NOT NULL, proposer {id} NOT NULL, created {id} NOT NULL,"
    " expires {id} NOT NULL, state TEXT NOT NULL, needs TEXT NOT NULL, decider {id} NOT NULL,"
    " execute_at {id} NOT NULL, reason TEXT NOT NULL, citation TEXT NOT NULL,"
    " result {id} NOT NULL, why TEXT NOT NULL, settled {id} NOT NULL)",
    "CREATE INDEX proposal_state ON proposal (state, execute_at)",
)
_COLUMNS = (
    "number, command, body, registry, proposer, created, expires, state, needs, decider,"
    " execute_at, reason, citation, result, why, settled"
)


class Proposal(NamedTuple):
    """A stored proposal. Instants are microseconds since 1970, 0 where there is none.

    `needs` says why a second person is needed, empty if none is, `reason` why it is carried out
    when it is: both as stored, without a language. `result` is the ledger's record, 0 while there
    is none; `why` the reason of a refusal, a withdrawal or a termination. `settled`
    is 1 once nothing is left reserved for it.
    """

    number: int
    command: str
    body: str
    registry: str
    proposer: int
    created: int
    expires: int
    state: str
    needs: str
    decider: int
    execute_at: int
    reason: str
    citation: str
    result: int
    why: str
    settled: int = 0

    @property
    def why_two(self) -> Said:
        """Why a second person is needed."""
        return texts.read(self.needs)

    @property
    def why_then(self) -> Said:
        """Why it is carried out when it is."""
        return texts.read(self.reason)

    @property
    def days_open(self) -> int:
        """How many days it could be decided on, if it expires."""
        return (moment(self.expires) - moment(self.created)).days

    @property
    def undecided(self) -> Said:
        """Why it expired."""
        return Said("nobody-decided", {"days": self.days_open})


class Line(NamedTuple):
    """What a move leaves in the audit trail: when, by whom, about which account, what."""

    at: int
    actor: Actor
    account: int
    said: Said


class Change(NamedTuple):
    """What a move of a proposal writes beside its state; None leaves a column as it is."""

    decider: int | None = None
    execute_at: int | None = None
    reason: str | None = None
    citation: str | None = None
    result: int | None = None
    why: str | None = None
    settled: int | None = None


def nothing() -> None:
    """Nothing is written beside a move."""


class Proposals:
    """The desk's tables in one database, of one store."""

    def __init__(self, database: Database, store: bytes) -> None:
        self.database = database
        self.trail = Trail(database)
        if not database.has_table("desk_meta"):
            with database.durable("desk.create"):
                for table in TABLES:
                    database.run(table)
                for key, value in (("store", store), ("desk", secrets.token_bytes(16))):
                    database.run("INSERT INTO desk_meta VALUES (?, ?)", (key, value))
        meta = dict(database.rows("SELECT key, value FROM desk_meta"))
        if bytes(meta["store"]) != store:
            raise StorageError(f"The desk's database at {database.url} belongs to another store.")
        # Tells a desk apart from one that was lost, whose numbers begin again.
        self.identity = bytes(meta["desk"]).hex()

    def add(self, proposal: Proposal, line: Line) -> Proposal:
        """Stores a proposal under the next number, with its line of the audit trail."""
        with self.database.durable("desk.propose"):
            number = self.database.next_number("proposal")
            stored = proposal._replace(number=number)
            marks = ", ".join("?" * len(stored))
            self.database.run(f"INSERT INTO proposal ({_COLUMNS}) VALUES ({marks})", stored)
            self._note(stored, line)
        return stored

    def move(
        self,
        proposal: Proposal,
        to: str,
        line: Line,
        change: Change,
        beside: Callable[[], None] = nothing,
    ) -> bool:
        """Moves a proposal from its state to another; False if it was no longer in it.

        `beside` writes what belongs into the same durable write: tasks and notices.
        """
        written = {name: value for name, value in change._asdict().items() if value is not None}
        columns = "".join(f", {name} = ?" for name in written)
        with self.database.durable("desk.move"):
            moved = self.database.run(
                f"UPDATE proposal SET state = ?{columns} WHERE number = ? AND state = ?",
                (to, *written.values(), proposal.number, proposal.state),
            )
            if moved:
                self._note(proposal, line)
                beside()
        return bool(moved)

    def _note(self, proposal: Proposal, line: Line) -> None:
        self.trail.write(
            line.at, line.actor, proposal.registry, line.account, line.said, proposal.number
        )

    def settle(self, number: int) -> None:
        """Notes that nothing is reserved any more for a proposal that has ended."""
        with self.database.durable("desk.settle"):
            self.database.run("UPDATE proposal SET settled = 1 WHERE number = ?", (number,))

    def unsettled(self) -> list[Proposal]:
        """Proposals that have ended and may still have something reserved."""
        return [one for one in self.in_state(*FINAL) if not one.settled]

    # -- reads ----------------------------------------------------------------------------------

    def get(self, number: int) -> Proposal | None:
        """A proposal, or None."""
        found = self.database.row(f"SELECT {_COLUMNS} FROM proposal WHERE number = ?", (number,))
        return Proposal._make(found) if found else None

    def in_state(self, *states: str) -> list[Proposal]:
        """The proposals in these states, by the instant they are due, then by number."""
        marks = ", ".join("?" * len(states))
        rows = self.database.rows(
            f"SELECT {_COLUMNS} FROM proposal WHERE state IN ({marks}) ORDER BY execute_at, number",
            states,
        )
        return [Proposal._make(row) for row in rows]

    def every(self) -> list[Proposal]:
        """All proposals, newest first."""
        rows = self.database.rows(f"SELECT {_COLUMNS} FROM proposal ORDER BY number DESC")
        return [Proposal._make(row) for row in rows]

    def events(self, proposal: int | None = None) -> Iterator[Event]:
        """The audit trail, oldest first; of one proposal if it is named."""
        return self.trail.events(Asked(proposal=proposal or 0))
