"""A day at the desk that can be broken off and gone on with: each thing in it is done once.

The day is one sequence, the same whenever it is begun. So the first person it needs is the first
one there is, and the first thing it proposes the first that was proposed by anybody but the system:
what stands already is taken as it stands, and only what is missing is done. What a thing is about
is asked for only then, because what the day has done since may have changed the answer.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from openets.desk.desk import SYSTEM
from openets.desk.proposals import AWAITING, COMPLETED, DELAYED, Proposal
from openets.kernel.actor import Actor
from openets.kernel.refusal import Refusal, Refused
from openets.people.asked import Body
from openets.people.opening import Opened

Fields = Callable[[], Mapping[str, Any] | Body]


class Day:
    """The day in an office. It begins with what a crash left half done at the desk."""

    def __init__(self, office: Opened) -> None:
        self.office = office
        deque(office.desk.work(), maxlen=0)
        self._persons = deque(office.register.persons())
        self._proposals = deque(
            one for one in reversed(office.desk.proposals.every()) if one.proposer != SYSTEM
        )

    def person(self, role: str, registry: str | None) -> Actor:
        """The next person, of this role and registry."""
        if not self._persons:
            return self.office.register.add_person(role, registry)[0].actor
        found = self._persons.popleft()
        if (found.role, found.registry) != (role, registry):
            raise _differs(f"person {found.number} is {found.role}, not {role}")
        return found.actor

    def propose(self, actor: Actor, command: str, fields: Fields) -> Proposal:
        """The next thing proposed, as it stands now."""
        if not self._proposals:
            return self.office.desk.propose(actor, command, _written(fields()))
        found = self._proposals.popleft()
        if (found.proposer, found.command) != (actor.id, command):
            raise _differs(f"proposal {found.number} is {found.command} by {found.proposer}")
        return found

    def two(self, first: Actor, second: Actor, command: str, fields: Fields) -> Proposal:
        """The next thing, proposed by one person and approved by another if it needs that."""
        found = self.propose(first, command, fields)
        if found.state == AWAITING:
            found = self.office.desk.approve(second, found.number)
        if found.state not in (COMPLETED, DELAYED):
            raise _differs(f"proposal {found.number} is {found.state}: {found.why}")
        return found


def body_of(proposal: Proposal) -> dict[str, Any]:
    """What was proposed, as plain values."""
    found: dict[str, Any] = json.loads(proposal.body)
    return found


def _written(fields: Mapping[str, Any] | Body) -> str:
    return fields.model_dump_json() if isinstance(fields, Body) else json.dumps(fields)


def _differs(what: str) -> Refused:
    sentence = (
        f"The day at the desk cannot be gone on with: {what}. Play the demonstration anew, --again."
    )
    return Refused(Refusal("world.day-differs", sentence, "demonstration"))
