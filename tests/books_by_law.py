"""Both books in memory under the law of any jurisdiction, for cases that name their facts.

Each record is judged by both, as in a store: what one takes the other takes. Units are created
under a named correction, so that a case can say what an account holds without a history.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path

from openets.kernel import acts
from openets.kernel.clock import instant
from openets.kernel.records import ActRecord, Block, Record, Transaction, type_code
from openets.kernel.refusal import Refusal
from openets.ledger.book import Book
from openets.ledger.requests import ActRequest, Request, TransactionRequest, key_of
from openets.rulebook.load import load_rulebook
from openets.rulebook.tables import Tables
from openets.translog.judge import Judge
from openets.translog.picture import Picture
from openets.translog.store import Configuration

STORE = bytes(16)
KEY = "0" * 64
FEW = 10  # more blocks than this are given in one record


class TwoBooks:
    """The ledger's book and the log's picture on one day of one law; one registry, `home`."""

    def __init__(self, jurisdiction: str, day: date, home: str) -> None:
        self.rulebook = load_rulebook(jurisdiction)
        self.day, self.home = day, home
        self.at = instant(datetime.combine(day, time(11), tzinfo=UTC))
        self.book = Book(STORE, self.rulebook)
        self.picture = Picture(STORE)
        keys = (bytes.fromhex(KEY), (), bytes.fromhex(KEY))
        configuration = Configuration(Path(), STORE, jurisdiction, *keys, url="")
        self.judge = Judge(self.picture, self.rulebook, configuration)
        self.kinds: dict[str, int] = {}
        self.periods: tuple[int, int] | None = None  # of the kinds, where not the law's original
        created = acts.StoreCreated(
            jurisdiction=jurisdiction, mode="practice", registry_key=KEY, log_key=KEY
        )
        self.do(created)
        self.do(acts.RulebookAdopted(digest=self.rulebook.digest.hex()))

    @property
    def tables(self) -> Tables:
        """The law of the day."""
        return self.rulebook.tables_on(self.day)

    def do(self, act: acts.Act) -> int:
        """An act that both books take; its number."""
        refusal = self.post(ActRequest(key_of(self.book.sequence), self.at, act))
        assert refusal is None, refusal
        return self.book.sequence

    def open(
        self, number: int, type_: str, status: str = "open", operator: str | None = None
    ) -> None:
        """An account in a status, of an operator if one is named."""
        opened = acts.AccountOpened(
            number=number, registry=self.home, type=type_, operator=operator
        )
        self.do(opened)
        if status != "open":
            self.set_status(number, status)

    def set_status(self, number: int, status: str) -> None:
        """An account changes its status."""
        self.do(acts.StatusChanged(account=number, status=status, reason="case"))

    def kind(self, unit: str) -> int:
        """The number of the kind of a unit, defined at first use."""
        if unit not in self.kinds:
            self.kinds[unit] = len(self.kinds) + 1
            period = self.tables.unit_types[unit].original_period
            original, applicable = self.periods or (period, period)
            self.do(
                acts.KindDefined(
                    kind=self.kinds[unit],
                    unit=unit,
                    registry=self.home,
                    original_period=original,
                    applicable_period=applicable,
                )
            )
        return self.kinds[unit]

    def permit(self, unit: str, quantity: int) -> int:
        """A permission to create, as its record's number."""
        self.kind(unit)
        return self.do(
            acts.CorrectionNamed(
                name="case",
                year=self.day.year,
                units=(unit,),
                registry=self.home,
                quantity=quantity,
                reason="case",
            )
        )

    def endow(self, account: int, unit: str, spans: Sequence[Sequence[int]]) -> None:
        """Gives an account serials, in the order in which it acquires them; unchecked."""
        if not spans:
            return
        last = max(end for _, end in spans)
        permission = self.permit(unit, last)
        creates = next(one.code for one in self.tables.transaction_types.values() if one.creates)
        bank = 1_000 + self.book.sequence
        self.open(bank, next(iter(self.tables.account_types)))
        moves = [(0, bank, [(1, last)]), *((bank, account, [span]) for span in spans)]
        if len(spans) > FEW:
            moves[1:] = [(bank, account, list(spans))]
        for sender, receiver, named in moves:
            blocks = tuple(Block(self.kinds[unit], start, end) for start, end in named)
            key = key_of("endow", self.book.sequence)
            sequence = self.book.sequence + 1
            self.take(
                Transaction(
                    *(sequence, key, self.at, creates, 0, sender, receiver),
                    *(0 if sender else permission, 0, blocks, ()),
                )
            )

    def request(
        self,
        type_: str,
        sender: int,
        receiver: int,
        unit: str,
        quantity: int,
        refers_to: int = 0,
        spans: tuple[tuple[int, int], ...] = (),
        year: int = 0,
    ) -> TransactionRequest:
        """A request for units by name, or for the serials given."""
        kind = self.kind(unit)
        return TransactionRequest(
            key_of("case", self.book.sequence, type_),
            self.at,
            type_code(type_),
            sender,
            receiver,
            kind,
            quantity,
            year=year,
            refers_to=refers_to,
            blocks=tuple(Block(kind, start, end) for start, end in spans),
        )

    def post(self, request: Request) -> Refusal | None:
        """Puts a request to the ledger, and what it makes of it to the log."""
        record = self.book.propose(request)
        if isinstance(record, Refusal):
            return record
        refusal = self.judge_record(record)
        if refusal is None:
            self.take(record)
        return refusal

    def judge_record(self, record: Record) -> Refusal | None:
        """What the log says."""
        return self.judge.check(record, self._act(record), law=True)

    def take(self, record: Record) -> None:
        """Both books take a record, unchecked."""
        act = self._act(record)
        self.book.apply(record, act)
        self.picture.apply(record, act, self.judge.tables_at(record.effective))

    def blocks(self, account: int) -> list[tuple[int, int]]:
        """The serials of an account in ascending order, as both books agree on them."""
        held, seen = (
            [(start, end) for _, _, start, end, who in book.intervals() if who == account]
            for book in (self.book, self.picture)
        )
        assert held == seen
        return held

    @staticmethod
    def _act(record: Record) -> acts.Act | None:
        return acts.parse_act(record.payload) if isinstance(record, ActRecord) else None
