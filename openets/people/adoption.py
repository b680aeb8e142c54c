"""The command by which a running registry adopts a changed law."""

from __future__ import annotations

from typing import ClassVar

from openets.kernel import acts
from openets.people.asked import ActAsked, Asked, Body
from openets.people.office import Office


class AdoptRulebook(Body):
    """From here on the registry works by the law with this digest."""

    name: ClassVar[str] = "adopt rulebook"
    action: ClassVar[str] = "rulebook"
    digest: acts.Hex32

    def of(self, office: Office) -> Asked:
        """The command in an office."""
        return _Adoption(office, self)


class _Adoption(ActAsked):
    body: AdoptRulebook

    def act(self) -> acts.Act:
        """The adoption."""
        return acts.RulebookAdopted(digest=self.body.digest)
