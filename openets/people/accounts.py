"""Commands about accounts: requested and opened for a holder, or given another status.

A request is complete or it is not proposed: holder, operator, representatives and documents are
what the law asks for. The number is the next free one and given when the account is opened.
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from openets.desk.desk import DESK, Outcome
from openets.desk.said import Said
from openets.kernel import acts
from openets.kernel.actor import Actor
from openets.kernel.clock import instant
from openets.kernel.refusal import Refusal
from openets.ledger import numbers
from openets.ledger.checks import check_act
from openets.ledger.numbers import Numbered
from openets.ledger.requests import ActRequest
from openets.people.asked import ActAsked, Asked, Body, Number, Text
from openets.people.completeness import (
    ground_problems,
    holder_documents,
    missing_documents,
    representative_problems,
)
from openets.people.holders import Holder
from openets.people.identity import GOVERNMENT
from openets.people.office import Office
from openets.people.reviews import ACCOUNT
from openets.people.roles import ACTIVE, CLASSES
from openets.rulebook.tables import AccountType, Status

OPERATORS = "accounts.opening.operators"
CHANGE, CLOSING = "change", "closing"  # what gives an account a status


class OpenAccount(Body):
    """A request for an account: holder, operator, representatives, documents."""

    name: ClassVar[str] = "open account"
    action: ClassVar[str] = "account"
    decided_within: ClassVar[tuple[str, str]] = ("accounts.opening.decided-within", "usual")
    registry: acts.Registry
    type: Text
    holder: Number
    operator: Text | None = None
    representatives: dict[Number, Text] = Field(default_factory=dict)
    documents: dict[Text, Text] = Field(default_factory=dict)

    def of(self, office: Office) -> Asked:
        """The command in an office."""
        return _Opening(office, self)


class _Opening(Asked):
    body: OpenAccount

    @property
    def registry(self) -> str:
        """The registry that opens it."""
        return self.body.registry

    def problems(self) -> list[Refusal]:
        """Everything the ledger, the holder, the operator and the documents speak against it."""
        now = instant(self.office.clock.now())
        book = self.office.writer.book
        refusal = check_act(book, now, self._act(next_number(self.office)))
        if refusal:
            return [refusal]
        type_ = book.tables_at(now).account_types[self.body.type]
        if type_.number_type is None:
            sentence = f"Accounts of type {type_.key} are kept in another registry."
            return [Refusal("people.account-type-elsewhere", sentence, DESK, "type")]
        holder = self.office.register.holders.get(self.body.holder)
        found = operator_problems(self.office, self.body, type_)
        if holder is None:
            found.insert(0, no_holder(self.body.holder))
        else:
            found += holder_problems(self.office, holder, type_, self.body.documents)
        if not type_.central:
            found += representative_problems(self.office, self.body.representatives)
        return found

    def against_rejecting(self, reason: str) -> list[Refusal]:
        """It is refused on a ground of the law."""
        return ground_problems(self.office, reason)

    def _act(self, number: int) -> acts.AccountOpened:
        body = self.body
        return acts.AccountOpened(
            number=number, registry=body.registry, type=body.type, operator=body.operator
        )

    def carry_out(self, number: int, at: int) -> Outcome:
        """Opens it in the books, then notes whose it is and who represents it."""
        key, body, register = self.office.key(number), self.body, self.office.register
        record = self.office.sequence_of(key)
        if not record:
            refusals = self.problems()
            if refusals:
                return Outcome(0, tuple(refusals))
            account = next_number(self.office)
            posted = self.office.post(ActRequest(key, at, self._act(account)))
            if posted.refusals:
                return Outcome(0, posted.refusals)
            record = posted.sequence
        account = opened_by(self.office, record)
        register.give(account, body.holder)
        for person, right in body.representatives.items():
            register.appoint(account, person, right, ACTIVE)
        keep_documents(self.office, body.holder, body.documents)
        register.reviews.note(ACCOUNT, account, self.office.today())
        return Outcome(record)


def next_number(office: Office) -> int:
    """The account number after the highest given so far; numbers are never used again."""
    return max(office.writer.book.accounts, default=0) + 1


def opened_by(office: Office, record: int) -> int:
    """The account that a record of the ledger opened."""
    view = office.record(record)
    act = acts.parse_act((view.act or "").encode()) if view else None
    if not isinstance(act, acts.AccountOpened):
        raise ValueError(f"Record {record} opens no account.")
    return act.number


def full_number(office: Office, number: int) -> str:
    """An account's number as printed on documents, with its check digits.

    Raises `NoLaw` where the law of today does not know its type.
    """
    account = office.writer.book.accounts[number]
    known = Numbered(account.registry, account.type, number, account.period)
    return numbers.full_number(office.rulebook, office.today(), known)


def keep_documents(office: Office, number: int, documents: dict[str, str]) -> None:
    """Notes documents about the holder with the holder, the newer in place of the older."""
    holder = office.register.holders.get(number)
    asked = holder_documents(office.by_law, holder.kind) if holder else ()
    documents = {name: where for name, where in documents.items() if name in asked}
    if holder and documents:
        office.register.holders.change(holder._replace(documents={**holder.documents, **documents}))


def no_holder(number: int) -> Refusal:
    """The refusal for an account for a holder nobody has registered."""
    return Refusal("people.holder-unknown", f"There is no holder {number}.", DESK, "holder")


def holder_problems(
    office: Office, holder: Holder, type_: AccountType, documents: dict[str, str]
) -> list[Refusal]:
    """What a holder lacks for an account of a type."""
    found = []
    if type_.central and holder.kind != GOVERNMENT:
        sentence = (
            f"{type_.name}: the holder is a government; here it is of the kind {holder.kind}."
        )
        citation = f"registry.account_types.{type_.key}"
        found.append(Refusal("people.holder-not-government", sentence, citation, "holder"))
    return found + missing_documents(office, holder, type_.key, documents)


def operator_problems(office: Office, body: OpenAccount, type_: AccountType) -> list[Refusal]:
    """Why the operator named does not stand behind an account of a type."""
    citation = f"registry.account_types.{type_.key}"
    if not type_.operator:
        if not body.operator:
            return []
        sentence = f"{type_.name}: no operator stands behind it."
        return [Refusal("people.operator-needless", sentence, citation, "operator")]
    operator = office.register.operators.by_code(body.operator)
    if operator is None or operator.registry != body.registry:
        said = f"an operator of registry {body.registry} must stand behind it"
        named = f"; {body.operator} is none" if body.operator else ""
        sentence = f"{type_.name}: {said}{named}."
        return [Refusal("people.operator-missing", sentence, citation, "operator")]
    found = []
    kind = office.by_law(OPERATORS, {}).get(type_.key, operator.kind)
    if operator.kind != kind:
        sentence = f"{type_.name}: behind it stands one of the kind {kind}, not {operator.kind}."
        found.append(Refusal("people.operator-kind", sentence, OPERATORS, "operator"))
    tables = office.writer.book.tables_at(instant(office.clock.now()))
    for account in office.writer.book.accounts.values():
        status = tables.statuses.get(account.status)
        is_open = status is None or status.reached_by != CLOSING
        if is_open and (account.operator, account.type) == (operator.code, type_.key):
            sentence = f"Account {account.number} is that of operator {operator.code} already."
            found.append(Refusal("people.operator-has-account", sentence, OPERATORS, "operator"))
    return found


class ChangeStatus(Body):
    """An account is suspended, restricted, blocked, or open again."""

    name: ClassVar[str] = "change status"
    action: ClassVar[str] = "account"
    account: Number
    status: Text
    reason: Text

    def of(self, office: Office) -> Asked:
        """The command in an office."""
        return _Status(office, self)


class _Status(ActAsked):
    body: ChangeStatus

    def act(self) -> acts.Act:
        """The status."""
        return acts.StatusChanged(**self.body.model_dump())

    def against(self, actor: Actor) -> list[Refusal]:
        """Permission, what the books say, and whether the actor's class may give the status."""
        found = super().against(actor)
        status = self._tables().get(self.body.status)
        if found or status is None:
            return found
        roles = {role for one in status.set_by for role in CLASSES[one]}
        if actor.role not in roles:
            sentence = f"The status {status.key} is given by: {', '.join(status.set_by)}."
            citation = f"registry.statuses.{status.key}"
            found.append(Refusal("people.status-not-given-by", sentence, citation, "status"))
        return found

    def problems(self) -> list[Refusal]:
        """What the books say, then whether the one status may follow the other."""
        found = super().problems()
        account = self.office.account(self.body.account)
        if found or account is None:
            return found
        tables = self._tables()
        return status_problems(self.office, self.body.account, tables[self.body.status], CHANGE)

    def stands(self) -> list[Said]:
        """The status of the account."""
        return status_of(self.office, self.body.account)

    def _tables(self) -> dict[str, Status]:
        return self.office.writer.book.tables_at(instant(self.office.clock.now())).statuses

    def carry_out(self, number: int, at: int) -> Outcome:
        """Posts it, unless the status changed meanwhile to one it may not follow."""
        if not self.office.sequence_of(self.office.key(number)):
            refusals = self.problems()
            if refusals:
                return Outcome(0, tuple(refusals))
        return super().carry_out(number, at)


def status_of(office: Office, number: int) -> list[Said]:
    """How the status of an account stands, for the audit trail."""
    account = office.account(number)
    facts = {"account": number, "status": account.status} if account else {}
    return [Said("stands-status", facts)] if account else []


def status_problems(office: Office, number: int, to: Status, by: str) -> list[Refusal]:
    """Why an account may not get a status now by a change, a closing or a handover."""
    account = office.writer.book.accounts[number]
    tables = office.writer.book.tables_at(instant(office.clock.now()))
    current = tables.statuses.get(account.status)
    citation = f"registry.statuses.{account.status}"
    found = []
    if to.reached_by != by:
        sentence = f"The status {to.key} comes about by {to.reached_by}, not by {by}."
        cited = f"registry.statuses.{to.key}"
        found.append(Refusal("people.status-reached-otherwise", sentence, cited, "status"))
    if current is None or current.becomes is None:
        return found
    type_ = tables.account_types.get(account.type)
    units = type_.units if type_ else frozenset()
    bound = {key for key, kinds in current.becomes_if_holding.items() if kinds & units}
    if to.key not in current.becomes | bound:
        after = ", ".join(sorted(current.becomes | bound)) or "none"
        sentence = f"After {current.key} the status {to.key} may not follow; what may: {after}."
        found.append(Refusal("people.status-does-not-follow", sentence, citation, "status"))
    return found


def status_reached_by(office: Office, by: str) -> Status | None:
    """The status the law has for a closing or a handover today, or None."""
    tables = office.writer.book.tables_at(instant(office.clock.now()))
    return next((one for one in tables.statuses.values() if one.reached_by == by), None)
