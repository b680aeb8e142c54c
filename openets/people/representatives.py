"""The command about representatives: a person gets, changes or loses a right on an account."""

from __future__ import annotations

from typing import ClassVar, Literal

from openets.desk.desk import DESK, Outcome
from openets.desk.said import Said
from openets.kernel.refusal import Refusal
from openets.people.asked import Asked, Body, Number, Text
from openets.people.office import Office
from openets.people.roles import ACTIVE, REPRESENTATIVE, RIGHTS

NUMBERS = "accounts.representatives"


class Appoint(Body):
    """A person gets, changes or loses a right on an account."""

    name: ClassVar[str] = "representative"
    action: ClassVar[str] = "representative"
    decided_within: ClassVar[tuple[str, str]] = ("accounts.representatives.decided-within", "days")
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
        """The person is a representative, the right exists, and not too many have one."""
        body = self.body
        found = super().problems()
        person = self.office.register.person(body.person)
        if person is None or person.role != REPRESENTATIVE:
            sentence = f"Person {body.person} is not known as a representative."
            found.append(Refusal("people.not-a-representative", sentence, DESK))
        if body.right not in RIGHTS:
            sentence = f"There is no right {body.right!r}; there are {', '.join(RIGHTS)}."
            found.append(Refusal("people.right-unknown", sentence, DESK))
        return [*found, *self._numbers()]

    def _numbers(self) -> list[Refusal]:
        """How many may and must represent an account."""
        body, office = self.body, self.office
        rule = office.by_law(NUMBERS, {})
        known = office.register.representatives(body.account)
        active = {one.person for one in known if one.state == ACTIVE}
        was_active = body.person in active
        after = active | {body.person} if body.state == ACTIVE else active - {body.person}
        if was_active and len(after) < rule.get("least", 0):
            sentence = (
                f"Account {body.account} would be left with {len(after)} representatives; it needs "
                f"{rule['least']}. Appoint another one first."
            )
            return [Refusal("people.too-few-representatives", sentence, NUMBERS)]
        if len(after) > rule.get("most", len(after)):
            sentence = (
                f"Account {body.account} has {rule['most']} representatives, the most it may."
            )
            return [Refusal("people.too-many-representatives", sentence, NUMBERS)]
        return []

    def stands(self) -> list[Said]:
        """The right the person has on the account."""
        body = self.body
        who = {"person": body.person, "account": body.account}
        found = self.office.register.representative(body.account, body.person)
        if found is None:
            return [Said("stands-no-right", who)]
        return [Said("stands-right", {**who, "right": found.right, "state": found.state})]

    def carry_out(self, number: int, at: int) -> Outcome:
        """Changes the register."""
        body = self.body
        self.office.register.appoint(body.account, body.person, body.right, body.state)
        return Outcome(0)
