"""Who acts at the command line: the person of a token, or in a practice store one that is named."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from openets.interfaces.cli.output import fail
from openets.kernel.actor import Actor
from openets.ledger.store import Store
from openets.people.register import Register
from openets.people.roles import ACTIVE

TOKEN = "OPENETS_TOKEN"
LIVE = "live"
AsOption = Annotated[
    int, typer.Option("--as", help="Act as this person (practice and replay stores only).", min=0)
]


def actor_of(store: Store, register: Register, as_person: int) -> Actor:
    """Who acts: the person of the token, or in a store that is not live the one named."""
    if as_person:
        if store.mode == LIVE:
            fail(f"--as is for practice and replay stores; in a live one set {TOKEN}.")
        person = register.person(as_person)
    else:
        token = os.environ.get(TOKEN, "")
        person = register.by_token(token) if token else None
    if person is None or person.state != ACTIVE:
        fail(f"Nobody is signed in: set {TOKEN}, or name a person with --as in a practice store.")
    return person.actor


def needs_a_name(store: Store, as_person: int) -> bool:
    """True where an act is a person's: in a live store always, elsewhere if one is named."""
    return store.mode == LIVE or bool(as_person) or bool(os.environ.get(TOKEN))
