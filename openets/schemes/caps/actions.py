"""What can be proposed about caps: that the law's quantity may be created, and its creation.

A cap is an act in both books, with the quantity the rulebook gives for the year; what is created
names the cap it rests on. Both books refuse what is above it, each in its own code, and so does
the desk before anybody approves.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import Field

from openets.desk.said import Said
from openets.kernel import acts
from openets.kernel.actor import Actor
from openets.kernel.refusal import Refusal
from openets.people.asked import ActAsked, Asked, Body, Number, Text
from openets.people.extension import Extension
from openets.people.office import Office
from openets.people.transactions import Move, Moving
from openets.rulebook.model import NoLaw

RULE = "cap rule"


class SetCap(Body):
    """The quantity the law gives for a year may be created, of certain units."""

    name: ClassVar[str] = "cap"
    action: ClassVar[str] = "cap"
    parameter: Text
    year: acts.Year
    units: Annotated[tuple[Text, ...], Field(min_length=1, max_length=20)]
    issuer: acts.Registry | None = None

    def of(self, office: Office) -> Asked:
        """The command in an office."""
        return _Cap(office, self)


class _Cap(ActAsked):
    body: SetCap

    @property
    def registry(self) -> str:
        """The registry whose cap it is; a cap of all is everybody's."""
        return self.body.issuer or _central(self.office)

    def act(self) -> acts.CapSet:
        """The act; its quantity is the law's, and zero where the law has none."""
        body = self.body
        try:
            quantity = int(self.office.rulebook.ask(body.parameter, for_=body.year).value)
        except (NoLaw, TypeError, ValueError):
            quantity = 0
        return acts.CapSet(
            parameter=body.parameter,
            year=body.year,
            units=body.units,
            registry=body.issuer,
            quantity=quantity,
        )

    def said(self) -> Said:
        """The quantity, the units, and the parameter of the law."""
        act = self.act()
        facts = {
            "quantity": act.quantity,
            "kinds": list(act.units),
            "issuer": Said("of-issuer", {"registry": act.registry}) if act.registry else "",
            "year": act.year,
            "parameter": act.parameter,
        }
        return Said("asked-cap", facts)

    def problems(self) -> list[Refusal]:
        """What the ledger says, and that the law knows the units."""
        units = self.office.rulebook.tables_on(self.office.today()).unit_types
        found = []
        for place, unit in enumerate(self.body.units):
            if unit not in units:
                sentence = f"The law has no unit {unit}."
                found.append(Refusal("cap.unit-unknown", sentence, RULE, f"units.{place}"))
        return found + super().problems()


def _central(office: Office) -> str:
    """The registry in which central accounts lie; of a store with one registry, that one."""
    types = office.rulebook.tables_on(office.today()).account_types
    for account in office.writer.book.accounts.values():
        type_ = types.get(account.type)
        if type_ is not None and type_.central and not type_.terminal:
            return account.registry
    return ""


class Create(Body):
    """Units are created under the cap of a parameter and year of the law."""

    name: ClassVar[str] = "creation"
    action: ClassVar[str] = "transaction"
    type: Annotated[str, Field(pattern=r"^\d{1,2}-\d{1,3}$")]
    parameter: Text
    year: acts.Year
    acquiring: Number
    kind: Number
    quantity: Annotated[int, Field(gt=0, lt=2**62)]

    def of(self, office: Office) -> Asked:
        """The command in an office."""
        return _Creation(office, self)


class _Creation(Moving):
    def __init__(self, office: Office, body: Create) -> None:
        self.asked = body
        self.cap = office.writer.book.caps.get((body.parameter, body.year), 0)
        move = Move(
            type=body.type,
            acquiring=body.acquiring,
            kind=body.kind,
            quantity=body.quantity,
            year=body.year,
            refers_to=self.cap,
        )
        super().__init__(office, move)

    def said(self) -> Said:
        """The creation, the cap it rests on, and what of it is left."""
        pool = self.office.writer.book.pools.get(self.cap)
        left = Said("cap-not-set")
        if pool:
            left = Said("cap-left", {"left": pool.quantity - pool.drawn, "of": pool.quantity})
        facts = {
            "movement": super().said(),
            "parameter": self.asked.parameter,
            "year": self.asked.year,
            "left": left,
        }
        return Said("asked-creation", facts)

    def against(self, actor: Actor) -> list[Refusal]:
        """That the cap has been set, then what stands against the movement."""
        if self.cap:
            return super().against(actor)
        sentence = f"No cap {self.asked.parameter} of {self.asked.year} has been set."
        return [Refusal("cap.not-set", sentence, self.asked.parameter, "parameter")]


def _nothing_against(_office: Office, _body: Body) -> list[Refusal]:
    return []


def _nothing_due(_office: Office) -> Iterator[Body]:
    yield from ()


CAPS = Extension((SetCap, Create), _nothing_against, _nothing_due)
