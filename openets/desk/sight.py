"""What one person may see: the answers of the authorisation matrix, each asked once.

Whatever is listed for somebody goes through here, so that there is one place where it is decided
that nobody reads another holder's data. A place is a registry and an account of it; account 0 is
the registry as such, the empty registry what belongs to none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
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

    def must_see(self, registry: str, account: int = 0, right: str = ACCOUNT) -> None:
        """Raises `Refused` if the person may not see a place."""
        refusal = self.against(registry, account, right)
        if refusal:
            raise Refused(refusal)

    def among(
        self, things: Iterable[T], place: Callable[[T], tuple[str, int]], registry: str = ""
    ) -> list[T]:
        """Those of some things the person may see, by where each belongs.

        Raises `Refused` if that leaves none and the registry as such is not the person's to see.
        """
        found = [one for one in things if self.sees(*place(one))]
        if not found:
            self.must_see(registry)
        return found
