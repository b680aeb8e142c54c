"""What moves open and tell: the task of deciding on a proposal, its notices, those of tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openets.desk import said as texts
from openets.desk.directory import ADMINISTRATORS, EVERYBODY, REPRESENTATIVES, Directory
from openets.desk.notices import Notice, notices, rule_of_proposal, rule_of_task
from openets.desk.proposals import EXPIRED, Change, Proposal
from openets.desk.said import Said
from openets.desk.tasks import APPROVAL, DOCUMENTS, NOBODY, Task, origin_of
from openets.kernel.clock import instant, moment

if TYPE_CHECKING:
    from openets.desk.desk import Command, Desk


def task_of(proposal: Proposal, asked: Command, opened: int) -> Task:
    """The task of deciding on a proposal: by the day of the law, or before it expires."""
    by_law = asked.decide_by(moment(proposal.created))
    deadlines = (proposal.expires, instant(by_law) if by_law else 0)
    return Task(
        number=0,
        origin=origin_of(proposal.number),
        kind=APPROVAL,
        proposal=proposal.number,
        registry=proposal.registry,
        account=asked.about,
        person=NOBODY,
        asked_by=proposal.proposer,
        said=asked.said(),
        opened=opened,
        deadline=min((one for one in deadlines if one), default=0),
    )


def notices_of(
    directory: Directory, proposal: Proposal, asked: Command, to: str, change: Change
) -> list[Notice]:
    """Whom the coming of a proposal into a state tells."""
    rule = rule_of_proposal(to, proposal.command)
    if rule is None:
        return []
    facts = {
        "number": proposal.number,
        "what": asked.said(),
        "at": change.execute_at or proposal.execute_at,
        "reason": _reason(proposal, to, change),
        "record": change.result or 0,
    }
    circles = {name: _circle(name, directory, proposal, asked) for name in rule.whom}
    return notices(rule, f"{origin_of(proposal.number)} {to}", circles, facts)


def _reason(proposal: Proposal, to: str, change: Change) -> Said | str:
    """The words of whoever decided or refused; else why then, or why a second person."""
    if to == EXPIRED:
        return proposal.undecided
    stored = change.reason or proposal.needs
    return change.why or (texts.read(stored) if stored else "")


def _circle(name: str, directory: Directory, proposal: Proposal, asked: Command) -> list[int]:
    if name in (REPRESENTATIVES, ADMINISTRATORS, EVERYBODY):
        return list(directory.circle(name, proposal.registry, asked.about))
    if name == "deciders":
        return deciders(directory, proposal, asked)
    persons = {"proposer": proposal.proposer, "affected": asked.affected()}
    return [persons[name]]


def deciders(directory: Directory, proposal: Proposal, asked: Command) -> list[int]:
    """Who may approve: representatives, and only if none of them may, administrators."""
    for circle in (REPRESENTATIVES, ADMINISTRATORS):
        persons = directory.circle(circle, proposal.registry, asked.about)
        actors = [directory.actor(one) for one in persons if one != proposal.proposer]
        found = [
            one.id for one in actors if one and not asked.against_approval(one, proposal.proposer)
        ]
        if found:
            return found
    return []


# -- tasks ---------------------------------------------------------------------------------------


def tell(
    desk: Desk, event: str, task: Task, at: int, whom: dict[str, list[int]], **facts: Any
) -> None:
    """Writes the notices of an event of a task; belongs in the durable write of the event."""
    told = {"number": task.number, "what": task.said, "deadline": task.deadline, **facts}
    origin = f"task {task.number} {event} {facts.get('document', '')} {at}"
    desk.outbox.write(notices(rule_of_task(event), origin, whom, told), at)


def answerers(directory: Directory, task: Task) -> list[int]:
    """Whom the documents of a task are asked of."""
    if task.person:
        return [task.person]
    return _who(directory, REPRESENTATIVES, task, "submit documents")


def workers(desk: Desk, task: Task) -> list[int]:
    """Who claimed a task, else whoever may do it."""
    if task.claimant:
        return [task.claimant]
    if task.kind == DOCUMENTS:
        return answerers(desk.directory, task)
    proposal = desk.proposals.get(task.proposal) if task.kind == APPROVAL else None
    if proposal:
        return deciders(desk.directory, proposal, desk.load(proposal.command, proposal.body))
    return _who(desk.directory, ADMINISTRATORS, task, "request documents")


def _who(directory: Directory, circle: str, task: Task, action: str) -> list[int]:
    actors = map(directory.actor, directory.circle(circle, task.registry, task.account))
    return [
        one.id
        for one in actors
        if one and directory.may(one, action, task.registry, task.account) is None
    ]
