"""Who asks: the person whose token it is, or one named by number where that is allowed.

A number proves nothing, so it is taken in practice and replay stores only; in a live store a person
is known by the token alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from openets.kernel.actor import Actor
from openets.ledger.store import Store
from openets.people.register import Person, Register
from openets.people.roles import ACTIVE

LIVE = "live"


@dataclass(frozen=True)
class Who:
    """What a person shows of himself or herself; an empty token and 0 are nothing."""

    token: str = ""
    person: int = 0


class NotSignedIn(Exception):
    """Nobody active is behind what was shown; `named` if a number was shown in a live store."""

    def __init__(self, *, named: bool) -> None:
        super().__init__("Nobody is signed in.")
        self.named = named


def signed_in(store: Store, register: Register, who: Who) -> Actor:
    """The person who asks; raises `NotSignedIn`."""
    person = shown(store, register, who)
    if person.state != ACTIVE:
        raise NotSignedIn(named=False)
    return person.actor


def shown(store: Store, register: Register, who: Who) -> Person:
    """The person who asks, in whatever state; raises `NotSignedIn`."""
    if who.person:
        if store.mode == LIVE:
            raise NotSignedIn(named=True)
        person = register.person(who.person)
    else:
        person = register.by_token(who.token) if who.token else None
    if person is None:
        raise NotSignedIn(named=False)
    return person
