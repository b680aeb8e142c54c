"""Who acts: what an action needs to know of a person to permit it and to write it down.

Names, addresses and documents belong to the people behind the number and stay there. What enters
proposals, checks and the audit trail is only this, so that a person's data can be corrected or
removed without touching what was done.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """The person or process that asks for something.

    `id` is the number of the user in this store. `role` is a role of the rulebook. `registry` is
    the code of the national administrator the actor belongs to and `holder` the number of the
    account holder the actor acts for; each is None where there is none.
    """

    id: int
    role: str
    registry: str | None = None
    holder: int | None = None
