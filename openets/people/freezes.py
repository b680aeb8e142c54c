"""Commands that stop units, and let them go again: an account, a kind, a whole registry."""

from __future__ import annotations

from typing import ClassVar, Literal

from openets.kernel import acts
from openets.people.asked import ActAsked, Asked, Body, Number, Text
from openets.people.office import Office


class Freeze(Body):
    """Nothing leaves or enters an account, a kind or a whole registry any more, or does again."""

    name: ClassVar[str] = "freeze"
    action: ClassVar[str] = "freeze"
    urgent: ClassVar[bool] = True
    order: Literal["freeze", "lift"]
    account: Number | None = None
    kind: Number | None = None
    registry: acts.Registry | None = None
    reason: Text

    def of(self, office: Office) -> Asked:
        """The command in an office."""
        return _Frozen(office, self)


class _Frozen(ActAsked):
    body: Freeze

    @property
    def registry(self) -> str:
        """The registry that is frozen, or that of the account."""
        return self.body.registry or super().registry

    def act(self) -> acts.Act:
        """The freeze, or what lifts it."""
        scope = self.body.model_dump(exclude={"order"})
        return acts.Freeze(**scope) if self.body.order == "freeze" else acts.Lift(**scope)
