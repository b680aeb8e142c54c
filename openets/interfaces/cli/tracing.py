"""`openets trace`: where units came from and where they went, on screen or as evidence."""

from __future__ import annotations

import re
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

import typer

from openets.desk.proposals import Proposals
from openets.desk.said import Said
from openets.interfaces.cli.acting import AsOption, actor_of, needs_a_name
from openets.interfaces.cli.ledger import query_tables, type_in_words
from openets.interfaces.cli.output import (
    DEFAULT_STORE,
    LARGEST,
    CsvOption,
    JsonOption,
    StoreOption,
    account_argument,
    errors,
    fail,
    moment,
    number,
    print_rows,
    serials_argument,
)
from openets.kernel.clock import instant
from openets.kernel.refusal import Refused
from openets.ledger import reads, tracing
from openets.ledger.evidence import write_evidence
from openets.ledger.store import Store
from openets.ledger.tracing import Direction, Trace
from openets.people.opening import desk_database
from openets.people.register import Register
from openets.people.roles import permitted
from openets.storage.database import Database

EVER = LARGEST


def trace(
    subject: Annotated[
        str, typer.Argument(help="EU-12345, EU-100-200, record:N or account:N.", metavar="SUBJECT")
    ],
    direction: Annotated[
        Literal["forward", "backward"], typer.Option(help="Where they went, or came from.")
    ] = "forward",
    since: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="An account: from day.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="An account: to day.")
    ] = None,
    graph: Annotated[
        bool, typer.Option("--graph", help="Sum the hops from account to account.")
    ] = False,
    evidence: Annotated[
        Path | None, typer.Option(help="Write the trace with the log's proofs to this ZIP file.")
    ] = None,
    as_person: AsOption = 0,
    directory: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> None:
    """Trace units through every account: from serials, a record, or an account over a period."""
    with query_tables(directory) as (store, database):
        first, last = _instant(since, 0), _instant(until, EVER, 1)
        found = _find(store, database, subject, direction, first, last)
        _admit(store, database, subject, found, as_person, evidence)
        if not found.hops:
            what = f"of {subject} ever moved"
            if ":" not in subject:
                what = f"with serial {subject} was ever created"
            fail(f"No unit {what} in {directory}.")
        if evidence is not None:
            _write(store, database, subject, found, evidence)
        if graph:
            rows: list[tuple[object, ...]] = [
                (str(edge.transferring or "created"), str(edge.acquiring), edge.records, edge.units)
                for edge in found.edges
            ]
            columns: tuple[str, ...] = ("from", "to", "records", "units")
        else:
            columns = ("record", "effective", "type", "from", "to", "unit", "serials", "quantity")
            rows = [_row(store, hop) for hop in found.hops]
        title = f"{subject}: {found.hops[0].unit}, {direction}"
        print_rows(columns, rows, as_json=as_json, as_csv=as_csv, title=title)


def _instant(day: datetime | None, otherwise: int, later: int = 0) -> int:
    """The beginning of a day in UTC (or, `later` 1, its last microsecond)."""
    if day is None:
        return otherwise
    end = day + timedelta(days=1, microseconds=-1) if later else day
    return instant(end.replace(tzinfo=UTC))


def _row(store: Store, hop: tracing.Hop) -> tuple[object, ...]:
    return (
        str(hop.sequence),
        moment(hop.effective),
        type_in_words(store, hop.type, hop.effective),
        str(hop.transferring or "created"),
        str(hop.acquiring),
        hop.unit,
        f"{hop.registry}-{hop.first}-{hop.last}",
        hop.quantity,
    )


def _find(
    store: Store, database: Database, subject: str, direction: Direction, since: int, until: int
) -> Trace:
    word, colon, rest = subject.partition(":")
    if not colon:
        span = serials_argument(subject)
        return tracing.trace_serials(database, span.registry, span.first, span.last, direction)
    if word == "record" and re.fullmatch(r"[0-9]{1,18}", rest):
        return tracing.trace_record(database, int(rest), direction)
    if word != "account":
        fail(f"{subject!r} cannot be traced: name serials (EU-100-200), record:N or account:N.")
    return tracing.trace_account(
        database, account_argument(rest, store.directory), direction, since, until
    )


def _admit(
    store: Store,
    database: Database,
    subject: str,
    found: Trace,
    as_person: int,
    evidence: Path | None,
) -> None:
    """Lets through who may trace, and notes it; in a practice store also nobody in particular.

    An administrator of one registry may trace what has passed through its accounts.
    """
    if not needs_a_name(store, as_person):
        return
    with closing(desk_database(store)) as desk:
        proposals = Proposals(desk, store.store)
        actor = actor_of(store, Register(desk), as_person)
        places = _registries(store, database, subject, found)
        registry = actor.registry if actor.registry in places else next(iter(places), "")
        refusal = permitted(actor, "trace units", registry=registry)
        if refusal is not None:
            raise Refused(refusal)
        key = "event-traced-as-evidence" if evidence else "event-traced"
        who = Said("person", {"person": actor.id, "role": actor.role})
        said = Said(key, {"who": who, "subject": subject, "word": found.direction})
        account = _account(store, subject)
        with desk.durable("desk.note"):
            now = instant(datetime.now(UTC))
            proposals.trail.write(now, actor, registry, account, said)


def _account(store: Store, subject: str) -> int:
    """The account that is traced, 0 if it is something else."""
    word, _, rest = subject.partition(":")
    return account_argument(rest, store.directory) if word == "account" else 0


def _registries(store: Store, database: Database, subject: str, found: Trace) -> list[str]:
    """The registries concerned: of the account that is traced, else of all the trace touches."""
    numbers = {side for hop in found.hops for side in (hop.transferring, hop.acquiring) if side}
    if account := _account(store, subject):
        numbers = {account}
    return reads.registries_of(database, numbers)


def _write(store: Store, database: Database, subject: str, found: Trace, file: Path) -> None:
    try:
        receipts = write_evidence(
            file,
            log=store.log_directory,
            database=database,
            trace=found,
            subject=subject,
            made=datetime.now(UTC),
        )
    except OSError as error:
        fail(f"The evidence cannot be written to {file}: {error.strerror}.")
    except LookupError as error:
        fail(str(error))
    errors.print(f"evidence with {number(receipts)} receipts written to {file}", soft_wrap=True)
