"""The command that notes a review of an account or a verifier, and the list of what is due."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, NamedTuple

from pydantic import Field, model_validator

from openets.desk.desk import DESK, Outcome
from openets.kernel.clock import instant
from openets.kernel.refusal import Refusal
from openets.people.accounts import CLOSING, keep_documents
from openets.people.asked import Asked, Body, Number, Text
from openets.people.completeness import missing_documents
from openets.people.office import Office
from openets.people.reviews import ACCOUNT, VERIFIER, due_on

REVIEW = "accounts.review"
NO_TYPE = ""  # a review looks through what is about the holder; the permit lies with the operator


class Due(NamedTuple):
    """An account or a verifier to be reviewed; `due` is the first day ever if it never was."""

    subject: str
    number: int
    last: date | None
    due: date


def reviews_due(office: Office, day: date) -> list[Due]:
    """What is to be reviewed by a day, the longest overdue first; nothing where no law asks."""
    law = office.by_law(REVIEW, None)
    if law is None:
        return []
    usual, longer = int(law["years"]), int(law["operators_and_verifiers_years"])
    tables = office.writer.book.tables_at(instant(office.clock.now()))
    found = []
    for number, _ in office.register.held():
        account = office.writer.book.accounts[number]
        type_, status = tables.account_types.get(account.type), tables.statuses.get(account.status)
        if type_ is None or type_.central or (status and status.reached_by == CLOSING):
            continue
        found.append(_due(office, ACCOUNT, number, longer if type_.operator else usual))
    found += [
        _due(office, VERIFIER, one.number, longer) for one in office.register.verifiers.every()
    ]
    return sorted((one for one in found if one.due <= day), key=lambda one: (one.due, one[:2]))


def place_of(office: Office, due: Due) -> tuple[str, tuple[int, ...]]:
    """The registry to which what is reviewed belongs, and the account if it is one."""
    if due.subject == VERIFIER:
        verifier = office.register.verifiers.get(due.number)
        return (verifier.registry if verifier else ""), ()
    account = office.account(due.number)
    return (account.registry if account else ""), (due.number,)


def _due(office: Office, subject: str, number: int, years: int) -> Due:
    last = office.register.reviews.last(subject, number)
    return Due(subject, number, last, due_on(last, years))


class Review(Body):
    """The data of an account or a verifier were looked through; newer documents are noted."""

    name: ClassVar[str] = "review"
    action: ClassVar[str] = "account"
    account: Number | None = None
    verifier: Number | None = None
    documents: dict[Text, Text] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_one(self) -> Review:
        if (self.account is None) == (self.verifier is None):
            raise ValueError("name an account or a verifier")
        return self

    def of(self, office: Office) -> Asked:
        """The command in an office."""
        return _Reviewing(office, self)


class _Reviewing(Asked):
    body: Review

    @property
    def registry(self) -> str:
        """That of the account or of the verifier."""
        verifier = self.office.register.verifiers.get(self.body.verifier or 0)
        return verifier.registry if verifier else super().registry

    def problems(self) -> list[Refusal]:
        """What is reviewed is known, and its documents are complete."""
        body, register = self.body, self.office.register
        found = super().problems()
        if body.verifier and register.verifiers.get(body.verifier) is None:
            sentence = f"There is no verifier {body.verifier}."
            found.append(Refusal("people.verifier-unknown", sentence, DESK, "verifier"))
        account = self.office.account(body.account or 0)
        if account is None:
            return found
        holder = register.holders.get(register.holder_of(account.number) or 0)
        if holder is None:
            sentence = f"Nobody is registered as the holder of account {account.number}."
            return [*found, Refusal("people.no-holder-known", sentence, REVIEW, "account")]
        return found + missing_documents(self.office, holder, NO_TYPE, body.documents)

    def carry_out(self, number: int, at: int) -> Outcome:
        """Notes the day, and the documents with the holder."""
        body, register = self.body, self.office.register
        if body.verifier:
            register.reviews.note(VERIFIER, body.verifier, self.office.today())
        if body.account:
            keep_documents(self.office, register.holder_of(body.account) or 0, body.documents)
            register.reviews.note(ACCOUNT, body.account, self.office.today())
        return Outcome(0)
