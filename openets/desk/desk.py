"""Four eyes: proposals, their approval by a second person, and their execution when it is due.

The desk knows a command by its name and by what the `Command` below can answer; people and units
are the command's business. What the desk itself sees to is the order of things: nobody approves
what he or she proposed, nothing is decided twice, a refusal has a reason, what is due is carried
out once, and after a crash what was begun is finished.

An act of the ledger has the proposal's number as its key. So whatever is approved, due and without
an outcome may be posted again, with one effect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple, NoReturn, Protocol

from openets.desk import proposals as states
from openets.desk.approval import Answer
from openets.desk.proposals import Change, Proposal, Proposals
from openets.desk.timing import Execution
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

    def sentence(self) -> str:
        """What is asked, in words for the audit trail, without a full stop."""

    def against(self, actor: Actor) -> list[Refusal]:
        """Every reason why this actor may not propose it, or it could not be carried out now."""

    def against_approval(self, actor: Actor, proposer: int) -> list[Refusal]:
        """Every reason why this actor may not decide on it."""

    def against_carrying_out(self, number: int, *people: int) -> list[Refusal]:
        """Why it is not carried out although it is due, given who proposed and approved it."""

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

    def __init__(self, proposals: Proposals, load: Loader, clock: Clock) -> None:
        self.proposals = proposals
        self._load = load
        self._clock = clock

    # -- proposing ------------------------------------------------------------------------------

    def preview(self, actor: Actor, command: str, body: str) -> tuple[Answer, Execution]:
        """What proposing would bring: who must approve, and the time if it were approved now."""
        asked = self._load(command, body)
        now = self._clock.now()
        return asked.needs(actor, now), asked.timing(now, now)

    def propose(self, actor: Actor, command: str, body: str) -> Proposal:
        """Stores a proposal; without need of a second person it is confirmed at once.

        Raises `Refused` with every reason against it; nothing is stored then.
        """
        asked = self._load(command, body)
        refusals = asked.against(actor)
        if refusals:
            raise Refused(refusals)
        now = self._clock.now()
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
                needs=answer.reason if answer.needed else "",
                decider=SYSTEM,
                execute_at=0,
                reason=execution.reason,
                citation=execution.citation,
                result=0,
                why="",
            ),
            f"Person {actor.id} ({actor.role}) proposed: {asked.sentence()}.",
        )
        refusals = list(self._settle_draft(stored, asked))
        if refusals:
            raise Refused(refusals)
        return self._get(stored.number)

    def _settle_draft(self, proposal: Proposal, asked: Command) -> tuple[Refusal, ...]:
        """Reserves what a drafted proposal needs, and lets it wait for approval or for its time."""
        now = instant(self._clock.now())
        outcome = asked.reserve(proposal.number, now)
        if outcome.refusals:
            why = str(outcome.refusals[0])
            said = f"It could not be reserved: {why}"
            self._end(proposal, asked, states.TERMINATED, SYSTEM, said, why)
        elif proposal.needs:
            sentence = f"A second person must approve: {proposal.needs}"
            self._move(proposal, states.AWAITING, SYSTEM, sentence)
        else:
            self._confirm(proposal, asked, SYSTEM, "No second person is needed.")
        return outcome.refusals

    # -- deciding -------------------------------------------------------------------------------

    def approve(self, actor: Actor, number: int) -> Proposal:
        """Confirms a proposal; what is due is carried out. Raises `Refused`."""
        proposal, asked = self._to_decide(actor, number)
        said = f"Person {actor.id} ({actor.role}) approved it."
        self._confirm(proposal, asked, actor.id, said)
        return self._get(number)

    def reject(self, actor: Actor, number: int, reason: str) -> Proposal:
        """Ends a proposal that waits, with a reason. Raises `Refused`."""
        reason = self._reason(reason)
        proposal, asked = self._to_decide(actor, number)
        refusals = asked.against_rejecting(reason)
        if refusals:
            raise Refused(refusals)
        said = f"Person {actor.id} ({actor.role}) rejected it: {reason}"
        self._end(proposal, asked, states.REJECTED, actor.id, said, reason)
        return self._get(number)

    def withdraw(self, actor: Actor, number: int, reason: str) -> Proposal:
        """Takes back a proposal that waits for approval. Raises `Refused`."""
        reason = self._reason(reason)
        proposal, asked = self._open(number, states.AWAITING)
        refusals = asked.against_withdrawing(actor, proposal.proposer)
        if refusals:
            raise Refused(refusals)
        said = f"Person {actor.id} ({actor.role}) withdrew it: {reason}"
        self._end(proposal, asked, states.WITHDRAWN, actor.id, said, reason)
        return self._get(number)

    def cancel(self, actor: Actor, number: int, reason: str) -> Proposal:
        """Stops an approved proposal before its time. Raises `Refused`."""
        reason = self._reason(reason)
        proposal, asked = self._open(number, states.DELAYED)
        refusals = asked.against_cancelling(actor)
        now = self._clock.now()
        last = moment(proposal.execute_at) - asked.cancel_before(now)
        if now > last:
            sentence = f"It could be cancelled until {last:%Y-%m-%d %H:%M} UTC."
            refusals = [
                *refusals,
                Refusal("desk.too-late-to-cancel", sentence, "desk.cancel-before"),
            ]
        if refusals:
            raise Refused(refusals)
        said = f"Person {actor.id} ({actor.role}) cancelled it: {reason}"
        self._end(proposal, asked, states.CANCELLED, actor.id, said, reason)
        return self._get(number)

    def _to_decide(self, actor: Actor, number: int) -> tuple[Proposal, Command]:
        proposal, asked = self._open(number, states.AWAITING)
        refusals = []
        if proposal.proposer == actor.id:
            sentence = "Who proposed something does not decide on it; a second person must."
            refusals.append(Refusal("desk.own-proposal", sentence, "desk.approval.not-by"))
        refusals += asked.against_approval(actor, proposal.proposer)
        if refusals:
            raise Refused(refusals)
        return proposal, asked

    def _open(self, number: int, state: str) -> tuple[Proposal, Command]:
        proposal = self._get(number)
        asked = self._load(proposal.command, proposal.body)
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

    def _confirm(self, proposal: Proposal, asked: Command, actor: int, said: str) -> None:
        now = self._clock.now()
        execution = asked.timing(now, moment(proposal.created))
        at = f"{execution.at:%Y-%m-%d %H:%M} UTC"
        self._move(
            proposal,
            states.DELAYED,
            actor,
            f"{said} To be carried out at {at}: {execution.reason}",
            change=Change(
                decider=actor,
                execute_at=instant(execution.at),
                reason=execution.reason,
                citation=execution.citation,
            ),
        )
        if execution.at <= now:
            self._carry_out(self._get(proposal.number), asked)

    # -- work -----------------------------------------------------------------------------------

    def work(self) -> Iterator[Proposal]:
        """Does what is due, in the order of its time, and answers with each as it then stands.

        Drafts a crash left behind are settled, what nobody decided on expires, and what is approved
        and due is carried out. Run again, it does nothing twice.
        """
        now = instant(self._clock.now())
        for proposal in self.proposals.unsettled():
            self._release(proposal, self._load(proposal.command, proposal.body))
        for proposal in self.proposals.in_state(states.DRAFTED):
            self._settle_draft(proposal, self._load(proposal.command, proposal.body))
            yield self._get(proposal.number)
        for proposal in self.proposals.in_state(states.AWAITING):
            if self._expire(proposal, self._load(proposal.command, proposal.body)):
                yield self._get(proposal.number)
        for proposal in self.proposals.in_state(states.DELAYED):
            if proposal.execute_at <= now:
                self._carry_out(proposal, self._load(proposal.command, proposal.body))
                yield self._get(proposal.number)

    def _carry_out(self, proposal: Proposal, asked: Command) -> None:
        people = (proposal.proposer, proposal.decider)
        refusals = asked.against_carrying_out(proposal.number, *people)
        outcome = (
            Outcome(0, tuple(refusals))
            if refusals
            else asked.carry_out(proposal.number, instant(self._clock.now()))
        )
        if outcome.refusals:
            why = "; ".join(map(str, outcome.refusals))
            said = f"It could not be carried out: {why}"
            self._end(proposal, asked, states.TERMINATED, SYSTEM, said, why)
            return
        record = f" by record {outcome.record}" if outcome.record else ""
        said = f"It was carried out{record}. {outcome.note}".rstrip()
        change = Change(result=outcome.record, settled=1)
        self._move(proposal, states.COMPLETED, SYSTEM, said, outcome.note, change)

    def _expire(self, proposal: Proposal, asked: Command) -> bool:
        if proposal.expires == NEVER or proposal.expires > instant(self._clock.now()):
            return False
        days = (moment(proposal.expires) - moment(proposal.created)).days
        why = f"Nobody decided on it in {days} days."
        self._end(proposal, asked, states.EXPIRED, SYSTEM, f"It expired. {why}", why)
        return True

    def _end(
        self, proposal: Proposal, asked: Command, to: str, actor: int, said: str, why: str
    ) -> None:
        """Ends a proposal, then releases what it had set aside; after a crash `work` does."""
        self._move(proposal, to, actor, said, why)
        self._release(proposal, asked)

    def _release(self, proposal: Proposal, asked: Command) -> None:
        asked.release(proposal.number, instant(self._clock.now()))
        self.proposals.settle(proposal.number)

    def _move(
        self,
        proposal: Proposal,
        to: str,
        actor: int,
        said: str,
        why: str | None = None,
        change: Change | None = None,
    ) -> None:
        written = (change or Change())._replace(why=why)
        now = instant(self._clock.now())
        moved = self.proposals.move(proposal.number, proposal.state, to, now, actor, said, written)
        if not moved:
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


def _refuse(code: str, sentence: str) -> NoReturn:
    raise Refused(Refusal(code, sentence, DESK))
