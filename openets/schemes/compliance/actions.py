"""What people do about compliance: figures are entered, estimated, corrected, taken back.

Each is a command of the desk. A figure goes into both books and, with how it came to be, into the
stored events; the years of an operator are the register's. Entering what was missing opens the
account again that the law had blocked (`due.py`). What schemes say against other commands is here
too: units that may not be surrendered, years that cannot be excluded. Delegated Regulation (EU)
2019/1122, Articles 31 to 35, and its predecessors.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from openets.desk.desk import Outcome
from openets.desk.said import Said
from openets.kernel import acts
from openets.kernel.actor import Actor
from openets.kernel.clock import day_of, instant, moment
from openets.kernel.refusal import Refusal
from openets.ledger.requests import ActRequest
from openets.people.asked import Asked, Body, Text
from openets.people.office import Office
from openets.people.operators import Operator
from openets.people.registrations import VERIFIER, ExcludeYear, RegisterOperator, TakeYearIn
from openets.people.roles import ADMINISTRATORS, permitted
from openets.people.transactions import Move
from openets.schemes.compliance import events as ev
from openets.schemes.compliance.days import REPORT
from openets.schemes.compliance.due import open_again
from openets.schemes.compliance.law import refuse
from openets.schemes.compliance.models import Happenings
from openets.schemes.compliance.reads import History, is_suspended, known, one_known
from openets.schemes.compliance.state import ESTIMATE, REFUSED, refusal
from openets.schemes.compliance.surrendering import surrender_problems

AUTHORITY = ("authority", *ADMINISTRATORS)
LINES = 100_000


class Emissions(Body):
    """The emissions of an operator's year: verified, estimated, corrected; blank: taken back.

    `report` is the verified report by reference. `in_compliance` is what the authority decides with
    a correction, where the law of the day let it decide.
    """

    name: ClassVar[str] = "emissions"
    action: ClassVar[str] = "emissions"
    operator: Text
    year: acts.Year
    tonnes: acts.Quantity | None = None
    how: Literal["verified", "estimate", "correction"] = "verified"
    ice_class_tonnes: acts.Quantity = 0
    in_compliance: bool | None = None
    report: Text | None = None

    def of(self, office: Office) -> Asked:
        """The command in an office."""
        return _Entering(office, self)

    def event(self, at: int) -> ev.Event:
        """What happens to the operator at an instant."""
        when, year, tonnes = moment(at), self.year, self.tonnes
        if tonnes is None:
            return ev.EmissionsWithdrawn(at=when, year=year)
        if self.how == "estimate":
            return ev.EmissionsEstimated(at=when, year=year, tonnes=tonnes)
        if self.how == "correction":
            decided = self.in_compliance
            return ev.EmissionsCorrected(at=when, year=year, tonnes=tonnes, in_compliance=decided)
        ice = self.ice_class_tonnes
        return ev.EmissionsEntered(at=when, year=year, tonnes=tonnes, ice_class_tonnes=ice)


class Line(BaseModel):
    """A figure of a table; without tonnes the one that stands is taken back."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    operator: Text
    year: acts.Year
    tonnes: acts.Quantity | None = None


class EmissionsTable(Body):
    """The figures of an uploaded table as one act of two people, with the digest of the file."""

    name: ClassVar[str] = "emissions table"
    action: ClassVar[str] = "emissions"
    file: Text
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    lines: Annotated[tuple[Line, ...], Field(min_length=1, max_length=LINES)]

    def of(self, office: Office) -> Asked:
        """The command in an office."""
        return _EnteringTable(office, self)


def digest_of(content: bytes) -> str:
    """The SHA-256 of a file's bytes: what both people see of it."""
    return hashlib.sha256(content).hexdigest()


class _Figures(Asked):
    """One figure or many, each with an outcome of its own."""

    def figures(self) -> tuple[Emissions, ...]:
        """The figures in their order."""
        raise NotImplementedError

    def problems(self) -> list[Refusal]:
        """The first reason against each figure, with its line where there are many."""
        figures = self.figures()
        operators = known(self.office, (one.operator for one in figures))
        now = instant(self.office.clock.now())
        found = []
        for index, one in enumerate(figures):
            problem = figure_problem(self.office, one, operators.get(one.operator), now)
            if problem is not None:
                where = f"lines.{index}" if len(figures) > 1 else problem.where
                found.append(Refusal(problem.code, problem.sentence, problem.citation, where))
        return found

    def carry_out(self, number: int, at: int) -> Outcome:
        """Enters every figure; those that may no longer stand are named and stop no other."""
        office, refused, last = self.office, [], 0
        figures = self.figures()
        operators = known(office, (one.operator for one in figures))
        to_post: list[tuple[Emissions, ActRequest]] = []
        for index, one in enumerate(figures):
            key, history = office.key(number, "figure", index), operators.get(one.operator)
            problem = None
            if not office.sequence_of(key):
                problem = figure_problem(office, one, history, at)
            if problem is not None or history is None or not history.accounts:
                refused.append((one, problem or no_account(office, one.operator)))
                continue
            account = history.accounts[0].number
            act = acts.EmissionsVerified(account=account, year=one.year, tonnes=one.tonnes)
            to_post.append((one, ActRequest(key, at, act)))
        outcomes = office.post_all([request for _, request in to_post])
        for (one, request), outcome in zip(to_post, outcomes, strict=True):
            if outcome.refusals and not outcome.sequence:
                refused.append((one, outcome.refusals[0]))
                continue
            last = max(last, outcome.sequence)
            keep_figure(office, one, request.key, outcome.sequence)
        open_again(office, (one.operator for one, _ in to_post), number, at)
        if not last:
            return Outcome(0, tuple(why for _, why in refused))
        named = "; ".join(f"{one.operator} {one.year}: {why}" for one, why in refused)
        return Outcome(last, (), f"Not entered were {named}." if refused else "")


def keep_figure(office: Office, figure: Emissions, key: bytes, record: int) -> None:
    """Keeps how a figure came to be, at the instant at which its record takes effect."""
    view = office.record(record)
    at = view.effective if view else instant(office.clock.now())
    kept = Happenings(office.register.database)
    kept.add(figure.operator, figure.event(at), record, key.hex())


def figure_problem(
    office: Office, figure: Emissions, history: History | None, at: int
) -> Refusal | None:
    """The first reason against a figure, or None."""
    if history is None or not history.accounts:
        return no_account(office, figure.operator)
    rulebook, day, state = office.rulebook, day_of(at), history.state
    if state is not None and state.suspended:
        sentence = f"The registry of {history.registry} takes no emissions at present."
        return refuse(rulebook, "suspended", sentence, REFUSED, day)
    if figure.tonnes is None and figure.how != "verified":
        sentence = f"Name the tonnes of the {figure.how}; zero is a figure."
        return refuse(rulebook, "tonnes-missing", sentence, ESTIMATE, day)
    standing = state.emissions.get(figure.year) if state else None
    if figure.how == "verified" and figure.tonnes == (standing.tonnes if standing else None):
        ice = standing.ice_class_tonnes if standing else 0
        if figure.ice_class_tonnes == ice and not (standing and standing.by_authority):
            sentence = f"That is what stands for {figure.operator} in {figure.year} already."
            return refuse(rulebook, "unchanged", sentence, REFUSED, day)
    return refusal(state, figure.event(at), rulebook)


def no_account(office: Office, operator: str) -> Refusal:
    """The refusal for an operator without an account."""
    sentence = f"There is no account of an operator {operator}."
    return refuse(office.rulebook, "no-account", sentence, REPORT, office.today())


class _Entering(_Figures):
    body: Emissions

    @property
    def about(self) -> int:
        """The operator's account."""
        return account_of(self.office, self.body.operator)

    def figures(self) -> tuple[Emissions, ...]:
        """The one figure."""
        return (self.body,)

    def permission(self, actor: Actor, verb: str) -> Refusal | None:
        """The matrix; what the authority estimates or corrects is its own; verifiers by scope."""
        refused = super().permission(actor, verb)
        if refused is not None or not self.about:
            return refused
        if self.body.how != "verified" and actor.role not in AUTHORITY:
            sentence = f"A {actor.role} enters no {self.body.how}; the authority does."
            path, day = ESTIMATE, self.office.today()
            return refuse(self.office.rulebook, "authority-only", sentence, path, day)
        operator = self.office.register.operators.by_code(self.body.operator)
        return verifier_problem(self.office, actor, operator)


class _EnteringTable(_Figures):
    body: EmissionsTable

    @property
    def registry(self) -> str:
        """The registry of the table's operators, by the first that is known."""
        by_code = self.office.register.operators.by_code
        found = (by_code(line.operator) for line in self.body.lines)
        return next((one.registry for one in found if one), "")

    def said(self) -> Said:
        """What is asked, in words, with what tells this table from every other."""
        body = self.body
        facts = {"count": len(body.lines), "file": body.file, "digest": body.digest}
        return Said("asked-emissions-table", facts)

    def figures(self) -> tuple[Emissions, ...]:
        """Each line as a verified figure."""
        return tuple(Emissions(**line.model_dump()) for line in self.body.lines)

    def permission(self, actor: Actor, verb: str) -> Refusal | None:
        """The matrix, for the registry of every line; and each line's verifier by its scope."""
        refused = super().permission(actor, verb)
        operators = self.office.register.operators
        for code in dict.fromkeys(line.operator for line in self.body.lines):
            operator = operators.by_code(code)
            registry = operator.registry if operator else self.registry or None
            refused = (
                refused
                or permitted(actor, f"{verb} {self.body.action}", registry=registry)
                or verifier_problem(self.office, actor, operator)
            )
        return refused


def account_of(office: Office, operator: str) -> int:
    """The account of an operator that was opened last, 0 if it has none."""
    found = (one.number for one in office.writer.book.accounts.values() if one.operator == operator)
    return max(found, default=0)


def verifier_problem(office: Office, actor: Actor, operator: Operator | None) -> Refusal | None:
    """Why a verifier may not enter figures of an operator: who it acts for has no such scope."""
    if actor.role != VERIFIER or operator is None:
        return None
    verifier = office.register.verifiers.of_person(actor.id)
    day = office.today()
    if verifier and operator.activity in verifier.scope and verifier.expires >= day:
        return None
    sentence = (
        f"Person {actor.id} acts for no verifier that is accredited for activity "
        f"{operator.activity} today."
    )
    return refuse(office.rulebook, "verifier-scope", sentence, REPORT, day)


class Processes(Body):
    """A registry can take no emissions and no surrender, or takes them again."""

    name: ClassVar[str] = "processes"
    action: ClassVar[str] = "freeze"
    order: Literal["suspend", "resume"]
    registry: acts.Registry
    reason: Text

    def of(self, office: Office) -> Asked:
        """The command in an office."""
        return _OfProcesses(office, self)


class _OfProcesses(Asked):
    body: Processes

    @property
    def registry(self) -> str:
        """The registry."""
        return self.body.registry

    def problems(self) -> list[Refusal]:
        """What is suspended is not suspended again, and only that is resumed."""
        if is_suspended(self.office, self.registry) == (self.body.order == "resume"):
            return []
        stands = "at work" if self.body.order == "resume" else "suspended"
        sentence = f"The processes of {self.registry} are {stands} already."
        day = self.office.today()
        return [refuse(self.office.rulebook, "processes", sentence, REFUSED, day)]

    def carry_out(self, number: int, at: int) -> Outcome:
        """Keeps it for the whole registry."""
        suspends = self.body.order == "suspend"
        event = (ev.ProcessesSuspended if suspends else ev.ProcessesResumed)(at=moment(at))
        kept = Happenings(self.office.register.database)
        kept.add(self.registry, event, 0, self.office.key(number).hex())
        return Outcome(0)


# -- against other commands ------------------------------------------------------------------------


def against(office: Office, body: Body) -> list[Refusal]:
    """What compliance has against a command: a surrender, or years that figures stand for."""
    match body:
        case Move():
            found = surrender_problems(office, body)
        case ExcludeYear() | TakeYearIn() | RegisterOperator():
            found = _years_problem(office, body)
        case _:
            found = None
    return [found] if found else []


def _years_problem(
    office: Office, body: ExcludeYear | TakeYearIn | RegisterOperator
) -> Refusal | None:
    """Why figures that stand forbid what is said of an operator's years, or None."""
    history = one_known(office, body.operator) if body.operator else None
    if history is None or history.state is None:
        return None
    now = office.clock.now()
    said: list[ev.Event]
    match body:
        case ExcludeYear():
            said = [ev.YearExcluded(at=now, year=body.year)]
        case TakeYearIn():
            said = [ev.ExclusionReversed(at=now, year=body.year)]
        case RegisterOperator():
            said = [
                ev.FirstYearSet(at=now, year=body.first_year),
                ev.LastYearSet(at=now, year=body.last_year),
            ]
    found = (refusal(history.state, one, office.rulebook) for one in said)
    return next((one for one in found if one is not None), None)


COMMANDS: tuple[type[Body], ...] = (Emissions, EmissionsTable, Processes)
