"""The ledger as the play sees it: requests are gathered, posted, and each must be completed.

The stage keeps its own count of who holds what, so that planning a hundred thousand transfers asks
the ledger nothing; `compare` holds that count against the ledger's at the end. Every request has a
key made of natural words: a play that was interrupted is played again, and what stands already has
no second effect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

from openets.kernel.acts import AccountOpened, Act, KindDefined
from openets.kernel.clock import day_of, instant
from openets.kernel.records import type_code
from openets.kernel.refusal import Refusal, Refused
from openets.ledger.requests import ActRequest, Outcome, Request, TransactionRequest, key_of
from openets.rulebook.model import Rulebook
from openets.rulebook.tables import Tables
from openets.world.course import Course
from openets.world.market import Deal

CALL = 20_000  # several of the writer's batches, so that book and log are both busy
HOUR = "T10:00"


class Registry(Protocol):
    """What the play needs of a ledger; `openets.ledger.post.Writer` has it."""

    def post(self, requests: Sequence[Request]) -> list[Outcome]:
        """Posts requests in order and answers each."""

    def held(self, account: int, kind: int) -> int:
        """Units of a kind in an account now."""

    def holdings(self, account: int) -> dict[int, int]:
        """Units in an account now, by kind."""


Progress = Callable[[int, str, int], None]


class Kind(NamedTuple):
    """A kind of unit: the unit's key in the rulebook and the registry that issues it."""

    unit: str
    registry: str


class Place(NamedTuple):
    """What the play knows of an account; `home` is the registry that keeps its units."""

    registry: str
    type: str
    home: str


class Stage:
    """A calendar year's step, what was posted, and the count of holdings."""

    def __init__(
        self, registry: Registry, rulebook: Rulebook, course: Course, on_progress: Progress
    ) -> None:
        self.rulebook = rulebook
        self.course = course
        self.year = 0
        self.step = ""
        self.posted = 0
        self.effective = 0
        self.accounts: dict[tuple[str, str, str], int] = {}
        self.places: dict[int, Place] = {}
        self.kinds: dict[Kind, int] = {}
        self.holdings: dict[int, dict[int, int]] = {}
        self._registry = registry
        self._on_progress = on_progress
        self._pending: list[Request] = []

    # -- time and law ---------------------------------------------------------------------------

    def begin(self, year: int, step: str, day: str) -> None:
        """What follows takes effect on this day of the year; enough that is pending is posted."""
        if len(self._pending) >= CALL:
            self.flush()
        self.year, self.step = year, step
        self.effective = instant(datetime.fromisoformat(f"{year}-{day}{HOUR}").replace(tzinfo=UTC))
        self._on_progress(year, step, self.posted)

    def deadline(self, path: str, year: int) -> str:
        """A deadline of the rulebook as month-day."""
        return str(self.rulebook.ask(path, for_=year).value)

    def tables(self) -> Tables:
        """The law of the step's day."""
        return self.rulebook.tables_on(day_of(self.effective))

    # -- acts -----------------------------------------------------------------------------------

    def acts(self, acts: Iterable[tuple[tuple[str | int, ...], Act]]) -> list[int]:
        """Posts acts, each named by words unique in the step; returns their sequences."""
        self.flush()
        return [
            outcome.sequence
            for outcome in self._post([self._act(words, act) for words, act in acts])
        ]

    def note(self, act: Act, *words: str | int) -> None:
        """An act nothing refers to; it goes with the next flush."""
        self._pending.append(self._act(words, act))

    def _act(self, words: tuple[str | int, ...], act: Act) -> ActRequest:
        key = key_of("world", self.year, self.step, act.act, *words)
        return ActRequest(key, self.effective, act)

    def open(self, registry: str, type_: str, operator: str = "") -> int:
        """The account of a registry, type and operator, opened if it is not open yet."""
        name = (registry, type_, operator)
        number = self.accounts.get(name)
        if number is None:
            number = self.accounts[name] = len(self.accounts) + 1
            self.places[number] = Place(registry, type_, self.course.issuer(registry))
            self.holdings[number] = {}
            opened = AccountOpened(
                number=number, registry=registry, type=type_, operator=operator or None
            )
            self.note(opened, *name)
        return number

    def kind(self, unit: str, registry: str, period: int) -> int:
        """The kind of a unit and issuing registry, defined if it is not defined yet."""
        name = Kind(unit, registry)
        number = self.kinds.get(name)
        if number is None:
            number = self.kinds[name] = len(self.kinds) + 1
            defined = KindDefined(
                kind=number,
                unit=unit,
                registry=registry,
                original_period=period,
                applicable_period=period,
            )
            self.note(defined, *name)
        return number

    # -- transactions ---------------------------------------------------------------------------

    def move(
        self,
        type_: int,
        transferring: int,
        acquiring: int,
        kind: int,
        quantity: int,
        *,
        year: int = 0,
        refers_to: int = 0,
    ) -> None:
        """A transaction; type, accounts, kind and foundation name it within the step."""
        words = (type_, transferring, acquiring, kind, refers_to)
        self._pending.append(
            TransactionRequest(
                key_of("world", self.year, self.step, *words),
                self.effective,
                type_,
                transferring,
                acquiring,
                kind,
                quantity,
                year,
                refers_to,
            )
        )
        if transferring:
            held = self.holdings[transferring]
            held[kind] -= quantity
            if not held[kind]:
                del held[kind]
        held = self.holdings[acquiring]
        held[kind] = held.get(kind, 0) + quantity

    def create(self, type_: str, acquiring: int, kind: int, quantity: int, foundation: int) -> None:
        """Units come into being on the strength of a cap, correction or replacement."""
        if quantity:
            self.move(type_code(type_), 0, acquiring, kind, quantity, refers_to=foundation)

    def settle(self, deals: Iterable[Deal]) -> None:
        """The transfers that fulfil deals."""
        places = self.places
        types: dict[tuple[int, str, str], int] = {}
        units = {number: kind.unit for kind, number in self.kinds.items()}
        for deal in deals:
            way = (deal.kind, places[deal.seller].home, places[deal.buyer].home)
            type_ = types.get(way)
            if type_ is None:
                unit = units[deal.kind]
                type_ = types[way] = self.course.transfer_type(self.year, unit, *way[1:])
            self.move(type_, deal.seller, deal.buyer, deal.kind, deal.quantity)

    # -- posting --------------------------------------------------------------------------------

    def flush(self) -> None:
        """Posts what is pending; raises `Refused` if anything of it is not completed."""
        pending, self._pending = self._pending, []
        self._post(pending)

    def _post(self, requests: Sequence[Request]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for start in range(0, len(requests), CALL):
            part = requests[start : start + CALL]
            answers = self._registry.post(part)
            refusals = [refusal for answer in answers for refusal in answer.refusals]
            if refusals or len(answers) != len(part) or not all(a.completed for a in answers):
                raise Refused(refusals or [self._unanswered(len(part))])
            outcomes += answers
            self.posted += len(part)
            self._on_progress(self.year, self.step, self.posted)
        return outcomes

    def _unanswered(self, count: int) -> Refusal:
        sentence = f"Not all of {count} requests of {self.year}, {self.step}, were completed."
        return Refusal("world.unanswered", sentence, "demonstration")

    def differences(self) -> Iterator[str]:
        """Where the ledger holds something else than the play counted."""
        for account, counted in self.holdings.items():
            for kind in self.kinds.values():
                held = self._registry.held(account, kind)
                if held != counted.get(kind, 0):
                    yield f"account {account}, kind {kind}: {held}, not {counted.get(kind, 0)}"

    def compare(self) -> None:
        """Raises `Refused` if the ledger's holdings are not those the play counted."""
        found = next(self.differences(), None)
        if found:
            sentence = f"The ledger does not hold what was played: {found}."
            raise Refused(Refusal("world.holdings-differ", sentence, "demonstration"))
