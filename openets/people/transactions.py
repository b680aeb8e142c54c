"""The command that moves units: who may ask for it, who approves, when it happens.

The quantity is reserved when it is proposed, so that nobody can spend it meanwhile; serials are
picked when it is carried out. What the ledger would refuse now is refused at once, by the ledger's
own checks.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, ClassVar

from pydantic import Field

from openets.desk.approval import Answer, Facts, Settings, process_of, second_person
from openets.desk.desk import Outcome
from openets.desk.said import Said
from openets.desk.timing import DELAYED_TYPES, Execution, Law, Movement, execution
from openets.kernel import acts
from openets.kernel.actor import Actor
from openets.kernel.clock import instant
from openets.kernel.records import type_code
from openets.kernel.refusal import Refusal
from openets.ledger.checks import check_transaction
from openets.ledger.requests import ActRequest, TransactionRequest
from openets.people.asked import Asked, Body, Number
from openets.people.office import Office, no_account
from openets.people.pending import Pending, pending_refusal
from openets.people.reversals import reversal_problems
from openets.people.roles import ADMINISTRATORS, CLASSES
from openets.people.statuses import status_refusal
from openets.rulebook.model import NoLaw

RESERVE = "reserve"
RELEASE = "release"
CANCEL_BEFORE = "desk.cancel-before"
CEILING = "desk.ceiling"
BY_REGISTRY = "desk.transfer-by-registry"


class Move(Body):
    """Units of a kind from one account to another; `transferring` 0 where they are created."""

    name: ClassVar[str] = "transaction"
    action: ClassVar[str] = "transaction"
    type: Annotated[str, Field(pattern=r"^\d{1,2}-\d{1,3}$")]
    transferring: Annotated[int, Field(ge=0, lt=10**15)] = 0
    acquiring: Number
    kind: Number
    quantity: Annotated[int, Field(gt=0, lt=2**62)]
    year: Annotated[int, Field(ge=0, le=2999)] = 0
    refers_to: Annotated[int, Field(ge=0)] = 0

    def of(self, office: Office) -> Asked:
        """The command in an office, by the type the accounts make of it."""
        return Moving(office, clarified(office, self))


def clarified(office: Office, body: Move) -> Move:
    """The movement by the type that fits its accounts, where the law has one for either case.

    Whoever asks for a transfer need not know whether the other account is kept in the same
    registry: asked for by the one type, it is done by the other where the accounts say so.
    """
    types = office.by_law(BY_REGISTRY, {})
    ends = [office.account(number) for number in (body.transferring, body.acquiring)]
    if body.type not in types.values() or None in ends:
        return body
    within = len({end.registry for end in ends if end}) == 1
    return body.model_copy(update={"type": types["within" if within else "beyond"]})


def not_the_proposer(law: Law, actor: Actor, label: str) -> Refusal | None:
    """Why a role may not propose a type of transaction, by the process of the law, or None."""
    try:
        process = process_of(law, label)
    except NoLaw as error:
        return Refusal("people.no-process", str(error), "desk.process.any")
    if any(actor.role in CLASSES[name] for name in process.proposed_by):
        return None
    sentence = f"A {actor.role} may not propose {label}."
    return Refusal("people.not-the-proposer", sentence, process.path)


def lowest_ceiling(law: Law, settings: Settings) -> int | None:
    """The most units of one transfer to an account that is not trusted: the law's or the holder's.

    Delegated Regulation (EU) 2019/1122, Article 23(3a) and (3b). None where there is no limit.
    """
    try:
        by_law = int(law.ask(CEILING))
    except NoLaw:
        return settings.ceiling
    return by_law if settings.ceiling is None else min(by_law, settings.ceiling)


class Moving(Asked):
    """A movement of units in an office."""

    body: Move

    @property
    def about(self) -> int:
        """The account the units leave, or where they are created come to."""
        return self.body.transferring or self.body.acquiring

    def said(self) -> Said:
        """What is asked, in words."""
        body = self.body
        source = Said("from-account", {"account": body.transferring})
        facts = {
            "quantity": body.quantity,
            "kind": body.kind,
            "type": body.type,
            "source": source if body.transferring else Said("from-creation"),
            "account": body.acquiring,
            "year": Said("for-year", {"year": body.year}) if body.year else "",
        }
        return Said("asked-transaction", facts)

    def stands(self) -> list[Said]:
        """What both accounts hold of the kind."""
        held = self.office.writer.held
        return [
            Said("stands-holding", {"account": one, "units": held(one, kind), "kind": kind})
            for kind in (self.body.kind,)
            for one in (self.body.transferring, self.body.acquiring)
            if one
        ]

    def is_surrender_like(self) -> bool:
        """True if the right to surrender is enough."""
        label = self.body.type
        return self.office.is_surrender_like(label, type_code(label), self._law())

    def _law(self) -> Law:
        return self.office.law(self.registry, self.office.clock.now())

    # -- against it -----------------------------------------------------------------------------

    def permission(self, actor: Actor, verb: str) -> Refusal | None:
        """The matrix, and for a proposal the process of the law."""
        refusal = super().permission(actor, verb)
        if refusal or verb != "propose":
            return refusal
        return self._status(actor) or not_the_proposer(self._law(), actor, self.body.type)

    def _status(self, actor: Actor) -> Refusal | None:
        sender = self.office.account(self.body.transferring)
        if sender is None:
            return None
        tables = self.office.writer.book.tables_at(instant(self.office.clock.now()))
        type_ = type_code(self.body.type)
        return status_refusal(tables, sender.number, sender.status, type_, actor.role)

    def problems(self) -> list[Refusal]:
        """What the ledger says now, what is pending, and whether the trusted list lets it pass."""
        body, office = self.body, self.office
        named = {"transferring": body.transferring, "acquiring": body.acquiring}
        unknown = [
            no_account(number, where)
            for where, number in named.items()
            if number and office.account(number) is None
        ]
        if unknown:
            return unknown
        request = self._request(0, instant(office.clock.now()))
        lines = ((body.kind, body.quantity),)
        refusal = check_transaction(office.writer.book, request, lines)
        if refusal is None:
            asked = Pending(body.type, body.transferring)
            refusal = pending_refusal(self._law(), asked, office.pending())
        found = [refusal] if refusal else self._towards_strangers()
        return found or reversal_problems(office, self._law(), body, asking=True)

    def _towards_strangers(self) -> list[Refusal]:
        """What the list and the ceilings forbid towards accounts that are not trusted."""
        body, office, law = self.body, self.office, self._law()
        facts = self._facts(law)
        if not body.transferring or facts.trusted or facts.to_government:
            return []
        try:
            listed = body.type in law.ask(DELAYED_TYPES)
        except NoLaw:
            listed = False
        if not listed:
            return []
        settings = office.settings(body.transferring, law)
        if not settings.outside_list_allowed:
            sentence = (
                f"Account {body.acquiring} is not on the list of trusted accounts of account "
                f"{body.transferring}, which transfers to trusted accounts only."
            )
            return [Refusal("people.not-trusted", sentence, "desk.account-rules")]
        ceiling = lowest_ceiling(law, settings)
        if ceiling is None or body.quantity <= ceiling:
            return []
        sentence = (
            f"At most {ceiling} units go to an account that is not trusted in one transfer; "
            f"{body.quantity} were asked for. Put account {body.acquiring} on the list first."
        )
        return [Refusal("people.above-ceiling", sentence, CEILING)]

    def _facts(self, law: Law, *, by_administrator: bool = False) -> Facts:
        body, office = self.body, self.office
        return Facts(
            type=body.type,
            by_administrator=by_administrator,
            trusted=office.is_trusted(body.transferring, body.acquiring, office.clock.now()),
            to_government=office.is_government(body.acquiring, law),
            settings=office.settings(body.transferring, law),
        )

    # -- approval and time ----------------------------------------------------------------------

    def needs(self, actor: Actor, at: datetime) -> Answer:
        """The law's answer for the day."""
        by_administrator = actor.role in ADMINISTRATORS
        law = self.office.law(self.registry, at)
        return second_person(law, self._facts(law, by_administrator=by_administrator))

    def timing(self, at: datetime, _proposed: datetime) -> Execution:
        """The law's answer for the day."""
        facts = self._facts(self.office.law(self.registry, at))
        movement = Movement(self.body.type, facts.trusted, facts.to_government)
        return execution(self.office.rulebook, self.registry, movement, at)

    def waits(self) -> bool:
        """While the books are compared, what was approved waits and is not given up."""
        body = self.body
        return self.office.is_compared(body.kind, body.transferring, body.acquiring)

    def against_cancelling(self, actor: Actor) -> list[Refusal]:
        """Who may propose it, or an administrator of the registry."""
        refusal = super().permission(actor, "cancel")
        return [refusal] if refusal else []

    def cancel_before(self, at: datetime) -> timedelta:
        """The hours the law asks for."""
        try:
            return timedelta(hours=int(self.office.law(self.registry, at).ask(CANCEL_BEFORE)))
        except NoLaw:
            return timedelta(0)

    # -- doing it -------------------------------------------------------------------------------

    def reserve(self, number: int, at: int) -> Outcome:
        """Sets the quantity aside in both books."""
        body = self.body
        if not body.transferring:
            return Outcome(0)
        reserved = acts.Reserved(account=body.transferring, kind=body.kind, quantity=body.quantity)
        posted = self.office.post(ActRequest(self.office.key(number, RESERVE), at, reserved))
        return Outcome(posted.sequence, posted.refusals)

    def release(self, number: int, at: int) -> None:
        """Ends the reservation, if it is open."""
        reservation = self.office.sequence_of(self.office.key(number, RESERVE))
        if reservation in self.office.writer.book.reservations:
            released = acts.Released(reservation=reservation)
            self.office.post(ActRequest(self.office.key(number, RELEASE), at, released))

    def carry_out(self, number: int, at: int) -> Outcome:
        """Posts the transaction on its reservation, unless it is no longer lawful."""
        done = self.office.sequence_of(self.office.key(number))
        if done:
            return Outcome(done)
        refusals = reversal_problems(self.office, self._law(), self.body, asking=False)
        refusals = refusals or self.against_by_scheme()
        if refusals:
            return Outcome(0, tuple(refusals))
        posted = self.office.post(self._request(number, at))
        return Outcome(posted.sequence, posted.refusals)

    def _request(self, number: int, at: int) -> TransactionRequest:
        """The request of a proposal, or (number 0) the one that asks whether it could be."""
        body, office = self.body, self.office
        reservation = 0
        if number and body.transferring:
            reservation = office.sequence_of(office.key(number, RESERVE))
        return TransactionRequest(
            office.key(number),
            at,
            type_code(body.type),
            body.transferring,
            body.acquiring,
            body.kind,
            body.quantity,
            year=body.year,
            refers_to=body.refers_to,
            reservation=reservation,
        )
