"""Who is whom, as the desk needs to know it: the questions that the people's room answers.

The desk knows no register of persons and no matrix of rights. Whoever opens it hands in a
`Directory`; a person who may not do something gets the refusal from there.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple, Protocol

from openets.desk.said import ENGLISH, Said
from openets.desk.timing import Law
from openets.kernel.actor import Actor
from openets.kernel.refusal import Refusal

# Circles of persons around an account or a registry, besides those a proposal itself names.
REPRESENTATIVES = "representatives"
ADMINISTRATORS = "administrators"
EVERYBODY = "everybody"


class Contact(NamedTuple):
    """Where a person is reached, empty if that is not known, and the language he or she reads."""

    address: str = ""
    language: str = ENGLISH


class Duty(NamedTuple):
    """Something due by itself; `origin` tells it apart, `due` is its last day, if it has one."""

    origin: str
    registry: str
    account: int
    due: date | None
    said: Said


class Directory(Protocol):
    """The answers about persons, rights and law."""

    def actor(self, person: int) -> Actor | None:
        """A person who is active, as an actor, or None."""

    def contact(self, person: int) -> Contact:
        """Where a person is reached."""

    def may(self, actor: Actor, action: str, registry: str, account: int) -> Refusal | None:
        """Why an actor may not do something of the matrix there, or None."""

    def circle(self, name: str, registry: str, account: int) -> Iterable[int]:
        """The persons of a circle, by number."""

    def registry_of(self, account: int) -> str | None:
        """The registry of an account; None if there is no such account."""

    def law(self, registry: str, at: datetime) -> Law | None:
        """The law of the desk for a registry at an instant; None where there is none yet."""

    def duties(self, by: date) -> list[Duty]:
        """What is due by a day, or was before."""
