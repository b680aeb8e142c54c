"""Who reads which lines of the audit trail, and which notices.

The right to the trail reaches as far as the authorisation matrix says: an auditor's everywhere, an
administrator's in the registry, a representative's on the accounts he or she represents. What
somebody did, he or she may read in any case.
"""

from __future__ import annotations

from collections.abc import Iterator

from openets.desk.directory import Directory
from openets.desk.outbox import Kept, Outbox
from openets.desk.trail import Asked, Event, Trail
from openets.kernel.actor import Actor
from openets.kernel.refusal import Refused

RIGHT = "see audit trail"


def audit_trail(trail: Trail, directory: Directory, actor: Actor, asked: Asked) -> Iterator[Event]:
    """The lines asked for that a person may read, oldest first.

    Raises `Refused` if an account is named whose trail he or she may not read.
    """
    if asked.account:
        registry = directory.registry_of(asked.account) or ""
        refusal = directory.may(actor, RIGHT, registry, asked.account)
        if refusal:
            raise Refused(refusal)
    allowed: dict[tuple[str, int], bool] = {}
    for event in trail.events(asked):
        where = (event.registry, event.account)
        if where not in allowed:
            allowed[where] = directory.may(actor, RIGHT, *where) is None
        if allowed[where] or event.actor == actor.id:
            yield event


def notices_for(outbox: Outbox, directory: Directory, actor: Actor) -> Iterator[Kept]:
    """A person's own notices, and those to persons of a registry whose trail he or she reads."""
    allowed: dict[int, bool] = {actor.id: True}
    for notice in outbox.every():
        if notice.person not in allowed:
            known = directory.actor(notice.person)
            registry = (known.registry if known else None) or ""
            allowed[notice.person] = directory.may(actor, RIGHT, registry, 0) is None
        if allowed[notice.person]:
            yield notice
