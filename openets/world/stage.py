"""The ledger as the play sees it: requests are gathered, posted, and each must be completed.

The stage keeps its own count of who holds what, so that planning a hundred thousand transfers asks
the ledger nothing; `compare` holds that count against the ledger's at the end. Every request has a
key made of what it naturally is: its step, and within the step the words of an act or the type,
accounts, kind and foundation of a transaction. A play that was interrupted is played again, and
what stands already has no second effect.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from hashlib import blake2b
from operator import attrgetter
from typing import NamedTuple, Protocol

from openets.kernel.acts import AccountOpened, Act, KindDefined
from openets.kernel.clock import day_of, instant
from openets.kernel.records import KEY_BYTES, type_code
from openets.kernel.refusal import Refusal, Refused
from openets.ledger.requests import ActRequest, Outcome, Request, transaction_request_of
from openets.rulebook.model import Rulebook
from openets.rulebook.tables import Tables
from openets.world.course import Course
from openets.world.market import Deal

CALL = 20_000  # several of the writer's batches, so that book and log are both busy
HOUR = "T10:00"

# Keys of acts and of transactions open differently, so that no act has the key of a transaction.
_ACT, _TRANSACTION = b"a", b"t"
_IN_A_STEP = struct.Struct(f"<c{KEY_BYTES}sQQQQQ")
_digest = partial(blake2b, digest_size=KEY_BYTES)
_sequence_of = attrgetter("sequence")


class Registry(Protocol):
    """What the play needs of a ledger; `openets.ledger.post.Writer` has it."""

    def post(self, requests: Sequence[Request]) -> list[Outcome]:
        """Posts requests in order and answers each."""

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


# A movement of units: transaction type, transferring and acquiring account, kind, quantity.
Move = tuple[int, int, int, int, int]


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
        self._named = b""  # the step, as it stands in its keys
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
        self._named = _digest(f"world\x1f{year}\x1f{step}".encode()).digest()
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
        return self._post([self._act(words, act) for words, act in acts])

    def note(self, act: Act, *words: str | int) -> None:
        """An act nothing refers to; it goes with the next flush."""
        self._pending.append(self._act(words, act))

    def _act(self, words: tuple[str | int, ...], act: Act) -> ActRequest:
        name = repr((act.act, *words)).encode()
        return ActRequest(_digest(_ACT + self._named + name).digest(), self.effective, act)

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
        refers_to: int = 0,
    ) -> None:
        """A transaction; type, accounts, kind and foundation name it within the step."""
        self.move_all([(type_, transferring, acquiring, kind, quantity)], refers_to=refers_to)

    def move_all(self, moves: Iterable[Move], *, year: int = 0, refers_to: int = 0) -> None:
        """Transactions in their order, for a year; each counts before the next is asked for."""
        named, effective, holdings = self._named, self.effective, self.holdings
        pack, add = _IN_A_STEP.pack, self._pending.append
        for type_, transferring, acquiring, kind, quantity in moves:
            name = pack(_TRANSACTION, named, type_, transferring, acquiring, kind, refers_to)
            fields = (
                _digest(name).digest(),
                effective,
                type_,
                transferring,
                acquiring,
                kind,
                quantity,
                year,
                refers_to,
                0,
                (),
                (),
            )
            add(transaction_request_of(fields))
            if transferring:
                held = holdings[transferring]
                rest = held[kind] - quantity
                if rest:
                    held[kind] = rest
                else:
                    del held[kind]
            held = holdings[acquiring]
            held[kind] = held.get(kind, 0) + quantity

    def create(self, type_: str, acquiring: int, kind: int, quantity: int, foundation: int) -> None:
        """Units come into being on the strength of a cap, correction or replacement."""
        if quantity:
            self.move(type_code(type_), 0, acquiring, kind, quantity, refers_to=foundation)

    def settle(self, deals: Iterable[Deal]) -> None:
        """The transfers that fulfil deals."""
        self.move_all(self._transfers(deals))

    def _transfers(self, deals: Iterable[Deal]) -> Iterator[Move]:
        places = self.places
        types: dict[tuple[int, str, str], int] = {}
        units = {number: kind.unit for kind, number in self.kinds.items()}
        for seller, buyer, kind, quantity in deals:
            way = (kind, places[seller].home, places[buyer].home)
            type_ = types.get(way)
            if type_ is None:
                type_ = types[way] = self.course.transfer_type(self.year, units[kind], *way[1:])
            yield type_, seller, buyer, kind, quantity

    # -- posting --------------------------------------------------------------------------------

    def flush(self) -> None:
        """Posts what is pending; raises `Refused` if anything of it is not completed."""
        pending = self._pending.copy()
        self._pending.clear()
        self._post(pending)

    def _post(self, requests: Sequence[Request]) -> list[int]:
        """The sequences under which all of these stand."""
        found: list[int] = []
        for start in range(0, len(requests), CALL):
            part = requests[start : start + CALL]
            answers = self._registry.post(part)
            sequences = list(map(_sequence_of, answers))  # 0 is one that is not completed
            if len(sequences) != len(part) or not all(sequences):
                refusals = [refusal for answer in answers for refusal in answer.refusals]
                raise Refused(refusals or [self._unanswered(len(part))])
            found += sequences
            self.posted += len(part)
            self._on_progress(self.year, self.step, self.posted)
        return found

    def _unanswered(self, count: int) -> Refusal:
        sentence = f"Not all of {count} requests of {self.year}, {self.step}, were completed."
        return Refusal("world.unanswered", sentence, "demonstration")

    def differences(self) -> Iterator[str]:
        """Where the ledger holds something else than the play counted."""
        for account, counted in self.holdings.items():
            held = self._registry.holdings(account)
            if held != counted:
                kind = min(kind for kind, _ in held.items() ^ counted.items())
                found = f"{held.get(kind, 0)}, not {counted.get(kind, 0)}"
                yield f"account {account}, kind {kind}: {found}"

    def compare(self) -> None:
        """Raises `Refused` if the ledger's holdings are not those the play counted."""
        found = next(self.differences(), None)
        if found:
            sentence = f"The ledger does not hold what was played: {found}."
            raise Refused(Refusal("world.holdings-differ", sentence, "demonstration"))
