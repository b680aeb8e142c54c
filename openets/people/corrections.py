"""The command by which an administrator corrects a record: a new record that names the old one.

Nothing in the books is edited. A transaction is corrected by moving back as many of its units as
were wrong, by the type that the law has for it (`undoes` of `registry.transaction_types.*`), inside
the window of the regime, and by two people; what was right is then done anew. What no type of the
law undoes is final (Delegated Regulation (EU) 2019/1122, Article 36). Figures, statuses and what
the register holds are corrected by stating them anew, each by its own command.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import Field

from openets.desk.approval import Answer
from openets.desk.said import Said
from openets.kernel.actor import Actor
from openets.kernel.records import type_code, type_label
from openets.kernel.refusal import Refusal, Refused
from openets.people.asked import ALWAYS, Asked, Number, Text
from openets.people.office import Office
from openets.people.reversals import reversal_problems
from openets.people.transactions import Move, Moving
from openets.rulebook.tables import TransactionType

TYPES = "registry.transaction_types"


class Correct(Move):
    """Units of a wrong transaction go back, by a record that names it."""

    name: ClassVar[str] = "correction"
    action: ClassVar[str] = "correction"
    transferring: Number
    refers_to: Annotated[int, Field(gt=0, lt=2**63)]
    reason: Text

    def of(self, office: Office) -> Asked:
        """The command in an office."""
        return _Correcting(office, self)


def correction_of(office: Office, record: int, quantity: int, reason: str) -> Correct:
    """The correction of a record by the law of today; a quantity of 0 is all that is left of it.

    Raises `Refused` for what is no transaction, and for one that is final.
    """
    wrong = office.record(record)
    if wrong is None or wrong.act is not None:
        sentence = f"Record {record} is no transaction; what it states is corrected by another."
        raise Refused(Refusal("people.corrects-nothing", sentence, TYPES, "record"))
    label = type_label(wrong.type)
    there, back = (_type_of(office, one) for one in (wrong.acquiring, wrong.transferring))
    ways = [rule.label for rule in _undoing(office, label) if (there, back) in rule.routes]
    if not ways:
        sentence = f"The law has no type that undoes a {label} between these accounts; it is final."
        raise Refused(Refusal("people.correction-final", sentence, TYPES, "record"))
    left = wrong.quantity - office.resting_on(record)
    return Correct(
        type=ways[0],
        transferring=wrong.acquiring,
        acquiring=wrong.transferring,
        kind=wrong.blocks[0][0],
        quantity=quantity or max(left, 1),  # of what was moved back whole, `problems` tells
        year=wrong.year,
        refers_to=record,
        reason=reason,
    )


def _undoing(office: Office, label: str) -> list[TransactionType]:
    """The types of today's law that undo another, by their code."""
    types = office.rulebook.tables_on(office.today()).transaction_types
    return [rule for _, rule in sorted(types.items()) if label in rule.undoes]


def _type_of(office: Office, number: int) -> str:
    """The type of an account; empty where units were created."""
    account = office.account(number)
    return account.type if account else ""


class _Correcting(Moving):
    body: Correct

    def said(self) -> Said:
        """What goes back, which record was wrong, and why."""
        facts = {
            "movement": super().said(),
            "record": self.body.refers_to,
            "reason": self.body.reason,
        }
        return Said("asked-correction", facts)

    def problems(self) -> list[Refusal]:
        """What the record allows that was wrong; then as for every movement."""
        law = self._law()
        types = self.office.rulebook.tables_on(law.day).transaction_types
        rule = types.get(type_code(self.body.type))
        if rule is not None and not rule.undoes:
            sentence = f"By {self.body.type} nothing is undone; it corrects no record."
            citation = f"{TYPES}.{self.body.type}"
            return [Refusal("people.no-correction", sentence, citation, "type")]
        against = reversal_problems(self.office, law, self.body, asking=True)
        return against or super().problems()

    def needs(self, actor: Actor, at: datetime) -> Answer:
        """A second person, whatever the law says of the type."""
        answer = super().needs(actor, at)
        return answer if answer.needed else ALWAYS

    def against_cancelling(self, actor: Actor) -> list[Refusal]:
        """Only who may propose it may stop it."""
        return Asked.against_cancelling(self, actor)
