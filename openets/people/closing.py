"""The command that closes an account, and every condition the law sets for it.

The law names its conditions (`accounts.closure`); here is how each is found out. Three hold under
any law, because a closed account neither sends nor receives: it holds nothing, nothing is set
aside in it, and no proposal about it waits. All that stand against a closing are told at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, NamedTuple

from openets.desk.desk import DESK, Outcome
from openets.desk.said import Said
from openets.kernel import acts
from openets.kernel.clock import day_of
from openets.kernel.refusal import Refusal
from openets.ledger.book import Account
from openets.people.accounts import CLOSING, status_of, status_problems, status_reached_by
from openets.people.asked import ActAsked, Asked, Body, Number, Text
from openets.people.handover import HandOver
from openets.people.office import Office
from openets.people.operators import Operator, reporting_years
from openets.people.trust import Trust

CLOSURE = "accounts.closure"
STATUSES = "registry.statuses"


class Case(NamedTuple):
    """An account to be closed, with what its conditions are found out from.

    `operator` is None where none stands behind it or none is registered; `owes` says that the type
    of account has an operator's duties. `waiting` are proposals by number and command.
    """

    office: Office
    account: Account
    operator: Operator | None
    owes: bool
    central: bool
    waiting: tuple[tuple[int, str], ...]

    @property
    def year(self) -> int:
        """The running year."""
        return self.office.today().year


Condition = Callable[[Case], str]


def holds_nothing(case: Case) -> str:
    """The balance is zero."""
    units = sum(case.office.writer.holdings(case.account.number).values())
    return f"It holds {units} units." if units else ""


def nothing_is_set_aside(case: Case) -> str:
    """No reservation is open."""
    book = case.office.writer.book
    units = sum(
        one.quantity for one in book.reservations.values() if one.account == case.account.number
    )
    return f"{units} units are set aside in it." if units else ""


def no_proposal_waits(case: Case) -> str:
    """No proposal about it waits, but for those that have conditions of their own."""
    return _waiting(case, lambda command: command not in (CloseAccount.name, *OF_THEIR_OWN))


def no_listing_waits(case: Case) -> str:
    """No request for the list of trusted accounts waits."""
    return _waiting(case, lambda command: command == Trust.name)


def no_handover_waits(case: Case) -> str:
    """The account is not about to pass to another holder."""
    return _waiting(case, lambda command: command == HandOver.name)


OF_THEIR_OWN = (Trust.name, HandOver.name)


def _waiting(case: Case, concerns: Callable[[str], bool]) -> str:
    found = [f"{number} ({command})" for number, command in case.waiting if concerns(command)]
    return f"Proposals wait: {', '.join(found)}." if found else ""


def is_no_government_account(case: Case) -> str:
    """The administration's own accounts are never closed."""
    return "It is one of the administration's own." if case.central else ""


def last_year_is_set(case: Case) -> str:
    """The operator has a last year of emissions."""
    if not case.owes or (case.operator and case.operator.last_year):
        return ""
    return "The year of the last emission is not set."


def last_year_has_begun(case: Case) -> str:
    """The last year of emissions does not lie in the future."""
    last = case.operator.last_year if case.operator else None
    return f"The year of the last emission, {last}, is to come." if (last or 0) > case.year else ""


def emissions_are_entered(case: Case) -> str:
    """Figures are there for every year of the operator, but for those excluded."""
    if not case.operator:
        return ""
    operator, entered = case.operator, case.office.writer.book.emissions
    excluded = case.office.register.operators.excluded(operator.number)
    missing = [
        str(year)
        for year in reporting_years(operator.first_year, operator.last_year, case.year)
        if year not in excluded and (case.account.number, year) not in entered
    ]
    return f"Emissions are missing for {', '.join(missing)}." if missing else ""


def surrendered_is_enough(case: Case) -> str:
    """As much was surrendered as was emitted, over all years."""
    if not case.owes:
        return ""
    number, book = case.account.number, case.office.writer.book
    emitted = sum(tonnes for (account, _), tonnes in book.emissions.items() if account == number)
    surrendered = surrendered_by(case.office, number)
    short = f"{surrendered} units were surrendered for {emitted} tonnes."
    return short if surrendered < emitted else ""


def no_return_is_due(case: Case) -> str:
    """No excess allocation is still to be returned."""
    due = case.operator.return_due if case.operator else 0
    return f"{due} units of allocation are still to be returned." if due else ""


def surrendered_by(office: Office, account: int) -> int:
    """Units an account surrendered in all, less those that came back by a reversal."""
    total = 0
    for entry in office.statement(account):
        types = office.rulebook.tables_on(day_of(entry.effective)).transaction_types
        type_ = types.get(entry.type)
        if type_ and type_.surrenders and entry.quantity < 0:
            total -= entry.quantity
        elif type_ and type_.reverses and entry.quantity > 0:
            total -= entry.quantity if _reverses_surrender(office, entry.sequence) else 0
    return total


def _reverses_surrender(office: Office, sequence: int) -> bool:
    record = office.record(sequence)
    first = office.record(record.refers_to) if record and record.refers_to else None
    if first is None:
        return False
    types = office.rulebook.tables_on(day_of(first.effective)).transaction_types
    return first.type in types and types[first.type].surrenders


ALWAYS: tuple[tuple[str, str, Condition], ...] = (
    ("people.closing-balance", STATUSES, holds_nothing),
    ("people.closing-set-aside", STATUSES, nothing_is_set_aside),
    ("people.closing-proposals", DESK, no_proposal_waits),
)
BY_LAW: dict[str, tuple[str, Condition]] = {  # by the words of the law
    "no government account": ("people.closing-government", is_no_government_account),
    "no request for the trusted list pending": ("people.closing-listing", no_listing_waits),
    "no handover pending": ("people.closing-handover", no_handover_waits),
    "year of last emission set": ("people.closing-no-last-year", last_year_is_set),
    "year of last emission not in the future": (
        "people.closing-future-last-year",
        last_year_has_begun,
    ),
    "all emissions entered": ("people.closing-emissions-missing", emissions_are_entered),
    "surrendered no less than emissions": ("people.closing-short", surrendered_is_enough),
    "no return pending": ("people.closing-return", no_return_is_due),
}


def closing_problems(office: Office, account: Account) -> list[Refusal]:
    """Every condition an account to be closed does not meet, in the order above."""
    type_ = office.rulebook.tables_on(office.today()).account_types.get(account.type)
    case = Case(
        office,
        account,
        office.register.operators.by_code(account.operator),
        bool(type_ and type_.operator),
        bool(type_ and type_.central),
        tuple(office.undecided(account.number)),
    )
    law = office.by_law(CLOSURE, {}).get("conditions", ())
    conditions = [*ALWAYS, *((BY_LAW[one][0], CLOSURE, BY_LAW[one][1]) for one in law)]
    return [
        Refusal(code, f"Account {account.number} cannot be closed. {sentence}", citation)
        for code, citation, condition in conditions
        if (sentence := condition(case))
    ]


class CloseAccount(Body):
    """An account is closed, for good."""

    name: ClassVar[str] = "close account"
    action: ClassVar[str] = "account"
    account: Number
    reason: Text

    def of(self, office: Office) -> Asked:
        """The command in an office."""
        return _Closing(office, self)


class _Closing(ActAsked):
    body: CloseAccount

    def act(self) -> acts.Act:
        """The status the law has for closed accounts."""
        status = status_reached_by(self.office, CLOSING)
        key = status.key if status else CLOSING  # which the books then do not know
        return acts.StatusChanged(account=self.body.account, status=key, reason=self.body.reason)

    def problems(self) -> list[Refusal]:
        """What the books say, else every condition that is not met."""
        found = super().problems()
        account = self.office.account(self.body.account)
        status = status_reached_by(self.office, CLOSING)
        if found or account is None or status is None:
            return found
        found = status_problems(self.office, account.number, status, CLOSING)
        return found + closing_problems(self.office, account)

    def stands(self) -> list[Said]:
        """The status of the account."""
        return status_of(self.office, self.body.account)

    def carry_out(self, number: int, at: int) -> Outcome:
        """Closes it, if it still may be closed."""
        if not self.office.sequence_of(self.office.key(number)):
            refusals = self.problems()
            if refusals:
                return Outcome(0, tuple(refusals))
        return super().carry_out(number, at)
