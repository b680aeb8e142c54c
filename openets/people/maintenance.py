"""The commands that plan a maintenance window, for one registry or for all, and that cancel one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, NamedTuple

from pydantic import AwareDatetime

from openets.desk.desk import Outcome
from openets.desk.maintenance import RULE, Window, Windows
from openets.desk.proposals import COMPLETED, Proposals
from openets.desk.said import Said
from openets.kernel import acts
from openets.kernel.actor import Actor
from openets.kernel.clock import instant, moment
from openets.kernel.refusal import Refusal
from openets.people.asked import Asked, Body, Number, Text
from openets.people.office import Office
from openets.people.roles import ANYWHERE, MATRIX_CITATION, reach

PLANNED, OPEN, OVER, CANCELLED = "planned", "open", "over", "cancelled"


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


class CancelMaintenance(Body):
    """A window that has not opened yet is cancelled; `proposal` is the one that planned it."""

    name: ClassVar[str] = "cancel maintenance"
    action: ClassVar[str] = "maintenance"
    urgent: ClassVar[bool] = True
    proposal: Number
    reason: Text

    def of(self, office: Office) -> Asked:
        """The command in an office."""
        return _Cancelling(office, self)


class Planned(NamedTuple):
    """A window as it stands, with the proposal that planned it."""

    proposal: int
    window: Window
    state: str


def windows_planned(office: Office, proposals: Proposals) -> Iterator[Planned]:
    """Every window that was planned, in the order in which they were."""
    windows, now = Windows(office.register.database), instant(office.clock.now())
    for one in proposals.in_state(COMPLETED):
        origin = office.key(one.number).hex()
        window = windows.planned(origin) if one.command == Maintain.name else None
        if window:
            state = PLANNED if now < window.opens else OPEN if now < window.closes else OVER
            gone = windows.cancelled_by(origin)
            yield Planned(one.number, window, CANCELLED if gone else state)


class _OfWindow(Asked):
    """What planning and cancelling have in common: who acts for every registry."""

    @property
    def for_all(self) -> bool:
        """True if the window closes every registry."""
        raise NotImplementedError

    def permission(self, actor: Actor, verb: str) -> Refusal | None:
        """The matrix; every registry is closed only by who acts for every registry."""
        refusal = super().permission(actor, verb)
        if refusal or not self.for_all or reach(actor, f"{verb} {self.body.action}") == ANYWHERE:
            return refusal
        sentence = f"Person {actor.id} acts for registry {actor.registry} only, not for all."
        return Refusal("people.not-for-all", sentence, MATRIX_CITATION, "registry")


class _Maintaining(_OfWindow):
    body: Maintain

    @property
    def registry(self) -> str:
        """The registry that is closed; empty for all."""
        return self.body.registry or ""

    @property
    def for_all(self) -> bool:
        """True if no registry is named."""
        return not self.body.registry

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
        if windows.planned(origin) is None:
            refusals = self.problems()
            if refusals:
                return Outcome(0, tuple(refusals))
        body = self.body
        window = Window(self.registry, instant(body.opens), instant(body.closes), body.reason)
        windows.plan(window, origin)
        return Outcome(0)


class _Cancelling(_OfWindow):
    body: CancelMaintenance

    def __init__(self, office: Office, body: CancelMaintenance) -> None:
        super().__init__(office, body)
        self._windows = Windows(office.register.database)
        self._planned = office.key(body.proposal).hex()
        self._window = self._windows.planned(self._planned)

    @property
    def registry(self) -> str:
        """The registry the window would close; empty for all."""
        return self._window.registry if self._window else ""

    @property
    def for_all(self) -> bool:
        """True if there is such a window, and it is for every registry."""
        return self._window is not None and not self._window.registry

    def said(self) -> Said:
        """Which window, and why."""
        opens, closes = self._window[1:3] if self._window else (0, 0)
        registry = Said("one-registry", {"registry": self.registry})
        facts = {
            "registry": registry if self.registry else Said("every-registry"),
            "opens": opens,
            "closes": closes,
            "number": self.body.proposal,
            "reason": self.body.reason,
        }
        return Said("asked-no-maintenance", facts)

    def problems(self) -> list[Refusal]:
        """There is such a window, it was not cancelled before, and it has not opened yet."""
        window, number = self._window, self.body.proposal
        if window is None:
            sentence = f"Proposal {number} has planned no maintenance window."
            return [Refusal("people.maintenance-unknown", sentence, RULE, "proposal")]
        if self._windows.cancelled_by(self._planned):
            sentence = f"The window of proposal {number} has been cancelled already."
            return [Refusal("people.maintenance-cancelled", sentence, RULE, "proposal")]
        if window.opens <= instant(self.office.clock.now()):
            opened = f"{moment(window.opens):%Y-%m-%d %H:%M} UTC"
            sentence = f"It opened at {opened}; what was extended by it stays so."
            return [Refusal("people.maintenance-begun", sentence, RULE, "proposal")]
        return []

    def carry_out(self, number: int, at: int) -> Outcome:
        """Notes that the window counts no more, unless it has opened meanwhile."""
        origin = self.office.key(number).hex()
        if self._windows.cancelled_by(self._planned) != origin:
            refusals = self.problems()
            if refusals:
                return Outcome(0, tuple(refusals))
            self._windows.cancel(self._planned, origin)
        return Outcome(0)
