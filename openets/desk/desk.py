"""Four eyes: proposals, their approval by a second person, and their execution when it is due.

The desk knows a command by its name and by what the `Command` below can answer; people and units
are the command's business. What the desk itself sees to is the order of things: nobody approves
what he or she proposed, nothing is decided twice, a refusal has a reason, what is due is carried
out once, and after a crash what was begun is finished. Each move leaves a line of the audit trail,
opens or ends a task of the inbox and writes its notices, all in one durable write. In a maintenance
window nothing is carried out and nothing that waits is lost.

An act of the ledger has the proposal's number as its key. So whatever is approved, due and without
an outcome may be posted again, with one effect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple, NoReturn, Protocol

from openets.desk import proposals as states
from openets.desk.approval import Answer
from openets.desk.directory import Directory
from openets.desk.maintenance import (
    QUEUED,
    RULE,
    Window,
    Windows,
    afterwards,
    moved,
    rule_of,
)
from openets.desk.outbox import Outbox
from openets.desk.proposals import Change, Line, Proposal, Proposals
from openets.desk.said import Said
from openets.desk.tasks import APPROVED, NOBODY, Tasks, origin_of
from openets.desk.telling import notices_of, task_of
from openets.desk.timing import Execution, Law
from openets.desk.trail import NOBODY as BY_ITSELF
from openets.kernel.actor import Actor
from openets.kernel.clock import Clock, instant, moment
from openets.kernel.refusal import Refusal, Refused

DESK = "desk rule"
NEVER = 0
SYSTEM = 0  # the actor of what happens by itself


class Outcome(NamedTuple):
    """What carrying out a command came to: the ledger's record (0: none), or refusals."""

    record: int
    refusals: tuple[Refusal, ...] = ()
    note: str = ""  # what else the audit trail should tell, a full sentence


class Command(Protocol):
    """What is asked, able to answer for itself."""

    @property
    def registry(self) -> str:
        """The registry whose law and calendar apply."""

    @property
    def about(self) -> int:
        """The account it is about, 0 if none."""

    @property
    def urgent(self) -> bool:
        """True if it is done in a maintenance window as well."""

    def said(self) -> Said:
        """What is asked, for audit trail and notices, without a full stop."""

    def stands(self) -> list[Said]:
        """How what it changes stands now, for the audit trail: before, and after."""

    def article(self, path: str) -> str:
        """The act and article of a parameter of the law; empty if there is none."""

    def affected(self) -> int:
        """The person it is about, 0 if none."""

    def decide_by(self, at: datetime) -> datetime | None:
        """Until when it is to be decided on if it is proposed at an instant, by law."""

    def against(self, actor: Actor) -> list[Refusal]:
        """Every reason why this actor may not propose it, or it could not be carried out now."""

    def against_approval(self, actor: Actor, proposer: int) -> list[Refusal]:
        """Every reason why this actor may not decide on it."""

    def against_carrying_out(self, number: int, *people: int) -> list[Refusal]:
        """Why it is not carried out although it is due, given who proposed and approved it."""

    def waits(self) -> bool:
        """True while it is not carried out although it is due, and is not given up either."""

    def against_rejecting(self, reason: str) -> list[Refusal]:
        """Why it may not be rejected for this reason."""

    def against_withdrawing(self, actor: Actor, proposer: int) -> list[Refusal]:
        """Every reason why this actor may not take it back while it waits for approval."""

    def against_cancelling(self, actor: Actor) -> list[Refusal]:
        """Every reason why this actor may not stop it once it is approved."""

    def needs(self, actor: Actor, at: datetime) -> Answer:
        """Whether a second person must approve."""

    def timing(self, at: datetime, proposed: datetime) -> Execution:
        """When it is carried out if it is confirmed at an instant."""

    def open_for(self, at: datetime) -> timedelta | None:
        """How long it waits for a decision before it expires; None if it never does."""

    def cancel_before(self, at: datetime) -> timedelta:
        """How long before execution it can be cancelled."""

    def reserve(self, number: int, at: int) -> Outcome:
        """Sets aside what it will need."""

    def release(self, number: int, at: int) -> None:
        """Undoes `reserve`, also if that was never done."""

    def carry_out(self, number: int, at: int) -> Outcome:
        """Does it, once for a number, however often it is asked."""


Loader = Callable[[str, str], Command]


class Desk:
    """The desk of a store. `load` makes a command of its name and JSON, or raises `Refused`."""

    def __init__(
        self, proposals: Proposals, load: Loader, clock: Clock, directory: Directory
    ) -> None:
        self.proposals = proposals
        self.load = load
        self.clock = clock
        self.directory = directory
        self.trail = proposals.trail
        self.tasks = Tasks(proposals.database)
        self.windows = Windows(proposals.database)
        self.outbox = Outbox(proposals.database, proposals.identity)

    # -- proposing ------------------------------------------------------------------------------

    def preview(self, actor: Actor, command: str, body: str) -> tuple[Answer, Execution]:
        """What proposing would bring: who must approve, and the time if it were approved now."""
        asked = self.load(command, body)
        now = self.clock.now()
        execution = asked.timing(now, now)
        open_again = afterwards(instant(execution.at), self.windows.of(asked.registry))
        if not asked.urgent and open_again > instant(execution.at):
            reason = Said("when-after-maintenance", {"reason": execution.reason})
            execution = Execution(moment(open_again), reason, RULE)
        return asked.needs(actor, now), execution

    def propose(self, actor: Actor, command: str, body: str) -> Proposal:
        """Stores a proposal; without need of a second person it is confirmed at once.

        In a maintenance window the law refuses it or lets it wait for the end of the window.
        Raises `Refused` with every reason against it; nothing is stored then.
        """
        asked = self.load(command, body)
        closed = self.closed(asked)
        if closed and rule_of(self._law(asked.registry)).proposals != QUEUED:
            raise Refused(_in_maintenance(closed))
        refusals = asked.against(actor)
        if refusals:
            raise Refused(refusals)
        now = self.clock.now()
        answer = asked.needs(actor, now)
        execution = asked.timing(now, now)
        open_for = asked.open_for(now)
        stored = self.proposals.add(
            Proposal(
                number=0,
                command=command,
                body=body,
                registry=asked.registry,
                proposer=actor.id,
                created=instant(now),
                expires=instant(now + open_for) if open_for else NEVER,
                state=states.DRAFTED,
                needs=answer.reason.stored() if answer.needed else "",
                decider=SYSTEM,
                execute_at=0,
                reason=execution.reason.stored(),
                citation=execution.citation,
                result=0,
                why="",
            ),
            self._line(
                asked,
                actor,
                "event-proposed",
                what=asked.said(),
                rests=_rests(asked, answer.citation),
            ),
        )
        refusals = [] if closed else list(self._settle_draft(stored, asked))
        if refusals:
            raise Refused(refusals)
        return self._get(stored.number)

    def _settle_draft(self, proposal: Proposal, asked: Command) -> tuple[Refusal, ...]:
        """Reserves what a drafted proposal needs, and lets it wait for approval or for its time."""
        now = instant(self.clock.now())
        outcome = asked.reserve(proposal.number, now)
        if outcome.refusals:
            why = str(outcome.refusals[0])
            line = self._line(asked, BY_ITSELF, "event-not-reserved", reason=why)
            self._end(proposal, asked, states.TERMINATED, line, why)
        elif proposal.needs:
            line = self._line(asked, BY_ITSELF, "event-awaiting", reason=proposal.why_two)
            self._move(proposal, asked, states.AWAITING, line)
        else:
            self._confirm(proposal, asked, BY_ITSELF, "event-confirmed")
        return outcome.refusals

    # -- deciding -------------------------------------------------------------------------------

    def approve(self, actor: Actor, number: int) -> Proposal:
        """Confirms a proposal; what is due is carried out. Raises `Refused`."""
        proposal, asked = self._to_decide(actor, number)
        closed = self.closed(asked)
        if closed:
            raise Refused(_in_maintenance(closed))
        self._confirm(proposal, asked, actor, "event-approved")
        return self._get(number)

    def reject(self, actor: Actor, number: int, reason: str) -> Proposal:
        """Ends a proposal that waits, with a reason. Raises `Refused`."""
        reason = self._reason(reason)
        proposal, asked = self._to_decide(actor, number)
        refusals = asked.against_rejecting(reason)
        if refusals:
            raise Refused(refusals)
        line = self._line(asked, actor, "event-rejected", reason=reason)
        self._end(proposal, asked, states.REJECTED, line, reason)
        return self._get(number)

    def withdraw(self, actor: Actor, number: int, reason: str) -> Proposal:
        """Takes back a proposal that waits for approval. Raises `Refused`."""
        reason = self._reason(reason)
        proposal, asked = self._open(number, states.AWAITING)
        refusals = asked.against_withdrawing(actor, proposal.proposer)
        if refusals:
            raise Refused(refusals)
        line = self._line(asked, actor, "event-withdrawn", reason=reason)
        self._end(proposal, asked, states.WITHDRAWN, line, reason)
        return self._get(number)

    def cancel(self, actor: Actor, number: int, reason: str) -> Proposal:
        """Stops an approved proposal before its time. Raises `Refused`."""
        reason = self._reason(reason)
        proposal, asked = self._open(number, states.DELAYED)
        refusals = asked.against_cancelling(actor)
        now = self.clock.now()
        carried_out = afterwards(proposal.execute_at, self.windows.of(proposal.registry))
        last = moment(carried_out) - asked.cancel_before(now)
        if now > last:
            sentence = f"It could be cancelled until {last:%Y-%m-%d %H:%M} UTC."
            refusals = [
                *refusals,
                Refusal("desk.too-late-to-cancel", sentence, "desk.cancel-before"),
            ]
        if refusals:
            raise Refused(refusals)
        line = self._line(asked, actor, "event-cancelled", reason=reason)
        self._end(proposal, asked, states.CANCELLED, line, reason)
        return self._get(number)

    def _to_decide(self, actor: Actor, number: int) -> tuple[Proposal, Command]:
        proposal, asked = self._open(number, states.AWAITING)
        refusals = []
        if proposal.proposer == actor.id:
            sentence = "Who proposed something does not decide on it; a second person must."
            refusals.append(Refusal("desk.own-proposal", sentence, "desk.approval.not-by"))
        refusals += asked.against_approval(actor, proposal.proposer)
        task = self.tasks.of_origin(origin_of(number))
        if not refusals and task and task.claimant not in (NOBODY, actor.id):
            sentence = f"Person {task.claimant} has claimed it; an administrator can take it over."
            refusals.append(Refusal("desk.claimed-by-another", sentence, DESK))
        if refusals:
            raise Refused(refusals)
        return proposal, asked

    def _open(self, number: int, state: str) -> tuple[Proposal, Command]:
        proposal = self._get(number)
        asked = self.load(proposal.command, proposal.body)
        if proposal.state == states.AWAITING and self._expire(proposal, asked):
            proposal = self._get(number)
        if proposal.state != state:
            sentence = f"Proposal {number} is {proposal.state}, not {state}."
            _refuse("desk.other-state", sentence)
        return proposal, asked

    def _reason(self, reason: str) -> str:
        if not reason.strip():
            _refuse("desk.reason-missing", "Give a reason; it is kept with the proposal.")
        return reason.strip()

    def _confirm(self, proposal: Proposal, asked: Command, actor: Actor, key: str) -> None:
        now = self.clock.now()
        execution = asked.timing(now, moment(proposal.created))
        at = instant(execution.at)
        rests = _rests(asked, execution.citation)
        facts = {"at": at, "reason": execution.reason, "rests": rests}
        self._move(
            proposal,
            asked,
            states.DELAYED,
            self._line(asked, actor, key, **facts),
            change=Change(
                decider=actor.id,
                execute_at=at,
                reason=execution.reason.stored(),
                citation=execution.citation,
            ),
        )
        if execution.at <= now and self._may_happen(asked):
            self._carry_out(self._get(proposal.number), asked)

    # -- maintenance ----------------------------------------------------------------------------

    def closed(self, asked: Command) -> Window | None:
        """The maintenance window that stops a command now, or None."""
        if asked.urgent:
            return None
        return self.windows.open_at(asked.registry, instant(self.clock.now()))

    def _may_happen(self, asked: Command) -> bool:
        """Neither a maintenance window nor the command itself puts it off."""
        return not self.closed(asked) and not asked.waits()

    def _law(self, registry: str) -> Law | None:
        return self.directory.law(registry, self.clock.now())

    def deadline(self, registry: str, deadline: int) -> int:
        """A deadline as the maintenance windows of a registry leave it; 0 stays none."""
        windows = self.windows.of(registry)
        return moved(deadline, windows, self._law(registry)) if windows and deadline else deadline

    # -- work -----------------------------------------------------------------------------------

    def work(self) -> Iterator[Proposal]:
        """Does what is due, in the order of its time, and answers with each as it then stands.

        Drafts a crash or a window left behind are settled, what nobody decided on expires, and what
        is approved and due is carried out. Run again, it does nothing twice. What belongs to a
        registry in maintenance is left alone.
        """
        now = instant(self.clock.now())
        for proposal in self.proposals.unsettled():
            self._release(proposal, self.load(proposal.command, proposal.body))
        for proposal, asked in self._workable(states.DRAFTED):
            self._settle_draft(proposal, asked)
            yield self._get(proposal.number)
        for proposal, asked in self._workable(states.AWAITING):
            if self._expire(proposal, asked):
                yield self._get(proposal.number)
        for proposal, asked in self._workable(states.DELAYED, due=now):
            if not asked.waits():
                self._carry_out(proposal, asked)
                yield self._get(proposal.number)

    def _workable(self, state: str, due: int | None = None) -> Iterator[tuple[Proposal, Command]]:
        for proposal in self.proposals.in_state(state):
            if due is None or proposal.execute_at <= due:
                asked = self.load(proposal.command, proposal.body)
                if not self.closed(asked):
                    yield proposal, asked

    def _carry_out(self, proposal: Proposal, asked: Command) -> None:
        people = (proposal.proposer, proposal.decider)
        refusals = asked.against_carrying_out(proposal.number, *people)
        before = asked.stands()
        outcome = (
            Outcome(0, tuple(refusals))
            if refusals
            else asked.carry_out(proposal.number, instant(self.clock.now()))
        )
        if outcome.refusals:
            why = "; ".join(map(str, outcome.refusals))
            line = self._line(asked, BY_ITSELF, "event-terminated", reason=why)
            self._end(proposal, asked, states.TERMINATED, line, why)
            return
        after = asked.stands()
        facts = {
            "record": Said("by-record", {"record": outcome.record}) if outcome.record else "",
            "people": self._people(proposal),
            "change": Said("change", {"before": before, "after": after}) if before != after else "",
            "note": outcome.note,
        }
        line = self._line(asked, BY_ITSELF, "event-completed", **facts)
        change = Change(result=outcome.record, settled=1)
        self._move(proposal, asked, states.COMPLETED, line, outcome.note, change)

    def _people(self, proposal: Proposal) -> Said:
        """Who proposed and who approved, by number and role."""
        roles = self.trail.roles(proposal.number)
        facts = {"proposer": proposal.proposer, "role": roles.get(proposal.proposer, "")}
        if not proposal.decider:
            return Said("proposed-by", facts)
        who = {"decider": proposal.decider, "decider_role": roles.get(proposal.decider, "")}
        return Said("proposed-and-approved-by", {**facts, **who})

    def _expire(self, proposal: Proposal, asked: Command) -> bool:
        expires = self.deadline(proposal.registry, proposal.expires)
        if expires == NEVER or expires > instant(self.clock.now()):
            return False
        line = self._line(asked, BY_ITSELF, "event-expired", days=proposal.days_open)
        self._end(proposal, asked, states.EXPIRED, line, proposal.undecided.told())
        return True

    def _end(self, proposal: Proposal, asked: Command, to: str, line: Line, why: str) -> None:
        """Ends a proposal, then releases what it had set aside; after a crash `work` does."""
        self._move(proposal, asked, to, line, why)
        self._release(proposal, asked)

    def _release(self, proposal: Proposal, asked: Command) -> None:
        asked.release(proposal.number, instant(self.clock.now()))
        self.proposals.settle(proposal.number)

    def _line(self, asked: Command, actor: Actor, key: str, **facts: object) -> Line:
        """A line of the trail by a person, or by what happens by itself."""
        who = Said("person", {"person": actor.id, "role": actor.role}) if actor.id else ""
        said = Said(key, {"who": who, **facts})
        return Line(instant(self.clock.now()), actor, asked.about, said)

    def _move(
        self,
        proposal: Proposal,
        asked: Command,
        to: str,
        line: Line,
        why: str | None = None,
        change: Change | None = None,
    ) -> None:
        """Moves a proposal; its line, its task and its notices are written with it.

        What is carried out in the same breath as it is approved tells of it once, as done.
        """
        written = (change or Change())._replace(why=why)
        at = written.execute_at or proposal.execute_at
        same_breath = to == states.DELAYED and at <= line.at and self._may_happen(asked)
        told = [] if same_breath else notices_of(self.directory, proposal, asked, to, written)

        def beside() -> None:
            if to == states.AWAITING:
                self.tasks.open(task_of(proposal, asked, line.at))
            else:
                outcome = APPROVED if to == states.DELAYED else to
                self.tasks.end(origin_of(proposal.number), outcome, line.at)
            self.outbox.write(told, line.at)

        if not self.proposals.move(proposal, to, line, written, beside):
            found = self._get(proposal.number)
            sentence = (
                f"Proposal {proposal.number} has been decided meanwhile: it is {found.state}."
            )
            _refuse("desk.decided-meanwhile", sentence)

    def _get(self, number: int) -> Proposal:
        found = self.proposals.get(number)
        if found is None:
            _refuse("desk.unknown", f"There is no proposal {number}.")
        return found


def _rests(asked: Command, path: str) -> Said | str:
    """The provision something rests on, empty if it is only a rule of the desk."""
    article = asked.article(path)
    return Said("rests-on", {"article": article}) if article else ""


def _in_maintenance(window: Window) -> Refusal:
    until = f"{moment(window.closes):%Y-%m-%d %H:%M} UTC"
    sentence = f"The registry is closed for maintenance until {until}: {window.reason}"
    return Refusal("desk.maintenance", sentence, RULE)


def _refuse(code: str, sentence: str) -> NoReturn:
    raise Refused(Refusal(code, sentence, DESK))
