"""The small office on a day, as its inbox is used: people say what they want by number."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from openets.desk.audit import audit_trail
from openets.desk.delivery import Letter
from openets.desk.directory import Contact
from openets.desk.inbox import Inbox, Seen
from openets.desk.proposals import Proposal
from openets.desk.tasks import SUBMITTED, Document
from openets.desk.trail import Asked
from openets.kernel.clock import FixedClock, instant
from openets.ledger.store import Store
from openets.people.opening import Opened
from tests.small_office import KIND, MONDAY, person, staffed


class InboxDay:
    """An open office, its clock, and what its notices said."""

    def __init__(self, clock: FixedClock, office: Opened) -> None:
        self.clock, self.office = clock, office
        self.letters: list[Letter] = []

    @property
    def inbox(self) -> Inbox:
        return self.office.inbox

    def who(self, number: int) -> Any:
        return person(self.office, number)

    def propose(self, who: int, command: str, **fields: Any) -> Proposal:
        return self.office.desk.propose(self.who(who), command, json.dumps(fields))

    def transfer(self, who: int, sender: int, receiver: int, quantity: int) -> Proposal:
        fields = {"transferring": sender, "acquiring": receiver, "quantity": quantity}
        return self.propose(who, "transaction", type="10-0", kind=KIND, **fields)

    def approve(self, who: int, proposal: Proposal) -> Proposal:
        return self.office.desk.approve(self.who(who), proposal.number)

    def work(self) -> list[Proposal]:
        return list(self.office.work())

    def seen(self, who: int, number: int) -> Seen:
        return self.inbox.show(self.who(who), number)

    def numbers(self, who: int, *, ended: bool = False) -> list[int]:
        return [one.task.number for one in self.inbox.of(self.who(who), ended=ended)]

    def submit(self, who: int, task: int, name: str, content: bytes = b"scan") -> None:
        digest = hashlib.sha256(content).hexdigest()
        document = Document(name, SUBMITTED, f"{name}.pdf", len(content), digest)
        self.inbox.submit(self.who(who), task, document)

    def trail(self, who: int, language: str = "en", **asked: int) -> list[str]:
        found = audit_trail(
            self.office.desk.trail, self.office.directory, self.who(who), Asked(**asked)
        )
        return [event.told(language) for event in found]

    def told(self, who: int) -> list[str]:
        """The subjects of what a person was told, newest last."""
        every = reversed(self.office.desk.outbox.every())
        return [one.said.told() for one in every if one.person == who]

    def deliver(self, letter: Letter) -> None:
        """Takes a letter, as a delivery does."""
        self.letters.append(letter)

    def send(self) -> list[str]:
        """Sends what is due to addresses made of numbers; answers with the states."""
        sent = self.office.desk.outbox.send(
            self, lambda one: Contact(f"person-{one}@example.org"), instant(self.clock.now())
        )
        return [one.state for one in sent]


@contextmanager
def inbox_day(store: Store, at: datetime = MONDAY) -> Iterator[InboxDay]:
    clock = FixedClock(at)
    with staffed(store, clock) as office:
        yield InboxDay(clock, office)
