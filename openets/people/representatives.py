"""The command about representatives: a person gets, changes or loses a right on an account."""

from __future__ import annotations

from typing import ClassVar, Literal

from openets.desk.desk import DESK, Outcome
from openets.kernel.refusal import Refusal
from openets.people.asked import Asked, Body, Number, Text
from openets.people.completeness import (
    ground_problems,
    number_problems,
    person_problems,
    right_problems,
)
from openets.people.office import Office
from openets.people.roles import ACTIVE


class Appoint(Body):
    """A person gets, changes or loses a right on an account."""

    name: ClassVar[str] = "representative"
    action: ClassVar[str] = "representative"
    account: Number
    person: Number
    right: Text
    state: Literal["active", "suspended", "removed"] = "active"

    def of(self, office: Office) -> Asked:
        """The command in an office."""
        return _Appointment(office, self)


class _Appointment(Asked):
    body: Appoint

    def affected(self) -> int:
        """The person appointed."""
        return self.body.person

    def problems(self) -> list[Refusal]:
        """The right exists, the person may have it, and the account keeps enough who can act."""
        body = self.body
        found = [*super().problems(), *right_problems(body.person, body.right)]
        if body.state == ACTIVE:
            found += person_problems(self.office, body.person)
        elif self.office.register.representative(body.account, body.person) is None:
            sentence = f"Person {body.person} has no right on account {body.account} to lose."
            found.append(Refusal("people.not-represented", sentence, DESK, "person"))
        return found or self._numbers()

    def _numbers(self) -> list[Refusal]:
        """What the change would do to an account that was as the law wants it in this point."""
        body, register = self.body, self.office.register
        known = register.representatives(body.account)
        before = {one.person: one.right for one in known if one.state == ACTIVE}
        after = {who: right for who, right in before.items() if who != body.person}
        if body.state == ACTIVE:
            after[body.person] = body.right
        wanting = {one.code for one in number_problems(self.office, before)}
        return [one for one in number_problems(self.office, after) if one.code not in wanting]

    def against_rejecting(self, reason: str) -> list[Refusal]:
        """Whom somebody wants to represent an account is refused on a ground of the law."""
        return ground_problems(self.office, reason) if self.body.state == ACTIVE else []

    def carry_out(self, number: int, at: int) -> Outcome:
        """Changes the register."""
        body = self.body
        self.office.register.appoint(body.account, body.person, body.right, body.state)
        return Outcome(0)
