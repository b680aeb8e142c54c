"""The work both sides do: operators who hold a block each and send parts of it to one another.

Seeded, so that every run and both sides see the same transfers in the same order. The law is that
of the European Union in 2022.
"""

from __future__ import annotations

import random
from datetime import UTC, date, datetime

from openets.kernel import acts
from openets.kernel.clock import instant
from openets.kernel.records import type_code
from openets.ledger.requests import ActRequest, Request, TransactionRequest, key_of
from openets.rulebook.load import load_rulebook
from openets.rulebook.model import Rulebook

OPERATORS = 2_000
EACH = 1_000_000
SURRENDERED = 3 + OPERATORS  # the account where surrendered units end
SEED = 3


def rulebook() -> Rulebook:
    """The law of the workload."""
    return load_rulebook("eu")


class Workload:
    """Units are created in account 1 and allocated from 2; the operators' accounts follow."""

    day = date(2022, 6, 1)
    kind = 1
    unit = "general-allowance-2021-2030"

    def __init__(self, transfers: int) -> None:
        self._count = transfers
        self._effective = instant(datetime(2022, 6, 1, 10, tzinfo=UTC))
        self._operators = range(3, 3 + OPERATORS)

    def accounts(self) -> list[tuple[int, str]]:
        """(number, type) of every account."""
        operators = [(number, "operator-holding") for number in self._operators]
        return [
            (1, "total-quantity"),
            (2, "allocation"),
            *operators,
            (SURRENDERED, "union-deletion"),
        ]

    def blocks(self) -> list[tuple[int, int, int, int]]:
        """(kind, first serial, last serial, account) where the transfers begin."""
        return [
            (self.kind, index * EACH + 1, (index + 1) * EACH, number)
            for index, number in enumerate(self._operators)
        ]

    def opening(self) -> list[Request]:
        """The same scene as requests: kind, accounts, a named correction."""
        named = acts.CorrectionNamed(
            name="benchmark",
            year=2022,
            units=(self.unit,),
            quantity=OPERATORS * EACH,
            reason="units for a measurement",
        )
        kind = acts.KindDefined(
            kind=self.kind, unit=self.unit, registry="EU", original_period=0, applicable_period=0
        )
        opened = [
            acts.AccountOpened(number=number, registry="EU", type=type_)
            for number, type_ in self.accounts()
        ]
        return [
            ActRequest(key_of("opening", index), self._effective, act)
            for index, act in enumerate((kind, named, *opened))
        ]

    def distribution(self, correction: int) -> list[Request]:
        """Creation under the correction (its record), and a block for every operator."""
        created = self._move("1-31", 0, 1, OPERATORS * EACH, "created", refers_to=correction)
        moved = self._move("10-0", 1, 2, OPERATORS * EACH, "moved")
        given = [self._move("10-36", 2, number, EACH, "given") for number in self._operators]
        return [created, moved, *given]

    def transfers(self) -> list[TransactionRequest]:
        """Transfers between operators, a few hundred units each."""
        draw = random.Random(SEED)
        found = []
        for index in range(self._count):
            sender, receiver = draw.sample(self._operators, 2)
            found.append(self._move("10-0", sender, receiver, draw.randint(100, 999), index))
        return found

    def year(self, year: int, correction: int, trades: int) -> list[Request]:
        """A yearly cycle: creation, allocation to every operator, trades, surrender of all."""
        given = [
            self._move("10-36", 2, number, EACH, f"given {year}") for number in self._operators
        ]
        draw = random.Random(SEED + year)
        traded = []
        for index in range(trades):
            sender, receiver = draw.sample(self._operators, 2)
            units = draw.randint(100, 999)
            traded.append(self._move("10-0", sender, receiver, units, f"{year} {index}"))
        held = dict.fromkeys(self._operators, EACH)
        for trade in traded:
            held[trade.transferring] -= trade.quantity
            held[trade.acquiring] += trade.quantity
        surrendered = [
            self._move(
                "10-2", number, SURRENDERED, units, f"surrendered {year}", year=self.day.year
            )
            for number, units in held.items()
        ]
        total = OPERATORS * EACH
        created = self._move("1-31", 0, 1, total, f"created {year}", refers_to=correction)
        return [
            created,
            self._move("10-0", 1, 2, total, f"moved {year}"),
            *given,
            *traded,
            *surrendered,
        ]

    def named(self, year: int) -> ActRequest:
        """The correction a year's creation rests on."""
        act = acts.CorrectionNamed(
            name=f"benchmark {year}",
            year=self.day.year,
            units=(self.unit,),
            quantity=OPERATORS * EACH,
            reason="units for a measurement",
        )
        return ActRequest(key_of("named", year), self._effective, act)

    def _move(
        self, type_: str, sender: int, receiver: int, quantity: int, word: str | int, **more: int
    ) -> TransactionRequest:
        return TransactionRequest(
            key=key_of(type_, sender, receiver, word),
            effective=self._effective,
            type=type_code(type_),
            transferring=sender,
            acquiring=receiver,
            kind=self.kind,
            quantity=quantity,
            **more,
        )
