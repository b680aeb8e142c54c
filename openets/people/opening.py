"""Opening the office of a store: the books' writer, the desk's database, and the desk itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import NamedTuple

from openets.desk.delivery import delivery_of
from openets.desk.desk import Desk
from openets.desk.directory import Directory
from openets.desk.inbox import Inbox
from openets.desk.outbox import Kept, Outbox
from openets.desk.proposals import AWAITING, DELAYED, DRAFTED, Proposal, Proposals
from openets.kernel.clock import Clock, SystemClock, instant
from openets.ledger import reads
from openets.ledger.post import Writer
from openets.ledger.reads import Entry, RecordView
from openets.ledger.store import Store
from openets.ledger.writing import writing
from openets.people.asked import Asked
from openets.people.bulk import Bulk
from openets.people.by_itself import SYSTEM_ACTOR
from openets.people.commands import load_command
from openets.people.contacts import Contacts
from openets.people.corrections import Correct
from openets.people.directory import OfficeDirectory
from openets.people.extension import Extension
from openets.people.office import Office
from openets.people.pending import Pending
from openets.people.register import Register
from openets.people.transactions import Move
from openets.storage.database import Database


class Opened(NamedTuple):
    """What is open: desk and inbox, the office behind them, the register of people."""

    desk: Desk
    office: Office
    register: Register
    inbox: Inbox
    directory: Directory

    def work(self, *, by_itself: bool = True) -> Iterator[Proposal]:
        """Does what is due, once: at the desk, by the law itself, in the inbox.

        Answers with each proposal as it then stands.
        """
        yield from self.desk.work()
        if by_itself:
            yield from self.by_itself()
        self.inbox.work()

    def by_itself(self) -> Iterator[Proposal]:
        """Does what the law does on its day.

        What a scheme finds due is proposed by the system, needs nobody's approval and is in the
        audit trail like everything else.
        """
        for extension in self.office.extensions:
            for body in extension.due(self.office):
                written = body.model_dump_json(exclude_none=True)
                yield self.desk.propose(SYSTEM_ACTOR, body.name, written)


MOVING = (Move.name, Correct.name, Bulk.name)  # commands that move units, by type, from an account
NAMING = ("account", "transferring", "acquiring", "listed")  # fields that name an account


def proposals_naming(proposals: Proposals, account: int) -> list[tuple[int, str]]:
    """The proposals that name an account and have not ended, by number and command."""
    found = []
    for one in proposals.in_state(DRAFTED, AWAITING, DELAYED):
        body = json.loads(one.body)
        if any(body.get(field) == account for field in NAMING):
            found.append((one.number, one.command))
    return sorted(found)


def transactions_pending(proposals: Proposals) -> Iterator[Pending]:
    """The transactions that are proposed and have not ended; read only if somebody asks."""
    for one in proposals.in_state(DRAFTED, AWAITING, DELAYED):
        if one.command in MOVING:
            body = json.loads(one.body)
            yield Pending(body["type"], body.get("transferring", 0))


def desk_database(store: Store) -> Database:
    """The desk's database of a store."""
    return Database(store.desk_url, name="desk")


def open_desk(
    store: Store,
    database: Database,
    writer: Writer,
    clock: Clock,
    extensions: tuple[Extension, ...] = (),
) -> Opened:
    """The desk over an open writer, with what the schemes bring to it."""
    proposals = Proposals(database, store.store)
    register = Register(database)

    @contextmanager
    def tables() -> Iterator[Database]:
        projection = store.projection()
        with closing(projection.database):
            projection.catch_up(writer.journal)
            yield projection.database

    def record(sequence: int) -> RecordView | None:
        with tables() as found:
            return reads.record(found, sequence)

    def resting_on(sequence: int) -> int:
        with tables() as found:
            return reads.resting_on(found, sequence)

    def statement(account: int) -> list[Entry]:
        with tables() as found:
            return reads.statement(found, account)

    def undecided(account: int) -> list[tuple[int, str]]:
        return proposals_naming(proposals, account)

    office = Office(
        writer=writer,
        register=register,
        clock=clock,
        identity=proposals.identity,
        record=record,
        resting_on=resting_on,
        law_kept=store.law_directory,
        statement=statement,
        undecided=undecided,
        pending=lambda: transactions_pending(proposals),
        tables=tables,
        extensions=extensions,
    )

    def load(name: str, body: str) -> Asked:
        return load_command(office, name, body)

    directory = OfficeDirectory(office)
    desk = Desk(proposals, load, clock, directory)
    return Opened(desk, office, register, Inbox(desk), directory)


def send_notices(store: Store, clock: Clock | None = None) -> Iterator[Kept]:
    """Sends the notices that are due; answers with each as it then stands.

    It has a connection of its own and needs neither log nor writer: a mail server that takes its
    time holds up nothing else.
    """
    now = instant((clock or SystemClock()).now())
    with closing(desk_database(store)) as database:
        outbox = Outbox(database, Proposals(database, store.store).identity)
        yield from outbox.send(delivery_of(store.directory), Contacts(database).get, now)


@contextmanager
def opening(
    store: Store, clock: Clock | None = None, extensions: tuple[Extension, ...] = ()
) -> Iterator[Opened]:
    """The office of a store, with its log and writer; the query tables follow when it closes."""
    with closing(desk_database(store)) as database, writing(store) as writer:
        yield open_desk(store, database, writer, clock or SystemClock(), extensions)
        projection = store.projection()
        with closing(projection.database):
            projection.catch_up(writer.journal)
