"""The directory: how the office answers what the desk asks about persons, rights and law."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from openets.desk.desk import DESK
from openets.desk.directory import ADMINISTRATORS, EVERYBODY, REPRESENTATIVES, Contact, Duty
from openets.desk.said import Said
from openets.desk.timing import Law
from openets.kernel.actor import Actor
from openets.kernel.refusal import Refusal
from openets.people.office import Office
from openets.people.reviewing import place_of, reviews_due
from openets.people.reviews import VERIFIER
from openets.people.roles import ACTIVE, MATRIX, NO, permitted
from openets.rulebook.model import NoLaw


class OfficeDirectory:
    """The answers of one office; what it must be is `openets.desk.directory.Directory`."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def actor(self, person: int) -> Actor | None:
        """A person who is active, as an actor, or None."""
        found = self._office.register.person(person)
        return found.actor if found and found.state == ACTIVE else None

    def contact(self, person: int) -> Contact:
        """Where a person is reached."""
        return self._office.register.contacts.get(person)

    def may(self, actor: Actor, action: str, registry: str, account: int) -> Refusal | None:
        """The answer of the authorisation matrix; a person who is suspended may do nothing."""
        if self.actor(actor.id) is None:
            sentence = f"Person {actor.id} is not active in this register."
            return Refusal("people.not-active", sentence, DESK)
        standing = self._office.standing(actor, account) if account else None
        return permitted(actor, action, registry=registry or None, standing=standing)

    def circle(self, name: str, registry: str, account: int) -> Iterable[int]:
        """The active persons of a circle: of the account, or of the registry and of all."""
        register = self._office.register
        if name == REPRESENTATIVES:
            found = register.representatives(account) if account else []
            return [one.person for one in found if one.state == ACTIVE]
        assert name in (ADMINISTRATORS, EVERYBODY), name
        roles = deciding_roles() if name == ADMINISTRATORS else tuple(MATRIX)
        return [
            one.number
            for one in register.in_roles(roles)
            if one.state == ACTIVE and (not registry or one.registry in (None, registry))
        ]

    def registry_of(self, account: int) -> str | None:
        """The registry of an account; None if there is no such account."""
        found = self._office.account(account)
        return found.registry if found else None

    def law(self, registry: str, at: datetime) -> Law | None:
        """The law of the desk for a registry at an instant; None where there is none yet."""
        try:
            return self._office.law(registry, at)
        except NoLaw:
            return None

    def duties(self, by: date) -> list[Duty]:
        """Reviews that are due, and accreditations that end."""
        office = self._office
        found = []
        for one in reviews_due(office, by):
            due = None if one.due == date.min else one.due
            origin = f"review {one.subject} {one.number} {due or 'first'}"
            registry, accounts = place_of(office, one)
            account = accounts[0] if accounts else 0
            said = (
                Said("task-review-of-verifier", {"verifier": one.number})
                if one.subject == VERIFIER
                else Said("task-review", {"account": account})
            )
            found.append(Duty(origin, registry, account, due, said))
        for verifier in office.register.verifiers.every():
            if verifier.expires <= by:
                facts = {"verifier": verifier.number, "day": verifier.expires.isoformat()}
                origin = f"accreditation {verifier.number} {verifier.expires}"
                said = Said("task-accreditation", facts)
                found.append(Duty(origin, verifier.registry, 0, verifier.expires, said))
        return found


def deciding_roles() -> tuple[str, ...]:
    """The roles that may approve something wherever they belong, so that tasks come to them."""
    return tuple(
        role
        for role, cells in MATRIX.items()
        if role != "representative"
        and any(reach != NO for action, reach in cells.items() if action.startswith("approve"))
    )
