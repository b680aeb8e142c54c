"""The command by which an account passes to another holder, with what is operated and its balance.

The account keeps its number and its units; its representatives are those of the new holder. Where
the law has a status for the time between, the account has it from the proposal to its end.
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from openets.desk.desk import Outcome
from openets.desk.said import Said
from openets.kernel import acts
from openets.kernel.refusal import Refusal
from openets.ledger.requests import ActRequest
from openets.people.accounts import (
    holder_problems,
    keep_documents,
    no_holder,
    status_problems,
    status_reached_by,
)
from openets.people.asked import Asked, Body, Number, Text
from openets.people.completeness import representative_problems
from openets.people.office import Office
from openets.people.reviews import ACCOUNT
from openets.people.roles import ACTIVE

HANDOVER = "handover"
TYPES = "accounts.handover"
REMOVED = "removed"


class HandOver(Body):
    """An operator's account passes to another holder with the installation and the balance."""

    name: ClassVar[str] = "hand over account"
    action: ClassVar[str] = "account"
    account: Number
    holder: Number
    reason: Text
    representatives: dict[Number, Text] = Field(default_factory=dict)
    documents: dict[Text, Text] = Field(default_factory=dict)

    def of(self, office: Office) -> Asked:
        """The command in an office."""
        return _HandingOver(office, self)


class _HandingOver(Asked):
    body: HandOver

    def problems(self) -> list[Refusal]:
        """The account may pass on, and the new holder has what the law asks for."""
        found = super().problems()
        account = self.office.account(self.body.account)
        if found or account is None:
            return found
        status = status_reached_by(self.office, HANDOVER)
        if status:
            found = status_problems(self.office, account.number, status, HANDOVER)
        return found + self._against_holder()

    def _against_holder(self) -> list[Refusal]:
        body, register = self.body, self.office.register
        account = self.office.writer.book.accounts[body.account]
        type_ = self.office.account_type(account.type)
        found = []
        if type_.key not in self.office.by_law(TYPES, ()):
            sentence = f"{type_.name}: it does not pass to another holder."
            found.append(Refusal("people.not-handed-over", sentence, TYPES, "account"))
        if register.holder_of(body.account) == body.holder:
            sentence = f"Holder {body.holder} has the account already."
            found.append(Refusal("people.holder-is-the-same", sentence, TYPES, "holder"))
        holder = register.holders.get(body.holder)
        if holder is None:
            found.append(no_holder(body.holder))
        else:
            found += holder_problems(self.office, holder, type_, body.documents)
        return found + representative_problems(self.office, body.representatives)

    def reserve(self, number: int, at: int) -> Outcome:
        """Gives the account the status of the time between, where the law has one."""
        status = status_reached_by(self.office, HANDOVER)
        if status is None:
            return Outcome(0)
        return self._post(number, at, "begin", status.key)

    def release(self, number: int, at: int) -> None:
        """The account is open again, if it was in the status of the time between."""
        if self.office.sequence_of(self.office.key(number, "begin")):
            self._reopen(number, at)

    def _reopen(self, number: int, at: int) -> Outcome:
        """The status of the time between has one that follows; the account gets it, once."""
        status = status_reached_by(self.office, HANDOVER)
        if status is None or not status.becomes:
            return Outcome(0)
        (follows,) = status.becomes
        return self._post(number, at, "end", follows)

    def _post(self, number: int, at: int, word: str, status: str) -> Outcome:
        key = self.office.key(number, word)
        done = self.office.sequence_of(key)
        if done:
            return Outcome(done)
        act = acts.StatusChanged(account=self.body.account, status=status, reason=self.body.reason)
        posted = self.office.post(ActRequest(key, at, act))
        return Outcome(posted.sequence, posted.refusals)

    def stands(self) -> list[Said]:
        """Whose the account is."""
        holder = self.office.register.holder_of(self.body.account)
        return [Said("stands-holder", {"account": self.body.account, "holder": holder or 0})]

    def carry_out(self, number: int, at: int) -> Outcome:
        """The account is the new holder's, with the new representatives and no others."""
        body, register = self.body, self.office.register
        refusals = self._against_holder() if register.holder_of(body.account) != body.holder else []
        if refusals:
            return Outcome(0, tuple(refusals))
        for one in register.representatives(body.account):
            if one.person not in body.representatives:
                register.appoint(body.account, one.person, one.right, REMOVED)
        for person, right in body.representatives.items():
            register.appoint(body.account, person, right, ACTIVE)
        keep_documents(self.office, body.holder, body.documents)
        register.reviews.note(ACCOUNT, body.account, self.office.today())
        register.give(body.account, body.holder)
        return self._reopen(number, at)
