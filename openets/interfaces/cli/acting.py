"""Who acts at the command line: the person of a token, or in a practice store one that is named."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from openets.interfaces.cli.output import fail
from openets.kernel.actor import Actor
from openets.ledger.store import Store
from openets.people.register import Register
from openets.people.signing_in import LIVE, NotSignedIn, Who, signed_in

TOKEN = "OPENETS_TOKEN"
AsOption = Annotated[
    int, typer.Option("--as", help="Act as this person (practice and replay stores only).", min=0)
]


def who_asks(as_person: int) -> Who:
    """What whoever types shows of himself or herself."""
    return Who(os.environ.get(TOKEN, ""), as_person)


@contextmanager
def telling_strangers(as_person: int) -> Iterator[None]:
    """Tells somebody who could not be made out how to be."""
    try:
        yield
    except NotSignedIn as nobody:
        if nobody.named:
            fail(f"--as is for practice and replay stores; in a live one set {TOKEN}.")
        if as_person:
            fail(f"There is no active person {as_person}.")
        hint = "or name a person with --as in a practice store"
        fail(f"Nobody is signed in: set {TOKEN}, {hint}.")


def actor_of(store: Store, register: Register, as_person: int) -> Actor:
    """Who acts: the person of the token, or in a store that is not live the one named."""
    with telling_strangers(as_person):
        return signed_in(store, register, who_asks(as_person))


def needs_a_name(store: Store, as_person: int) -> bool:
    """True where an act is a person's: in a live store always, elsewhere if one is named."""
    return store.mode == LIVE or bool(as_person) or bool(os.environ.get(TOKEN))
