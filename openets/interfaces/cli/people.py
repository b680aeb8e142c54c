"""`openets holder`, `operator`, `verifier`, and what people ask of accounts.

Whatever changes something is a proposal: these commands fill in the fields and bring it to the
desk, where a second person approves it (`openets desk approve`). Listings read the register.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from openets.interfaces.cli.acting import AsOption
from openets.interfaces.cli.desk import (
    NumberArgument,
    ReasonOption,
    at_the_desk,
    propose_fields,
    show_proposal,
)
from openets.interfaces.cli.ledger import AccountArgument, account_app
from openets.interfaces.cli.output import (
    DEFAULT_STORE,
    CsvOption,
    JsonOption,
    StoreOption,
    account_argument,
    console,
    fail,
    opened,
    print_rows,
)
from openets.kernel.clock import SystemClock
from openets.people.completeness import documents_asked
from openets.people.counter import actions
from openets.people.office import by_law
from openets.people.opening import desk_database
from openets.people.register import Register
from openets.rulebook.tables import ACCOUNT_TYPES

holder_app = typer.Typer(help="Account holders.", no_args_is_help=True)
operator_app = typer.Typer(help="What is operated behind accounts.", no_args_is_help=True)
verifier_app = typer.Typer(help="Verifiers and their accreditation.", no_args_is_help=True)

RegistryOption = Annotated[str, typer.Option(help="The registry it belongs to, two letters.")]
DocumentOption = Annotated[
    list[str], typer.Option("--document", help="A document by reference: permit=file 7. Repeat it.")
]
RepresentativeOption = Annotated[
    list[str],
    typer.Option("--representative", help="Person and right: 5=initiate and approve. Repeat it."),
]

NONE: list[str] = []  # what a repeated option is that nobody wrote


def _pairs(texts: list[str]) -> dict[str, str]:
    """What was written as name=value, by name."""
    found = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not (sign and name.strip() and value.strip()):
            fail(f"{text!r} is not written name=value.")
        found[name.strip()] = value.strip()
    return found


@contextmanager
def _register(directory: Path) -> Iterator[Register]:
    with opened(directory) as store, closing(desk_database(store)) as database:
        yield Register(database)


# -- holders, operators, verifiers ----------------------------------------------------------------


@holder_app.command("register")
def register_holder(
    kind: Annotated[str, typer.Argument(help="person, organisation or government.")],
    country: Annotated[str, typer.Argument(help="Country, two letters of ISO 3166-1.")],
    registry: RegistryOption,
    registration: Annotated[str, typer.Option(help="Number of registration.")] = "",
    lei: Annotated[str, typer.Option(help="Legal Entity Identifier.")] = "",
    vat: Annotated[str, typer.Option(help="VAT number, with its country's letters.")] = "",
    documents: DocumentOption = NONE,
    update: Annotated[int, typer.Option(help="The holder whose data change.", min=0)] = 0,
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
) -> None:
    """Propose a new holder, or the changed data of one."""
    fields = {
        "registry": registry,
        "kind": kind,
        "country": country,
        "registration": registration or None,
        "lei": lei or None,
        "vat": vat or None,
        "documents": _pairs(documents),
        "holder": update or None,
    }
    propose_fields(directory, as_person, "register holder", fields)


@holder_app.command("list")
def list_holders(
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List the holders you may see, with the accounts of each."""
    with at_the_desk(directory, as_person) as (counter, who):
        rows = [
            (str(number), *identity, " ".join(map(str, accounts)))
            for number, *identity, accounts in counter.ask(actions.holders, who)
        ]
    columns = ("holder", "registry", "kind", "country", "registration", "lei", "vat", "accounts")
    print_rows(columns, rows, as_json=as_json, as_csv=as_csv)


@holder_app.command("accounts")
def accounts_of_holder(
    number: Annotated[int, typer.Argument(help="Number of the holder.", min=1)],
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List the accounts of a holder that you may see: full number, type, operator, status."""
    with at_the_desk(directory, as_person) as (counter, who):
        rows = counter.ask(actions.accounts_of, who, number)
    print_rows(("account", "type", "operator", "status"), rows, as_json=as_json, as_csv=as_csv)


@operator_app.command("register")
def register_operator(
    kind: Annotated[str, typer.Argument(help="What is operated: installation, for instance.")],
    permit: Annotated[str, typer.Argument(help="Permit or monitoring plan, by reference.")],
    registry: RegistryOption,
    activity: Annotated[int, typer.Option(help="Code of the activity.", min=0)],
    first_year: Annotated[int, typer.Option(help="First year of emissions.")],
    last_year: Annotated[int, typer.Option(help="Last year of emissions, once known.")] = 0,
    return_due: Annotated[int, typer.Option(help="Units of allocation asked back.", min=0)] = 0,
    update: Annotated[str, typer.Option(help="Code of the operator whose data change.")] = "",
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
) -> None:
    """Propose a new operator, or the changed data of one."""
    fields = {
        "registry": registry,
        "kind": kind,
        "permit": permit,
        "activity": activity,
        "first_year": first_year,
        "last_year": last_year or None,
        "return_due": return_due,
        "operator": update or None,
    }
    propose_fields(directory, as_person, "register operator", fields)


@operator_app.command("exclude")
def exclude_year(
    operator: Annotated[str, typer.Argument(help="Code of the operator.")],
    year: Annotated[int, typer.Argument(help="The year it owes nothing for.")],
    ground: Annotated[str, typer.Option(help="The ground, in the words of the law.")],
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
) -> None:
    """Propose that an operator owes neither figures nor units for a year."""
    fields = {"operator": operator, "year": year, "ground": ground}
    propose_fields(directory, as_person, "exclude year", fields)


@operator_app.command("list")
def list_operators(
    directory: StoreOption = DEFAULT_STORE, as_json: JsonOption = False, as_csv: CsvOption = False
) -> None:
    """List operators: permit, activity, years, what is excluded, what is to be returned."""
    with _register(directory) as register:
        rows = [
            (
                one.code,
                one.kind,
                one.permit,
                str(one.activity),
                str(one.first_year),
                str(one.last_year or ""),
                " ".join(map(str, register.operators.excluded(one.number))),
                one.return_due,
            )
            for one in register.operators.every()
        ]
    columns = ("operator", "kind", "permit", "activity", "from", "until", "excluded", "to return")
    print_rows(columns, rows, as_json=as_json, as_csv=as_csv)


@verifier_app.command("register")
def register_verifier(
    accreditation: Annotated[str, typer.Argument(help="The accreditation, by reference.")],
    registry: RegistryOption,
    scope: Annotated[list[int], typer.Option(help="Code of an activity in scope. Repeat it.")],
    person: Annotated[list[int], typer.Option(help="A person who acts for it. Repeat it.")],
    expires: Annotated[str, typer.Option(help="Last day of the accreditation.")],
    update: Annotated[int, typer.Option(help="The verifier whose data change.", min=0)] = 0,
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
) -> None:
    """Propose a new verifier, or the changed data of one."""
    fields = {
        "registry": registry,
        "accreditation": accreditation,
        "scope": scope,
        "persons": person,
        "expires": expires,
        "verifier": update or None,
    }
    propose_fields(directory, as_person, "register verifier", fields)


@verifier_app.command("list")
def list_verifiers(
    directory: StoreOption = DEFAULT_STORE, as_json: JsonOption = False, as_csv: CsvOption = False
) -> None:
    """List verifiers: accreditation, scope, last day."""
    with _register(directory) as register:
        rows = [
            (
                str(one.number),
                one.registry,
                one.accreditation,
                " ".join(map(str, sorted(one.scope))),
                str(one.expires),
            )
            for one in register.verifiers.every()
        ]
    columns = ("verifier", "registry", "accreditation", "scope", "expires")
    print_rows(columns, rows, as_json=as_json, as_csv=as_csv)


# -- accounts -------------------------------------------------------------------------------------


@account_app.command("papers")
def account_papers(
    type: Annotated[str, typer.Argument(help="Type of the account.")],
    kind: Annotated[str, typer.Argument(help="Who holds: person, organisation or government.")],
    directory: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List the documents a request for an account is not complete without."""
    with opened(directory) as store:
        if ACCOUNT_TYPES + type not in store.rulebook.paths():
            fail(f"The law of {store.jurisdiction} has no account type {type!r}.")
        today = SystemClock().now().date()
        asked = documents_asked(partial(by_law, store.rulebook, today), kind, type)
    print_rows(("document", "asked by"), list(asked.items()), as_json=as_json, as_csv=as_csv)


@account_app.command("request")
def request_account(
    type: Annotated[str, typer.Argument(help="Type of the account.")],
    registry: RegistryOption,
    holder: Annotated[int, typer.Option(help="Number of the holder.", min=1)],
    operator: Annotated[str, typer.Option(help="Code of the operator behind it.")] = "",
    representatives: RepresentativeOption = NONE,
    documents: DocumentOption = NONE,
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
) -> None:
    """Propose an account; what is missing is told at once, the number is given when it opens."""
    fields = {
        "registry": registry,
        "type": type,
        "holder": holder,
        "operator": operator or None,
        "representatives": _pairs(representatives),
        "documents": _pairs(documents),
    }
    propose_fields(directory, as_person, "open account", fields)


@account_app.command("refuse")
def refuse_account(
    number: NumberArgument,
    ground: Annotated[str, typer.Option(help="The ground, in the words of the law.")],
    note: Annotated[str, typer.Option(help="What else is to be kept with it.")] = "",
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
) -> None:
    """Refuse somebody else's request for an account, on a ground the law has."""
    reason = f"{ground}: {note}" if note else ground
    with at_the_desk(directory, as_person) as (counter, who):
        show_proposal(counter.ask(actions.reject, who, number, reason))


@account_app.command("status")
def change_status(
    account: AccountArgument,
    status: Annotated[str, typer.Argument(help="The status it gets.")],
    reason: ReasonOption,
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
) -> None:
    """Propose another status for an account; the law says which may follow."""
    fields = {"account": account_argument(account, directory), "status": status, "reason": reason}
    propose_fields(directory, as_person, "change status", fields)


@account_app.command("close")
def close_account(
    account: AccountArgument,
    reason: ReasonOption,
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
) -> None:
    """Propose to close an account for good; all that stands against it is told at once."""
    fields = {"account": account_argument(account, directory), "reason": reason}
    propose_fields(directory, as_person, "close account", fields)


@account_app.command("hand-over")
def hand_over_account(
    account: AccountArgument,
    holder: Annotated[int, typer.Option(help="Number of the new holder.", min=1)],
    reason: ReasonOption,
    representatives: RepresentativeOption = NONE,
    documents: DocumentOption = NONE,
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
) -> None:
    """Propose that an account passes to another holder, with what is operated and its balance."""
    fields = {
        "account": account_argument(account, directory),
        "holder": holder,
        "reason": reason,
        "representatives": _pairs(representatives),
        "documents": _pairs(documents),
    }
    propose_fields(directory, as_person, "hand over account", fields)


@account_app.command("review")
def review_account(
    account: Annotated[
        str, typer.Argument(help="Account number; leave it out for a verifier.")
    ] = "",
    verifier: Annotated[int, typer.Option(help="Number of the verifier.", min=0)] = 0,
    documents: DocumentOption = NONE,
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
) -> None:
    """Propose that the data of an account or a verifier count as reviewed."""
    fields = {
        "account": account_argument(account, directory) if account else None,
        "verifier": verifier or None,
        "documents": _pairs(documents),
    }
    propose_fields(directory, as_person, "review", fields)


@account_app.command("reviews")
def list_reviews(
    by: Annotated[str, typer.Option(help="Due by this day; today if nothing is said.")] = "",
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """List accounts and verifiers you may see whose review is due, the longest overdue first."""
    with at_the_desk(directory, as_person) as (counter, who):
        found = counter.ask(actions.reviews_by, who, _day(by) if by else None)
        rows = [
            (
                one.subject,
                one.number,
                str(one.last or "never"),
                str(one.due) if one.last else "overdue",
            )
            for one in found
        ]
    if not (rows or as_json or as_csv):
        console.print("No review is due.")
        return
    print_rows(("what", "number", "last review", "due"), rows, as_json=as_json, as_csv=as_csv)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        fail(f"{text!r} is no day: write 2030-12-31.")
