"""What one person may see: the answers of the authorisation matrix, each asked once.

Whatever is listed for somebody goes through here, so that there is one place where it is decided
that nobody reads another holder's data. A place is a registry and an account of it; account 0 is
the registry as such, the empty registry what belongs to none.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import TypeVar

from openets.desk.directory import Directory
from openets.kernel.actor import Actor
from openets.kernel.refusal import Refusal, Refused

ACCOUNT = "see account"
TRAIL = "see audit trail"

T = TypeVar("T")


class Sight:
    """The sight of one person."""

    def __init__(self, directory: Directory, actor: Actor) -> None:
        self._directory = directory
        self.actor = actor
        self._answers: dict[tuple[str, str, int], Refusal | None] = {}

    def against(self, registry: str, account: int = 0, right: str = ACCOUNT) -> Refusal | None:
        """Why the person may not see a place, or None."""
        asked = (right, registry, account)
        if asked not in self._answers:
            self._answers[asked] = self._directory.may(self.actor, *asked)
        return self._answers[asked]

    def sees(self, registry: str, account: int = 0, right: str = ACCOUNT) -> bool:
        """True if the person may see a place."""
        return self.against(registry, account, right) is None

    def sees_any(self, registry: str, accounts: Collection[int]) -> bool:
        """True if the person may see one of some accounts of a registry; without any, itself."""
        return any(self.sees(registry, account) for account in accounts or (0,))

    def must_see(self, registry: str, account: int = 0, right: str = ACCOUNT) -> None:
        """Raises `Refused` if the person may not see a place."""
        refusal = self.against(registry, account, right)
        if refusal:
            raise Refused(refusal)

    def among(
        self,
        things: Iterable[T],
        place: Callable[[T], tuple[str, Collection[int]]],
        registry: str = "",
    ) -> list[T]:
        """Those of some things the person may see: by the registry and the accounts of each.

        One of the accounts is enough; what has none belongs to the registry as such. Raises
        `Refused` if that leaves nothing and the registry is not the person's to see.
        """
        found = [one for one in things if self.sees_any(*place(one))]
        if not found:
            self.must_see(registry)
        return found
