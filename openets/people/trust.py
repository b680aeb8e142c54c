"""Commands about trust: lists of trusted accounts, and what a holder chooses for an account."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import Field

from openets.desk.approval import Settings
from openets.desk.desk import DESK, Outcome
from openets.desk.timing import Execution, listing
from openets.kernel.refusal import Refusal
from openets.people.asked import Asked, Body, Number
from openets.people.office import Office, no_account


class Trust(Body):
    """An account goes on the list of trusted accounts of another, or comes off it."""

    name: ClassVar[str] = "trusted account"
    action: ClassVar[str] = "trusted account"
    account: Number
    listed: Number
    on: bool = True

    def of(self, office: Office) -> Asked:
        """The command in an office."""
        return _Trusting(office, self)


class _Trusting(Asked):
    body: Trust

    def problems(self) -> list[Refusal]:
        """Both accounts are there; none trusts itself or twice."""
        body, register = self.body, self.office.register
        named = {"account": body.account, "listed": body.listed}
        found = [
            no_account(number, where)
            for where, number in named.items()
            if self.office.account(number) is None
        ]
        since = register.trusted_since(body.account, body.listed)
        if body.account == body.listed:
            sentence = "An account is not on its own list."
            found.append(Refusal("people.trusts-itself", sentence, DESK))
        elif body.on and since is not None:
            sentence = f"Account {body.listed} is on the list of account {body.account} already."
            found.append(Refusal("people.trusted-already", sentence, DESK))
        elif not body.on and since is None:
            sentence = f"Account {body.listed} is not on the list of account {body.account}."
            found.append(Refusal("people.not-listed", sentence, DESK))
        return found

    def timing(self, at: datetime, proposed: datetime) -> Execution:
        """A removal at once, an addition when the law says."""
        if not self.body.on:
            return super().timing(at, proposed)
        return listing(self.office.rulebook, self.registry, proposed, at)

    def carry_out(self, number: int, at: int) -> Outcome:
        """Changes the list."""
        if self.body.on:
            self.office.register.trust(self.body.account, self.body.listed, at)
        else:
            self.office.register.distrust(self.body.account, self.body.listed)
        return Outcome(0)


class ChooseRules(Body):
    """What a holder chooses for an account: second persons, strangers, a ceiling of its own."""

    name: ClassVar[str] = "account rules"
    action: ClassVar[str] = "account rules"
    account: Number
    second_for_trusted: bool
    second_for_surrender: bool
    outside_list_allowed: bool
    ceiling: Annotated[int, Field(gt=0, lt=2**62)] | None = None

    def of(self, office: Office) -> Asked:
        """The command in an office."""
        return _Choosing(office, self)


class _Choosing(Asked):
    body: ChooseRules

    def carry_out(self, number: int, at: int) -> Outcome:
        """Changes the register."""
        chosen = self.body.model_dump(exclude={"account"})
        self.office.register.choose(self.body.account, Settings(**chosen))
        return Outcome(0)
