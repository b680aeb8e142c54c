"""The command that plans a maintenance window, for one registry or for all."""

from __future__ import annotations

from typing import ClassVar

from pydantic import AwareDatetime

from openets.desk.desk import Outcome
from openets.desk.maintenance import RULE, Window, Windows
from openets.kernel import acts
from openets.kernel.actor import Actor
from openets.kernel.clock import instant
from openets.kernel.refusal import Refusal
from openets.people.asked import Asked, Body, Text
from openets.people.office import Office
from openets.people.roles import ANYWHERE, MATRIX, MATRIX_CITATION


class Maintain(Body):
    """A registry, or every registry, is closed for maintenance from an instant to another."""

    name: ClassVar[str] = "maintenance"
    action: ClassVar[str] = "maintenance"
    urgent: ClassVar[bool] = True
    registry: acts.Registry | None = None
    opens: AwareDatetime
    closes: AwareDatetime
    reason: Text

    def of(self, office: Office) -> Asked:
        """The command in an office."""
        return _Maintaining(office, self)


class _Maintaining(Asked):
    body: Maintain

    @property
    def registry(self) -> str:
        """The registry that is closed; empty for all."""
        return self.body.registry or ""

    def permission(self, actor: Actor, verb: str) -> Refusal | None:
        """The matrix; every registry is closed only by who acts for every registry."""
        refusal = super().permission(actor, verb)
        reach = MATRIX[actor.role].get(f"{verb} {self.body.action}")
        if refusal or self.body.registry or reach == ANYWHERE:
            return refusal
        sentence = f"Person {actor.id} acts for registry {actor.registry} only, not for all."
        return Refusal("people.not-for-all", sentence, MATRIX_CITATION, "registry")

    def problems(self) -> list[Refusal]:
        """It runs forward, and begins in the future."""
        body = self.body
        if body.closes <= body.opens:
            sentence = "A maintenance window closes after it opens."
            return [Refusal("people.maintenance-backwards", sentence, RULE, "closes")]
        if body.opens < self.office.clock.now():
            sentence = "A maintenance window is planned before it opens."
            return [Refusal("people.maintenance-past", sentence, RULE, "opens")]
        return []

    def carry_out(self, number: int, at: int) -> Outcome:
        """Enters the window, unless its beginning has passed meanwhile."""
        windows, origin = Windows(self.office.register.database), self.office.key(number).hex()
        if not windows.has(origin):
            refusals = self.problems()
            if refusals:
                return Outcome(0, tuple(refusals))
        body = self.body
        window = Window(self.registry, instant(body.opens), instant(body.closes), body.reason)
        windows.plan(window, origin)
        return Outcome(0)
