"""The cycle of a penalty at the desk: notice, objection, decision, payment, publication; measures.

The amount of a notice follows from the units that are missing and the law (`penalties.py`). Paying
releases nobody: what is missing stays owed with the next surrender, so nothing here touches the
events of compliance. Other breaches are punished within the range a member state has set, where the
rulebook knows it. What is published is the operator's code, never a person. Directive 2003/87/EC,
Article 16.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal, NamedTuple

from pydantic import Field

from openets.desk.desk import Outcome
from openets.kernel import acts
from openets.kernel.actor import Actor
from openets.kernel.money import Decimal, euros
from openets.kernel.refusal import Refusal
from openets.people.asked import Asked, Body, Text
from openets.people.office import Office
from openets.rulebook.model import NoLaw, Rulebook
from openets.schemes.compliance.actions import account_of, no_account
from openets.schemes.compliance.days import step_day
from openets.schemes.compliance.law import refuse
from openets.schemes.compliance.models import Penalties, PenaltyEvent
from openets.schemes.compliance.obligation import obligation
from openets.schemes.compliance.penalties import (
    RATE,
    SHORTFALL,
    NationalPenalty,
    Penalty,
    further_measures,
    national_penalties,
    penalty,
)
from openets.schemes.compliance.reads import History, one_known
from openets.schemes.compliance.standing import fixed, fixed_for

NATIONAL = "penalties.national"
NOTICE, OBJECTION, DECISION = "notice", "objection", "decision"
PAYMENT, PUBLICATION = "payment", "publication"
ORDERED, LIFTED = "ordered", "lifted"
OBJECTED = "objected to"  # the state of a penalty that is to be decided on
EXCESS = ""  # the breach of which Article 16(3) and (4) set the price
Cents = Annotated[int, Field(gt=0, lt=2**62)]


class Case(NamedTuple):
    """A penalty as it stands: cents due and paid, and what happened to it in its order."""

    operator: str
    year: int
    breach: str
    cents: int
    paid: int
    state: str
    published: bool
    events: tuple[PenaltyEvent, ...]

    @property
    def open_cents(self) -> int:
        """What is still to be paid."""
        return self.cents - self.paid


def cases(events: Iterable[PenaltyEvent]) -> dict[tuple[str, int, str], Case]:
    """The penalties by operator, year and breach, folded from what happened to them."""
    found: dict[tuple[str, int, str], Case] = {}
    for event in events:
        key = (event.operator, event.year, event.breach)
        before = found.get(key, Case(*key, 0, 0, "", False, ()))
        found[key] = _after(before._replace(events=(*before.events, event)), event)
    return found


def _after(case: Case, event: PenaltyEvent) -> Case:
    changed = {
        NOTICE: case._replace(cents=event.cents),
        OBJECTION: case._replace(state=OBJECTED),
        DECISION: case._replace(cents=event.cents),
        PAYMENT: case._replace(paid=case.paid + event.cents),
        PUBLICATION: case._replace(published=True),
    }.get(event.happened, case._replace(state=event.happened))  # else a measure
    if event.happened not in (NOTICE, DECISION, PAYMENT) or (
        event.happened == PAYMENT and case.state == OBJECTED
    ):
        return changed
    return changed._replace(state="to be paid" if changed.open_cents > 0 else "settled")


class _OfPenalty(Body):
    """What all that happens to a penalty names."""

    action: ClassVar[str] = "penalty"
    happened: ClassVar[str]
    operator: Text
    year: acts.Year
    breach: Annotated[str, Field(max_length=200)] = EXCESS

    def of(self, office: Office) -> Asked:
        """The command in an office."""
        return _Happening(office, self)

    def cents_of(self, office: Office) -> int:
        """The amount it sets or pays."""
        return 0

    def said_of(self) -> str:
        """Its reason or reference."""
        return ""

    def against(self, office: Office, history: History, before: Case | None) -> Refusal | None:
        """Why it may not happen to the penalty as it stands, or None."""
        if before is None:
            return _refusal(office, "no-penalty", "No such penalty was set.", SHORTFALL)
        return None


class PenaltyNotice(_OfPenalty):
    """The penalty for the units missing for a year; `index` is the factor the authority found."""

    name: ClassVar[str] = "penalty notice"
    happened = NOTICE
    index: Annotated[str, Field(pattern=r"^\d{1,3}(\.\d{1,9})?$")] | None = None
    document: Text | None = None

    def cents_of(self, office: Office) -> int:
        """By the law, from the units that are missing."""
        history = one_known(office, self.operator)
        return amount_of(office, history, self.year, self.index).cents if history else 0

    def said_of(self) -> str:
        """The notice by reference."""
        return self.document or ""

    def against(self, office: Office, history: History, before: Case | None) -> Refusal | None:
        """There is one notice, after the day, for units that are missing."""
        if before is not None:
            sentence = f"The penalty of {self.year} was set already."
            return _refusal(office, "penalty-twice", sentence, SHORTFALL)
        dated = step_day(office.rulebook, "surrender", self.year, history.kind)
        if dated is not None and office.today() <= dated.day:
            sentence = f"Units for {self.year} may be surrendered until {dated.day}."
            return Refusal("compliance.penalty-early", sentence, dated.citation)
        try:
            if not amount_of(office, history, self.year, self.index).shortfall:
                sentence = f"No unit is missing for {self.year}."
                return _refusal(office, "nothing-missing", sentence, SHORTFALL)
        except NoLaw as error:
            return _refusal(office, "no-penalty-by-law", str(error), RATE)
        return None


def amount_of(office: Office, history: History, year: int, index: str | None) -> Penalty:
    """The penalty of a year: for what was missing when its status was fixed, else what is now."""
    return _by_law(office.rulebook, history, year, Decimal(index) if index else None)


def _by_law(rulebook: Rulebook, history: History, year: int, index: Decimal | None) -> Penalty:
    found = fixed_for(history.events, rulebook, year)
    missing = obligation(history.state, rulebook, year).missing if history.state else 0
    missing = found.shortfall if found else missing
    return penalty(rulebook, year, missing, member=history.registry, index=index)


def is_the_least(rulebook: Rulebook, history: History, case: Case) -> bool:
    """Whether a penalty that was set may still be raised by an index nobody knows for sure.

    An authority that has found the index, or decided on an objection, has set another amount.
    """
    if case.breach != EXCESS or any(event.happened == DECISION for event in case.events):
        return False
    try:
        known = _by_law(rulebook, history, case.year, None)
    except NoLaw:
        return False
    return not known.is_final and known.cents == case.cents


class PenaltyObjection(_OfPenalty):
    """The operator objects to a penalty, with its reason."""

    name: ClassVar[str] = "penalty objection"
    happened = OBJECTION
    reason: Text

    def said_of(self) -> str:
        """The reason."""
        return self.reason

    def against(self, office: Office, history: History, before: Case | None) -> Refusal | None:
        """A penalty that was not decided on is objected to, once."""
        found = super().against(office, history, before)
        if found or before is None:
            return found
        happened = {event.happened for event in before.events}
        if happened & {OBJECTION, DECISION}:
            sentence = "It was objected to already."
            return _refusal(office, "objected-already", sentence, SHORTFALL)
        return None


class PenaltyDecision(_OfPenalty):
    """The authority decides on an objection; `cents` is what is due from here on, 0 for nothing."""

    name: ClassVar[str] = "penalty decision"
    happened = DECISION
    cents: Annotated[int, Field(ge=0, lt=2**62)]
    reason: Text

    def cents_of(self, office: Office) -> int:
        """What is due."""
        return self.cents

    def said_of(self) -> str:
        """The reason."""
        return self.reason

    def against(self, office: Office, history: History, before: Case | None) -> Refusal | None:
        """Only an objection is decided on."""
        found = super().against(office, history, before)
        if found or before is None or before.state == OBJECTED:
            return found
        return _refusal(office, "no-objection", "Nobody objects to it.", SHORTFALL)


class PenaltyPayment(_OfPenalty):
    """A payment was received; what is missing of the units stays owed."""

    name: ClassVar[str] = "penalty payment"
    happened = PAYMENT
    cents: Cents
    reference: Text

    def cents_of(self, office: Office) -> int:
        """What was paid."""
        return self.cents

    def said_of(self) -> str:
        """The reference of the payment."""
        return self.reference

    def against(self, office: Office, history: History, before: Case | None) -> Refusal | None:
        """Not more is paid than is due."""
        found = super().against(office, history, before)
        if found or before is None or self.cents <= before.open_cents:
            return found
        sentence = f"{before.open_cents} cents are to be paid, not {self.cents}."
        return _refusal(office, "paid-too-much", sentence, SHORTFALL)


class PenaltyPublication(_OfPenalty):
    """The name is published: the code of an operator with a penalty nobody objects to."""

    name: ClassVar[str] = "penalty publication"
    happened = PUBLICATION

    def against(self, office: Office, history: History, before: Case | None) -> Refusal | None:
        """Once, if anything is left of the penalty after an objection."""
        found = super().against(office, history, before)
        if found or before is None:
            return found
        if before.published or before.state == OBJECTED or not before.cents:
            stands = "published already" if before.published else "not final"
            sentence = f"The penalty is {stands}."
            return _refusal(office, "not-to-be-published", sentence, SHORTFALL)
        return None


class NationalFine(_OfPenalty):
    """A penalty for another breach, by the law of the operator's state.

    `tonnes` and `turnover_euros` are named where that law measures by them.
    """

    name: ClassVar[str] = "national penalty"
    happened = NOTICE
    breach: Text
    cents: Cents
    tonnes: acts.Quantity = 0
    turnover_euros: acts.Quantity = 0
    document: Text

    def cents_of(self, office: Office) -> int:
        """What the authority set."""
        return self.cents

    def said_of(self) -> str:
        """The notice by reference."""
        return self.document

    def against(self, office: Office, history: History, before: Case | None) -> Refusal | None:
        """The state's law knows the breach, and the amount lies in its range."""
        if before is not None:
            sentence = f"The penalty for {self.breach} in {self.year} was set already."
            return _refusal(office, "penalty-twice", sentence, NATIONAL)
        known = national_penalties(office.rulebook, history.registry, self.year)
        found = next((one for one in known if one.breach == self.breach), None)
        if found is None:
            named = ", ".join(one.breach for one in known) or "none"
            sentence = f"The law of {history.registry} has penalties for: {named}."
            return _refusal(office, "breach-unknown", sentence, NATIONAL)
        return _out_of_range(found, self)


def _out_of_range(law: NationalPenalty, fine: NationalFine) -> Refusal | None:
    least, most = law.range_cents(fine.tonnes, fine.turnover_euros)
    if fine.cents >= least and (most is None or fine.cents <= most):
        return None
    up_to = "without limit" if most is None else f"to {euros(most)} euros"
    sentence = f"For {law.breach} the law has a range from {euros(least)} {up_to}."
    return Refusal("compliance.penalty-range", sentence, law.citation)


class TakeMeasure(_OfPenalty):
    """A further measure is ordered or lifted: an operating ban, an expulsion order."""

    name: ClassVar[str] = "measure"
    happened = ORDERED
    breach: Text = Field(alias="measure")
    order: Literal["ordered", "lifted"] = "ordered"
    reason: Text

    def said_of(self) -> str:
        """The reason."""
        return self.reason

    def against(self, office: Office, history: History, before: Case | None) -> Refusal | None:
        """What is ordered the law permits for this operator; only that is lifted."""
        stands = before is not None and before.state == ORDERED
        if self.order == LIFTED:
            sentence = f"No {self.breach} of {self.year} stands."
            return None if stands else _refusal(office, "no-measure", sentence, SHORTFALL)
        short = (y for y, one in fixed(history.events, office.rulebook).items() if one.shortfall)
        may = further_measures(office.rulebook, self.year, short, history.kind)
        if stands or self.breach not in {one.measure for one in may}:
            sentence = f"The law permits no {self.breach} against {self.operator} for {self.year}."
            return _refusal(office, "measure-not-permitted", sentence, SHORTFALL)
        return None


def _refusal(office: Office, code: str, sentence: str, path: str) -> Refusal:
    return refuse(office.rulebook, code, sentence, path, office.today())


class _Happening(Asked):
    """Something that is to happen to a penalty."""

    body: _OfPenalty

    @property
    def about(self) -> int:
        """The operator's account."""
        return account_of(self.office, self.body.operator)

    def permission(self, actor: Actor, verb: str) -> Refusal | None:
        """The matrix; of a penalty an operator itself only proposes its objection."""
        refused = super().permission(actor, verb)
        if refused or not self.office.standing(actor, self.about):
            return refused
        if isinstance(self.body, PenaltyObjection):
            return None
        sentence = f"An operator does not propose a {self.body.name}."
        return _refusal(self.office, "authority-only", sentence, SHORTFALL)

    def problems(self) -> list[Refusal]:
        """What stands against it now."""
        body, office = self.body, self.office
        history = one_known(office, body.operator)
        if history is None or not history.accounts:
            return [no_account(office, body.operator)]
        kept = cases(Penalties(office.register.database).of(body.operator))
        found = body.against(office, history, kept.get((body.operator, body.year, body.breach)))
        return [found] if found else []

    def carry_out(self, number: int, at: int) -> Outcome:
        """Keeps what happened, if it may still happen."""
        body, office = self.body, self.office
        origin = office.key(number).hex()
        kept = Penalties(office.register.database)
        if not kept.has(origin):
            refusals = self.problems()
            if refusals:
                return Outcome(0, tuple(refusals))
            happened = body.order if isinstance(body, TakeMeasure) else body.happened
            cents = body.cents_of(office)
            event = (0, body.operator, body.year, body.breach, at, happened, cents, body.said_of())
            kept.add(PenaltyEvent._make(event), origin)
        return Outcome(0)


COMMANDS: tuple[type[Body], ...] = (
    PenaltyNotice,
    PenaltyObjection,
    PenaltyDecision,
    PenaltyPayment,
    PenaltyPublication,
    NationalFine,
    TakeMeasure,
)
