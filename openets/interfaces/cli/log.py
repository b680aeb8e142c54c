"""`openets log`: the second book, its receipts, and the officers' way to stop everything."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any
from zipfile import is_zipfile

import typer
from pydantic import ValidationError
from rich.text import Text

from openets.interfaces.cli.acting import AsOption, telling_strangers, who_asks
from openets.interfaces.cli.desk import counter_of
from openets.interfaces.cli.output import (
    DEFAULT_STORE,
    JsonOption,
    StoreOption,
    account_argument,
    console,
    errors,
    fail,
    failing,
    headed,
    moment,
    number,
    opened,
    print_rows,
    serials_argument,
)
from openets.kernel import acts
from openets.kernel.batch import TreeHead
from openets.kernel.clock import SystemClock
from openets.kernel.misfits import misfits
from openets.kernel.records import Transaction, decode_record, type_label
from openets.kernel.signing import SigningKey
from openets.ledger.evidence import check_evidence
from openets.ledger.store import Store
from openets.ledger.writing import take_over
from openets.people.counter import actions
from openets.people.reconciling import compare
from openets.storage.database import HeldElsewhere
from openets.translog.client import (
    Accepted,
    LogClient,
    RecordRefused,
    check_proof,
    newest_head,
    order,
    prove,
    serve_log,
    start_log,
)

log_app = typer.Typer(help="The transaction log: receipts, orders, service.", no_args_is_help=True)

KeysOption = Annotated[
    list[Path], typer.Option("--key", help="Private key of an officer; give it twice.")
]
ReasonOption = Annotated[str, typer.Option(help="Why; it stands in both books for good.")]
AccountArgument = Annotated[str, typer.Argument(help="Account number, short or full.")]
KindOption = Annotated[int | None, typer.Option(help="A kind of unit instead, by its number.")]
RegistryOption = Annotated[str | None, typer.Option(help="A whole registry instead: AT.")]
SerialsOption = Annotated[
    str | None, typer.Option(help="Serials of a registry of origin instead: AT-1-500.")
]
IncomingOption = Annotated[bool, typer.Option("--incoming", help="The account may still receive.")]


@log_app.command("head")
def show_head(directory: StoreOption = DEFAULT_STORE, as_json: JsonOption = False) -> None:
    """Show the log's newest signed tree head: publish it, and nothing before it can change."""
    with opened(directory) as store:
        head = newest_head(store.log_directory)
        if head is None:
            fail(f"The log of {directory} has no records.")
        rows = [*_head_rows(head), ("log key", store.log_key.hex())]
        if as_json:
            sys.stdout.write(json.dumps(dict(rows), indent=2) + "\n")
            return
        print_rows(("", "tree head"), rows, as_json=False, as_csv=False)


@log_app.command("prove")
def write_receipt(
    record: Annotated[int, typer.Argument(help="Number of the record.")],
    out: Annotated[Path | None, typer.Option(help="File to write; else standard output.")] = None,
    directory: StoreOption = DEFAULT_STORE,
) -> None:
    """Write a receipt for a record that anybody can check offline."""
    with opened(directory) as store:
        try:
            receipt = prove(store.log_directory, record)
        except LookupError as error:
            fail(str(error))
        if out is None:
            sys.stdout.write(receipt)
            return
        try:
            out.write_text(receipt, encoding="utf-8")
        except OSError as error:
            fail(f"The receipt cannot be written to {out}: {error.strerror}.")
        console.print(f"receipt for record {number(record)} written to {out}", soft_wrap=True)


@log_app.command("check")
def check_receipt(
    receipt: Annotated[Path, typer.Argument(help="Receipt, or evidence of a trace (ZIP).")],
    key: Annotated[str | None, typer.Option(help="Public key the log has published (hex).")] = None,
) -> None:
    """Check a receipt or evidence: no store, no database, no connection is needed."""
    try:
        public = bytes.fromhex(key) if key is not None else None
        if is_zipfile(receipt):
            _check_evidence(receipt, public)
            return
        text = receipt.read_text(encoding="utf-8")
    except OSError as error:
        fail(f"The receipt {receipt} cannot be read: {error.strerror}.")
    except UnicodeDecodeError:
        fail(f"The file {receipt} is not a receipt: it is not text.")
    except ValueError:
        fail(f"{key!r} is not a public key: write its 64 hexadecimal digits.")
    with failing():
        proof = check_proof(text, public)
        record = decode_record(bytes.fromhex(proof.record))
        what = "an act"
        if isinstance(record, Transaction):
            route = f"{record.transferring or 'created'} → {record.acquiring}"
            what = f"{type_label(record.type)}, {route}, {number(record.quantity)} units"
        said = f"  record {number(proof.sequence)}: {what}"
        console.print(headed("proved", said, style="green"))
        rows = [
            ("effective", moment(record.effective)),
            *_head_rows(proof.head()),
            ("log key", proof.log_key if public is None else public.hex()),
        ]
        print_rows(("", "signed by the log"), rows, as_json=False, as_csv=False)
        if public is None:
            console.print("Compare the log key with the one the log has published (--key does).")


def _check_evidence(file: Path, public: bytes | None) -> None:
    with failing():
        checked = check_evidence(file, public)
    said = (
        f"  {checked.subject}, {checked.direction}: {number(checked.hops)} "
        f"hops, each by one of {number(checked.receipts)} receipts"
    )
    console.print(headed("proved", said, style="green"), soft_wrap=True)
    console.print(f"log key {checked.log_key}", soft_wrap=True)
    if public is None:
        console.print("Compare the log key with the one the log has published (--key does).")


@log_app.command("freeze")
def freeze(
    key: KeysOption,
    reason: ReasonOption,
    account: AccountArgument = "",
    kind: KindOption = None,
    registry: RegistryOption = None,
    serials: SerialsOption = None,
    incoming: IncomingOption = False,
    directory: StoreOption = DEFAULT_STORE,
) -> None:
    """Freeze at the log itself, by two officers; the registry takes it over."""

    def act() -> acts.Freeze:
        scope = _scope(directory, account, kind, registry, serials)
        return acts.Freeze(reason=reason, incoming=incoming or None, **scope)

    _order(directory, key, act)


@log_app.command("lift")
def lift(
    key: KeysOption,
    reason: ReasonOption,
    account: AccountArgument = "",
    kind: KindOption = None,
    registry: RegistryOption = None,
    serials: SerialsOption = None,
    directory: StoreOption = DEFAULT_STORE,
) -> None:
    """Lift a freeze of the same name, by two officers."""

    def act() -> acts.Lift:
        return acts.Lift(reason=reason, **_scope(directory, account, kind, registry, serials))

    _order(directory, key, act)


def _scope(
    directory: Path, account: str, kind: int | None, registry: str | None, serials: str | None
) -> dict[str, Any]:
    """What an order names, in the fields of its act; the log sees to it that it is one thing."""
    scope: dict[str, Any] = {"kind": kind, "registry": registry and registry.upper()}
    if account:
        scope["account"] = account_argument(account, directory)
    if serials:
        if registry:
            fail("Name a registry or serials, not both.")
        span = serials_argument(serials)
        scope |= {"registry": span.registry, "first": span.first, "last": span.last}
    return scope


@log_app.command("reconcile")
def reconcile(
    registry: Annotated[str, typer.Argument(help="The registry whose books are compared: AT.")],
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
) -> None:
    """Compare the books of a registry while its units stand still; what differs is stopped."""
    registry = registry.upper()
    with opened(directory) as store, counter_of(store) as counter, telling_strangers(as_person):
        who = who_asks(as_person)
        counter.ask(actions.begin_reconciliation, who, registry)
        with errors.status(Text(f"comparing the books of {registry}, record by record")):
            differ = compare(store, registry, SystemClock().now().date())
        done = counter.ask(actions.end_reconciliation, who, registry, differ)
        if not differ:
            console.print(f"the books of {registry} agree: record {number(done.record)}")
            return
        accounts = ", ".join(map(str, differ))
        fail(f"The books of {registry} differ on account {accounts}; it is stopped.", code=1)


@log_app.command("serve")
def serve(directory: StoreOption = DEFAULT_STORE) -> None:
    """Run the log as a service until it is told to stop."""
    with opened(directory) as store:
        raise typer.Exit(serve_log(store.log_directory))


def _order(directory: Path, keys: list[Path], act: Callable[[], acts.Freeze | acts.Lift]) -> None:
    with opened(directory) as store:
        try:
            asked = act()
        except ValidationError as error:
            found = next(misfits(error))
            fail(f"The order is not well formed at {found.place[0]}. {found.sentence}")
        try:
            officers = [SigningKey.load(path) for path in keys]
        except (OSError, ValueError) as error:
            fail(f"A key cannot be read: {error}")
        log = start_log(store.log_directory)
        try:
            answer = order(log, store.store, asked, officers)
            taken = isinstance(answer, Accepted) and _take_over(store, log)
        finally:
            log.stop()
        if isinstance(answer, Accepted):
            size = number(answer.receipt.tree_head.size)
            then = "has taken it over" if taken else "will take it over"
            console.print(f"done: record {size} of the log; the registry {then}")
            return
        refusal = getattr(answer, "refusal", answer)
        fail(str(refusal), code=1 if isinstance(answer, RecordRefused) else 2)


def _take_over(store: Store, log: LogClient) -> bool:
    """Brings the registry up to the log, unless its writer is at work and will do so itself."""
    try:
        take_over(store, log)
    except HeldElsewhere:
        return False
    return True


def _head_rows(head: TreeHead) -> list[tuple[str, str]]:
    return [
        ("records", str(head.size)),
        ("recorded", moment(head.recorded)),
        ("root", head.root.hex()),
        ("chain", head.head.hex()),
        ("signature", head.signature.hex()),
    ]
