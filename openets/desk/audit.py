"""Who reads which lines of the audit trail, which notices, which proposals.

The right to the trail reaches as far as the authorisation matrix says: an auditor's everywhere, an
administrator's in the registry, a representative's on the accounts he or she represents. What
somebody did, he or she may read in any case. A proposal is seen by whoever may see its account or
the trail of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from openets.desk.directory import Directory
from openets.desk.outbox import Kept, Outbox
from openets.desk.proposals import FINAL, Proposal, Proposals
from openets.desk.sight import TRAIL, Sight
from openets.desk.trail import Asked, Event, Trail
from openets.kernel.actor import Actor


def audit_trail(trail: Trail, directory: Directory, actor: Actor, asked: Asked) -> Iterator[Event]:
    """The lines asked for that a person may read, oldest first.

    Raises `Refused` if an account is named whose trail he or she may not read.
    """
    sight = Sight(directory, actor)
    if asked.account:
        sight.must_see(directory.registry_of(asked.account) or "", asked.account, TRAIL)
    for event in trail.events(asked):
        if event.actor == actor.id or sight.sees(event.registry, event.account, TRAIL):
            yield event


def notices_for(outbox: Outbox, directory: Directory, actor: Actor) -> Iterator[Kept]:
    """A person's own notices, and those to persons of a registry whose trail he or she reads."""
    sight = Sight(directory, actor)
    allowed: dict[int, bool] = {actor.id: True}
    for notice in outbox.every():
        if notice.person not in allowed:
            known = directory.actor(notice.person)
            registry = (known.registry if known else None) or ""
            allowed[notice.person] = sight.sees(registry, 0, TRAIL)
        if allowed[notice.person]:
            yield notice


def proposals_for(
    proposals: Proposals, directory: Directory, actor: Actor, *, ended: bool
) -> Iterator[tuple[Proposal, Event]]:
    """The proposals a person may see, newest first, each with the line that says what is asked.

    That line is what both people saw, also where the law or the books have changed since. Those
    that have ended come only if asked for.
    """
    sight = Sight(directory, actor)
    for one in proposals.every():
        if one.state in FINAL and not ended:
            continue
        asked = proposals.trail.first(one.number)
        own = actor.id in (one.proposer, one.decider)
        place = (asked.registry, asked.account)
        if own or sight.sees(*place) or sight.sees(*place, TRAIL):
            yield one, asked
