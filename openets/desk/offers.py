"""Which acts a task offers to a person: one pure function of what he or she is to it.

Nothing is offered that would be refused, and the inbox does nothing that was not offered. A claim
keeps others from deciding on a task, not from commenting on it; it binds those who work on a task,
not those whom documents are asked of.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from openets.desk.tasks import APPROVAL, DOCUMENTS

CLAIM, TAKE_OVER, RELEASE, ASSIGN = "claim", "take over", "release", "assign"
COMMENT, APPROVE, REJECT, WITHDRAW = "comment", "approve", "reject", "withdraw"
SUBMIT, ACCEPT, REFUSE, CLOSE = "submit", "accept", "refuse", "close"


@dataclass(frozen=True)
class Facts:
    """What a person is to a task, and how it stands.

    `withdraws`: may take the proposal back. `decides`: may approve it, neither having proposed it
    nor being affected. `answers`: the documents are asked of this person. `handles`: may ask for
    documents there, or see to the duty. `assigns`: may give tasks there to others. `wanted`: some
    document is yet to be submitted; `handed_in`: some document of another person is yet to be
    judged. `closed`: the registry is in maintenance, which stops approving and nothing else.
    """

    kind: str
    sees: bool = True
    ended: bool = False
    claimed: Literal["by nobody", "by this person", "by another"] = "by nobody"
    proposed: bool = False
    withdraws: bool = False
    decides: bool = False
    answers: bool = False
    handles: bool = False
    assigns: bool = False
    wanted: bool = False
    handed_in: bool = False
    closed: bool = False


def offered(facts: Facts) -> tuple[str, ...]:
    """The acts a task offers, in the order in which they are shown; none to who may not see it."""
    if facts.ended or not facts.sees:
        return ()
    approval, documents = facts.kind == APPROVAL, facts.kind == DOCUMENTS
    works = facts.decides if approval else facts.handles
    free = works and facts.claimed != "by another"
    mine, others = facts.claimed == "by this person", facts.claimed == "by another"
    rules = (
        (CLAIM, works and facts.claimed == "by nobody"),
        (TAKE_OVER, works and others and facts.assigns),
        (RELEASE, mine or (others and facts.assigns)),
        (ASSIGN, facts.assigns),
        (COMMENT, works or facts.proposed or facts.withdraws or facts.answers or facts.assigns),
        (APPROVE, approval and free and not facts.closed),
        (REJECT, approval and free),
        (WITHDRAW, approval and facts.withdraws),
        (SUBMIT, documents and facts.answers and facts.wanted),
        (ACCEPT, documents and free and facts.handed_in),
        (REFUSE, documents and free and facts.handed_in),
        (CLOSE, documents and free),
    )
    return tuple(act for act, applies in rules if applies)
