"""`openets inbox`, `outbox` and `audit`: what waits for whom, what was told, what was done."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from openets.desk.said import ENGLISH, word
from openets.interfaces.cli.acting import AsOption
from openets.interfaces.cli.desk import LanguageOption, ReasonOption, at_the_desk, check_language
from openets.interfaces.cli.output import (
    DEFAULT_STORE,
    CsvOption,
    JsonOption,
    StoreOption,
    account_argument,
    console,
    fail,
    headed,
    moment,
    print_rows,
)
from openets.kernel.clock import MICROSECONDS_PER_DAY, instant
from openets.people.counter import inbox_actions as actions
from openets.people.counter.inbox_actions import TaskRow

inbox_app = typer.Typer(help="Tasks: what waits for you.", no_args_is_help=True)
outbox_app = typer.Typer(help="Notices to the persons concerned.", no_args_is_help=True)

TaskArgument = Annotated[int, typer.Argument(help="Number of the task.", min=1)]
NameArgument = Annotated[str, typer.Argument(help="The document, by the name it was asked for.")]
PersonOption = Annotated[int, typer.Option("--person", help="Number of a person.", min=0)]
ACCOUNT_OPTION = typer.Option("--account", help="Number of the account, short or in full.")


@inbox_app.command("list")
def list_tasks(
    everything: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,
    language: LanguageOption = ENGLISH,
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List the tasks you may see, oldest first, with what each offers you."""
    check_language(language)
    with at_the_desk(directory, as_person) as (counter, who):
        rows = [
            (
                str(one.number),
                one.what,
                str(one.account or ""),
                f"{(one.asked_at - one.opened) // MICROSECONDS_PER_DAY} d",
                moment(one.deadline) if one.deadline else "",
                _state(one),
                str(one.claimant or ""),
                ", ".join(one.offers),
            )
            for one in counter.ask(actions.tasks, who, everything, language)
        ]
    columns = ("task", "what", "account", "age", "deadline", "state", "claimed by", "you may")
    print_rows(columns, rows, as_json=as_json, as_csv=as_csv)


def _state(one: TaskRow) -> str:
    late = ", overdue" if one.deadline and one.deadline <= one.asked_at else ""
    return one.outcome or ("claimed" if one.claimant else "open") + late


@inbox_app.command("show")
def show_task(
    number: TaskArgument,
    language: LanguageOption = ENGLISH,
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
) -> None:
    """Show a task with its documents and comments, and what you may do about it."""
    check_language(language)
    with at_the_desk(directory, as_person) as (counter, who):
        one = counter.ask(actions.task, who, number, language)
    _print(headed(f"task {one.number}", f"  {one.kind}, {_state(one)}"))
    _print(one.what)
    _print(f"opened {moment(one.opened)} UTC")
    if one.proposal:
        _print(f"proposal {one.proposal}, by person {one.asked_by}")
    if one.deadline:
        _print(f"deadline {moment(one.deadline)} UTC")
    if one.claimant:
        _print(f"claimed by person {one.claimant}")
    for document in one.documents:
        file = f": {document.file}, {document.size} bytes, {document.digest}"
        because = f" ({document.reason})" if document.reason else ""
        _print(f"  {document.name}, {document.state}{file if document.file else ''}{because}")
    for comment in one.comments:
        role = word(comment.role, language)
        _print(f"  {moment(comment.at)} person {comment.person} ({role}): {comment.words}")
    _print(f"you may: {', '.join(one.offers) or 'nothing'}")


def _print(words: str | Text) -> None:
    console.print(words, soft_wrap=True)


@inbox_app.command("claim")
def claim(
    number: TaskArgument, as_person: AsOption = 0, directory: StoreOption = DEFAULT_STORE
) -> None:
    """Claim a task; an administrator takes over one that somebody else has claimed."""
    with at_the_desk(directory, as_person) as (counter, who):
        person = counter.ask(actions.claim, who, number)
        console.print(f"task {number} is claimed by person {person}")


@inbox_app.command("release")
def release(
    number: TaskArgument, as_person: AsOption = 0, directory: StoreOption = DEFAULT_STORE
) -> None:
    """Give back a task you have claimed."""
    with at_the_desk(directory, as_person) as (counter, who):
        counter.ask(actions.release, who, number)
        console.print(f"task {number} is claimed by nobody")


@inbox_app.command("assign")
def assign(
    number: TaskArgument,
    person: Annotated[int, typer.Argument(help="Number of the person.", min=1)],
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
) -> None:
    """Give a task to a person who may act on it."""
    with at_the_desk(directory, as_person) as (counter, who):
        counter.ask(actions.assign, who, number, person)
        console.print(f"task {number} is claimed by person {person}")


@inbox_app.command("comment")
def comment(
    number: TaskArgument,
    words: Annotated[str, typer.Argument(help="The comment; it is kept.")],
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
) -> None:
    """Comment on a task; comments are kept with your number and role."""
    with at_the_desk(directory, as_person) as (counter, who):
        counter.ask(actions.comment, who, number, words)
        console.print(f"task {number} has a comment more")


@inbox_app.command("request")
def request(
    documents: Annotated[list[str], typer.Argument(help="Documents asked for, each by a name.")],
    account: Annotated[str, ACCOUNT_OPTION] = "",
    person: PersonOption = 0,
    days: Annotated[
        int, typer.Option("--days", help="Working days; the law's if nothing is said.", min=0)
    ] = 0,
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
) -> None:
    """Ask the representatives of an account, or one person, for documents."""
    number = account_argument(account, directory) if account else 0
    with at_the_desk(directory, as_person) as (counter, who):
        asked = counter.ask(actions.request_documents, who, number, person, documents, days or None)
        until = f", before {moment(asked.deadline)} UTC" if asked.deadline else ""
        console.print(f"task {asked.number} asks for: {', '.join(documents)}{until}")


@inbox_app.command("submit")
def submit(
    number: TaskArgument,
    name: NameArgument,
    file: Annotated[Path, typer.Argument(help="The file; its name, size and SHA-256 are kept.")],
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
) -> None:
    """Hand in a document: the file itself goes to the administrator, its digest to the task."""
    with at_the_desk(directory, as_person) as (counter, who):
        content = file.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        size = len(content)
        counter.ask(actions.submit_document, who, number, name, file.name, size, digest)
        console.print(f"task {number}: {name} handed in, SHA-256 {digest}", soft_wrap=True)


@inbox_app.command("accept")
def accept(
    number: TaskArgument,
    name: NameArgument,
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
) -> None:
    """Accept a document that was handed in; with the last one the task ends."""
    with at_the_desk(directory, as_person) as (counter, who):
        counter.ask(actions.accept_document, who, number, name)
        console.print(f"task {number}: {name} accepted")


@inbox_app.command("refuse")
def refuse(
    number: TaskArgument,
    name: NameArgument,
    reason: ReasonOption,
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
) -> None:
    """Refuse a document that was handed in, with a reason; it is wanted again."""
    with at_the_desk(directory, as_person) as (counter, who):
        counter.ask(actions.refuse_document, who, number, name, reason)
        console.print(f"task {number}: {name} refused")


@inbox_app.command("close")
def close(
    number: TaskArgument,
    reason: ReasonOption,
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
) -> None:
    """End a request for documents that are no longer needed."""
    with at_the_desk(directory, as_person) as (counter, who):
        counter.ask(actions.close_request, who, number, reason)
        console.print(f"task {number} is closed")


# -- outbox --------------------------------------------------------------------------------------


@outbox_app.command("list")
def list_notices(
    language: LanguageOption = ENGLISH,
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List notices, newest first: your own, or with the right to the audit trail all."""
    check_language(language)
    with at_the_desk(directory, as_person) as (counter, who):
        rows = [
            (
                str(one.number),
                moment(one.written),
                str(one.person),
                one.subject,
                one.state,
                str(one.tries),
                one.problem,
            )
            for one in counter.ask(actions.notices, who, language)
        ]
    columns = ("notice", "written", "to", "subject", "state", "tries", "problem")
    print_rows(columns, rows, as_json=as_json, as_csv=as_csv)


@outbox_app.command("retry")
def retry(
    number: Annotated[int, typer.Argument(help="Number of the notice.", min=1)],
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
) -> None:
    """Let a notice wait again that is dead or had no address; `openets work` sends it."""
    with at_the_desk(directory, as_person) as (counter, who):
        if not counter.ask(actions.retry_notice, who, number):
            fail(f"Notice {number} is neither dead nor without an address.")
        console.print(f"notice {number} waits")


# -- audit ---------------------------------------------------------------------------------------


def audit(
    account: Annotated[str, ACCOUNT_OPTION] = "",
    person: PersonOption = 0,
    proposal: Annotated[int, typer.Option(help="Number of a proposal.", min=0)] = 0,
    since: Annotated[str, typer.Option("--since", help="First day (UTC), 2030-03-04.")] = "",
    until: Annotated[str, typer.Option("--until", help="Last day (UTC), 2030-03-05.")] = "",
    language: LanguageOption = ENGLISH,
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Print the audit trail, oldest first: who did what, on which account, under which article."""
    check_language(language)
    number = account_argument(account, directory) if account else 0
    first, last = _midnight(since, "--since"), _midnight(until, "--until", after=1)
    with at_the_desk(directory, as_person) as (counter, who):
        rows = [
            (
                str(one.number),
                moment(one.at),
                str(one.proposal or ""),
                str(one.account or ""),
                str(one.actor or ""),
                one.sentence,
            )
            for one in counter.ask(
                actions.audit, who, number, person, proposal, first, last, language
            )
        ]
    columns = ("line", "when", "proposal", "account", "by", "what")
    print_rows(columns, rows, as_json=as_json, as_csv=as_csv)


def _midnight(day: str, option: str, after: int = 0) -> int:
    if not day:
        return 0
    try:
        found = date.fromisoformat(day)
    except ValueError:
        fail(f"{option} takes a day (2030-03-04), not {day!r}.")
    return instant(datetime.combine(found, time(0), UTC) + timedelta(days=after))
