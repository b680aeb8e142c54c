"""Commands that stop units or people, and let them go again.

In the books an account, a kind, a registry or a block of serials stands still; in the register a
person, for whom from then on nothing works: no proposal, no approval, and what he or she had
proposed or approved is not carried out. Two persons order it, and it holds at once.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from openets.desk.desk import DESK, Outcome
from openets.kernel import acts
from openets.kernel.actor import Actor
from openets.kernel.refusal import Refusal
from openets.people.asked import ActAsked, Asked, Body, Number, Text
from openets.people.office import Office
from openets.people.roles import ACTIVE, ANYWHERE, FROZEN, reach


class Freeze(Body):
    """Nothing moves any more, or does again: an account, person, kind, registry or serials."""

    name: ClassVar[str] = "freeze"
    action: ClassVar[str] = "freeze"
    order: Literal["freeze", "lift"]
    account: Number | None = None
    person: Number | None = None
    kind: Number | None = None
    registry: acts.Registry | None = None
    first: acts.Serial | None = None
    last: acts.Serial | None = None
    incoming: bool = False
    reason: Text

    def of(self, office: Office) -> Asked:
        """The command in an office."""
        return _FrozenPerson(office, self) if self.person else _Frozen(office, self)


class _Frozen(ActAsked):
    body: Freeze

    @property
    def registry(self) -> str:
        """The registry that is frozen, or that of the account, or of origin."""
        kind = self.office.writer.book.kinds.get(self.body.kind or 0)
        return self.body.registry or (kind.registry if kind else super().registry)

    def act(self) -> acts.Act:
        """The freeze, or what lifts it."""
        scope = self.body.model_dump(exclude={"order", "person", "incoming"})
        if self.body.order == "lift":
            return acts.Lift(**scope)
        return acts.Freeze(**scope, incoming=self.body.incoming or None)


class _FrozenPerson(Asked):
    body: Freeze

    @property
    def registry(self) -> str:
        """The registry the person belongs to, empty if none."""
        person = self.office.register.person(self.affected())
        return (person.registry if person else None) or ""

    def affected(self) -> int:
        """The person to be frozen."""
        return self.body.person or 0

    def permission(self, actor: Actor, verb: str) -> Refusal | None:
        """As everywhere; and who belongs to no registry is not for one registry to stop."""
        refusal = super().permission(actor, verb)
        if refusal or self.registry or reach(actor, f"{verb} {self.body.action}") == ANYWHERE:
            return refusal
        sentence = f"Person {self.body.person} belongs to no registry; the centre decides."
        return Refusal("people.of-no-registry", sentence, DESK)

    def problems(self) -> list[Refusal]:
        """Only a person is named, who acts now or is frozen now."""
        body = self.body
        if body.account or body.kind or body.registry or body.first or body.last or body.incoming:
            sentence = "A freeze of a person names that person and nothing else."
            return [Refusal("people.freeze-scope", sentence, DESK)]
        person = self.office.register.person(self.affected())
        needed = ACTIVE if body.order == "freeze" else FROZEN
        if person is not None and person.state == needed:
            return []
        found = f"Person {body.person} is {person.state}" if person else "There is no such person"
        return [Refusal("people.other-state", f"{found}, not {needed}.", DESK)]

    def carry_out(self, number: int, at: int) -> Outcome:
        """Notes it in the register; `problems` kept a suspended person from being let go."""
        state = FROZEN if self.body.order == "freeze" else ACTIVE
        self.office.register.set_person_state(self.affected(), state)
        return Outcome(0)
