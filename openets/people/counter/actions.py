"""What can be asked at the counter, one function for each thing.

Permission and checks are inside what they call; here it is only said what is asked and answered.
What is read goes through the asker's sight (`openets.desk.sight`).
"""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import NamedTuple

from openets.desk.audit import proposals_for
from openets.desk.proposals import Proposal
from openets.desk.said import ENGLISH, Said
from openets.kernel.clock import instant
from openets.kernel.refusal import Refused
from openets.people import accounts, enrolment, reconciling, reviewing
from openets.people.corrections import correction_of
from openets.people.counter.action import Number, Visit, action
from openets.people.enrolment import KeyMade
from openets.people.maintenance import windows_planned
from openets.people.reconciling import Reconciliation
from openets.people.reviews import ACCOUNT
from openets.people.signing_in import shown


class Proposed(NamedTuple):
    """The proposal as it stands; if a second person must approve it, when it would be done.

    `execute_at` is in microseconds since 1970, None where nobody has to approve; `reason` says why
    then, in the asker's language.
    """

    proposal: Proposal
    execute_at: int | None = None
    reason: str = ""


class ProposalRow(NamedTuple):
    """A proposal as its asker sees it; instants in microseconds, 0 where there is none.

    `what` is the sentence a person reads, `body` the stored fields of the command as JSON.
    """

    number: int
    command: str
    state: str
    proposer: int
    created: int
    execute_at: int
    account: int
    what: str
    body: str


class HolderRow(NamedTuple):
    """A holder with its identity, and those of its accounts the asker may see."""

    number: int
    registry: str
    kind: str
    country: str
    registration: str
    lei: str
    vat: str
    accounts: list[int]


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


class WindowRow(NamedTuple):
    """A maintenance window, with the proposal that planned it; instants in microseconds.

    `registry` is empty for every registry; `state` planned, open, over or cancelled.
    """

    proposal: int
    registry: str
    opens: int
    closes: int
    reason: str
    state: str


# -- proposals ---------------------------------------------------------------------------------


@action
def propose(visit: Visit, command: str, body: str, language: str = ENGLISH) -> Proposed:
    """Proposes a command; `body` is the JSON of its fields."""
    return _proposed(visit, command, body, language)


def _proposed(visit: Visit, command: str, body: str, language: str) -> Proposed:
    desk, actor = visit.office.desk, visit.actor
    proposal = desk.propose(actor, command, body)
    if not proposal.needs:
        return Proposed(proposal)
    _, execution = desk.preview(actor, command, body)
    return Proposed(proposal, instant(execution.at), execution.reason.told(language))


@action
def propose_correction(
    visit: Visit, record: Number, quantity: Number, reason: str, language: str = ENGLISH
) -> Proposed:
    """Proposes the correction of a record; a quantity of 0 is all that is left of it."""
    office, actor = visit.office, visit.actor
    refusal = office.directory.may(actor, "propose correction", actor.registry or "", 0)
    if refusal:
        raise Refused(refusal)
    body = correction_of(office.office, record, quantity, reason)
    return _proposed(visit, body.name, body.model_dump_json(), language)


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
def proposals(visit: Visit, ended: bool = False, language: str = ENGLISH) -> list[ProposalRow]:
    """The proposals the asker may see, newest first; those that have ended only if asked for."""
    desk = visit.office.desk
    found = proposals_for(desk.proposals, desk.directory, visit.actor, ended=ended)
    return [
        ProposalRow(
            one.number,
            one.command,
            one.state,
            one.proposer,
            one.created,
            one.execute_at,
            line.account,
            _asked(line.said, language),
            one.body,
        )
        for one, line in found
    ]


def _asked(line: Said, language: str) -> str:
    """What was proposed, out of the line of the trail by which it was."""
    what: Said = line.facts["what"]
    return what.told(language)


@action
def holders(visit: Visit) -> list[HolderRow]:
    """The holders the asker may see, for an account of theirs or for the registry."""
    register, sight = visit.office.register, visit.sight
    found = sight.among(
        register.holders.every(), lambda one: (one.registry, (0, *register.held_by(one.number)))
    )
    return [
        HolderRow(
            one.number,
            one.registry,
            one.kind,
            one.country,
            one.registration or "",
            one.lei or "",
            one.vat or "",
            [
                account
                for account in register.held_by(one.number)
                if sight.sees(one.registry, account)
            ],
        )
        for one in found
    ]


@action
def accounts_of(visit: Visit, holder: Number) -> list[AccountRow]:
    """The accounts of a holder that the asker may see; raises `Refused` for another's holder."""
    office, register = visit.office.office, visit.office.register
    book = office.writer.book.accounts
    known = register.holders.get(holder)
    found = visit.sight.among(
        register.held_by(holder),
        lambda one: (book[one].registry, (one,)),
        known.registry if known else "",
    )
    if known is None:
        raise Refused(accounts.no_holder(holder))
    return [
        AccountRow(
            accounts.full_number(office, one),
            book[one].type,
            book[one].operator or "",
            book[one].status,
        )
        for one in found
    ]


@action
def reviews_by(visit: Visit, day: date | None = None) -> list[ReviewRow]:
    """What of the asker's is to be reviewed by a day (None: today), the longest overdue first."""
    office = visit.office.office
    due = reviewing.reviews_due(office, day or office.today())
    return [
        ReviewRow(
            one.subject,
            accounts.full_number(office, one.number) if one.subject == ACCOUNT else one.number,
            one.last,
            one.due,
        )
        for one in visit.sight.among(due, partial(reviewing.place_of, office))
    ]


@action
def windows(visit: Visit) -> list[WindowRow]:
    """The maintenance windows that concern the asker; everybody of a registry is told of them."""
    office, mine = visit.office, visit.actor.registry
    return [
        WindowRow(one.proposal, *one.window, one.state)
        for one in windows_planned(office.office, office.desk.proposals)
        if mine is None or one.window.registry in ("", mine)
    ]
