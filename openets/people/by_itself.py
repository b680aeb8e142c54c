"""What the law does by itself on its day: proposed by the system, confirmed by nobody."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from openets.desk.approval import Answer
from openets.desk.desk import DESK, SYSTEM
from openets.desk.said import Said
from openets.kernel.actor import Actor
from openets.kernel.refusal import Refusal
from openets.people.asked import Asked

SYSTEM_ACTOR = Actor(SYSTEM, "system")


class SystemAsked(Asked):
    """A command that only the system proposes, because the law does it by itself."""

    citation: ClassVar[str] = DESK

    def permission(self, actor: Actor, verb: str) -> Refusal | None:
        """The system's, and nobody else's."""
        if actor.id == SYSTEM and verb == "propose":
            return None
        sentence = f"Nobody may {verb} this; it happens by itself on its day."
        return Refusal("people.by-itself", sentence, DESK)

    def needs(self, _actor: Actor, _at: datetime) -> Answer:
        """Nobody's approval."""
        return Answer(False, Said("needs-by-itself"), self.citation)
