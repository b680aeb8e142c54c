"""How the play runs, read from `course.yaml`: units, accounts, types and days by stretch of years.

The course is a choice of the demonstration and holds no law: it names rulebook parameters, account
types and transaction types, and the ledger checks every use of them.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import yaml
from pydantic import BaseModel, ConfigDict, Field

from openets.kernel.records import type_code


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Stretch(_Part):
    since: int = Field(alias="from")
    until: int | None = None

    def covers(self, year: int) -> bool:
        """True if the year lies in the stretch."""
        return self.since <= year and (self.until is None or year <= self.until)


class Days(_Part):
    """Month-day of what the law leaves open."""

    opening: str
    purchases: str
    sales: str


class Deadlines(_Part):
    """Rulebook paths of the deadlines the play keeps."""

    allocation: str
    verification: str
    surrender: str
    ending: str


class Accounts(_Part):
    """Account types each registry has, beside its operators'."""

    party: str
    market: str
    cancellation: str


class Transfers(_Stretch):
    """Transaction types of transfers within a registry and between two; for all units if none."""

    units: tuple[str, ...] = ()
    internal: str
    external: str


class Surrenders(_Stretch):
    """Where surrendered units go, in the registry or in the central one."""

    type: str
    into: str
    central: bool


class Central(_Part):
    """Account types through which the central registry creates, allocates and sells."""

    total: str
    allocation: str
    auction: str
    delivery: str


class Stream(_Stretch):
    """The units created in a stretch of years for a kind of operator, and how they come to them."""

    kind: str
    unit: str
    period: int
    cap: str
    creation: str
    allocation: str
    central: Central | None = None

    @property
    def cap_per_registry(self) -> bool:
        """True where each registry has a cap of its own."""
        return "{registry}" in self.cap


class Replacement(_Part):
    """The unit that takes the place of another, and the type that creates it."""

    unit: str
    type: str


class Ending(_Part):
    """What happens to units nobody surrendered, once a period is over."""

    name: str
    after: int
    units: tuple[str, ...]
    type: str
    into: str
    central: bool
    replaced: dict[str, Replacement] = {}


class Course(_Part):
    """The whole course."""

    jurisdiction: str
    system: str
    days: Days
    deadlines: Deadlines
    central_registry: str
    issuers: dict[str, str]
    operators: dict[str, str]
    accounts: Accounts
    usable: dict[str, tuple[str, ...]]
    transfers: tuple[Transfers, ...]
    surrenders: tuple[Surrenders, ...]
    auction_delivery_type: str
    streams: tuple[Stream, ...]
    endings: tuple[Ending, ...]

    def issuer(self, registry: str) -> str:
        """The registry that keeps a registry's own accounts and issued its units."""
        return self.issuers.get(registry, registry)

    def streams_of(self, year: int) -> list[Stream]:
        """The units created for a year, in the order in which they are sold."""
        return [stream for stream in self.streams if stream.covers(year)]

    def surrender_of(self, year: int) -> Surrenders:
        """Where units surrendered in a calendar year go."""
        return next(rule for rule in self.surrenders if rule.covers(year))

    def transfer_type(self, year: int, unit: str, sender: str, receiver: str) -> int:
        """The type of a transfer in a calendar year between two registries (or within one)."""
        rule = next(
            rule
            for rule in self.transfers
            if rule.covers(year) and (not rule.units or unit in rule.units)
        )
        return type_code(rule.internal if sender == receiver else rule.external)


@cache
def load_course() -> Course:
    """The course of the demonstration world."""
    text = files("openets.world").joinpath("course.yaml").read_text(encoding="utf-8")
    return Course.model_validate(yaml.safe_load(text))
