"""By what an operator's entitlement to credits is measured, where the books cannot tell.

An operator that was allocated allowances in 2008-2012 is an existing one, another is new; both
follow from the books. That it extended its capacity significantly, or took up a new activity, is
found by the authority and stated here, by two people: the higher of the measures then counts.
Regulation (EU) No 1123/2013, Article 1(3) and (4). Aircraft operators have a measure of their own.
"""

from __future__ import annotations

from typing import ClassVar

from openets.desk.desk import Outcome
from openets.kernel.clock import moment
from openets.kernel.refusal import Refusal
from openets.people.asked import Asked, Body, Text
from openets.people.office import Office
from openets.schemes.compliance import events as ev
from openets.schemes.compliance.actions import account_of, no_account
from openets.schemes.compliance.credits import ENTITLEMENT, bases
from openets.schemes.compliance.law import ACCOUNTS, ask_of, refuse
from openets.schemes.compliance.models import Happenings
from openets.schemes.compliance.surrendering import stated_basis


class StateEntitlement(Body):
    """What an operator's entitlement is measured by: `existing`, `new` or `extended`."""

    name: ClassVar[str] = "credit entitlement"
    action: ClassVar[str] = "allocation"
    operator: Text
    basis: Text
    document: Text

    def of(self, office: Office) -> Asked:
        """The command in an office."""
        return _Stated(office, self)


class _Stated(Asked):
    body: StateEntitlement

    @property
    def about(self) -> int:
        """The operator's account."""
        return account_of(self.office, self.body.operator)

    def problems(self) -> list[Refusal]:
        """The law of the day knows the measure, the operator's class has none of its own."""
        body, office = self.body, self.office
        if not self.about:
            return [no_account(office, body.operator)]
        known = bases(office.rulebook, office.today())
        classes = ask_of(office.rulebook, ACCOUNTS, office.today())
        type_ = office.writer.book.accounts[self.about].type
        own = [one for one, of in (classes.value if classes else {}).items() if of == type_]
        for one in own:
            if one in known:
                sentence = f"The entitlement of {one} operators is the same for all of them."
                return [self._refusal("entitlement-of-class", sentence, one)]
        measures = [one for one in known if not classes or one not in classes.value]
        if body.basis not in measures:
            named = ", ".join(measures) or "none"
            sentence = f"The law of {office.today()} measures an entitlement by: {named}."
            return [self._refusal("entitlement-unknown", sentence, "existing")]
        if stated_basis(office, self.about) == body.basis:
            sentence = f"That is stated of {body.operator} already."
            return [self._refusal("entitlement-unchanged", sentence, body.basis)]
        return []

    def _refusal(self, code: str, sentence: str, basis: str) -> Refusal:
        office = self.office
        return refuse(office.rulebook, code, sentence, ENTITLEMENT + basis, office.today())

    def carry_out(self, number: int, at: int) -> Outcome:
        """Keeps it; what was stated last counts."""
        event = ev.CreditsEntitled(at=moment(at), basis=self.body.basis)
        kept = Happenings(self.office.register.database)
        kept.add(self.body.operator, event, 0, self.office.key(number).hex())
        return Outcome(0)


COMMANDS: tuple[type[Body], ...] = (StateEntitlement,)
