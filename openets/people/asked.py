"""What every command of the desk is made of: its stored fields, and how it answers in an office.

A command is data (a `Body`, the fields that are stored with its proposal) that an `Office` lets
answer for itself (an `Asked`), in the way `openets.desk.desk.Command` asks. What most commands have
in common stands here: two persons, at once, nothing reserved.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from openets.desk.approval import Answer
from openets.desk.desk import DESK, Outcome
from openets.desk.said import Said, has
from openets.desk.timing import Execution
from openets.kernel import acts
from openets.kernel.actor import Actor
from openets.kernel.clock import instant
from openets.kernel.misfits import fields_of, misfits
from openets.kernel.refusal import Refusal, Refused
from openets.ledger.checks import check_act
from openets.ledger.requests import ActRequest
from openets.people.office import Office, no_account
from openets.people.roles import ACTIVE, FROZEN, permitted
from openets.rulebook.model import NoLaw

Number = Annotated[int, Field(gt=0, lt=10**15)]
Text = Annotated[str, Field(min_length=1, max_length=500)]
EXPIRY = "desk.expiry"
AT_ONCE = Said("when-approved")
ALWAYS = Answer(True, Said("needs-two"), "desk.approval.not-by")


class Body(BaseModel):
    """The fields of a command, as they are stored with its proposal."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: ClassVar[str]
    action: ClassVar[str]  # of the authorisation matrix, without its verb
    urgent: ClassVar[bool] = False  # done in a maintenance window as well
    decided_within: ClassVar[tuple[str, str] | None] = None  # parameter and key: working days

    def of(self, office: Office) -> Asked:
        """The command in an office."""
        raise NotImplementedError


def malformed(error: ValidationError, form: type[BaseModel]) -> Refused:
    """What is raised for fields that are not what a form asks for: every one of them."""
    return Refused(
        Refusal("people.malformed", found.sentence, DESK, found.where)
        for found in misfits(error, fields_of(form))
    )


def _field(name: str, value: Any) -> Said:
    """A field of a command with its label, or with its own name if that has none."""
    if isinstance(value, datetime):
        value = f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    elif isinstance(value, dict):
        value = ", ".join(f"{key}: {one}" for key, one in value.items())
    elif isinstance(value, list | tuple):
        value = ", ".join(map(str, value))
    told = Said("as-word", {"word": str(value).lower() if isinstance(value, bool) else str(value)})
    if has(f"field-{name}"):
        return Said(f"field-{name}", {"value": told})
    return Said("field-other", {"name": name, "value": told})


class Asked:
    """What all commands have in common: two persons, at once, nothing reserved."""

    def __init__(self, office: Office, body: Body) -> None:
        self.office = office
        self.body = body

    @property
    def registry(self) -> str:
        """The registry of the account the command is about, else of nobody."""
        account = self.office.account(self.about)
        return account.registry if account else ""

    @property
    def about(self) -> int:
        """The account the command is about, 0 if none."""
        return int(getattr(self.body, "account", None) or 0)

    @property
    def urgent(self) -> bool:
        """True if it is done in a maintenance window as well."""
        return self.body.urgent

    def said(self) -> Said:
        """What is asked: the command with its fields, each with its label."""
        fields = self.body.model_dump(exclude_none=True).items()
        labelled = [_field(name, value) for name, value in fields if value not in ({}, [], (), "")]
        return Said("asked-fields", {"command": self.body.name, "fields": labelled})

    def sentence(self) -> str:
        """What is asked, in English."""
        return self.said().told()

    def stands(self) -> list[Said]:
        """Nothing that could be said of it."""
        return []

    def article(self, path: str) -> str:
        """The act and article of a parameter today; empty where there is none."""
        try:
            return str(self.office.rulebook.ask(path, for_=self.office.today()).source)
        except NoLaw:
            return ""

    def decide_by(self, at: datetime) -> datetime | None:
        """The end of the last working day the law gives, None where it says nothing."""
        if self.body.decided_within is None:
            return None
        path, key = self.body.decided_within
        days = self.office.by_law(path, {}).get(key)
        if days is None:
            return None
        try:
            calendar = self.office.law(self.registry, at).calendar
        except NoLaw:
            return None
        last = calendar.add_working_days(calendar.local_day(at), int(days))
        return calendar.at(last + timedelta(days=1), time(0))

    def against(self, actor: Actor) -> list[Refusal]:
        """The actor's permission, then what the command itself finds."""
        refusal = self.permission(actor, "propose")
        return [refusal] if refusal else self.problems() or self.against_by_scheme()

    def against_by_scheme(self) -> list[Refusal]:
        """Every reason the schemes have against it now."""
        return [
            refusal
            for one in self.office.extensions
            for refusal in one.against(self.office, self.body)
        ]

    def problems(self) -> list[Refusal]:
        """Why it could not be carried out now, whoever asks."""
        if self.about and self.office.account(self.about) is None:
            return [no_account(self.about)]
        return []

    def permission(self, actor: Actor, verb: str) -> Refusal | None:
        """Why an actor may not propose or approve it, or None."""
        standing = self.office.standing(actor, self.about) if self.about else None
        return self._inactive(actor) or permitted(
            actor,
            f"{verb} {self.body.action}",
            registry=self.registry or None,
            standing=standing,
            surrenders=self.is_surrender_like(),
        )

    def _inactive(self, actor: Actor) -> Refusal | None:
        person = self.office.register.person(actor.id)
        if person is not None and person.state == ACTIVE:
            return None
        sentence = f"Person {actor.id} is not active in this register."
        return Refusal("people.not-active", sentence, DESK)

    def is_surrender_like(self) -> bool:
        """True if the right to surrender is enough."""
        return False

    def affected(self) -> int:
        """The person the command is about, 0 if none."""
        return 0

    def against_approval(self, actor: Actor, proposer: int) -> list[Refusal]:
        """The actor's permission, that it does not concern the actor, and who proposed it."""
        refusals = self._frozen(proposer)
        if self.affected() == actor.id:
            sentence = "Whom a proposal concerns does not decide on it."
            refusals.append(Refusal("people.person-affected", sentence, "desk.approval.not-by"))
        refusal = self.permission(actor, "approve")
        return [*refusals, refusal] if refusal else refusals

    def against_carrying_out(self, number: int, *people: int) -> list[Refusal]:
        """Whether those who proposed and approved it are still let act, unless it is done."""
        if self.office.sequence_of(self.office.key(number)):
            return []
        return [refusal for who in people for refusal in self._frozen(who)]

    def _frozen(self, who: int) -> list[Refusal]:
        person = self.office.register.person(who)
        if person is None or person.state != FROZEN:
            return []
        sentence = f"Person {who} is frozen; nothing that person proposed or approved is done."
        return [Refusal("people.frozen", sentence, DESK)]

    def waits(self) -> bool:
        """Nothing keeps it waiting."""
        return False

    def against_rejecting(self, _reason: str) -> list[Refusal]:
        """Any reason will do."""
        return []

    def against_withdrawing(self, actor: Actor, proposer: int) -> list[Refusal]:
        """The proposer takes it back, or who could stop it once it is approved."""
        if actor.id != proposer:
            return self.against_cancelling(actor)
        refusal = self._inactive(actor)
        return [refusal] if refusal else []

    def against_cancelling(self, actor: Actor) -> list[Refusal]:
        """Only who may propose it may stop it."""
        refusal = self.permission(actor, "propose")
        return [refusal] if refusal else []

    def needs(self, _actor: Actor, _at: datetime) -> Answer:
        """Two persons."""
        return ALWAYS

    def timing(self, at: datetime, _proposed: datetime) -> Execution:
        """At once."""
        return Execution(at, AT_ONCE, DESK)

    def open_for(self, at: datetime) -> timedelta | None:
        """The days the law gives; None where it says nothing."""
        try:
            return timedelta(days=int(self.office.law(self.registry, at).ask(EXPIRY)))
        except NoLaw:
            return None

    def cancel_before(self, _at: datetime) -> timedelta:
        """Until it happens."""
        return timedelta(0)

    def reserve(self, _number: int, _at: int) -> Outcome:
        """Nothing."""
        return Outcome(0)

    def release(self, number: int, at: int) -> None:
        """Nothing."""

    def carry_out(self, number: int, at: int) -> Outcome:
        """Does it."""
        raise NotImplementedError


class ActAsked(Asked):
    """A command that becomes an act in both books."""

    def act(self) -> acts.Act:
        """The act."""
        raise NotImplementedError

    def problems(self) -> list[Refusal]:
        """What the ledger's checks say now."""
        now = instant(self.office.clock.now())
        refusal = check_act(self.office.writer.book, now, self.act())
        return [refusal] if refusal else []

    def carry_out(self, number: int, at: int) -> Outcome:
        """Posts the act."""
        posted = self.office.post(ActRequest(self.office.key(number), at, self.act()))
        return Outcome(posted.sequence, posted.refusals)
