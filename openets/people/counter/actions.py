"""What can be asked at the counter, one function for each thing.

Permission and checks are inside what they call; here it is only said what is asked and answered.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from openets.desk.proposals import Proposal
from openets.kernel.clock import instant
from openets.people import accounts, enrolment, reconciling, reviewing
from openets.people.counter.action import Number, Visit, action
from openets.people.enrolment import KeyMade
from openets.people.reconciling import Reconciliation
from openets.people.signing_in import shown

ACCOUNT = "account"


class Proposed(NamedTuple):
    """The proposal as it stands; if a second person must approve it, when it would be done.

    `execute_at` is in microseconds since 1970, None where nobody has to approve.
    """

    proposal: Proposal
    execute_at: int | None = None
    reason: str = ""


class AccountRow(NamedTuple):
    """An account of a holder, under its full number."""

    number: str
    type: str
    operator: str
    status: str


class ReviewRow(NamedTuple):
    """What is to be reviewed; accounts under their full number."""

    subject: str
    number: int | str
    last: date | None
    due: date


# -- proposals ---------------------------------------------------------------------------------


@action
def propose(visit: Visit, command: str, body: str) -> Proposed:
    """Proposes a command; `body` is the JSON of its fields."""
    desk, actor = visit.office.desk, visit.actor
    proposal = desk.propose(actor, command, body)
    if not proposal.needs:
        return Proposed(proposal)
    _, execution = desk.preview(actor, command, body)
    return Proposed(proposal, instant(execution.at), execution.reason)


@action
def approve(visit: Visit, number: Number) -> Proposal:
    """Confirms a proposal of somebody else; what is due is carried out."""
    return visit.office.desk.approve(visit.actor, number)


@action
def reject(visit: Visit, number: Number, reason: str) -> Proposal:
    """Ends a proposal of somebody else that waits."""
    return visit.office.desk.reject(visit.actor, number, reason)


@action
def withdraw(visit: Visit, number: Number, reason: str) -> Proposal:
    """Takes back a proposal that waits for approval."""
    return visit.office.desk.withdraw(visit.actor, number, reason)


@action
def cancel(visit: Visit, number: Number, reason: str) -> Proposal:
    """Stops an approved proposal before its time."""
    return visit.office.desk.cancel(visit.actor, number, reason)


@action
def work(visit: Visit) -> list[Proposal]:
    """Does what is due; each proposal as it then stands."""
    return list(visit.office.work())


# -- persons ------------------------------------------------------------------------------------


@action
def make_key(visit: Visit, person: Number) -> KeyMade:
    """Makes the key with which a person enrols; it is told this once."""
    opened = visit.office
    return enrolment.make_key(opened.office, opened.desk.trail, visit.actor, person)


@action
def enrol(visit: Visit, key: str) -> int:
    """Enters the key that was sent to whoever asks; the person, who is active from here on."""
    opened = visit.office
    person = shown(visit.store, opened.register, visit.who)
    enrolment.enrol(opened.office, opened.desk.trail, person, key)
    return person.number


# -- the books ----------------------------------------------------------------------------------


@action
def begin_reconciliation(visit: Visit, registry: str) -> Reconciliation:
    """The units of a registry stand still, so that its books can be compared."""
    opened = visit.office
    return reconciling.begin(opened.office, opened.desk.trail, visit.actor, registry)


@action
def end_reconciliation(visit: Visit, registry: str, differ: tuple[Number, ...]) -> Reconciliation:
    """The books were compared; accounts on which they differ are stopped, the rest moves again."""
    opened = visit.office
    return reconciling.end(opened.office, opened.desk.trail, visit.actor, registry, differ)


# -- what is read of the office ----------------------------------------------------------------


@action
def accounts_of(visit: Visit, holder: Number) -> list[AccountRow]:
    """The accounts of a holder."""
    office = visit.office.office
    known = office.writer.book.accounts
    return [
        AccountRow(
            accounts.full_number(office, one),
            known[one].type,
            known[one].operator or "",
            known[one].status,
        )
        for one in visit.office.register.held_by(holder)
    ]


@action
def reviews_by(visit: Visit, day: date | None = None) -> list[ReviewRow]:
    """What is to be reviewed by a day (None: today), the longest overdue first."""
    office = visit.office.office
    return [
        ReviewRow(
            one.subject,
            accounts.full_number(office, one.number) if one.subject == ACCOUNT else one.number,
            one.last,
            one.due,
        )
        for one in reviewing.reviews_due(office, day or office.today())
    ]
