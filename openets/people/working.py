"""What the desk does by itself: what was begun is finished, then what the law does on its day.

`openets work` runs it; run again, also after days of standing still, nothing is done twice. What a
scheme finds due is proposed by the system, needs nobody's approval and is in the audit trail like
everything else.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar

from openets.desk.approval import Answer
from openets.desk.desk import DESK, SYSTEM
from openets.desk.proposals import Proposal
from openets.kernel.actor import Actor
from openets.kernel.refusal import Refusal
from openets.people.asked import Asked
from openets.people.opening import Opened

SYSTEM_ACTOR = Actor(SYSTEM, "system")


def work(opened: Opened) -> Iterator[Proposal]:
    """Does what is due and answers with each proposal as it then stands."""
    yield from opened.desk.work()
    for extension in opened.office.extensions:
        for body in extension.due(opened.office):
            written = body.model_dump_json(exclude_none=True)
            yield opened.desk.propose(SYSTEM_ACTOR, body.name, written)


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
        return Answer(False, "The law does this by itself.", self.citation)
