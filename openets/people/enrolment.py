"""Enrolment: a person enters a key that came by letter, and is active from then on.

Who registers shows nothing but a form; that the letter arrived shows that somebody is where the
administrator wrote to. The law says for whom a key is made, what it looks like and how long it is
good (`accounts.enrolment-key`); where it says nothing, whoever is entered is active at once. A key
is told once and kept as a digest; a new one takes the place of the one before.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from openets.desk.desk import DESK
from openets.desk.said import Said
from openets.desk.trail import Trail
from openets.kernel.actor import Actor
from openets.kernel.clock import instant
from openets.kernel.refusal import Refusal, Refused
from openets.people.completeness import ByLaw
from openets.people.enrolments import Enrolling
from openets.people.office import Office
from openets.people.register import Person
from openets.people.roles import ACTIVE, REGISTERED, permitted

KEYS = "accounts.enrolment-key"
VALID = "accounts.enrolment-key-valid"
ENTERING = "register person"  # the right to enter persons is the right to let them in
NEVER = 0


class KeyForm(NamedTuple):
    """What a key looks like: groups of characters of an alphabet."""

    groups: int
    characters: int
    separator: str
    alphabet: str

    def fits(self, text: str) -> bool:
        """True if a text is such a key, whether or not it was ever made."""
        group = f"[{re.escape(self.alphabet)}]{{{self.characters}}}"
        rest = f"(?:{re.escape(self.separator)}{group}){{{self.groups - 1}}}"
        return re.fullmatch(group + rest, text) is not None

    def new(self) -> str:
        """A new key, from the machine's source of randomness."""
        return self.separator.join(
            "".join(secrets.choice(self.alphabet) for _ in range(self.characters))
            for _ in range(self.groups)
        )


class KeyMade(NamedTuple):
    """A key as it goes into the letter; from `until` on (0: never) it is no longer good."""

    person: int
    key: str
    until: int


def key_form(by_law: ByLaw) -> KeyForm | None:
    """What the law says of keys, None where it says nothing."""
    said: Mapping[str, Any] = by_law(KEYS, {})
    return KeyForm(*(said[name] for name in KeyForm._fields)) if said else None


def first_state(by_law: ByLaw, role: str) -> str:
    """The state in which a person of a role is entered: active, unless a key is to be entered."""
    return REGISTERED if role in by_law(KEYS, {}).get("roles", ()) else ACTIVE


def make_key(office: Office, trail: Trail, actor: Actor, number: int) -> KeyMade:
    """Makes the key of a person who waits for one; raises `Refused`."""
    person, form = office.register.person(number), key_form(office.by_law)
    if person is None:
        raise Refused(
            Refusal("people.person-unknown", f"There is no person {number}.", DESK, "person")
        )
    refusal = permitted(actor, ENTERING, registry=person.registry)
    if refusal:
        raise Refused(refusal)
    if form is None or person.state != REGISTERED:
        sentence = f"Person {number} is {person.state} and needs no key."
        raise Refused(Refusal("people.needs-no-key", sentence, KEYS, "person"))
    now, days = office.clock.now(), office.by_law(VALID, None)
    until = NEVER if days is None else instant(now + timedelta(days=int(days)))
    key = form.new()
    database = office.register.database
    with database.durable("people.key"):
        office.register.enrolments.put(number, Enrolling(_digest(key), until))
        made = Said("event-key-made", {"who": _said(actor), "whom": _said(person.actor)})
        trail.write(instant(now), actor, person.registry or "", 0, made)
    return KeyMade(number, key, until)


def enrol(office: Office, trail: Trail, person: Person, key: str) -> None:
    """A person enters the key that was sent to him or her; raises `Refused`."""
    refusal = _against(office, person, key)
    if refusal:
        raise Refused(refusal)
    actor = person.actor
    with office.register.database.durable("people.enrol"):
        office.register.enrolments.drop(person.number)
        office.register.put_person_state(person.number, ACTIVE)
        done, now = Said("event-enrolled", {"who": _said(actor)}), instant(office.clock.now())
        trail.write(now, actor, person.registry or "", 0, done)


def _against(office: Office, person: Person, key: str) -> Refusal | None:
    form, kept = key_form(office.by_law), office.register.enrolments.of(person.number)
    if person.state != REGISTERED:
        sentence = f"Person {person.number} is {person.state} and needs no key."
        return Refusal("people.needs-no-key", sentence, KEYS, "person")
    if form is None or not form.fits(key):
        sentence = (
            f"This is no key; a key has {form.groups if form else 0} groups of capital letters and "
            "digits, as it stands in the letter."
        )
        return Refusal("people.key-malformed", sentence, KEYS, "key")
    if kept is None or not secrets.compare_digest(kept.digest, _digest(key)):
        sentence = "This is not the key that was made last for this person."
        return Refusal("people.key-wrong", sentence, KEYS, "key")
    if kept.until and kept.until <= instant(office.clock.now()):
        sentence = "The key is no longer good; ask the administrator for a new one."
        return Refusal("people.key-expired", sentence, VALID, "key")
    return None


def _said(actor: Actor) -> Said:
    return Said("person", {"person": actor.id, "role": actor.role})


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
