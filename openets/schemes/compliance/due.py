"""What the law does by itself on its day: accounts are blocked, and opened again.

An operator without a figure can send nothing from the day the law names, and in the later law an
operator that surrendered too little neither. Each is a step of a year, taken once, also when the
registry stood still on the day; it is undone when no reason is left. Articles 32 and 32a of
Delegated Regulation (EU) 2019/1122 and their predecessors.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import ClassVar, NamedTuple

from openets.desk.desk import Outcome
from openets.kernel import acts
from openets.kernel.clock import instant
from openets.ledger.checks import OPEN, check_act
from openets.ledger.requests import ActRequest
from openets.people.asked import Asked, Body, Number, Text
from openets.people.by_itself import SystemAsked
from openets.people.office import Office
from openets.rulebook.model import Rulebook
from openets.schemes.compliance.days import Dated, step_day
from openets.schemes.compliance.law import ask_of
from openets.schemes.compliance.models import Happenings, Step
from openets.schemes.compliance.obligation import obligation
from openets.schemes.compliance.reads import History, known

BLOCKED = "compliance.blocked-status"
MISSING, SHORT = "account blocked", "account blocked for shortfall"  # steps of `days.STEPS`


class Reason(NamedTuple):
    """Why an account is to be blocked: the step, its year of emissions, its day and article."""

    year: int
    step: str
    dated: Dated


def reasons_to_block(history: History, rulebook: Rulebook, today: date) -> list[Reason]:
    """Every reason that holds on a day, the oldest year first."""
    state = history.state
    if state is None:
        return []
    found = [(year, MISSING) for year in state.missing]
    last = state.current_year - 1
    if last in state.emissions and obligation(state, rulebook, last).missing:
        found.append((last, SHORT))
    return [
        Reason(year, step, dated)
        for year, step in found
        if (dated := step_day(rulebook, step, year, state.operator)) and dated.day <= today
    ]


class BlockAccount(Body):
    """By itself: the account of an operator can send nothing but what its duty asks for."""

    name: ClassVar[str] = "block account"
    action: ClassVar[str] = "account"
    operator: Text
    account: Number
    year: acts.Year
    step: Text
    reason: Text

    def of(self, office: Office) -> Asked:
        """The command in an office."""
        return _Blocking(office, self)


class OpenAccountAgain(Body):
    """By itself: nothing is left for which the account of an operator was blocked."""

    name: ClassVar[str] = "open account again"
    action: ClassVar[str] = "account"
    operator: Text
    account: Number

    def of(self, office: Office) -> Asked:
        """The command in an office."""
        return _OpeningAgain(office, self)


class _Blocking(SystemAsked):
    body: BlockAccount
    citation = BLOCKED

    def carry_out(self, number: int, at: int) -> Outcome:
        """Posts the status to both books, and keeps that the step was taken."""
        body, office = self.body, self.office
        status = blocked_status(office) or body.step  # which the books then do not know
        act = acts.StatusChanged(account=body.account, status=status, reason=body.reason)
        posted = office.post(ActRequest(office.key(number), at, act))
        if posted.refusals:
            return Outcome(0, posted.refusals)
        kept = Happenings(office.register.database)
        kept.take(body.operator, body.year, body.step, at, posted.sequence)
        return Outcome(posted.sequence)


class _OpeningAgain(SystemAsked):
    body: OpenAccountAgain
    citation = BLOCKED

    def carry_out(self, number: int, at: int) -> Outcome:
        """Posts the status to both books, and keeps that the steps are undone."""
        return Outcome(_post_opening(self.office, self.body.operator, number, at))


def blocked_status(office: Office) -> str | None:
    """The status in which an account is blocked, None where the law blocks none."""
    answer = ask_of(office.rulebook, BLOCKED, office.today())
    return str(answer.value) if answer else None


def open_again(office: Office, operators: Iterable[str], number: int, at: int) -> None:
    """Opens the accounts of operators that are blocked and for which no reason is left."""
    taken = {one.operator for one in Happenings(office.register.database).steps() if not one.ended}
    for code, history in known(office, taken.intersection(operators)).items():
        if not reasons_to_block(history, office.rulebook, office.today()):
            _post_opening(office, code, number, at)


def _post_opening(office: Office, operator: str, number: int, at: int) -> int:
    """The record that opens an operator's account, 0 if it is blocked no more."""
    kept = Happenings(office.register.database)
    record = 0
    for step in kept.steps(operator):
        if step.ended:
            continue
        if not record:
            record = _opened(office, operator, number, at)
        kept.end(operator, step.year, step.step, record or step.record)
    return record


def _opened(office: Office, operator: str, number: int, at: int) -> int:
    found = [one for one in office.writer.book.accounts.values() if one.operator == operator]
    status = blocked_status(office)
    blocked = [one for one in found if one.status == status]
    key = office.key(number, "open", operator)
    if not blocked:
        return office.sequence_of(key)
    reason = "Nothing is left for which the law had blocked it."
    act = acts.StatusChanged(account=blocked[-1].number, status=OPEN, reason=reason)
    return office.post(ActRequest(key, at, act)).sequence


def due(office: Office) -> Iterator[Body]:
    """What is to be blocked and what to be opened today, of operators in the register."""
    if blocked_status(office) is None:
        return
    taken: dict[str, list[Step]] = {}
    for step in Happenings(office.register.database).steps():
        taken.setdefault(step.operator, []).append(step)
    registered = [one.code for one in office.register.operators.every()]
    for code, history in known(office, registered).items():
        if history.accounts:
            yield from _due_for(office, history, taken.get(code, []))


def _due_for(office: Office, history: History, taken: list[Step]) -> Iterator[Body]:
    reasons = reasons_to_block(history, office.rulebook, office.today())
    account = history.accounts[0]
    status = blocked_status(office)
    if not reasons and account.status == status and any(not one.ended for one in taken):
        yield OpenAccountAgain(operator=history.code, account=account.number)
    steps = {(one.year, one.step) for one in taken}
    fresh = [one for one in reasons if (one.year, one.step) not in steps]
    if fresh and account.status == OPEN:
        body = _block(history, fresh[0])
        act = acts.StatusChanged(account=body.account, status=str(status), reason=body.reason)
        if check_act(office.writer.book, instant(office.clock.now()), act) is None:
            yield body


def _block(history: History, reason: Reason) -> BlockAccount:
    why = {
        MISSING: f"No emissions of {reason.year} stand since {reason.dated.day}",
        SHORT: f"Too little was surrendered for {reason.year} by {reason.dated.day}",
    }[reason.step]
    return BlockAccount(
        operator=history.code,
        account=history.accounts[0].number,
        year=reason.year,
        step=reason.step,
        reason=f"{why} ({reason.dated.citation}).",
    )


COMMANDS: tuple[type[Body], ...] = (BlockAccount, OpenAccountAgain)
