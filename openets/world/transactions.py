"""Published transaction blocks posted one by one, and the books' sums held against them.

Each block is one transaction of the ledger, at the moment the log printed, named by the number of
the block: a replay that was interrupted goes on where it stopped. What the files do not show being
received is brought in before the first block, under a correction that says so, through accounts of
its own; those movements are counted apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import chain
from typing import NamedTuple

from openets.kernel.acts import AccountOpened, Act, CorrectionNamed, KindDefined
from openets.kernel.clock import MICROSECONDS_PER_DAY, day_of
from openets.kernel.records import Record, Transaction, type_label
from openets.kernel.refusal import Refused
from openets.ledger.requests import ActRequest, Request, TransactionRequest, key_of
from openets.rulebook.model import Rulebook
from openets.world.blocks import NOWHERE, Kind, Law, Move, Plan, Step, year_of_emissions
from openets.world.stage import CALL, Progress, Registry

BROUGHT_IN = "The published blocks show these units leaving an account but not coming into it."
CREATED = "Created as published; single blocks are not held against the quantity of a cap."


def play_blocks(
    registry: Registry, rulebook: Rulebook, plan: Plan, on_progress: Progress
) -> dict[str, int]:
    """Posts a plan; returns how many blocks the ledger refused, by its sentence.

    Raises `Refused` if anything is refused that is not a published block.
    """
    posting = _Posting(registry, rulebook, plan, on_progress)
    posting.open()
    posting.bring_in()
    posting.post_moves()
    return dict(posting.refused)


class _Posting:
    def __init__(
        self, registry: Registry, rulebook: Rulebook, plan: Plan, on_progress: Progress
    ) -> None:
        self.plan = plan
        self.refused: Counter[str] = Counter()
        self._law = Law(rulebook)
        self._registry = registry
        self._on_progress = on_progress
        self._posted = 0
        self._kinds: dict[Kind, int] = {}
        self._latest: dict[tuple[int, int, int], int] = {}  # (from, to, kind) -> sequence

    def open(self) -> None:
        """The accounts and kinds of the plan."""
        accounts, kinds = self.plan.opened()
        requests: list[Request] = []
        for number, ((unit, registry), effective) in enumerate(kinds.items(), start=1):
            self._kinds[unit, registry] = number
            period = self._law.on(effective).unit_types[unit].original_period
            defined = KindDefined(
                kind=number,
                unit=unit,
                registry=registry,
                original_period=period,
                applicable_period=period,
            )
            requests.append(_act(effective, defined, "kind", number))
        for index, effective in accounts.items():
            party = self.plan.accounts[index]
            number = number_of(index)
            opened = AccountOpened(
                number=number,
                registry=party.registry,
                type=party.type,
                operator=party.number or "brought in",
            )
            requests.append(_act(effective, opened, "account", number))
        self._post(requests, "accounts")

    def bring_in(self) -> None:
        """What the files do not show being received."""
        plan = self.plan
        wanted: Counter[tuple[Kind, int]] = Counter()
        for holding, quantity in plan.missing.items():
            wanted[holding[1], plan.ways[holding].effective] += quantity
        founded = self._correct(wanted, "brought in", BROUGHT_IN)
        requests: list[Request] = []
        for (account, kind), quantity in plan.missing.items():
            effective, steps = plan.ways[account, kind]
            foundation = founded[kind, effective]
            transferring = 0
            for step in steps:
                last = step is steps[-1]
                acquiring = number_of(account if last else plan.through[step.into])
                requests.append(
                    TransactionRequest(
                        _key_of_step(account, kind, step),
                        effective,
                        step.type,
                        transferring,
                        acquiring,
                        self._kinds[kind],
                        quantity,
                        refers_to=0 if transferring else foundation,
                    )
                )
                transferring = acquiring
        self._post(requests, "brought in")

    def post_moves(self) -> None:
        """The published blocks, in the order of time."""
        wanted: Counter[tuple[Kind, int]] = Counter()
        for move in self.plan.moves:
            if move.transferring == NOWHERE:
                wanted[move.kind, _start_of_day(move.effective)] += move.quantity
        founded = self._correct(wanted, "created", CREATED)
        requests: list[TransactionRequest] = []
        for move in self.plan.moves:
            rule = self._law.on(move.effective).transaction_types[move.type]
            refers_to = founded.get((move.kind, _start_of_day(move.effective)), 0)
            if rule.reverses or len(requests) == CALL:
                self._post_blocks(requests)
                requests = []
            if rule.reverses:
                sent, received = number_of(move.acquiring), number_of(move.transferring)
                refers_to = self._latest.get((sent, received, self._kinds[move.kind]), 0)
            elif move.transferring != NOWHERE:
                refers_to = 0
            year = year_of_emissions(move) if rule.surrenders else move.year
            requests.append(self._request(move, year, refers_to))
        self._post_blocks(requests)

    def _request(self, move: Move, year: int, refers_to: int) -> TransactionRequest:
        return TransactionRequest(
            key_of("blocks", "block", move.block),
            move.effective,
            move.type,
            number_of(move.transferring),
            number_of(move.acquiring),
            self._kinds[move.kind],
            move.quantity,
            year=year,
            refers_to=refers_to,
        )

    def _correct(
        self, wanted: Counter[tuple[Kind, int]], name: str, reason: str
    ) -> dict[tuple[Kind, int], int]:
        """Names a correction for each kind and instant; returns their sequences."""
        requests: list[Request] = []
        for ((unit, registry), effective), quantity in wanted.items():
            named = CorrectionNamed(
                name=f"{name}: {unit} {registry} {day_of(effective)}",
                year=day_of(effective).year,
                units=(unit,),
                registry=registry,
                quantity=quantity,
                reason=reason,
            )
            requests.append(_act(effective, named, name, unit, registry, effective))
        return dict(zip(wanted, self._post(requests, name), strict=True))

    # -- posting --------------------------------------------------------------------------------

    def _post(self, requests: list[Request], step: str) -> list[int]:
        """Posts requests that must all be completed; returns their sequences."""
        sequences: list[int] = []
        for start in range(0, len(requests), CALL):
            outcomes = self._registry.post(requests[start : start + CALL])
            refusals = [refusal for outcome in outcomes for refusal in outcome.refusals]
            if refusals:
                raise Refused(refusals)
            sequences += [outcome.sequence for outcome in outcomes]
            self._say(0, step, len(outcomes))
        return sequences

    def _post_blocks(self, requests: list[TransactionRequest]) -> None:
        if not requests:
            return
        outcomes = self._registry.post(requests)
        for request, outcome in zip(requests, outcomes, strict=True):
            if outcome.completed:
                pair = (request.transferring, request.acquiring, request.kind)
                self._latest[pair] = outcome.sequence
            else:
                self.refused[str(outcome.refusals[0])] += 1
        self._say(day_of(requests[-1].effective).year, "published blocks", len(requests))

    def _say(self, year: int, step: str, count: int) -> None:
        self._posted += count
        first = self.plan.moves[0].year
        self._on_progress(year or first, step, self._posted)


def _key_of_step(account: int, kind: Kind, step: Step) -> bytes:
    return key_of("blocks", "brought in", account, *kind, step.type, step.into)


def _act(effective: int, act: Act, *words: str | int) -> ActRequest:
    return ActRequest(key_of("blocks", *words), effective, act)


def number_of(index: int) -> int:
    """The account's number in the store; 0 for no account."""
    return index + 1


# -- the books in the end ------------------------------------------------------------------------


class Sum(NamedTuple):
    """Units and blocks of a calendar year and transaction type."""

    units: int
    blocks: int


class Row(NamedTuple):
    """A line of the table in the end; `difference` adds up both books' units without signs."""

    year: int
    type: str
    blocks: int
    published: int
    ledger: int
    log: int
    difference: int


Sums = dict[tuple[int, str], Sum]


def sum_published(plan: Plan) -> Sums:
    """The sums of the blocks that were to be posted."""
    return _sum((move.effective, move.type, move.quantity) for move in plan.moves)


def sum_posted(records: Iterable[Record], plan: Plan) -> Sums:
    """The sums of a book's stored records, without what was brought in."""
    brought_in = {
        _key_of_step(*holding, step)
        for holding in plan.missing
        for step in plan.ways[holding].steps
    }
    return _sum(
        (record.effective, record.type, record.quantity)
        for record in records
        if isinstance(record, Transaction) and record.key not in brought_in
    )


def _sum(movements: Iterable[tuple[int, int, int]]) -> Sums:
    years: dict[int, int] = {}  # by day
    units: Counter[tuple[int, int]] = Counter()
    blocks: Counter[tuple[int, int]] = Counter()
    for effective, type_, quantity in movements:
        day = effective // MICROSECONDS_PER_DAY
        year = years.get(day)
        if year is None:
            year = years[day] = day_of(effective).year
        units[year, type_] += quantity
        blocks[year, type_] += 1
    return {
        (year, type_label(type_)): Sum(units[year, type_], blocks[year, type_])
        for year, type_ in sorted(units)
    }


def compare_blocks(published: Sums, ledger: Sums, log: Sums) -> list[Row]:
    """Line by line what was published and what the books hold; cells of any of the three."""
    nothing = Sum(0, 0)
    rows = []
    for cell in sorted(dict.fromkeys(chain(published, ledger, log))):
        said, booked, logged = (sums.get(cell, nothing) for sums in (published, ledger, log))
        off = abs(booked.units - said.units) + abs(logged.units - said.units)
        rows.append(Row(*cell, said.blocks, said.units, booked.units, logged.units, off))
    return rows


def _start_of_day(effective: int) -> int:
    return effective - effective % MICROSECONDS_PER_DAY
