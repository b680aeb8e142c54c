"""The office: what commands need to know of people, accounts and law to answer for themselves.

It joins the register of people with the books. It decides nothing that a person asks for; the
commands do (`openets.people.commands`), and the desk sees to their order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from openets.desk.approval import Settings, settings_by_law
from openets.desk.timing import Law, law_at
from openets.kernel.actor import Actor
from openets.kernel.clock import Clock, day_of, instant
from openets.kernel.refusal import Refusal
from openets.ledger.book import Account
from openets.ledger.post import Writer
from openets.ledger.reads import Entry, RecordView
from openets.ledger.requests import Outcome, Request, key_of
from openets.people.extension import Extension
from openets.people.pending import Pending
from openets.people.register import Register
from openets.people.roles import Standing
from openets.rulebook.model import NoLaw, Rulebook
from openets.rulebook.tables import AccountType, thaw
from openets.storage.database import Database

SURRENDER_COVERS = "desk.surrender-right"


@dataclass(frozen=True)
class Office:
    """The books' writer, the register, the clock.

    `record` reads a record of the ledger, `resting_on` the units moved by those that refer to it,
    `statement` the movements of an account. `undecided` are the proposals, by number and command,
    that name an account and have not ended; `pending` the transactions among all that have not.
    `tables` opens the query tables, brought up to date; `extensions` are what the schemes bring to
    the desk.
    """

    writer: Writer
    register: Register
    clock: Clock
    identity: str  # of the desk, so that its keys are its own
    record: Callable[[int], RecordView | None]
    resting_on: Callable[[int], int]
    law_kept: Path  # every rulebook the store has adopted
    statement: Callable[[int], list[Entry]]
    undecided: Callable[[int], list[tuple[int, str]]]
    pending: Callable[[], Iterable[Pending]]
    tables: Callable[[], AbstractContextManager[Database]]
    extensions: tuple[Extension, ...] = ()

    @property
    def rulebook(self) -> Rulebook:
        """The law."""
        return self.writer.book.rulebook

    def today(self) -> date:
        """The day (UTC) on which questions to the law are asked."""
        return day_of(instant(self.clock.now()))

    def by_law(self, path: str, otherwise: Any) -> Any:
        """What a parameter says today, or something else where the law says nothing."""
        return by_law(self.rulebook, self.today(), path, otherwise)

    def account(self, number: int) -> Account | None:
        """An account of the books, or None."""
        return self.writer.book.accounts.get(number)

    def account_type(self, key: str) -> AccountType:
        """A type of account in today's law; raises `NoLaw` if it has none of that name."""
        found = self.rulebook.tables_on(self.today()).account_types.get(key)
        if found is None:
            raise NoLaw(f"The law of {self.today()} has no account type {key}.")
        return found

    def law(self, registry: str, at: datetime) -> Law:
        """The desk's law for a registry at an instant."""
        return law_at(self.rulebook, registry, at)

    def key(self, number: int, *words: str | int) -> bytes:
        """The idempotency key of what is posted for a proposal."""
        return key_of("proposal", self.identity, number, *words)

    def post(self, request: Request) -> Outcome:
        """Posts one request."""
        (outcome,) = self.writer.post([request])
        return outcome

    def post_all(self, requests: Sequence[Request]) -> list[Outcome]:
        """Posts requests in order."""
        return self.writer.post(requests)

    def sequence_of(self, key: bytes) -> int:
        """The record with a key, 0 if there is none."""
        return self.writer.book.keys.get(key, 0)

    def is_compared(self, kind: int, *accounts: int) -> bool:
        """True while units of a kind stand still in one of these accounts to be compared."""
        book = self.writer.book
        if not book.compared or kind not in book.kinds:
            return False
        known = (self.account(account) for account in accounts)
        tables = book.tables_at(instant(self.clock.now()))
        return tables.stands_still(book.kinds[kind].unit) and any(
            one is not None and one.registry in book.compared for one in known
        )

    # -- people ---------------------------------------------------------------------------------

    def standing(self, actor: Actor, account: int) -> Standing | None:
        """What a person has on an account, with what its status leaves to representatives."""
        found = self.register.representative(account, actor.id)
        known = self.account(account)
        if found is None or known is None:
            return None
        tables = self.writer.book.tables_at(instant(self.clock.now()))
        status = tables.statuses.get(known.status)
        left = status.representatives if status else "nothing"
        return Standing(found.right, found.state, known.status, left)

    def settings(self, account: int, law: Law) -> Settings:
        """The choices that hold for an account."""
        known = self.account(account)
        tables = self.rulebook.tables_on(law.day)
        type_ = tables.account_types.get(known.type) if known else None
        by_law = settings_by_law(law, operator=bool(type_ and type_.operator))
        return self.register.settings(account, by_law)

    def is_trusted(self, account: int, other: int, at: datetime) -> bool:
        """True if the other account is of the same holder, or on the list and active."""
        holder = self.register.holder_of(account)
        if holder is not None and holder == self.register.holder_of(other):
            return True
        since = self.register.trusted_since(account, other)
        return since is not None and since <= instant(at)

    def is_government(self, account: int, law: Law) -> bool:
        """True if an account is one of the administration's own."""
        known = self.account(account)
        type_ = self.rulebook.tables_on(law.day).account_types.get(known.type) if known else None
        return bool(type_ and type_.central)

    def is_surrender_like(self, label: str, code: int, law: Law) -> bool:
        """True if a right to surrender is enough for a type of transaction."""
        rule = self.rulebook.tables_on(law.day).transaction_types.get(code)
        try:
            covered = label in law.ask(SURRENDER_COVERS)
        except NoLaw:
            covered = False
        return covered or bool(rule and rule.surrenders)


def by_law(rulebook: Rulebook, day: date, path: str, otherwise: Any) -> Any:
    """What a parameter says for a day, or something else where the law says nothing."""
    try:
        return thaw(rulebook.ask(path, for_=day).value)
    except NoLaw:
        return otherwise


def no_account(number: int, where: str = "account") -> Refusal:
    """The refusal for an account nobody has opened, and the field that names it."""
    sentence = f"There is no account {number}."
    return Refusal("people.account-unknown", sentence, "ledger rule", where)
