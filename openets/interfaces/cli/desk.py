"""`openets desk`, `person` and `work`: proposals, approvals, people, and what is due."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from openets.desk.delivery import is_address
from openets.desk.directory import Contact
from openets.desk.proposals import Proposal
from openets.desk.said import ENGLISH, LANGUAGES
from openets.interfaces.cli.acting import AsOption, telling_strangers, who_asks
from openets.interfaces.cli.output import (
    DEFAULT_STORE,
    CsvOption,
    JsonOption,
    StoreOption,
    console,
    fail,
    headed,
    moment,
    opened,
    print_rows,
    saying_what_takes_time,
)
from openets.kernel.clock import SystemClock
from openets.kernel.misfits import fields_of
from openets.ledger.store import Store
from openets.people.asked import Body
from openets.people.commands import commands
from openets.people.counter import actions
from openets.people.counter.actions import Proposed
from openets.people.counter.client import Counter
from openets.people.enrolment import first_state
from openets.people.matrix import page
from openets.people.office import by_law
from openets.people.opening import desk_database, send_notices
from openets.people.register import Register
from openets.people.roles import ROLES, matrix
from openets.people.signing_in import Who, shown
from openets.schemes.desk import EXTENSIONS, at_counter

desk_app = typer.Typer(help="Proposals and their approval.", no_args_is_help=True)
person_app = typer.Typer(help="People and what they may do.", no_args_is_help=True)

READING = "Reading the books ..."

NumberArgument = Annotated[int, typer.Argument(help="Number of the proposal.", min=1)]
PersonArgument = Annotated[int, typer.Argument(help="Number of the person.", min=1)]
ReasonOption = Annotated[str, typer.Option("--reason", help="The reason; it is kept.")]
MailOption = Annotated[str, typer.Option("--mail", help="Address for notices, name@host.")]
LanguageOption = Annotated[str, typer.Option("--language", help=f"{', '.join(LANGUAGES)}.")]
BodyOption = Annotated[
    list[str] | None, typer.Option("--set", help="A field of the command: account=12. Repeat it.")
]


@contextmanager
def at_the_desk(directory: Path, as_person: int) -> Iterator[tuple[Counter, Who]]:
    """The counter of a store, and what the person who asks shows of himself or herself.

    A stranger is told so at once, and does not wait until the books are read.
    """
    who = who_asks(as_person)
    with opened(directory) as store, telling_strangers(as_person):
        with closing(desk_database(store)) as database:
            shown(store, Register(database), who)
        with counter_of(store) as counter:
            yield counter, who


@contextmanager
def counter_of(store: Store) -> Iterator[Counter]:
    """The counter of a store; where nobody writes, this process does, and reads the books first."""
    with ExitStack() as held:
        with saying_what_takes_time(READING):
            counter = held.enter_context(at_counter(store))
        yield counter


@contextmanager
def _register(directory: Path) -> Iterator[Register]:
    with opened(directory) as store, closing(desk_database(store)) as database:
        yield Register(database)


@desk_app.command("propose")
def propose(
    command: Annotated[str, typer.Argument(help="What: see `openets desk commands`.")],
    fields: BodyOption = None,
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
) -> None:
    """Propose something; the time of execution and its reason are shown before anybody approves."""
    every = commands(EXTENSIONS)
    if command not in every:
        fail(f"There is no command {command!r}; there are {', '.join(every)}.")
    if not fields:
        fail(f"{command} has the fields {_fields_of(every[command])}: give each with --set.")
    propose_fields(directory, as_person, command, dict(_field(text) for text in fields))


def _fields_of(body: type[Body]) -> str:
    """The fields of a command, those it can do without in brackets."""
    named = fields_of(body).items()
    return ", ".join(name if required else f"[{name}]" for name, required in named)


def propose_fields(
    directory: Path, as_person: int, command: str, fields: Mapping[str, object]
) -> None:
    """Proposes a command with its fields, and shows what comes of it."""
    body = json.dumps(fields)
    with at_the_desk(directory, as_person) as (counter, who):
        _show_proposed(counter.ask(actions.propose, who, command, body))


def _show_proposed(proposed: Proposed) -> None:
    """Prints how a new proposal stands, and when it would be carried out."""
    show_proposal(proposed.proposal)
    if proposed.execute_at is not None:
        when = f"If approved now: {moment(proposed.execute_at)} UTC. {proposed.reason}"
        console.print(when, soft_wrap=True)


@desk_app.command("correct")
def correct(
    record: Annotated[int, typer.Argument(help="Number of the wrong record.", min=1)],
    reason: ReasonOption,
    quantity: Annotated[
        int, typer.Option(help="Units to move back; all that are left if nothing is said.", min=0)
    ] = 0,
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
) -> None:
    """Propose to correct a record, by the type the law has for it: a new record names the old."""
    with at_the_desk(directory, as_person) as (counter, who):
        asked = (record, quantity, reason)
        _show_proposed(counter.ask(actions.propose_correction, who, *asked))


def _field(text: str) -> tuple[str, object]:
    """A field as the models read it: numbers and truth as such, all else as words."""
    name, sign, value = text.partition("=")
    if not sign:
        fail(f"{text!r} is no field: write name=value.")
    if value.isascii() and value.isdigit():
        return name, int(value)
    return name, {"true": True, "false": False}.get(value, value)


@desk_app.command("approve")
def approve(
    number: NumberArgument, as_person: AsOption = 0, directory: StoreOption = DEFAULT_STORE
) -> None:
    """Approve a proposal of somebody else."""
    with at_the_desk(directory, as_person) as (counter, who):
        show_proposal(counter.ask(actions.approve, who, number))


@desk_app.command("reject")
def reject(
    number: NumberArgument,
    reason: ReasonOption,
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
) -> None:
    """Reject a proposal of somebody else."""
    with at_the_desk(directory, as_person) as (counter, who):
        show_proposal(counter.ask(actions.reject, who, number, reason))


@desk_app.command("withdraw")
def withdraw(
    number: NumberArgument,
    reason: ReasonOption,
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
) -> None:
    """Take back a proposal that waits: your own, or one you could stop once it is approved."""
    with at_the_desk(directory, as_person) as (counter, who):
        show_proposal(counter.ask(actions.withdraw, who, number, reason))


@desk_app.command("cancel")
def cancel(
    number: NumberArgument,
    reason: ReasonOption,
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
) -> None:
    """Stop an approved proposal before its time."""
    with at_the_desk(directory, as_person) as (counter, who):
        show_proposal(counter.ask(actions.cancel, who, number, reason))


def work(directory: StoreOption = DEFAULT_STORE) -> None:
    """Carry out what is approved and due, what the law does today, send notices; all once."""
    with opened(directory) as store, counter_of(store) as counter:
        done = counter.ask(actions.work, Who())
        for proposal in done:
            show_proposal(proposal)
        notices = [one.state for one in send_notices(store)]
        for state, count in sorted({one: notices.count(one) for one in notices}.items()):
            console.print(f"notices, {state}: {count}")
        if not done and not notices:
            console.print("Nothing is due.")


def show_proposal(proposal: Proposal) -> None:
    """Prints how a proposal stands."""
    stands = f"  {proposal.command}, {proposal.state}"
    console.print(headed(f"proposal {proposal.number}", stands))
    if proposal.execute_at:
        why = proposal.why_then.told()
        console.print(f"to be carried out {moment(proposal.execute_at)} UTC: {why}")
    elif proposal.needs:
        console.print(f"needs a second person: {proposal.why_two.told()}", soft_wrap=True)
    if proposal.result:
        console.print(f"record {proposal.result} of the ledger")
    if proposal.why:
        console.print(f"because: {proposal.why}", soft_wrap=True)


@desk_app.command("list")
def list_proposals(
    everything: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,
    language: LanguageOption = ENGLISH,
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List the proposals you may see that wait, newest first; JSON and CSV have the fields too."""
    check_language(language)
    with at_the_desk(directory, as_person) as (counter, who):
        found = counter.ask(actions.proposals, who, everything, language)
    rows = [
        (
            str(one.number),
            one.command,
            one.state,
            str(one.proposer or ""),
            moment(one.created),
            moment(one.execute_at) if one.execute_at else "",
            one.what,
            *([one.body] if as_json or as_csv else []),
        )
        for one in found
    ]
    columns = ["number", "command", "state", "by", "proposed", "execution", "what"]
    columns += ["body"] if as_json or as_csv else []
    print_rows(columns, rows, as_json=as_json, as_csv=as_csv)


@desk_app.command("commands")
def list_commands(as_json: JsonOption = False, as_csv: CsvOption = False) -> None:
    """List what can be proposed, with the fields of each."""
    rows = [
        (
            name,
            _fields_of(body),
            (body.__doc__ or "").split("\n")[0],
        )
        for name, body in commands(EXTENSIONS).items()
    ]
    print_rows(("command", "fields", "what it does"), rows, as_json=as_json, as_csv=as_csv)


@person_app.command("add")
def add_person(
    role: Annotated[str, typer.Argument(help=f"One of: {', '.join(ROLES)}.")],
    registry: Annotated[str, typer.Option(help="The registry the person belongs to.")] = "",
    mail: MailOption = "",
    language: LanguageOption = ENGLISH,
    directory: StoreOption = DEFAULT_STORE,
) -> None:
    """Register a person; the token that proves it is printed once and kept nowhere."""
    if role not in ROLES:
        fail(f"There is no role {role!r}; there are {', '.join(ROLES)}.")
    contact = _contact(mail, language)
    with opened(directory) as store, closing(desk_database(store)) as database:
        register, today = Register(database), SystemClock().now().date()
        state = first_state(partial(by_law, store.rulebook, today), role)
        person, token = register.add_person(role, registry or None, state)
        register.contacts.put(person.number, contact)
        place = f" of registry {registry}" if registry else ""
        console.print(f"person {person.number}: {role}{place}, {state}")
        console.print(f"token: {token}", soft_wrap=True)


@person_app.command("key")
def make_key(
    number: PersonArgument, as_person: AsOption = 0, directory: StoreOption = DEFAULT_STORE
) -> None:
    """Make the key with which a person enrols, for the letter; it is printed once."""
    with at_the_desk(directory, as_person) as (counter, who):
        made = counter.ask(actions.make_key, who, number)
        console.print(f"key for person {made.person}: {made.key}", soft_wrap=True)
        if made.until:
            console.print(f"good until {moment(made.until)} UTC")


@person_app.command("enrol")
def enrol(
    key: Annotated[str, typer.Argument(help="The key, as it stands in the letter.")],
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
) -> None:
    """Enter the key that was sent to you; from then on you are active."""
    with at_the_desk(directory, as_person) as (counter, who):
        console.print(f"person {counter.ask(actions.enrol, who, key)}: active")


@person_app.command("contact")
def set_contact(
    number: PersonArgument,
    mail: MailOption = "",
    language: LanguageOption = ENGLISH,
    directory: StoreOption = DEFAULT_STORE,
) -> None:
    """Set where notices to a person go, and in which language; without --mail nowhere."""
    contact = _contact(mail, language)
    with _register(directory) as register:
        if register.person(number) is None:
            fail(f"There is no person {number}.")
        register.contacts.put(number, contact)
        console.print(f"person {number}: {mail or 'no address'}, {language}")


def _contact(mail: str, language: str) -> Contact:
    if mail and not is_address(mail):
        fail(f"{mail!r} is no address: write name@host.")
    check_language(language)
    return Contact(mail, language)


def check_language(language: str) -> None:
    """Ends the command if the catalogue has no such language."""
    if language not in LANGUAGES:
        fail(f"--language is one of {', '.join(LANGUAGES)}.")


@person_app.command("list")
def list_persons(
    directory: StoreOption = DEFAULT_STORE, as_json: JsonOption = False, as_csv: CsvOption = False
) -> None:
    """List persons by number and role."""
    with _register(directory) as register:
        rows = [
            (str(one.number), one.role, one.registry or "", one.state) for one in register.persons()
        ]
        print_rows(("person", "role", "registry", "state"), rows, as_json=as_json, as_csv=as_csv)


@person_app.command("rights")
def show_rights(
    as_page: Annotated[bool, typer.Option("--page", help="As the page of the manual.")] = False,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Print the authorisation matrix: role, action, how far it reaches."""
    if as_page:
        sys.stdout.write(page())
        return
    rows = [(role, action, reach) for role, action, reach in matrix() if reach]
    print_rows(("role", "may", "where"), rows, as_json=as_json, as_csv=as_csv)
