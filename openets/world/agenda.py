"""What a day at the desk of the demonstration will be about, and the day itself.

The agenda is drawn up from the played world before anything is done, and kept: what the day does
changes the holdings it was drawn up from, so that a day that was broken off could not find the same
again. It also says that the play is over.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from openets.people.opening import Opened
from openets.world.allocating import Allocated, allocate_sample
from openets.world.day import Day
from openets.world.penalising import Penalised, Short, choose_short, penalise
from openets.world.people import Chosen, choose_accounts, staff


class Agenda(NamedTuple):
    """The accounts that get people, and the operators that get penalties."""

    accounts: tuple[Chosen, ...]
    short: tuple[Short, ...]

    def written(self) -> dict[str, Any]:
        """As plain values, to be kept."""
        return self._asdict()


class Spent(NamedTuple):
    """What the day came to."""

    allocated: list[Allocated]
    penalised: list[Penalised]


def read_agenda(written: dict[str, Any]) -> Agenda:
    """The agenda that was kept."""
    return Agenda(
        tuple(Chosen._make(one) for one in written["accounts"]),
        tuple(Short._make(one) for one in written["short"]),
    )


def draw_up(office: Opened) -> Agenda:
    """The agenda of a world that was just played."""
    accounts = choose_accounts(office)
    registries = dict.fromkeys(one.registry for one in accounts)
    staffed = {one.account for one in accounts}
    return Agenda(accounts, choose_short(office, tuple(registries), staffed))


def spend(office: Opened, agenda: Agenda, seed: int) -> Spent:
    """The day from its beginning, or from where it was broken off."""
    day = Day(office)
    administrators = staff(day, agenda.accounts)
    allocated = allocate_sample(day, seed)
    return Spent(allocated, penalise(day, agenda.short, administrators))
