"""A sample of installations of every sector gets its free allocation by the rules, at the desk.

Everything goes the way a registry's year goes: a national administrator submits the list of
installations with their baseline, a central administrator accepts it, the amounts of the period are
calculated from it and entered as a table by two people, units are created under the cap of the
year and moved to where they are allocated from, and one act issues them. The installations are
invented (`sample.yaml`); their levels vary around the usual by the seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from openets.kernel.actor import Actor
from openets.people.asked import Body
from openets.people.opening import Opened
from openets.people.transactions import Move
from openets.rulebook.model import Rulebook
from openets.rulebook.notation import build, parse
from openets.schemes.allocation.actions import ChangeTable, Run, run_of
from openets.schemes.allocation.law import law_of_year
from openets.schemes.allocation.reads import entries, known_operators
from openets.schemes.allocation.submitting import SubmitList, calculated_change
from openets.schemes.caps.actions import Create, SetCap
from openets.world.day import Day, body_of

SAMPLE = Path(__file__).with_name("sample.yaml")
TABLE = "installations"
SPREAD_PERCENT = 15  # how far a year's level may lie below the usual one


class Allocated(NamedTuple):
    """An installation of the sample: its sector and parts, what it was entitled to, what it got."""

    operator: str
    sector: str
    parts: str
    entitled: dict[int, int]
    allocated: int


@dataclass(frozen=True)
class _Staff:
    national: Actor
    other_national: Actor
    central: Actor
    other_central: Actor
    keeper: Actor  # of the central accounts
    other_keeper: Actor


@cache
def load_sample() -> dict[str, Any]:
    """The sample as it stands in the file."""
    root = parse(SAMPLE.read_text(encoding="utf-8"))
    assert root is not None
    found: dict[str, Any] = build(root)
    return found


def allocate_sample(day: Day, seed: int) -> list[Allocated]:
    """Lists, calculates, enters and issues; returns the sample with what each installation got.

    A world with fewer operators has fewer sectors.
    """
    office, sample = day.office, load_sample()
    registry, first_year = sample["registry"], sample["first_year"]
    operators = _operators(office, registry)
    chosen = dict(zip(operators, sample["installations"], strict=False))
    if not chosen:
        return []
    staff = _staff(day, registry)
    _list(day, chosen, first_year, seed, staff)
    year = sample["issued"]
    _create(day, sample, year, staff)
    day.two(
        staff.national,
        staff.other_national,
        Run.name,
        lambda: _run(office, registry, year),
    )
    return _found(office, chosen, year)


def _list(day: Day, chosen: dict[str, Any], first_year: int, seed: int, staff: _Staff) -> None:
    """The list of installations, and the table it comes to."""
    office, registry = day.office.office, load_sample()["registry"]
    submitted = SubmitList(
        registry=registry,
        first_year=first_year,
        installations=tuple(describe(office.rulebook, chosen, first_year, seed)),
    )
    day.two(staff.national, staff.central, submitted.name, lambda: submitted)
    day.two(
        staff.national,
        staff.other_national,
        ChangeTable.name,
        lambda: calculated_change(office, TABLE, registry, first_year),
    )


def _run(office: Opened, registry: str, year: int) -> Body:
    run, _ = run_of(office.office, TABLE, registry, year)
    assert run is not None  # the table has just been entered
    return run


def _operators(office: Opened, registry: str) -> list[str]:
    """The operators of a registry that have an account, the first ones first."""
    known, wanted = known_operators(office.office), load_sample()["operators"]
    return sorted(
        code
        for code, accounts in known.accounts.items()
        if accounts[0].registry == registry and wanted in {one.type for one in accounts}
    )


def _staff(day: Day, registry: str) -> _Staff:
    book = day.office.office.writer.book
    central = next(
        one.registry for one in book.accounts.values() if one.type == load_sample()["total"]
    )
    return _Staff(
        *(
            day.person(role, place)
            for role, place in (
                ("senior administrator", registry),
                ("senior administrator", registry),
                ("central administrator", None),
                ("central administrator", None),
                ("senior administrator", central),
                ("senior administrator", central),
            )
        )
    )


def describe(
    rulebook: Rulebook, chosen: dict[str, Any], first_year: int, seed: int
) -> list[dict[str, Any]]:
    """The list of installations: the levels of each year of the baseline lie near the usual one."""
    drawn = Random(seed)
    span = law_of_year(rulebook, first_year).need("baseline-years")
    years = range(span["first_year"], span["last_year"] + 1)
    made = []
    for operator, one in chosen.items():
        parts = []
        for part in one["parts"]:
            stated = {name: value for name, value in part.items() if name != "usual"}
            stated["levels"] = {
                str(year): str(part["usual"] * (100 + drawn.randint(-SPREAD_PERCENT, 0)) // 100)
                for year in years
            }
            parts.append(stated)
        made.append(
            {
                "id": operator,
                "name": one["sector"],
                "activity": one["activity"],
                "sub_installations": parts,
            }
        )
    return made


def _create(day: Day, sample: dict[str, Any], year: int, staff: _Staff) -> None:
    """As many units as the sample is entitled to, under the year's cap, where they are issued."""
    office = day.office.office
    places = {one.type: number for number, one in office.writer.book.accounts.items()}
    kinds = office.writer.book.kinds.items()
    kind = next(number for number, one in kinds if one.unit == sample["unit"])
    total, allocation = places[sample["total"]], places[sample["allocation"]]

    def created() -> Body:
        asked = entries(office, registry=sample["registry"], year=year)
        return Create(
            type=sample["creation"],
            parameter=sample["cap"],
            year=year,
            acquiring=total,
            kind=kind,
            quantity=sum(entry.remaining() for entry in asked),
        )

    cap = SetCap(parameter=sample["cap"], year=year, units=(sample["unit"],))
    day.two(staff.central, staff.other_central, cap.name, lambda: cap)
    creation = day.two(staff.central, staff.other_central, Create.name, created)
    moved = Move(
        type=sample["transfer"],
        transferring=total,
        acquiring=allocation,
        kind=kind,
        quantity=body_of(creation)["quantity"],
    )
    day.two(staff.keeper, staff.other_keeper, moved.name, lambda: moved)


def _found(office: Opened, chosen: dict[str, Any], issued: int) -> list[Allocated]:
    registry = load_sample()["registry"]
    every = entries(office.office, registry=registry)
    found = []
    for operator, one in chosen.items():
        mine = [entry for entry in every if entry.operator == operator]
        found.append(
            Allocated(
                operator,
                one["sector"],
                ", ".join(part["name"] for part in one["parts"]),
                {entry.year: entry.entitlement for entry in mine},
                sum(entry.allocated for entry in mine if entry.year == issued),
            )
        )
    return found
