"""Commands about accounts: opened for a holder, suspended, blocked, closed."""

from __future__ import annotations

from typing import ClassVar

from openets.desk.desk import Outcome
from openets.kernel import acts
from openets.people.asked import ActAsked, Asked, Body, Number, Text
from openets.people.office import Office


class OpenAccount(Body):
    """An account for a holder, with the representatives named later."""

    name: ClassVar[str] = "open account"
    action: ClassVar[str] = "account"
    number: Number
    registry: acts.Registry
    type: Text
    operator: Text | None = None
    holder: Number | None = None

    def of(self, office: Office) -> Asked:
        """The command in an office."""
        return _Opening(office, self)


class _Opening(ActAsked):
    body: OpenAccount

    @property
    def registry(self) -> str:
        """The registry that opens it."""
        return self.body.registry

    def act(self) -> acts.Act:
        """The account."""
        body = self.body
        return acts.AccountOpened(
            number=body.number, registry=body.registry, type=body.type, operator=body.operator
        )

    def carry_out(self, number: int, at: int) -> Outcome:
        """Opens it in the books, then notes whose it is."""
        outcome = super().carry_out(number, at)
        if self.body.holder and not outcome.refusals:
            self.office.register.give(self.body.number, self.body.holder)
        return outcome


class ChangeStatus(Body):
    """An account is suspended, blocked, closed, or open again."""

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
