"""The bulk act: one proposal over a list of movements out of one account, with the list's digest.

A year's free allocation is one decision of two people and not eleven thousand. The list is stored
with the proposal; its digest is in what both people see, so that what was approved is what was
proposed. Each line becomes a record of its own under a key of its own: after a crash the lines that
stand are not repeated, and a line the books refuse is named without stopping the others.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from openets.desk.desk import Outcome
from openets.desk.said import Said
from openets.desk.timing import DELAYED_TYPES, Execution, Movement, execution
from openets.kernel.actor import Actor
from openets.kernel.clock import instant
from openets.kernel.records import type_code
from openets.kernel.refusal import Refusal
from openets.ledger.checks import check_transaction
from openets.ledger.requests import TransactionRequest
from openets.people.asked import Asked, Body, Number
from openets.people.office import Office, no_account
from openets.people.pending import Pending, pending_refusal
from openets.people.transactions import not_the_proposer
from openets.rulebook.model import NoLaw

LINES = 100_000
BULK = "bulk act"


class Line(BaseModel):
    """One movement of the list: who acquires how many units."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    acquiring: Number
    quantity: Annotated[int, Field(gt=0, lt=2**62)]


class Bulk(Body):
    """Units of a kind from one account to many; `digest` is the SHA-256 of the list, if known."""

    name: ClassVar[str] = "bulk transaction"
    action: ClassVar[str] = "transaction"
    type: Annotated[str, Field(pattern=r"^\d{1,2}-\d{1,3}$")]
    transferring: Number
    kind: Number
    year: Annotated[int, Field(ge=0, le=2999)] = 0
    lines: Annotated[tuple[Line, ...], Field(min_length=1, max_length=LINES)]
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None

    def of(self, office: Office) -> Asked:
        """The command in an office."""
        return BulkAsked(office, self)


def digest_of(lines: tuple[Line, ...]) -> str:
    """The SHA-256 of a list: a line `acquiring,quantity` each, in the order of the list."""
    text = "".join(f"{line.acquiring},{line.quantity}\n" for line in lines)
    return hashlib.sha256(text.encode()).hexdigest()


class BulkAsked(Asked):
    """A bulk act in an office."""

    body: Bulk

    @property
    def about(self) -> int:
        """The account the units leave."""
        return self.body.transferring

    def waits(self) -> bool:
        """While the books are compared, what was approved waits and is not given up."""
        body = self.body
        receivers = {line.acquiring for line in body.lines}
        return self.office.is_compared(body.kind, body.transferring, *receivers)

    def said(self) -> Said:
        """What is asked, in words, with what tells this list from every other."""
        body = self.body
        facts = {
            "units": sum(line.quantity for line in body.lines),
            "kind": body.kind,
            "type": body.type,
            "account": body.transferring,
            "count": len(body.lines),
            "year": Said("for-year", {"year": body.year}) if body.year else "",
            "digest": digest_of(body.lines),
        }
        return Said("asked-bulk", facts)

    def permission(self, actor: Actor, verb: str) -> Refusal | None:
        """The matrix, and for a proposal the process of the law."""
        refusal = super().permission(actor, verb)
        if refusal or verb != "propose":
            return refusal
        law = self.office.law(self.registry, self.office.clock.now())
        return not_the_proposer(law, actor, self.body.type)

    def problems(self) -> list[Refusal]:
        """Everything wrong with the list, each with its line."""
        body = self.body
        if self.office.account(body.transferring) is None:
            return [no_account(body.transferring, "transferring")]
        return [*self._of_the_whole(), *self._of_the_lines()]

    def _of_the_whole(self) -> list[Refusal]:
        body, office = self.body, self.office
        found = []
        actual = digest_of(body.lines)
        if body.digest not in (None, actual):
            sentence = f"The list has the digest {actual}, not {body.digest}."
            found.append(Refusal("people.bulk-digest", sentence, BULK, "digest"))
        if self._waits():
            sentence = f"Transactions of type {body.type} wait; propose them one by one."
            found.append(Refusal("people.bulk-waits", sentence, DELAYED_TYPES, "type"))
        law = office.law(self.registry, office.clock.now())
        pending = pending_refusal(law, Pending(body.type, body.transferring), office.pending())
        if pending:
            found.append(pending)
        free = office.writer.book.available(body.transferring, body.kind)
        total = sum(line.quantity for line in body.lines)
        if total > free:
            sentence = f"The list moves {total} units; account {body.transferring} has {free}."
            found.append(Refusal("people.bulk-not-covered", sentence, BULK, "lines"))
        return found

    def _of_the_lines(self) -> list[Refusal]:
        office, book = self.office, self.office.writer.book
        found = []
        seen: set[int] = set()
        now = instant(office.clock.now())
        for index, line in enumerate(self.body.lines):
            place = f"lines.{index}"
            if line.acquiring in seen:
                sentence = f"Account {line.acquiring} is named twice."
                found.append(Refusal("people.bulk-twice", sentence, BULK, place))
            seen.add(line.acquiring)
            request = self._request(0, now, index)
            refusal = check_transaction(book, request, ((self.body.kind, line.quantity),))
            if refusal:
                found.append(Refusal(refusal.code, refusal.sentence, refusal.citation, place))
        return found

    def _waits(self) -> bool:
        law = self.office.law(self.registry, self.office.clock.now())
        try:
            return self.body.type in law.ask(DELAYED_TYPES)
        except NoLaw:
            return False

    def timing(self, at: datetime, _proposed: datetime) -> Execution:
        """As for a transaction of its type, which does not wait."""
        movement = Movement(self.body.type, trusted=True)
        return execution(self.office.rulebook, self.registry, movement, at)

    def held_back(self, _number: int) -> dict[int, Refusal]:
        """The lines, by their place, that are not to be posted now, each with the reason."""
        return {}

    def carry_out(self, number: int, at: int) -> Outcome:
        """Posts every line; completed if any line was, with the others named."""
        held = self.held_back(number)
        places = [index for index in range(len(self.body.lines)) if index not in held]
        posted = self.office.writer.post([self._request(number, at, index) for index in places])
        outcomes = dict(zip(places, posted, strict=True))
        refused = [
            (line, held[index] if index in held else outcomes[index].refusals[0])
            for index, line in enumerate(self.body.lines)
            if index in held or outcomes[index].refusals
        ]
        last = max((outcome.sequence for outcome in posted), default=0)
        if not last:
            return Outcome(0, tuple(refusal for _, refusal in refused))
        if not refused:
            return Outcome(last)
        named = "; ".join(f"account {line.acquiring}: {why}" for line, why in refused)
        note = f"{len(refused)} of {len(self.body.lines)} lines were refused: {named}."
        return Outcome(last, (), note)

    def _request(self, number: int, at: int, index: int) -> TransactionRequest:
        body, line = self.body, self.body.lines[index]
        return TransactionRequest(
            self.office.key(number, "line", index),
            at,
            type_code(body.type),
            body.transferring,
            line.acquiring,
            body.kind,
            line.quantity,
            year=body.year,
        )
