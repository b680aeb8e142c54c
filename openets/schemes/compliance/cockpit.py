"""Where an operator stands on a day: owed, surrendered, pending, missing, and who can still act."""

from __future__ import annotations

import json
from datetime import datetime
from typing import NamedTuple

from openets.desk.proposals import AWAITING, DELAYED, Proposal, Proposals
from openets.kernel.records import type_code, type_label
from openets.ledger import reads
from openets.ledger.checks import OPEN
from openets.people.register import Register
from openets.people.roles import ACTIVE, RIGHTS
from openets.people.transactions import Move
from openets.rulebook.model import Rulebook
from openets.schemes.compliance.due import BLOCKED
from openets.schemes.compliance.law import ask_of
from openets.schemes.compliance.obligation import NextStep, Obligation, next_steps, obligation
from openets.schemes.compliance.reads import History, Sources, surrender_types
from openets.schemes.compliance.standing import Standing, standing

APPROVE = "surrender approve"


class Pending(NamedTuple):
    """A surrender that is proposed and not done: its units, and who can still approve it."""

    proposal: int
    quantity: int
    state: str
    execute_at: int  # microseconds since 1970, 0 while it waits for approval
    approvers: tuple[int, ...]


class Surrendered(NamedTuple):
    """A record of the ledger that surrendered units; `at` in microseconds since 1970."""

    record: int
    at: int
    type: str
    unit: str
    quantity: int


class Cockpit(NamedTuple):
    """An operator's year of emissions. `approvers` may approve a surrender of the account."""

    code: str
    registry: str
    kind: str
    year: int
    status: str  # of the account opened last, empty without one
    obligation: Obligation
    standing: Standing
    pending: tuple[Pending, ...]
    steps: tuple[NextStep, ...]
    approvers: tuple[int, ...]

    @property
    def pending_units(self) -> int:
        """Units in proposals that are not done."""
        return sum(one.quantity for one in self.pending)

    @property
    def missing(self) -> int:
        """Units still missing if everything pending is done."""
        return max(self.obligation.missing - self.pending_units, 0)


def cockpit(
    sources: Sources,
    proposals: Proposals,
    history: History,
    now: datetime,
    year: int | None = None,
) -> Cockpit | None:
    """How an operator stands for a year, by default the last complete one; None before it came."""
    state = history.state
    if state is None:
        return None
    of = state.current_year - 1 if year is None else year
    rulebook, register = sources.rulebook, sources.register
    accounts = {one.number for one in history.accounts}
    status = history.accounts[0].status if history.accounts else ""
    return Cockpit(
        history.code,
        history.registry,
        history.kind,
        of,
        status,
        obligation(state, rulebook, of),
        standing(state, rulebook, of),
        tuple(_pending(sources, proposals, accounts, of)),
        tuple(next_steps(state, rulebook, of, now.date(), _is_blocked(rulebook, status, now))),
        approvers(register, max(accounts, default=0), 0),
    )


def _is_blocked(rulebook: Rulebook, status: str, now: datetime) -> bool | None:
    """Whether an account is blocked; None where there is none, or none that could be."""
    law = ask_of(rulebook, BLOCKED, now.date())
    if law is not None and status == law.value:
        return True
    return False if law is not None and status == OPEN else None


def surrendered(sources: Sources, history: History, year: int) -> list[Surrendered]:
    """The records by which an operator surrendered for a year of emissions, the first one first."""
    surrenders, _ = surrender_types(sources.rulebook)
    return [
        Surrendered(one.sequence, one.effective, type_label(one.type), one.unit, -one.quantity)
        for account in history.accounts
        for one in reads.statement(sources.tables, account.number)
        if one.type in surrenders and one.quantity < 0 and one.year == year
    ]


def approvers(register: Register, account: int, proposer: int) -> tuple[int, ...]:
    """The active representatives who may approve a surrender somebody else proposed."""
    return tuple(
        one.person
        for one in register.representatives(account)
        if one.state == ACTIVE
        and one.person != proposer
        and APPROVE in RIGHTS[one.right]
        and (person := register.person(one.person)) is not None
        and person.state == ACTIVE
    )


def _pending(
    sources: Sources, proposals: Proposals, accounts: set[int], year: int
) -> list[Pending]:
    surrenders, _ = surrender_types(sources.rulebook)
    found = []
    for one in proposals.in_state(AWAITING, DELAYED):
        if one.command != Move.name:
            continue
        body = json.loads(one.body)
        ours = body.get("transferring") in accounts and body.get("year") in (year, 0, None)
        if ours and type_code(body["type"]) in surrenders:
            found.append(_of(sources.register, one, body["transferring"], body["quantity"]))
    return found


def _of(register: Register, proposal: Proposal, account: int, quantity: int) -> Pending:
    waits = proposal.state == AWAITING
    named = approvers(register, account, proposal.proposer) if waits else ()
    return Pending(proposal.number, quantity, proposal.state, proposal.execute_at, named)
